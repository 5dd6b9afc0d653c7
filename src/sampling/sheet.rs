//! What does the reviewer see, and what came back?
//!
//! Gives a CSV sheet with an empty verdict per item, in random order, without stratum, probability or decision, and
//! without anything personal: the records are looked up in the extracts. Takes the filled sheet, gives the verdicts: of
//! rows beside whose number stands what went out with it, as columns that are sorted one by one give verdicts to items
//! that nobody looked at.

use std::collections::BTreeMap;
use std::path::Path;

use super::selection::{Item, Selection};
use crate::error::{Error, Result};
use crate::intake::extract::filled::{self, FilledSheet};

/// Columns of the sheet.
const COLUMNS: [&str; 7] = ["item", "question", "records", "discrepancy", "verdict", "reviewer", "remark"];

/// Columns that tell which unit an item is.
const BESIDE: [&str; 3] = ["question", "records", "discrepancy"];

/// What a reviewer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One person; a real discrepancy.
    Yes,
    /// Two persons; no discrepancy.
    No,
    /// Looked at, and it cannot be told.
    Unclear,
}

/// The sheet to fill in.
#[must_use]
pub fn blank(selection: &Selection) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Written to memory: neither can fail.
    let _ = writer.write_record(COLUMNS);
    for item in &selection.items {
        let [question, records, discrepancy] = sent_beside(item);
        let _ = writer.write_record([&item.item, &question, &records, &discrepancy, "", "", ""]);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    // The mark at the beginning lets spreadsheets read it as UTF-8.
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}

/// What stands beside an item, in the order of [`BESIDE`].
fn sent_beside(item: &Item) -> [String; 3] {
    [item.what.clone(), item.records.join(" "), item.discrepancy.clone().unwrap_or_default()]
}

/// Is it what was sent? Only letters and digits count: programs write blanks and marks anew.
fn is_same(cell: &str, sent: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    letters(cell) == letters(sent)
}

/// The verdicts of a filled sheet by item; items without one are left out. It may have been saved by a spreadsheet
/// program, as text in whatever encoding or as a workbook, of which every sheet with items counts.
///
/// # Errors
/// An input error that names the row: a column missing, an item that was not drawn or stands twice, something else
/// beside it than what was sent out, a word that is no verdict.
pub fn read(path: &Path, selection: &Selection) -> Result<BTreeMap<String, Verdict>> {
    let at = |row: u64, what: &str| Error::input(what).at_file(path).at_row(row);
    let sheets = filled::sheets(path)?;
    let heading = |sheet: &FilledSheet| sheet.rows.first().map(|(_, cells)| cells.clone()).unwrap_or_default();
    let place = |headings: &[String], name: &str| headings.iter().position(|heading| heading.trim() == name);
    let mut named: Vec<&FilledSheet> = sheets.iter().filter(|sheet| place(&heading(sheet), "item").is_some()).collect();
    filled::check_read(&sheets, &named)?;
    if named.is_empty() {
        named.push(sheets.first().ok_or_else(|| at(1, "the sheet has no heading"))?);
    }
    // A spreadsheet may take the zeros away in front of a number.
    let known: BTreeMap<u64, &Item> =
        selection.items.iter().filter_map(|item| Some((item.item.parse().ok()?, item))).collect();
    let mut verdicts = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for sheet in named {
        let headings = heading(sheet);
        let column = |name: &str| {
            place(&headings, name).ok_or_else(|| {
                let error = Error::input("the sheet lacks a column").at_file(path).at_column(name);
                error.hint("keep the heading as it was")
            })
        };
        let (item, verdict) = (column("item")?, column("verdict")?);
        let beside = [column(BESIDE[0])?, column(BESIDE[1])?, column(BESIDE[2])?];
        for (line, cells) in sheet.rows.iter().skip(1) {
            let cell = |column: usize| cells.get(column).map_or("", |cell| cell.trim());
            let Some(drawn) = cell(item).parse().ok().and_then(|number: u64| known.get(&number)) else {
                return Err(at(*line, "this item was not drawn").at_column("item"));
            };
            if !seen.insert(drawn.item.as_str()) {
                return Err(at(*line, "this item stands twice").at_column("item"));
            }
            let sent = sent_beside(drawn);
            if let Some(other) = (0..BESIDE.len()).find(|one| !is_same(cell(beside[*one]), &sent[*one])) {
                let error = at(*line, "this is not what was sent out beside the item").at_column(BESIDE[other]);
                return Err(error.hint(
                    "the sheet may be that of another sample, or some of its columns were sorted without the others: \
                     fill in the sheet as it was sent, and sort whole rows",
                ));
            }
            let said = verdict_of(cell(verdict)).map_err(|()| {
                let error = at(*line, "this is no verdict").at_column("verdict");
                error.hint("write yes, no or unclear (是, 否, 不明), or nothing if it was not looked at")
            })?;
            verdicts.extend(said.map(|said| (drawn.item.clone(), said)));
        }
    }
    Ok(verdicts)
}

/// A verdict as people write it; nothing if nobody has looked.
fn verdict_of(cell: &str) -> std::result::Result<Option<Verdict>, ()> {
    match cell.to_lowercase().as_str() {
        "" => Ok(None),
        "yes" | "y" | "1" | "是" => Ok(Some(Verdict::Yes)),
        "no" | "n" | "0" | "否" => Ok(Some(Verdict::No)),
        "unclear" | "?" | "？" | "不明" => Ok(Some(Verdict::Unclear)),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, blank, read};
    use crate::error::Kind;
    use crate::sampling::selection::{Item, Selection};

    const HEADING: &str = "item,question,records,discrepancy,verdict\n";
    const R1: &str = "roll:R1 health:M1";
    const R3: &str = "roll:R1 health:M3";
    const R4: &str = "roll:R1 health:M4";

    fn selection() -> Selection {
        let item = |number: usize| Item {
            item: format!("{number:05}"),
            stratum: 0,
            what: String::from("same_person"),
            discrepancy: None,
            records: vec![String::from("roll:R1"), format!("health:M{number}")],
        };
        Selection {
            manifest_digest: String::new(),
            design_digest: String::new(),
            seed: 1,
            strata: Vec::new(),
            let_go: 0,
            items: (1..=4).map(item).collect(),
        }
    }

    #[test]
    fn a_filled_sheet_is_read_back_even_from_a_spreadsheet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filled.csv");
        let sheet = blank(&selection());
        assert!(sheet.contains("00002,same_person,roll:R1 health:M2,,,,"), "{sheet}");
        std::fs::write(&path, &sheet).unwrap();
        assert!(read(&path, &selection()).unwrap().is_empty(), "nobody has looked");
        let write = |rows: &[(&str, &str, &str)]| {
            let line =
                |(item, records, verdict): &(&str, &str, &str)| format!("{item},same_person,{records},,{verdict}\n");
            std::fs::write(&path, HEADING.to_owned() + &rows.iter().map(line).collect::<String>()).unwrap();
        };
        write(&[("1", R1, "是"), ("00002", " roll:R1  health:M2 ", "No"), ("3", R3, "unclear"), ("4", R4, "")]);
        let verdicts = read(&path, &selection()).unwrap();
        assert_eq!(verdicts.get("00001"), Some(&Verdict::Yes));
        assert_eq!(verdicts.get("00002"), Some(&Verdict::No));
        assert_eq!((verdicts.get("00003"), verdicts.len()), (Some(&Verdict::Unclear), 3));
        for (rows, row) in [
            (&[("1", R1, "yes"), ("9", R1, "yes")][..], 3),
            (&[("1", R1, "yes"), ("1", R1, "no")], 3),
            (&[("1", R1, "maybe")], 2),
        ] {
            write(rows);
            assert_eq!(read(&path, &selection()).unwrap_err().place().row, Some(row));
        }
        let text = "item,records,question,discrepancy,verdict,remark\n2,roll:R1 health:M2,same_person,,否,看过\n";
        let (in_chinese, ..) = encoding_rs::GB18030.encode(text);
        std::fs::write(&path, &in_chinese).unwrap();
        assert_eq!(read(&path, &selection()).unwrap().get("00002"), Some(&Verdict::No));
        let book = folder.path().join("filled.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        let rows = [["item", "question", "records", "discrepancy", "verdict"], ["00003", "same_person", R3, "", "是"]];
        for (row, cells) in rows.iter().enumerate() {
            sheet.write_row(row as u32, 0, *cells).unwrap();
        }
        let sheet = workbook.add_worksheet();
        let rows = [["verdict", "question", "records", "discrepancy", "item"], ["no", "same_person", R4, "", "00004"]];
        for (row, cells) in rows.iter().enumerate() {
            sheet.write_row(row as u32, 0, *cells).unwrap();
        }
        workbook.save(&book).unwrap();
        let verdicts = read(&book, &selection()).unwrap();
        assert_eq!((verdicts.get("00003"), verdicts.get("00004")), (Some(&Verdict::Yes), Some(&Verdict::No)));
        std::fs::write(&path, "item,answer\n1,yes\n").unwrap();
        assert!(read(&path, &selection()).unwrap_err().to_string().contains("verdict"));
    }

    #[test]
    fn a_verdict_counts_for_the_item_that_it_was_given_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("filled.csv");
        let refused = |text: &str, column: &str| {
            std::fs::write(&path, text).unwrap();
            let error = read(&path, &selection()).unwrap_err();
            assert_eq!(error.kind(), Kind::Input);
            assert!(error.to_string().contains(column), "{error}");
            assert!(!error.to_string().contains("M1"), "{error}");
        };
        // Sorted without the column of the items; the sheet of another sample.
        refused(&format!("{HEADING}1,same_person,{R3},,no\n3,same_person,{R1},,yes\n"), "records");
        refused(&format!("{HEADING}1,missed_person,{R1},,no\n"), "question");
        refused(&format!("{HEADING}1,same_person,{R1},D00000001,no\n"), "discrepancy");
        // Also where nobody has said anything yet.
        refused(&format!("{HEADING}1,same_person,{R3},,\n"), "records");
        refused("item,verdict\n1,yes\n", "question");
    }
}
