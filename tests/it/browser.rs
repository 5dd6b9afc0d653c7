//! Can a list be read on a telephone and on paper? Asked of a real browser, where there is one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::argument;
use crate::follow_up::run;

/// Width of a small telephone, in CSS pixels.
const PHONE: u32 = 390;

fn browser() -> Option<&'static str> {
    let works = |name: &&str| {
        let answer = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        answer.is_ok_and(|status| status.success())
    };
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find(works)
}

/// What the browser prints for a page.
fn browse(browser: &str, page: &Path, more: &[&str]) -> String {
    let profile = tempfile::tempdir().expect("folder");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,900"])
        .arg(format!("--user-data-dir={}", argument(profile.path())))
        .args(more)
        .arg(format!("file://{}", argument(page)))
        .stdin(Stdio::null())
        .output()
        .expect("the browser starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn longest_page() -> PathBuf {
    let pages = std::fs::read_dir(run().join("follow-up")).expect("lists").map(|entry| entry.unwrap().path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    pages.max_by_key(|path| (path.metadata().unwrap().len(), path.clone())).expect("a page")
}

/// Measures itself once it is laid out; a glyph that is missing is drawn as the box of every missing glyph.
const MEASURE: &str = "<script>
const page = document.documentElement, cut = [...document.querySelectorAll('body *')].filter(e =>
  e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && e.clientWidth > 0);
const outside = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
const drawn = c => { const k = document.createElement('canvas'); k.width = k.height = 40; const x = k.getContext('2d');
  x.font = getComputedStyle(document.body).font; x.fillText(c, 2, 30); return k.toDataURL(); };
const box = drawn('\\u{10fffd}');
const boxes = [...new Set(document.body.innerText.replace(/[\\s□]/g, ''))].filter(c => drawn(c) === box);
parent.document.documentElement.dataset.measured = [innerWidth, page.scrollWidth, cut.length, outside.length, boxes.length].join(' ');
</script>";

#[test]
fn a_list_fits_a_telephone_and_a_sheet_of_paper() {
    let Some(browser) = browser() else {
        println!("skipped: no Chromium is installed (apt-get install chromium fonts-noto-cjk)");
        return;
    };
    let page = longest_page();
    let folder = tempfile::tempdir().expect("folder");
    let text = std::fs::read_to_string(&page).expect("page");
    let measured = folder.path().join("measured.html");
    // In a frame: a browser's own window may not become as narrow as a telephone.
    let inner = text.replace("</body>", &format!("{MEASURE}</body>")).replace('&', "&amp;").replace('"', "&quot;");
    let frame =
        format!("<!doctype html><meta charset=utf-8><iframe width={PHONE} height=800 srcdoc=\"{inner}\"></iframe>");
    std::fs::write(&measured, frame).expect("written");
    let dom = browse(browser, &measured, &["--dump-dom"]);
    let (_, after) = dom.split_once("data-measured=\"").expect("the page measured itself");
    let figures: Vec<u32> = after.split('"').next().unwrap().split(' ').map(|figure| figure.parse().unwrap()).collect();
    let [width, scrolled, cut, outside, boxes] = figures[..] else { panic!("five figures") };
    assert_eq!(width, PHONE);
    assert!(scrolled <= width, "the page scrolls sideways: {scrolled} of {width}");
    assert_eq!((cut, outside), (0, 0), "texts are cut off");
    let fonts = Command::new("fc-list").arg(":lang=zh").output();
    if fonts.is_ok_and(|fonts| !fonts.stdout.is_empty()) {
        assert_eq!(boxes, 0, "characters are missing");
    } else {
        println!("skipped: no Chinese font is installed (apt-get install fonts-noto-cjk)");
    }
    let pdf = folder.path().join("list.pdf");
    browse(browser, &page, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", argument(&pdf))]);
    let bytes = std::fs::read(&pdf).expect("printed");
    assert!(bytes.starts_with(b"%PDF") && bytes.len() > 10_000);
    match Command::new("pdftotext").args([argument(&pdf), "-"]).output() {
        Ok(printed) => {
            let printed = String::from_utf8_lossy(&printed.stdout).replace(char::is_whitespace, "");
            assert!(printed.contains("入户核查表") && printed.contains("从未在此居住"));
            let numbers: Vec<&str> =
                text.split('>').filter_map(|part| part.split('<').next()).filter(is_number).collect();
            assert!(numbers.len() > 10, "{} case numbers on the page", numbers.len());
            assert!(numbers.iter().all(|number| printed.contains(number)), "a case is missing on paper");
            let outside = words_outside(&pdf);
            assert!(outside.is_empty(), "words cut off by the edge of the paper: {}", outside.len());
        }
        Err(_) => println!("skipped: no pdftotext is installed (apt-get install poppler-utils)"),
    }
}

/// Is it a case number, such as `7K2M-4Q9X`?
fn is_number(text: &&str) -> bool {
    let character =
        |(at, c): (usize, char)| if at == 4 { c == '-' } else { c.is_ascii_digit() || c.is_ascii_uppercase() };
    text.len() == 9 && text.chars().enumerate().all(character)
}

/// Words that do not lie within their page, as `pdftotext -bbox` sees them.
fn words_outside(pdf: &Path) -> Vec<String> {
    let output = Command::new("pdftotext").args(["-bbox", argument(pdf), "-"]).output().expect("pdftotext");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |line: &str, name: &str| -> Option<f64> {
        line.split_once(&format!("{name}=\""))?.1.split('"').next()?.parse().ok()
    };
    let (mut width, mut height, mut words, mut outside) = (0.0, 0.0, 0, Vec::new());
    for line in text.lines() {
        if let (true, Some(page)) = (line.contains("<page "), figure(line, "width")) {
            (width, height) = (page, figure(line, "height").expect("height"));
        } else if let Some(right) = figure(line, "xMax") {
            words += 1;
            let within = figure(line, "xMin") >= Some(0.0) && right <= width;
            let within = within && figure(line, "yMin") >= Some(0.0) && figure(line, "yMax") <= Some(height);
            if !within {
                outside.push(line.to_owned());
            }
        }
    }
    assert!(words > 100, "{words} words on paper");
    outside
}
