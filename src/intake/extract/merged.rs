//! What do the merged cells of a sheet say?
//!
//! Takes the merged regions of a sheet, gives to each row of a column the value that stands over it: who merges the
//! address of a household downwards means it for every member, and the file holds it in the first row alone. What is
//! merged across columns, or with the header, has no one meaning and is refused.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use calamine::Dimensions;

use super::Column;
use crate::error::{Error, Result};

/// First and last data row of each merged region of a column, ascending.
pub(super) type Stretches = Vec<(u64, u64)>;

/// The merged regions of each wanted column; `positions` are the places of these in the sheet.
pub(super) fn stretches(
    path: &Path,
    regions: &[Dimensions],
    header_row: u32,
    positions: &[usize],
    wanted: &[String],
) -> Result<Vec<Stretches>> {
    let mut stretches = vec![Stretches::new(); positions.len()];
    // A title above the header, and what is merged within it, holds no rows.
    for region in regions.iter().filter(|region| region.end.0 > header_row) {
        let ((top, left), (bottom, right)) = (region.start, region.end);
        let within = |position: usize| (left as usize..=right as usize).contains(&position);
        let touched = positions.iter().zip(wanted).zip(&mut stretches).filter(|((position, _), _)| within(**position));
        for ((_, name), stretches) in touched {
            let refused = |what: &str, hint: &str| Err(Error::input(what).at_file(path).at_column(name).hint(hint));
            if top <= header_row {
                return Err(header_is_merged(path).at_column(name));
            }
            let row = u64::from(top - header_row);
            if left < right {
                let hint = "unmerge these cells, and write into each column what belongs there; remove rows that are \
                            no persons";
                return refused("cells of several columns are merged", hint).map_err(|error| error.at_row(row));
            }
            stretches.push((row, u64::from(bottom - header_row)));
        }
    }
    for (stretches, name) in stretches.iter_mut().zip(wanted) {
        stretches.sort_unstable();
        if stretches.windows(2).any(|pair| matches!(pair, [one, next] if next.0 <= one.1)) {
            let error = Error::input("merged cells of this workbook lie over one another").at_file(path);
            return Err(error.at_column(name).hint("save it again as .xlsx, or send CSV or Parquet"));
        }
    }
    Ok(stretches)
}

/// Is the header merged with the row below it? Then it is the reason why columns are not found: some names stand there.
pub(super) fn of_header(path: &Path, regions: &[Dimensions], header_row: u32) -> Option<Error> {
    let is_merged = regions.iter().any(|region| region.start.0 <= header_row && region.end.0 > header_row);
    is_merged.then(|| header_is_merged(path))
}

fn header_is_merged(path: &Path) -> Error {
    let error = Error::input("the header is merged with the row below it").at_file(path);
    error.hint("put the column names into one row, without merged cells")
}

/// A column of which the empty cells of a merged region hold what its first row does; `numbers` are the data rows.
pub(super) fn filled(column: Column, numbers: &[u64], stretches: &Stretches) -> Column {
    if stretches.is_empty() {
        return column;
    }
    let fill = |array: &dyn Array| -> Option<ArrayRef> {
        let source = |(at, number): (usize, &u64)| {
            let after = stretches.partition_point(|(first, _)| first <= number);
            let region = after.checked_sub(1).and_then(|region| stretches.get(region));
            let region = region.filter(|(_, last)| array.is_null(at) && number <= last);
            let first = region.and_then(|(first, _)| numbers.binary_search(first).ok());
            u32::try_from(first.unwrap_or(at)).ok()
        };
        let sources: Option<Vec<u32>> = numbers.iter().enumerate().map(source).collect();
        take(array, &UInt32Array::from(sources?), None).ok()
    };
    let filled = match &column {
        Column::Null => None,
        Column::Text(array) => fill(array).and_then(|array| array.as_string_opt().cloned().map(Column::Text)),
        Column::Day(array) => fill(array).and_then(|array| array.as_primitive_opt().cloned().map(Column::Day)),
    };
    filled.unwrap_or(column)
}
