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

#[test]
fn a_household_whose_day_stands_in_its_first_row_is_one_visit() {
    let folder = fresh();
    let run = folder.path();
    let (_, mut rows) = sent(run, &[]);
    let (outcome, day, dwelling) = (column(&rows, "核查结果"), column(&rows, "走访日期"), column(&rows, "住所"));
    let fill = |rows: &mut Rows, every_row: bool| {
        let mut last = String::new();
        for row in &mut rows[1..] {
            row[outcome] = String::from("13");
            let is_first = std::mem::replace(&mut last, row[dwelling].clone()) != row[dwelling];
            row[day] = String::from(if is_first || every_row { "2020-12-03" } else { "" });
        }
    };
    fill(&mut rows, false);
    let without = rows[1..].iter().filter(|row| row[day].is_empty()).count();
    assert!(without > 0, "a dwelling with several cases");
    import(run, &rows, "first-row.csv", &[], 0);
    let visits = status(run)["areas"][0]["visits"].clone();
    fill(&mut rows, true);
    import(run, &rows, "every-row.csv", &[], 0);
    assert_eq!(status(run)["areas"][0]["visits"], visits, "however the days are written");
}

#[test]
fn cases_are_taken_back_from_a_team_and_go_out_with_another() {
    let folder = fresh();
    let run = folder.path();
    sent(run, &["--team", "east", "--visits", "10"]);
    let teams = status(run)["teams"].clone();
    assert_eq!((teams[0]["team"].as_str(), teams[0]["doors"].as_u64()), (Some("east"), Some(10)), "{teams}");
    let cases = teams[0]["cases"].as_u64().expect("cases");
    let (screen, _) = check(&["follow-up", "status", argument(run)], 0);
    assert!(screen.lines().any(|line| line.starts_with("east ") && line.ends_with(" 10")), "{screen}");
    // All the others with west: north finds nothing, and is told who has them.
    let out = run.join("casework/west");
    check(&["follow-up", "export", argument(run), "--team", "west", "--visits", "100000", "--out", argument(&out)], 0);
    let (_, err) = check(&["follow-up", "export", argument(run), "--team", "north"], 2);
    assert!(err.contains(&format!("{cases} with team east")) && err.contains("with team west"), "{err}");
    let (said, _) = check(&["follow-up", "recall", argument(run), "--team", "east", "--actor", "LIU"], 0);
    assert!(said.starts_with(&format!("{cases} cases taken back from team east")), "{said}");
    check(&["follow-up", "recall", argument(run), "--team", "east"], 2);
    check(&["follow-up", "recall", argument(run)], 2);
    let out = run.join("casework/north");
    check(&["follow-up", "export", argument(run), "--team", "north", "--visits", "10", "--out", argument(&out)], 0);
    let teams: Vec<String> =
        status(run)["teams"].as_array().expect("teams").iter().map(|t| t["team"].to_string()).collect();
    assert_eq!(teams, ["\"north\"", "\"west\""]);
    let log = rollcall::audit::log::read(run).expect("log");
    let recall = log.iter().find(|entry| entry.action == "recall").expect("entry");
    assert_eq!((recall.actor.as_str(), recall.object["cases"].as_u64()), ("LIU", Some(cases)));
}

#[test]
fn a_supervisor_gets_what_waits_with_what_came_back_and_the_log_has_each_file() {
    let folder = fresh();
    let run = folder.path();
    check(&["follow-up", "export", argument(run), "--role", "supervisor"], 2);
    let (_, mut rows) = sent(run, &[]);
    let (case, outcome, day) = (column(&rows, "编号"), column(&rows, "核查结果"), column(&rows, "走访日期"));
    rows.truncate(4);
    for (row, code) in rows[1..].iter_mut().zip(["03", "19", "04"]) {
        (row[outcome], row[day]) = (code.to_owned(), String::from("2020-12-03"));
    }
    import(run, &rows, "first.csv", &["--actor", "WANG"], 0);
    rows[1][outcome] = String::from("06");
    import(run, &rows, "second.csv", &[], 0);
    let mut damaged = rows.clone();
    damaged[1][outcome] = String::from("77");
    import(run, &damaged, "damaged.csv", &[], 5);
    let waiting = status(run)["for_supervisor"].clone();
    let named: BTreeMap<&str, &serde_json::Value> =
        waiting.as_array().expect("list").iter().map(|one| (one["case"].as_str().expect("case"), one)).collect();
    assert_eq!(
        named.keys().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([rows[1][case].as_str(), &rows[2][case]])
    );
    assert_eq!(named[rows[1][case].as_str()]["outcomes"], serde_json::json!(["03", "06"]));
    assert_eq!(named[rows[2][case].as_str()]["state"], "referred");
    let (screen, _) = check(&["follow-up", "status", argument(run)], 0);
    assert!(screen.contains(&rows[1][case]) && screen.contains("03, 06"), "{screen}");

    let out = run.join("casework/desk");
    let export = ["follow-up", "export", argument(run), "--role", "supervisor", "--out", argument(&out)];
    check(&[&export[..], &["--visits", "3"]].concat(), 2);
    check(&export, 0);
    let lists = std::fs::read_dir(&out).expect("lists").map(|entry| entry.unwrap().path());
    let lists: Vec<PathBuf> = lists.filter(|path| path.extension().is_some_and(|ending| ending == "xlsx")).collect();
    let mut decided: Rows = Vec::new();
    for list in &lists {
        let mut rows = rows_of(list);
        let ask = column(&rows, "询问内容");
        assert!(rows[1..].iter().all(|row| row[ask].contains("已有结果：")), "{:?}", rows[0]);
        rows.iter_mut().skip(1).for_each(|row| row[outcome] = String::from("03"));
        decided.extend(rows.into_iter().skip(usize::from(!decided.is_empty())));
    }
    assert_eq!(decided.len(), 3, "both cases");
    // A table without the column of what is asked could be a team's, unless somebody says whose it is.
    let mut bare = decided.clone();
    let ask = column(&decided, "询问内容");
    bare.iter_mut().for_each(|row| drop(row.remove(ask)));
    import(run, &bare, "bare.csv", &[], 2);
    import(run, &decided, "decided.csv", &["--role", "supervisor"], 0);
    assert!(status(run)["for_supervisor"].as_array().expect("list").is_empty());

    let log = rollcall::audit::log::read(run).expect("log");
    let said: Vec<_> = log.iter().filter(|entry| entry.action == "import").collect();
    let of = |at: usize, name: &str| said[at].object[name].clone();
    assert_eq!((said.len(), said[0].actor.as_str()), (4, "WANG"));
    assert_eq!((of(2, "good"), of(2, "wrong"), of(2, "role")), (2.into(), 1.into(), "field".into()));
    assert_eq!((of(3, "good"), of(3, "role")), (2.into(), "supervisor".into()));
    let digest = rollcall::audit::manifest::digest_of(&run.join("first.csv")).expect("digest");
    assert_eq!(of(0, "file"), digest);
    assert_ne!(of(0, "file"), of(1, "file"));
}
