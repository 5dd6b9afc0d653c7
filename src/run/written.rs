//! What does a run leave behind?
//!
//! Takes all that was found, writes the tables, the pages and the model into the folder of a run that is not published
//! yet, and gives what was [`Written`].

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::Result;
use crate::linkage::comparison::Comparer;
use crate::linkage::model::file::{self as model_file, MODEL};
use crate::outcome::coverage::{COVERAGE, ESTIMATES};
use crate::outcome::files;
use crate::outcome::report::cases::{CaseBook, table as case_table};
use crate::outcome::report::{self, ReportInput};
use crate::person::Rejected;
use crate::whole_file;

/// What one of the writers wrote.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// A table, with its number of rows.
    pub table: Option<(&'static str, u64)>,
    /// Files that are no tables.
    pub pages: Vec<PathBuf>,
}

impl Written {
    fn table(name: &'static str, rows: u64) -> Written {
        Written { table: Some((name, rows)), pages: Vec::new() }
    }

    fn pages(pages: Vec<PathBuf>) -> Written {
        Written { table: None, pages }
    }
}

/// Writes all outputs but the manifest and the log, side by side.
pub(super) fn write_all(
    out: &Path,
    input: &ReportInput<'_>,
    comparer: &Comparer<'_>,
    rejected: &[Rejected],
) -> Result<Vec<Written>> {
    let ReportInput { study, table, linked, links, findings, coverage, .. } = *input;
    let case_book = CaseBook::of(input);
    let tables: [&(dyn Fn() -> Result<Written> + Sync); 9] = [
        &|| files::write_links(out, study, table, comparer, links).map(|rows| Written::table(files::LINKS, rows)),
        &|| report::write(&report::compose(input, &case_book), out).map(Written::pages),
        &|| {
            let rows = files::write_persons(out, study, table, &linked.resolution.person_of)?;
            Ok(Written::table(files::PERSONS, rows))
        },
        &|| files::write_discrepancies(out, table, findings).map(|rows| Written::table(files::DISCREPANCIES, rows)),
        &|| {
            let roll = study.roll().map_or("", |roll| study.sources[roll].name.as_str());
            let rows = case_table::write(out, case_book.len(), |part| case_book.rows(part), roll, study.language)?;
            Ok(Written::table(case_table::CASES, rows))
        },
        &|| files::write_rejected(out, study, rejected).map(|rows| Written::table(files::REJECTED, rows)),
        &|| {
            whole_file::write(&out.join(ESTIMATES), coverage.summary.to_json()?.as_bytes())?;
            Ok(Written::pages(vec![out.join(ESTIMATES)]))
        },
        &|| coverage.write_parquet(&out.join(COVERAGE)).map(|rows| Written::table(COVERAGE, rows)),
        &|| {
            whole_file::write(&out.join(MODEL), model_file::to_json(&linked.model)?.as_bytes())?;
            Ok(Written::pages(vec![out.join(MODEL)]))
        },
    ];
    tables.par_iter().with_max_len(1).map(|write| write()).collect()
}
