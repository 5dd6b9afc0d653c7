//! Rows that were broken, and what stands beside the columns.

use super::super::Returned;
use super::{cases, read_back, rows, workbook};
use crate::casework::store::StoredCase;
use crate::outcome::report::words::field;

const HEADING: &str = "编号,事项,住所,姓名,出生年月,询问内容,核查结果,走访日期,备注\n";

/// A line of a text table: a case up to its name, then the rest.
fn line(case: &StoredCase, rest: &str) -> String {
    let row = &rows(std::slice::from_ref(case), "")[0];
    format!("{},{},{},{}{rest}\n", row[0], row[1], row[2], row[3])
}

/// What a text table gives: visits, rows not filled in, and of the wrong ones their row, column and reason.
fn read_text(text: &str) -> (usize, u64, Vec<(u64, String, &'static str)>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, text).unwrap();
    let returned: Returned = read_back(&path, &cases(), &|_| Vec::new());
    let at_fault = |wrong: &super::super::WrongRow| wrong.at_fault(crate::intake::study::Language::En);
    let wrong = returned.wrong.iter().map(|wrong| (wrong.spot.row, at_fault(wrong), wrong.reason.en)).collect();
    (returned.visits.len(), returned.blank, wrong)
}

#[test]
fn a_row_that_was_broken_in_two_comes_back_with_its_part() {
    let cases = cases();
    let whole = line(&cases[1], ",1980年5月,what,03,2020-12-03,n");
    for (broken, pieces) in [
        // In the name, in the question, in the outcome, in the note; in two cells; where a field ends.
        ("\n子女,1980年5月,what,03,2020-12-03,n", 1),
        ("\n子女,1980年5月,what,,,moved away", 1),
        ("\n子女,1980年5月,what,03,,", 1),
        (",1980年5月,what\nmore,03,,", 1),
        (",1980年5月,what,03\nmoved,2020-12-03,", 1),
        (",1980年5月,what,03,2020-12-03,nobody\nat home, again", 1),
        ("\n子女,1980年5月,what\nmore,03,2020-12-03,n", 2),
        (",1980年5月\nwhat,03,2020-12-03,n", 1),
    ] {
        for is_last in [false, true] {
            let broken = line(&cases[0], broken);
            let text = if is_last { [HEADING, &whole, &broken] } else { [HEADING, &broken, &whole] }.concat();
            let (good, blank, wrong) = read_text(&text);
            assert_eq!((good, blank, wrong.len()), (1, 0, 1 + pieces), "{text}{wrong:?}");
            assert!(wrong[0].2.contains("the row is cut") && wrong[1].2.contains("no case number"), "{wrong:?}");
        }
    }
    // Saved again by a program that gives each row all its fields, in a workbook, too.
    let first = line(&cases[0], ",,,,,");
    let padded = [HEADING, &first, "子女,1980年5月,what,03,2020-12-03,n,,,\n", &whole].concat();
    assert_eq!(read_text(&padded).2.len(), 2);
    // With a blank row between.
    let apart = [HEADING, &line(&cases[0], ""), "\n子女,1980年5月,what,03,2020-12-03,n\n"].concat();
    assert_eq!(read_text(&apart).2.iter().map(|wrong| wrong.0).collect::<Vec<_>>(), [2, 4]);
    // A row that was broken and not filled in says nothing.
    let unfilled = [HEADING, &line(&cases[0], "\n子女,1980年5月,what,,,"), &whole].concat();
    assert_eq!(read_text(&unfilled), (1, 2, Vec::new()));
}

#[test]
fn a_program_may_leave_out_empty_last_fields_and_people_add_remarks() {
    let cases = cases();
    for rest in [",1980年5月,what", ",1980年5月,what,", ",1980年5月,what,,", ",1980年5月,what,,,", ",,what,,,,,"]
    {
        let text = [HEADING, &line(&cases[0], rest), &line(&cases[1], ",1980年5月,what,03,2020-12-03,n")].concat();
        assert_eq!(read_text(&text), (1, 1, Vec::new()), "{rest}");
    }
    let list = |rest: &str| [HEADING, &line(&cases[0], rest), &line(&cases[1], rest)].concat();
    let (short, full) = (list(",1980年5月,what,03,2020-12-03"), list(",1980年5月,what,03,2020-12-03,n"));
    for below in ["共2项,,,,,,,,\n", "\n共2项\n填表日期,2020-12-05\n", "合计,12,,日期,2020-12-05,,,,\n"] {
        assert!(read_text(&(short.clone() + below)).2.is_empty(), "{below}");
        let (good, _, wrong) = read_text(&(full.clone() + below));
        assert!(good == 2 && wrong.is_empty(), "{below}: {wrong:?}");
    }
    assert!(read_text(&(short + "共2项\n")).2.is_empty());
    // Sixteen rows, a sum in the next: it is short, as some programs save it.
    let filler = "\n".repeat(13);
    let text = full.replacen(HEADING, &(filler + HEADING), 1) + "共2项\n";
    assert_eq!(read_text(&text), (2, 1, Vec::new()));
}

#[test]
fn what_stands_under_no_heading_comes_back_where_it_would_be_missed() {
    let cases = cases();
    let headed = |heading: &str, rest: &str| read_text(&[heading, &line(&cases[0], rest)].concat());
    let unnamed = HEADING.replace("备注\n", "备注,,自用,\n");
    for (heading, rest, letter) in [
        (HEADING, ",1980年5月,what,03,2020-12-03,moved, says the neighbour", Some("J")),
        (HEADING, ",1980年5月,what,,,,03", Some("J")),
        (&unnamed, ",1980年5月,what,,,,03", Some("J")),
        (&unnamed, ",1980年5月,what,03,2020-12-03,,,,moved", Some("L")),
        (&unnamed, ",1980年5月,what,03,2020-12-03,moved, says he,", Some("J")),
        // Beside a row that is complete, or under a heading of their own, people write what they like.
        (&unnamed, ",1980年5月,what,03,2020-12-03,moved,,,ok", None),
        (&unnamed, ",1980年5月,what,03,2020-12-03,moved,,ok,", None),
        (&unnamed, ",1980年5月,what,03,2020-12-03,,, ok, ", None),
    ] {
        let (good, blank, wrong) = headed(heading, rest);
        assert_eq!((good, blank), (usize::from(letter.is_none()), 0), "{rest}");
        let expected = letter.map(|letter| format!("column without a heading {letter}"));
        assert_eq!(wrong.first().map(|wrong| wrong.1.clone()), expected, "{rest}: {wrong:?}");
    }
    // In a workbook.
    let mut list = rows(&cases, "");
    list[0].push(String::from("03"));
    list.iter_mut().for_each(|row| row[6].clear());
    let folder = tempfile::tempdir().unwrap();
    let returned = read_back(&workbook(folder.path(), &[("清单", list)]), &cases, &|_| Vec::new());
    assert_eq!((returned.blank, returned.wrong.len(), returned.wrong[0].cell), (3, 1, Some(7)));
}

#[test]
fn a_note_that_is_too_long_comes_back() {
    for (length, good) in [(4_000, 1), (4_001, 0), (9_000, 0)] {
        let rest = format!(",1980年5月,what,03,2020-12-03,{}", "长".repeat(length));
        let (read, _, wrong) = read_text(&[HEADING, &line(&cases()[0], &rest)].concat());
        assert_eq!((read, wrong.len()), (good, 1 - good), "{length}");
        assert!(wrong.iter().all(|wrong| wrong.1 == field::NOTE.en && wrong.2.contains("4,000")), "{wrong:?}");
    }
}
