//! Does every figure of the report lead to its rows by the command that it carries, and do they add up
//! to it?

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::cli::{argument, check, district};

/// A figure as printed, and what to write after `rollcall trace DIR`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Figure {
    section: String,
    command: String,
    text: String,
    /// Within a chart: ticks and labels of its axes stand there, too.
    drawn: bool,
}

/// An open element: its name, what it leads to, whether it may hold numbers that are no figures (labels, notes).
struct Open {
    name: String,
    /// Does the keyboard reach it?
    leads: bool,
    command: Option<String>,
    label: bool,
    drawn: bool,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&"))
}

/// All texts of the page that have a digit: figures, and those that lead nowhere and are no labels.
fn figures(page: &str) -> (Vec<Figure>, Vec<String>) {
    const VOID: [&str; 3] = ["meta", "br", "hr"];
    let main = page.split("<main>").nth(1).unwrap().split("</main>").next().unwrap();
    let (mut found, mut untraced) = (Vec::new(), Vec::new());
    let mut open: Vec<Open> = Vec::new();
    let mut section = String::new();
    for piece in main.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().unwrap();
            assert_eq!(closed.name, name, "the page is well-formed");
        } else if !tag.ends_with('/') {
            let name = tag.split([' ', '\n']).next().unwrap().to_owned();
            if name == "section" {
                section = attribute(tag, "id").unwrap();
            }
            if !VOID.contains(&name.as_str()) {
                let class = attribute(tag, "class").unwrap_or_default();
                let first = (name == "td" || name == "th") && !class.split(' ').any(|class| class == "n");
                let label = first || class == "note" || matches!(name.as_str(), "thead" | "h2" | "h3" | "figcaption");
                let drawn = name == "svg";
                let leads = attribute(tag, "tabindex").is_some();
                open.push(Open { name, leads, command: None, label, drawn });
            }
            if tag == "code" {
                let command =
                    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                let element = open.iter_mut().rev().find(|element| element.leads).expect("the keyboard reaches it");
                assert_eq!(element.command.replace(command), None, "one command");
                continue;
            }
        }
        // How sure an interval is, is no figure of the run.
        let digits = text.replace("95%", "").replace("95 %", "");
        if !digits.contains(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        match open.iter().rev().find_map(|element| element.command.as_ref()) {
            Some(command) => found.push(Figure {
                section: section.clone(),
                command: command.clone(),
                text: text.trim().replace("&gt;", ">").replace("&lt;", "<"),
                drawn: open.iter().any(|element| element.drawn),
            }),
            // What the reader should know, and what is assumed, are sentences without figures of this run.
            None if section == "limits" || open.iter().any(|element| element.label) => {}
            None => untraced.push(format!("{section}: {}", text.trim())),
        }
    }
    (found, untraced)
}

/// The words of a command, as a shell takes them apart.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut letters = command.trim().chars();
    while let Some(letter) = letters.next() {
        let word = words.last_mut().unwrap();
        match letter {
            '\'' => quoted = !quoted,
            '\\' if !quoted => word.extend(letters.next()),
            ' ' if !quoted => words.push(String::new()),
            letter => {
                assert!(quoted || !"\"$`;&|<>()".contains(letter), "a shell obeys this: {command}");
                word.push(letter);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a command prints.
struct Traced {
    head: String,
    text: String,
}

impl Traced {
    fn lines(&self, begins: &str) -> impl Iterator<Item = &str> {
        self.text.lines().filter(move |line| line.starts_with(begins))
    }

    /// The sum of what follows a word in the lines with this beginning.
    fn sum(&self, begins: &str, word: &str, wanted: impl Fn(&str) -> bool) -> f64 {
        self.lines(begins).filter(|line| wanted(line)).map(|line| after(line, word)).sum()
    }

    /// All numbers of the first line.
    fn numbers(&self) -> Vec<f64> {
        self.head.split(' ').filter_map(|word| word.trim_end_matches([';', ',']).parse().ok()).collect()
    }
}

fn after(line: &str, word: &str) -> f64 {
    let mut words = line.split_whitespace().skip_while(|own| *own != word);
    words.nth(1).unwrap_or_else(|| panic!("no {word} in {line}")).parse().unwrap()
}

struct Run {
    results: PathBuf,
    page: String,
    _folder: tempfile::TempDir,
}

impl Run {
    fn new() -> Run {
        Run::of(district())
    }

    fn of(folder: tempfile::TempDir) -> Run {
        let results = folder.path().join("results");
        check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
        let page = std::fs::read_to_string(results.join("report.html")).unwrap();
        Run { results, page, _folder: folder }
    }

    fn trace(&self, command: &str) -> Traced {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (text, _) = check(&[&["trace", argument(&self.results), "--limit", "1000000"], &words[..]].concat(), 0);
        Traced { head: text.lines().next().unwrap().to_owned(), text }
    }
}

/// Does a line lie in the area of a command?
fn lies_in(line: &str, area: &str) -> bool {
    let own = line.split("  area ").nth(1).unwrap().split("  ").next().unwrap();
    match area {
        "unknown" => own.len() < 9,
        "unknown_community" => own.len() < 12,
        area => own.starts_with(area),
    }
}

fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn expected(value: f64) -> String {
    // The sum of no rows is a negative zero here; the product must not print one.
    let value = value + 0.0;
    if value < 99.95 { format!("{value:.1}") } else { count(value) }
}

fn share(part: f64, whole: f64) -> String {
    let percent = 100.0 * part / whole;
    match percent {
        _ if part < whole && percent > 99.9 => String::from("> 99.9 %"),
        _ if part > 0.0 && percent < 0.1 => String::from("< 0.1 %"),
        _ => format!("{percent:.1} %"),
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.2} %", 100.0 * share);
    if text == "-0.00 %" { String::from("0.00 %") } else { text.replace('-', "−") }
}

/// What the rows behind commands come to, as the page prints it; commands are run once for all areas.
struct Rows<'a> {
    run: &'a Run,
    known: BTreeMap<String, Traced>,
}

impl Rows<'_> {
    fn of(&mut self, command: &str) -> &Traced {
        let run = self.run;
        self.known.entry(command.to_owned()).or_insert_with(|| run.trace(command))
    }

    fn estimated(&mut self, part: &str, area: &str, rest: &str) -> f64 {
        let traced = self.of(&format!("--estimate {part}{rest}"));
        traced.sum("person ", "weight", |line| lies_in(line, area))
    }

    /// Everything that the rows of a command can be said to come to, in the page's own form.
    fn come_to(&mut self, command: &str) -> Vec<String> {
        let (base, area) = match command.split_once(" --area=") {
            Some((base, rest)) => {
                let (area, rest) = rest.split_once(' ').map_or((rest, ""), |(area, rest)| (area, rest));
                (format!("{base}{}{rest}", if rest.is_empty() { "" } else { " " }), area.to_owned())
            }
            None => (command.to_owned(), String::new()),
        };
        let words = words(&base);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.first().copied().unwrap_or("--kind") {
            "--persons" | "--in-sources" => {
                let found = self.of(&base).lines("person ").filter(|line| lies_in(line, &area)).count() as f64;
                let mut figures = vec![count(found)];
                if base == "--persons in_both" {
                    figures.push(share(found, self.of("--persons roll_present").lines("person ").count() as f64));
                }
                figures
            }
            "--kind" | "--listed" => {
                let traced = self.of(&base);
                let (found, sum) = traced
                    .lines("D0")
                    .filter(|line| lies_in(line, &area))
                    .fold((0, 0.0), |sums, line| (sums.0 + 1, sums.1 + after(line, "probability")));
                let mut figures = vec![count(f64::from(found))];
                // The rows have four decimals.
                figures.extend([sum, sum - 0.02, sum + 0.02].map(expected));
                if base == "--listed" {
                    let names = std::fs::read_dir(self.run.results.join("follow-up")).unwrap();
                    let names = names.map(|entry| entry.unwrap().path().with_extension(""));
                    figures.push(count(names.collect::<BTreeSet<_>>().len() as f64));
                }
                figures
            }
            "--estimate" => self.come_to_estimated(&words, &area),
            "--used" => {
                let traced = self.of(&base);
                let (numbers, listed) = (traced.numbers(), traced.lines("record ").count() as f64);
                assert_eq!((numbers[0] - numbers[2], numbers[1]), (listed, listed));
                numbers.into_iter().map(count).collect()
            }
            "--set-aside" | "--noted" => vec![count(self.of(&base).lines("row ").count() as f64)],
            "--filled" => {
                let all = self.of(&format!("--used {}", words[1])).lines("record ").count() as f64;
                vec![share(self.of(&base).lines("record ").count() as f64, all)]
            }
            "--links" => vec![count(self.of(&base).lines(&format!("{}:", words[1])).count() as f64)],
            "--pairs" => vec![count(self.of(&base).lines("pair ").count() as f64)],
            "--blocks" => {
                let traced = self.of(&base);
                let sizes: Vec<f64> = traced.lines("block ").map(|line| after(line, "block")).collect();
                let several = || sizes.iter().filter(|size| **size > 1.0);
                let largest = several().copied().fold(0.0, f64::max);
                let left_out = traced.sum("block ", "records,", |_| true);
                let keys = traced.lines("  record ").count() as f64;
                vec![count(keys), count(several().count() as f64), count(largest), count(left_out)]
            }
            "--band" => {
                let traced = self.of(&base);
                let pairs: Vec<&str> = traced.text.lines().filter(|line| line.contains("  probability ")).collect();
                let sum: f64 = pairs.iter().map(|line| after(line, "probability")).sum();
                let judged = pairs.iter().filter(|line| line.contains("  judged ")).count();
                let same = pairs.iter().filter(|line| line.contains("  judged one person")).count();
                vec![count(pairs.len() as f64), expected(sum), count(judged as f64), count(same as f64)]
            }
            "--false-links" => {
                let traced = self.of(&base);
                let sum: f64 =
                    traced.text.lines().filter(|line| line.contains("  false ")).map(|line| after(line, "false")).sum();
                let threshold = traced.head.split("from ").nth(1).unwrap().split(" on").next().unwrap();
                vec![expected(sum), threshold.to_owned()]
            }
            "--level" | "--example" => {
                let traced = self.of(&base);
                let bits = traced.text.split_whitespace().filter(|word| word.starts_with(['+', '-']));
                let bits = bits.filter_map(|word| word.parse::<f64>().ok());
                let figures = bits.map(|bits| format!("{bits:+.1}").replace("-0.0", "+0.0").replace('-', "−"));
                figures.collect()
            }
            other => panic!("nobody checks {other}"),
        }
    }

    fn come_to_estimated(&mut self, words: &[&str], area: &str) -> Vec<String> {
        let rest = words[2..].iter().map(|word| format!(" {word}")).collect::<String>();
        let own = self.estimated(words[1], area, &rest);
        let persons = self.estimated("persons", area, "");
        let mut figures = vec![expected(own), percent(own / persons.max(1.0))];
        match words[1] {
            "enumerated" if own > 0.0 => {
                let wrong = self.estimated("erroneous", area, "") + self.estimated("duplicates", area, "");
                figures.extend([percent((persons - own) / persons), percent((persons - own - wrong) / persons)]);
            }
            "unseen" => figures.extend([0.5, 1.0, 2.0, 5.0].map(|odds| expected(persons + (odds - 1.0) * own))),
            "variance" => {
                // The interval of exactly these persons, its variance from persons, households and drawings.
                let narrowed = if area.is_empty() { String::new() } else { format!(" --area={area}") };
                let traced = self.of(&format!("--estimate variance{narrowed}"));
                let line = traced.lines("variance ").last().unwrap();
                let together = after(line, "+");
                let drawn: Vec<f64> = traced.lines("  drawn ").map(|line| after(line, "drawn")).collect();
                let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
                let learnt = drawn.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (drawn.len() as f64 - 1.0);
                let variance = own + together + learnt;
                assert!((after(&traced.head, "variance") - variance).abs() < 0.05, "{} for {variance}", traced.head);
                let enumerated = self.estimated("enumerated", area, "");
                let omitted = persons - enumerated;
                let half = 1.959_963_984_540_054 * variance.sqrt();
                let low = (omitted.sqrt() - half / (2.0 * omitted.sqrt())).max(0.0).powi(2);
                let high = omitted + half + half * half / (4.0 * omitted.max(variance.sqrt()));
                let ends = [enumerated + low, enumerated + high];
                figures.push(format!("{} – {}", expected(ends[0]), expected(ends[1])));
                figures.extend(ends.map(expected));
            }
            "listed" if rest.is_empty() => {
                let steps: Vec<f64> =
                    (1..=7).map(|step| self.estimated("listed", "", &format!(" --step {step}"))).collect();
                figures.push(percent(steps[3..].iter().sum::<f64>() / steps.iter().sum::<f64>()));
            }
            _ => {}
        }
        figures
    }
}

#[test]
fn every_figure_leads_to_rows_that_add_up_to_it() {
    let run = Run::new();
    let (found, untraced) = figures(&run.page);
    assert!(untraced.is_empty(), "figures that lead nowhere: {untraced:#?}");
    assert!(found.len() > 300, "{}", found.len());
    let mut rows = Rows { run: &run, known: BTreeMap::new() };
    let mut wrong = Vec::new();
    for figure in &found {
        // Charts of tables show what the tables say; their texts are labels and axes. What is drawn of the model is
        // printed nowhere else: signed bits beside the bars.
        let model = figure.command.starts_with("--level") || figure.command.starts_with("--example");
        if figure.drawn && !(model && figure.text.starts_with(['+', '−'])) {
            continue;
        }
        let rows = rows.come_to(&figure.command);
        let printed = figure.text.trim_matches(['…', '(', ')', ' ']);
        if !rows.iter().any(|rows| rows == printed || printed.contains(&format!("{rows} "))) {
            wrong.push(format!("{figure:?} is none of {rows:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} figures: {wrong:#?}", wrong.len(), found.len());
    // Commands narrowed to an area, as they stand there, list just what was added up.
    let narrowed: Vec<&Figure> = found.iter().filter(|figure| figure.command.contains(" --area=")).collect();
    for figure in narrowed.iter().step_by(narrowed.len() / 12) {
        let listed = run.trace(&figure.command);
        let begins = if figure.command.starts_with("--kind") { "D0" } else { "person " };
        let (base, area) = figure.command.split_once(" --area=").unwrap();
        let (area, rest) = area.split_once(' ').unwrap_or((area, ""));
        let all = rows.of(format!("{base} {rest}").trim());
        let own: Vec<&str> = all.lines(begins).filter(|line| lies_in(line, area)).collect();
        assert_eq!(listed.lines(begins).collect::<Vec<_>>(), own, "{figure:?}");
    }
}

#[test]
fn persons_whose_community_is_unknown_are_led_to() {
    let folder = tempfile::tempdir().unwrap();
    check(&["synth", argument(folder.path()), "--persons", "300", "--seed", "36"], 0);
    let run = Run::of(folder);
    let (mut found, _) = figures(&run.page);
    found.retain(|figure| figure.command.ends_with("--area=unknown_community"));
    assert!(!found.is_empty(), "the district has none: take another seed");
    for figure in found {
        let listed = run.trace(&figure.command);
        let rows = listed.lines("D0").count() as f64;
        let sum = listed.sum("D0", "probability", |_| true);
        assert!([count(rows), expected(sum)].contains(&figure.text), "{figure:?}: {}", listed.text);
    }
}

/// What was told from the ID number, the estate or a newborn's name does not fill a column.
#[test]
fn no_column_is_fuller_in_the_report_than_in_its_profile() {
    let run = Run::new();
    let study = run.results.with_file_name("study.toml");
    let profile: serde_json::Value =
        serde_json::from_str(&check(&["profile", argument(&study), "--format", "json"], 0).0).unwrap();
    let mut compared = 0;
    for column in profile.as_array().unwrap() {
        let (source, field) = (column["source"].as_str().unwrap(), column["field"].as_str().unwrap());
        let counted = ["sex", "birth_date", "division", "mother_name", "ethnicity", "address", "death_date"];
        if counted.contains(&field) {
            let found = run.trace(&format!("--filled {source} {field}")).numbers()[0];
            assert!(found <= column["filled"].as_f64().unwrap(), "{source} {field}: {found} of {column}");
            compared += 1;
        }
    }
    assert!(compared > 8, "{compared}");
}

#[test]
fn a_figure_without_a_command_would_be_found() {
    let page = "<main><section id=\"summary\"><p>12 persons</p><p tabindex=\"0\"><code>--used</code>7</p><table><tr><td>110101</td>\
                <td class=\"n\">3</td></tr></table></section></main>";
    let (found, untraced) = figures(page);
    assert_eq!(found.len(), 1);
    assert_eq!(untraced, ["summary: 12 persons", "summary: 3"]);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let run = Run::new();
    let results = argument(&run.results);
    for asked in [
        &["--set-aside", "nobody"][..],
        &["--links", "roll", "nobody"],
        &["--persons", "in_both", "--kind", "missed_person"],
        &["--persons", "in_both", "--estimate", "unseen"],
        &["--filled", "roll", "shoe_size"],
        &["--pairs", "by guess"],
        &["--blocks", "by guess"],
        &["--level", "shoe_size"],
        &["--noted", "roll"],
        &["--noted", "roll", "--reason", "bad_luck"],
        &["--set-aside", "roll", "--reason", "bad_luck"],
        &["--area", "999"],
        &["--persons", "in_both", "--area", "999"],
        &["--estimate", "persons", "--area", "999"],
        &["--step", "1"],
        &["--band", "1.5"],
        &["--band", "NaN"],
        &["--kind", "unlucky"],
    ] {
        let (out, err) = check(&[&["trace", results], asked].concat(), 2);
        assert!(out.is_empty() && !err.is_empty(), "{asked:?}");
    }
}
