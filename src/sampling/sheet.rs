//! What does the reviewer see, and what came back?
//!
//! Gives a CSV sheet with an empty verdict per item, in random order, without stratum, probability or decision, and
//! without anything personal: the records are looked up in the extracts. Takes the filled sheet, gives the verdicts.

use std::collections::BTreeMap;
use std::path::Path;

use super::selection::Selection;
use crate::error::{Error, Result};
use crate::intake::extract::filled::{self, FilledSheet};

/// Columns of the sheet.
const COLUMNS: [&str; 7] = ["item", "question", "records", "discrepancy", "verdict", "reviewer", "remark"];

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
        let records = item.records.join(" ");
        let discrepancy = item.discrepancy.as_deref().unwrap_or("");
        let _ = writer.write_record([&item.item, &item.what, &records, discrepancy, "", "", ""]);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    // The mark at the beginning lets spreadsheets read it as UTF-8.
    format!("\u{feff}{}", String::from_utf8_lossy(&bytes))
}

/// The verdicts of a filled sheet by item; items without one are left out. It may have been saved by a spreadsheet
/// program, as text in whatever encoding or as a workbook, of which every sheet with items counts.
///
/// # Errors
/// An input error that names the row: a column missing, an item that was not drawn or stands twice, a word that is no
/// verdict.
pub fn read(path: &Path, selection: &Selection) -> Result<BTreeMap<String, Verdict>> {
    let at = |row: u64, what: &str| Error::input(what).at_file(path).at_row(row);
    let sheets = filled::sheets(path)?;
    let heading = |sheet: &FilledSheet| sheet.rows.first().map(|(_, cells)| cells.clone()).unwrap_or_default();
    let place = |headings: &[String], name: &str| headings.iter().position(|heading| heading.trim() == name);
    let mut named: Vec<&FilledSheet> = sheets.iter().filter(|sheet| place(&heading(sheet), "item").is_some()).collect();
    if named.is_empty() {
        named.push(sheets.first().ok_or_else(|| at(1, "the sheet has no heading"))?);
    }
    // A spreadsheet may take the zeros away in front of a number.
    let known: BTreeMap<u64, &str> =
        selection.items.iter().filter_map(|item| Some((item.item.parse().ok()?, item.item.as_str()))).collect();
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
        for (line, cells) in sheet.rows.iter().skip(1) {
            let cell = |column: usize| cells.get(column).map_or("", |cell| cell.trim());
            let Some(name) = cell(item).parse().ok().and_then(|number: u64| known.get(&number)) else {
                return Err(at(*line, "this item was not drawn").at_column("item"));
            };
            if !seen.insert(*name) {
                return Err(at(*line, "this item stands twice").at_column("item"));
            }
            let said = verdict_of(cell(verdict)).map_err(|()| {
                let error = at(*line, "this is no verdict").at_column("verdict");
                error.hint("write yes, no or unclear (是, 否, 不明), or nothing if it was not looked at")
            })?;
            verdicts.extend(said.map(|said| ((*name).to_owned(), said)));
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
    use crate::sampling::selection::{Item, Selection};

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
        std::fs::write(&path, "item,verdict\n1,是\n00002,No\n3,unclear\n4,\n,\n").unwrap();
        let verdicts = read(&path, &selection()).unwrap();
        assert_eq!(verdicts.get("00001"), Some(&Verdict::Yes));
        assert_eq!(verdicts.get("00002"), Some(&Verdict::No));
        assert_eq!((verdicts.get("00003"), verdicts.len()), (Some(&Verdict::Unclear), 3));
        for (text, row) in
            [("item,verdict\n1,yes\n9,yes\n", 3), ("item,verdict\n1,yes\n1,no\n", 3), ("item,verdict\n1,maybe\n", 2)]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(&path, &selection()).unwrap_err().place().row, Some(row));
        }
        let (in_chinese, ..) = encoding_rs::GB18030.encode("item,verdict,remark\n2,否,看过\n");
        std::fs::write(&path, &in_chinese).unwrap();
        assert_eq!(read(&path, &selection()).unwrap().get("00002"), Some(&Verdict::No));
        let book = folder.path().join("filled.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in [["item", "verdict"], ["00003", "是"]].iter().enumerate() {
            sheet.write_row(row as u32, 0, *cells).unwrap();
        }
        let sheet = workbook.add_worksheet();
        for (row, cells) in [["verdict", "item"], ["no", "00004"]].iter().enumerate() {
            sheet.write_row(row as u32, 0, *cells).unwrap();
        }
        workbook.save(&book).unwrap();
        let verdicts = read(&book, &selection()).unwrap();
        assert_eq!((verdicts.get("00003"), verdicts.get("00004")), (Some(&Verdict::Yes), Some(&Verdict::No)));
        std::fs::write(&path, "item,answer\n1,yes\n").unwrap();
        assert!(read(&path, &selection()).unwrap_err().to_string().contains("verdict"));
    }
}
