//! Does a list come back whole from another spreadsheet program? Asked of LibreOffice, where there is one: it fills the
//! very workbook that went out, sorts rows, moves columns, adds notes, and saves it as workbooks and as tables in
//! GB18030.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::{argument, check};
use crate::follow_up::{fresh, rows_of, sent};
use rollcall::casework::store::Store;

/// What is done in the program, as a macro.
const MACRO: &str = include_str!("libreoffice.bas");

/// Runs the program once with a profile of its own; `None` if it is not installed.
fn office(profile: &Path, arguments: &[&str]) -> Option<bool> {
    let status = Command::new("soffice")
        .args(["--headless", "--norestore"])
        .arg(format!("-env:UserInstallation=file://{}", argument(profile)))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.ok().map(|status| status.success())
}

/// Makes a profile that knows the macro. The first start writes an empty module of this name.
fn profile_with_macro(folder: &Path) -> Option<PathBuf> {
    let profile = folder.join("profile");
    office(&profile, &["--terminate_after_init"])?;
    let text = MACRO.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let module = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE script:module PUBLIC \"-//OpenOffice.org//DTD OfficeDocument \
         1.0//EN\" \"module.dtd\">\n<script:module xmlns:script=\"http://openoffice.org/2000/script\" \
         script:name=\"Module1\" script:language=\"StarBasic\">{text}</script:module>\n"
    );
    std::fs::write(profile.join("user/basic/Standard/Module1.xba"), module).expect("a profile with a module");
    Some(profile)
}

/// Outcome, day and note of each case, by its number.
type Known = BTreeMap<String, (String, String, String)>;

fn known(run: &Path) -> Known {
    let cases = Store::open(run).expect("store").cases().expect("cases");
    let visited = cases.iter().filter_map(|case| {
        let visit = case.visits().last()?;
        let note = visit.note.clone().unwrap_or_default().split('户').next().unwrap_or_default().to_owned();
        let day = visit.visited_on.clone().unwrap_or_default();
        Some((case.number.clone(), (visit.outcome?.code().to_owned(), day, note)))
    });
    visited.collect()
}

#[test]
fn a_list_that_was_filled_in_another_program_comes_back_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(profile) = profile_with_macro(folder.path()) else {
        println!("skipped: no LibreOffice is installed (apt-get install libreoffice-calc-nogui)");
        return;
    };
    let office_folder = fresh();
    let (list, rows) = sent(office_folder.path(), &[]);
    let returned = folder.path().join("returned");
    std::fs::create_dir(&returned).expect("folder");
    let fill =
        format!("macro:///Standard.Module1.Fill(\"file://{}\",\"file://{}\")", argument(&list), argument(&returned));
    assert_eq!(office(&profile, &[&fill]), Some(true));
    // What the macro fills in, by the row's place in the list that went out.
    let said = [("03", "2020-12-03"), ("04", "2020-12-04"), ("12", "2020-12-05"), ("06", "2020-12-06")];
    let expected: Known = (1..rows.len())
        .map(|line| {
            let (code, day) = said[line % 4];
            (rows[line][1].clone(), (code.to_owned(), day.to_owned(), format!("第{line}")))
        })
        .collect();
    assert!(expected.len() > 10, "{} cases", expected.len());
    let files =
        ["filled.xlsx", "filled-核查清单.csv", "changed.xlsx", "changed-核查清单.csv"].map(|name| returned.join(name));
    let text = std::fs::read(&files[3]).expect("the program has saved all files");
    assert!(std::str::from_utf8(&text).is_err(), "the table is in GB18030");
    // Sorted indeed, and with columns moved: else nothing would have been tried.
    let changed = rows_of(&files[2]);
    let order = |rows: &[Vec<String>], column: usize| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    assert_eq!((changed[2][0].as_str(), changed[2][2].as_str()), ("核查结果", "编号"));
    assert_ne!(order(&changed[3..], 2), order(&rows[1..], 1));
    for file in &files {
        // Each into a store of its own.
        let store = fresh();
        check(&["follow-up", "import", argument(store.path()), argument(file)], 0);
        assert_eq!(known(store.path()), expected, "{}", file.display());
    }
    // All of them into one: nothing is added, nothing contradicts.
    let all: Vec<&str> = files.iter().map(|file| argument(file)).collect();
    check(&[&["follow-up", "import", argument(office_folder.path())][..], &all].concat(), 0);
    assert_eq!(known(office_folder.path()), expected);
    let cases = Store::open(office_folder.path()).expect("store").cases().expect("cases");
    assert_eq!(cases.iter().map(|case| case.visits().count()).sum::<usize>(), expected.len());
}
