//! Does `docs/outputs.md` say what is in the tables that a run writes: every column with its type, and none besides?

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::cli::{argument, check, district};

/// Name and type of each column, in order.
type Columns = Vec<(String, String)>;

/// The columns that the document has for each table: the tables of a section whose heading is the name of a file.
fn documented(document: &str) -> BTreeMap<String, Columns> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    let (mut file, mut has_columns) = (String::new(), false);
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            file = heading.trim_matches('`').to_owned();
        }
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["column", "type", "unit", "meaning"] => has_columns = true,
            [name, kind, _, _] if has_columns && name.starts_with('`') => {
                tables.entry(file.clone()).or_default().push((name.trim_matches('`').to_owned(), (*kind).to_owned()));
            }
            [dashes, ..] if dashes.starts_with("---") => {}
            _ => has_columns = false,
        }
    }
    tables
}

fn written(path: &PathBuf) -> Columns {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("table")).expect("Parquet");
    let of = |field: &arrow::datatypes::FieldRef| {
        let kind = field.data_type().to_string().to_lowercase();
        (field.name().clone(), if field.is_nullable() { format!("{kind} or null") } else { kind })
    };
    reader.schema().fields().iter().map(of).collect()
}

#[test]
fn every_column_of_every_table_is_documented_and_none_besides() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/outputs.md");
    let documented = documented(&std::fs::read_to_string(document).expect("document"));
    let folder = district();
    let results = folder.path().join("results");
    check(&["-q", "run", argument(&folder.path().join("study.toml")), "--out", argument(&results)], 0);
    let files = std::fs::read_dir(&results).expect("results").map(|entry| entry.expect("entry").path());
    let tables = files.filter(|path| path.extension().is_some_and(|ending| ending == "parquet"));
    let name = |path: &PathBuf| path.file_name().expect("name").to_string_lossy().into_owned();
    let written: BTreeMap<String, Columns> = tables.map(|path| (name(&path), written(&path))).collect();
    assert!(written.len() >= 6, "{:?}", written.keys());
    assert_eq!(documented, written, "left docs/outputs.md, right the tables");
    // The cases say the rest in JSON.
    let line = std::fs::read_to_string(document).expect("document");
    let line = line.lines().find(|line| line.starts_with("| `content` |")).expect("described").to_owned();
    let cases = rollcall::outcome::report::cases::table::read(&results).expect("cases");
    let keys: BTreeSet<String> = cases.rows.iter().flat_map(keys_of).collect();
    assert!(keys.contains("around"), "{keys:?}");
    let missing: Vec<&String> = keys.iter().filter(|key| !line.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "{missing:?} are not in: {line}");
}

fn keys_of(row: &rollcall::outcome::report::cases::CaseRow) -> Vec<String> {
    let row = serde_json::to_value(row).expect("JSON");
    row.as_object().expect("keys").keys().cloned().collect()
}

#[test]
fn a_column_that_is_missing_or_of_another_type_is_found() {
    let text = "## `a.parquet`\n\n| column | type | unit | meaning |\n|---|---|---|---|\n| `one` | utf8 | | first |\n\n\
                | key | holds |\n|---|---|\n| `x` | y |\n| `no` | such | a | column |\n";
    let columns = documented(text);
    assert_eq!(columns["a.parquet"], [(String::from("one"), String::from("utf8"))]);
    assert_eq!(columns.len(), 1);
}
