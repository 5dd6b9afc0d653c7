//! Do the rules of the house hold? The table in `docs/architecture.md` is the rule for imports; the rest is listed
//! under "House rules" there. Each rule is tested for being able to fail, beside the rule.

mod documents;
mod imports;
mod numbers;
mod rooms;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rooms::Rooms;

/// Rooms of the table that are being built elsewhere and need not exist yet.
const ANNOUNCED: [&str; 0] = [];

/// Lines of a file, its tests not counted.
const LINES_MAX: usize = 500;

/// Columns of a comment, as of code.
const COLUMNS_MAX: usize = 120;

/// What may stand at the top of the repository; dot-files may, and what git ignores.
const TOP: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "benches",
    "testdata",
    "docs",
    "tests",
    "fuzz",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "deny.toml",
    "SECURITY.md",
];

/// Module names that say nothing.
const EMPTY_NAMES: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "types", "prelude", "shared"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with their paths from the root, sorted.
fn files_below(folder: &str) -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    found.into_iter().map(|path| (name(&path), path)).collect()
}

fn texts_below(folder: &str, extension: &str) -> Vec<(String, String)> {
    let of_kind = |(name, _): &(String, PathBuf)| name.ends_with(extension);
    files_below(folder)
        .into_iter()
        .filter(of_kind)
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}

#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

#[test]
fn every_import_is_in_the_table_of_the_architecture() {
    let document = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rooms = Rooms::read(&document);
    let mut complaints = rooms.complaints();
    let files = texts_below("src", ".rs");
    complaints.extend(imports::check(&rooms, &files, &ANNOUNCED));
    none(&complaints);
}

#[test]
fn every_function_in_the_drawing_of_the_house_is_there() {
    let drawing = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    none(&documents::missing_verbs(&drawing, &texts_below("src", ".rs")));
}

#[test]
fn every_constant_that_a_document_names_is_there() {
    let (documents, sources) = (texts_below("docs", ".md"), texts_below("src", ".rs"));
    none(&documents::missing_constants(&documents, &sources, &texts_below("tests", ".rs")));
}

#[test]
fn every_file_says_what_question_it_answers_and_stays_short() {
    let mut complaints = Vec::new();
    for (name, text) in texts_below("src", ".rs") {
        complaints.extend(header(&name, &text));
        complaints.extend(length(&name, &text));
        complaints.extend(empty_name(&name));
    }
    none(&complaints);
}

fn header(name: &str, text: &str) -> Option<String> {
    let said =
        text.lines().next().is_some_and(|line| line.strip_prefix("//!").is_some_and(|said| said.trim().len() > 3));
    (!said && !source::is_test_file(name))
        .then(|| format!("{name}: does not open with `//!` and the question it answers"))
}

fn length(name: &str, text: &str) -> Option<String> {
    if source::is_test_file(name) {
        return None;
    }
    let lines = source::lines_without_tests(text);
    (lines > LINES_MAX)
        .then(|| format!("{name}: {lines} lines without its tests, {LINES_MAX} at most; make it a folder"))
}

fn empty_name(name: &str) -> Option<String> {
    let says_nothing = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
    name.split('/').any(says_nothing).then(|| format!("{name}: the name says nothing; name the question it answers"))
}

#[test]
fn nothing_is_left_to_be_done_in_a_comment() {
    let mut complaints = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz"] {
        for (name, text) in texts_below(folder, ".rs") {
            complaints.extend(unfinished(&name, &text));
        }
    }
    none(&complaints);
}

fn unfinished(name: &str, text: &str) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let marked = text.lines().enumerate().filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)));
    marked.map(|(at, _)| format!("{name}:{}: unfinished work; finish it or open an issue", at + 1)).collect()
}

#[test]
fn no_comment_is_wider_than_code() {
    let folders = ["src", "tests", "benches", "fuzz/fuzz_targets"];
    let texts = folders.iter().flat_map(|folder| texts_below(folder, ".rs"));
    none(&texts.flat_map(|(name, text)| wide_comments(&name, &text)).collect::<Vec<_>>());
}

/// The formatter breaks code and leaves comments as they are; tables cannot be broken.
fn wide_comments(name: &str, text: &str) -> Vec<String> {
    let is_wide = |line: &str| {
        let said = line.trim_start();
        let is_table = said.trim_start_matches(['/', '!']).trim_start().starts_with('|');
        said.starts_with("//") && !is_table && line.chars().count() > COLUMNS_MAX
    };
    let wide = text.lines().enumerate().filter(|(_, line)| is_wide(line));
    wide.map(|(at, _)| format!("{name}:{}: a comment of more than {COLUMNS_MAX} columns", at + 1)).collect()
}

#[test]
fn the_lock_file_of_the_fuzz_targets_knows_every_dependency() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    none(&unlocked(&read("Cargo.toml"), &read("fuzz/Cargo.lock")));
}

/// Nobody builds the fuzz targets by the way: their lock file falls behind unseen.
fn unlocked(manifest: &str, lock: &str) -> Vec<String> {
    let own = lock.split("[[package]]").find(|package| package.contains("name = \"rollcall\"\n")).unwrap_or("");
    let mut complaints = Vec::new();
    let mut counts = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            counts = line.ends_with("dependencies]") && line != "[dev-dependencies]";
            continue;
        }
        let name = line.split([' ', '=']).next().unwrap_or("");
        let is_dependency = counts && line.contains(" = ") && !line.contains("optional = true");
        if is_dependency && !own.contains(&format!("\"{name}\"")) && !own.contains(&format!("\"{name} ")) {
            complaints.push(format!("fuzz/Cargo.lock: without {name}; write `cargo update --workspace` in fuzz/"));
        }
    }
    complaints
}

#[test]
fn nothing_stands_at_the_top_that_was_not_agreed() {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut complaints: Vec<String> = names.filter_map(|name| stray(&name, &ignored)).collect();
    complaints.sort();
    none(&complaints);
}

fn stray(name: &str, ignored: &str) -> Option<String> {
    let is_ignored = ignored.lines().any(|line| line.trim_end_matches('/') == format!("/{name}"));
    let agreed = TOP.contains(&name) || name.starts_with('.') || is_ignored;
    (!agreed).then(|| format!("{name}: not an agreed name at the top of the repository"))
}

#[test]
fn no_test_data_hold_a_number_that_a_living_person_may_have() {
    let complaints: Vec<String> = files_below("testdata")
        .into_iter()
        .flat_map(|(name, path)| numbers::check(&name, &fs::read(path).unwrap()))
        .collect();
    none(&complaints);
}

#[test]
fn a_file_without_its_question_is_found() {
    assert!(header("src/a.rs", "use std::fs;\n").is_some());
    assert!(header("src/a.rs", "//! .\n").is_some());
    assert!(header("src/a.rs", "").is_some());
    assert!(header("src/a.rs", "//! Which pairs?\n").is_none());
    assert!(header("src/a/tests.rs", "use super::x;\n").is_none());
}

#[test]
fn a_file_that_is_too_long_is_found_and_its_tests_do_not_count() {
    let long = "fn a() {}\n".repeat(LINES_MAX + 1);
    assert!(length("src/a.rs", &long).is_some());
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{long}}}\n", "fn a() {}\n".repeat(LINES_MAX));
    assert!(length("src/a.rs", &tested).is_none());
}

#[test]
fn what_a_drawing_or_a_document_names_and_nobody_has_is_found() {
    let text = |name: &str, text: &str| (String::from(name), String::from(text));
    let sources = [
        text(
            "src/linkage/blocking/mod.rs",
            "pub fn block() {}\npub use self::all::all_pairs;\nconst PAIRS_MAX: u64 = 1;\n",
        ),
        text("src/linkage/scoring/sift.rs", "impl<'a> Sifter<'a> {\n    pub fn sift(&self) {}\n}\nfn open() {}\n"),
    ];
    let complaints =
        |drawing: &str| documents::missing_verbs(&format!("```text\n{drawing}\n```\nother::words"), &sources);
    assert!(complaints("│ blocking::block ──▶ Sifter::sift ──▶ blocking::all_pairs │").is_empty());
    for wrong in ["blocking::sift", "Scorer::sift", "scoring::compare", "sift::open", "nothing"] {
        assert_eq!(complaints(wrong).len(), 1, "{wrong}");
    }
    let tests = [text("tests/it/a.rs", "std::env::var(\"ROLLCALL_KILLS\")")];
    let named = |words: &str| documents::missing_constants(&[text("docs/a.md", words)], &sources, &tests);
    assert!(named("`PAIRS_MAX`, `NULL` and `ROLLCALL_KILLS`, and PAIRS_MIN as a word").is_empty());
    assert_eq!(named("`PAIRS_MIN` and `ROLLCALL_LIVES`").len(), 2);
}

#[test]
fn a_comment_that_is_too_wide_is_found() {
    let wide = "x".repeat(COLUMNS_MAX);
    assert_eq!(wide_comments("a.rs", &format!("fn a() {{}}\n    // {wide}\n//! | {wide} |\n// short\n")).len(), 1);
    assert!(wide_comments("a.rs", &format!("let a = \"{wide}\"; // code is the formatter's\n")).is_empty());
}

#[test]
fn a_lock_file_that_fell_behind_is_found() {
    let manifest = "[dependencies]\none = \"1\"\ntwo = { version = \"2\" }\nrare = { version = \"3\", optional = true }\n\n\
                    [target.'cfg(target_os = \"linux\")'.dependencies]\nthree = \"1\"\n\n[dev-dependencies]\nfour = \"1\"\n";
    let lock = |names: &str| {
        format!("[[package]]\nname = \"rollcall\"\ndependencies = [{names}]\n\n[[package]]\nname = \"x\"\n")
    };
    assert!(unlocked(manifest, &lock("\"one\", \"two 2.1.0\", \"three\"")).is_empty());
    assert_eq!(unlocked(manifest, &lock("\"one\", \"three\"")).len(), 1);
    assert_eq!(unlocked(manifest, &lock("")).len(), 3);
}

#[test]
fn a_name_that_says_nothing_is_found() {
    assert!(empty_name("src/util.rs").is_some());
    assert!(empty_name("src/person/helpers/date.rs").is_some());
    assert!(empty_name("src/person/utility.rs").is_none());
}

#[test]
fn unfinished_work_and_stray_files_are_found() {
    assert_eq!(unfinished("a.rs", concat!("fn a() {}\n// TO", "DO: b\n")).len(), 1);
    assert!(unfinished("a.rs", "// done\n").is_empty());
    assert!(stray("notes.txt", "/target\n").is_some());
    assert!(stray("target", "/target\n").is_none());
    assert!(stray(".ci", "").is_none());
    assert!(stray("src", "").is_none());
}
