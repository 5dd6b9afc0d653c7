//! Does the follow-up hold when people go on with it day by day as people do?

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cli::{argument, check};
use crate::follow_up::{Rows, fresh, rows_of, save_text, sent};

fn column(rows: &Rows, name: &str) -> usize {
    rows[0].iter().position(|cell| cell == name).expect("column")
}

/// The status as JSON.
fn status(run: &Path) -> serde_json::Value {
    let (text, _) = check(&["follow-up", "status", argument(run), "--format", "json"], 0);
    serde_json::from_str(&text).expect("JSON")
}

/// Writes rows as a table and takes it back; gives the screen.
fn import(run: &Path, rows: &Rows, name: &str, more: &[&str], expected: i32) -> String {
    let path = run.join(name);
    save_text(&path, rows, encoding_rs::UTF_8);
    check(&[&["follow-up", "import", argument(run), argument(&path)][..], more].concat(), expected).0
}

#[test]
fn a_heading_that_was_changed_is_said_and_nothing_is_lost_once_it_is_put_back() {
    let folder = fresh();
    let run = folder.path();
    let (_, mut rows) = sent(run, &[]);
    let (outcome, day, note) = (column(&rows, "核查结果"), column(&rows, "走访日期"), column(&rows, "备注"));
    for row in &mut rows[1..] {
        (row[outcome], row[day], row[note]) =
            (String::from("13"), String::from("2020-12-03"), String::from("nobody in"));
    }
    let mut changed = rows.clone();
    (changed[0][day], changed[0][note]) = (String::from("何时去的"), String::from("见闻"));
    let said = import(run, &changed, "changed.csv", &[], 5);
    assert!(said.contains("走访日期 (Visited on), 备注 (Notes)") && said.contains("何时去的, 见闻"), "{said}");
    import(run, &rows, "as-sent.csv", &[], 0);
    let store = rollcall::casework::store::Store::open(run).expect("store");
    for case in store.cases().expect("cases").iter().filter(|case| case.visits().next().is_some()) {
        let last = case.visits().last().expect("a visit");
        assert_eq!((last.visited_on.as_deref(), last.note.as_deref()), (Some("2020-12-03"), Some("nobody in")));
        assert_eq!(case.calls().len(), 1, "told once more, it is one visit");
    }
}
