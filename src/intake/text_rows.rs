//! Which rows does a text table have?
//!
//! Takes the text of a small table and its delimiter, gives its records one by one, each with the number of its row as
//! a spreadsheet shows it: a cell may hold several lines, and blank lines are rows. A quotation mark that is opened and
//! not closed makes one record of the next rows, up to the next mark: they would be missing without a word.

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::error::{Error, Result};

/// The rows of a text that lies in memory.
pub struct TextRows<'t> {
    text: &'t [u8],
    delimiter: u8,
    reader: Reader<&'t [u8]>,
    /// Rows so far, blank ones too.
    rows: u64,
    /// Most fields of a record so far; titles may stand above the heading.
    fields: usize,
    ids: Ids,
}

impl<'t> TextRows<'t> {
    /// The rows of a text.
    #[must_use]
    pub fn of(text: &'t [u8], delimiter: u8) -> TextRows<'t> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        TextRows { text, delimiter, reader, rows: 0, fields: 0, ids: Ids::default() }
    }

    /// Reads the next record that is not blank; gives the number of its row.
    ///
    /// # Errors
    /// An input error with the row, if it cannot be read or holds further rows.
    pub fn next(&mut self, record: &mut ByteRecord) -> Result<Option<u64>> {
        let from = self.place();
        let read = self.reader.read_byte_record(record);
        let raw = self.text.get(from..self.place()).unwrap_or_default();
        self.rows += 1 + self.blank_lines(from, raw);
        let read = read.map_err(|_| Error::input("cannot be cut into fields").at_row(self.rows))?;
        if !read {
            return Ok(None);
        }
        let are_alike =
            self.ids.rows_within(record, self.fields, self.delimiter).is_some_and(|lines| lines.are_alike());
        if has_lines(record) && (are_alike || !is_well_quoted(raw, self.delimiter)) {
            let what = "a quotation mark is opened in this row and not closed before the next one";
            let hint = "remove it, or close it in the same cell, and save the table again";
            return Err(Error::input(what).at_row(self.rows).hint(hint));
        }
        self.fields = self.fields.max(record.len());
        Ok(Some(self.rows))
    }

    fn place(&self) -> usize {
        usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX)
    }

    /// The blank lines before a record. What ends the record before them may stand there in part.
    fn blank_lines(&self, from: usize, raw: &[u8]) -> u64 {
        let mut before = from.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        let mut lines = 0;
        for byte in raw.iter().take_while(|byte| is_line_end(**byte)) {
            lines += u64::from(*byte == b'\r' || before != Some(b'\r'));
            before = Some(*byte);
        }
        lines
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Does a field go on in a further line?
fn has_lines(record: &ByteRecord) -> bool {
    let goes_on =
        |field: &[u8]| field.split(|byte| is_line_end(*byte)).skip(1).any(|line| !line.trim_ascii().is_empty());
    record.iter().any(goes_on)
}

/// How the first fields of the first records look.
#[derive(Default)]
pub(super) struct Ids {
    shapes: Vec<Vec<u8>>,
    seen: u32,
}

/// Lines within the fields of a record that have as many fields as the header.
pub(super) struct LinesWithin {
    /// How many of them also begin as rows do.
    alike: usize,
    fields: usize,
}

impl LinesWithin {
    /// Do enough of the lines begin as rows do? An address of several lines may have as many commas as the header, one
    /// line of few columns as well.
    pub(super) fn are_alike(&self) -> bool {
        const FEW_FIELDS: usize = 3;
        self.alike >= if self.fields <= FEW_FIELDS { 2 } else { 1 }
    }
}

impl Ids {
    /// Records of which it is looked at how they begin.
    const RECORDS: u32 = 200;

    /// The lines within a record's fields that have as many fields as the header; `None` if there are none, as in most
    /// texts of several lines.
    pub(super) fn rows_within(&mut self, record: &ByteRecord, fields: usize, delimiter: u8) -> Option<LinesWithin> {
        if fields < 2 || !record.as_slice().contains(&b'\n') {
            if self.seen < Ids::RECORDS {
                self.seen += 1;
                let shape = shape_of(record.get(0).unwrap_or_default());
                if !self.shapes.contains(&shape) {
                    self.shapes.push(shape);
                }
            }
            return None;
        }
        let is_row = |line: &&[u8]| line.iter().filter(|byte| **byte == delimiter).count() + 1 == fields;
        let rows = || record.iter().flat_map(|field| field.split(|byte| *byte == b'\n').skip(1)).filter(is_row);
        let first = |line: &[u8]| shape_of(line.split(|byte| *byte == delimiter).next().unwrap_or_default());
        let alike = rows().filter(|line| self.shapes.contains(&first(line))).count();
        rows().next().map(|_| LinesWithin { alike, fields })
    }
}

/// What kinds of words and signs a field has: `R-17` and `R-4` are alike, `12 Main Street` is not like them.
fn shape_of(field: &[u8]) -> Vec<u8> {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => b'9',
        b'A'..=b'Z' | b'a'..=b'z' => b'a',
        0x80.. => b'h',
        sign => sign,
    };
    let mut shape: Vec<u8> = field.iter().map(|byte| kind(*byte)).collect();
    shape.dedup();
    shape
}

/// Does every quotation mark at the beginning of a field have one at its end?
pub(super) fn is_well_quoted(record: &[u8], delimiter: u8) -> bool {
    let (mut inside, mut at_start) = (false, true);
    let mut bytes = record.iter().peekable();
    while let Some(byte) = bytes.next() {
        if inside && *byte == b'"' {
            match bytes.peek() {
                Some(b'"') => {
                    bytes.next();
                }
                Some(next) if **next != delimiter && !matches!(next, b'\r' | b'\n') => return false,
                _ => inside = false,
            }
        } else if !inside {
            inside = at_start && *byte == b'"';
            at_start = *byte == delimiter || matches!(byte, b'\r' | b'\n');
        }
    }
    !inside
}

#[cfg(test)]
mod tests {
    use csv::ByteRecord;

    use super::TextRows;

    /// The numbers of the rows, and the row of the error if there is one.
    fn rows(text: &str) -> (Vec<u64>, Option<u64>) {
        let mut rows = TextRows::of(text.as_bytes(), b',');
        let (mut record, mut found) = (ByteRecord::new(), Vec::new());
        loop {
            match rows.next(&mut record) {
                Ok(Some(row)) => found.push(row),
                Ok(None) => return (found, None),
                Err(error) => return (found, error.place().row),
            }
        }
    }

    #[test]
    fn rows_are_those_of_a_spreadsheet() {
        for (text, expected) in [
            ("a,b\n1,2\n3,4", &[1, 2, 3][..]),
            ("a,b\r\n\r\n1,2\r\n\r\n\r\n3,4\r\n", &[1, 3, 6]),
            ("\n\na,b\n\n1,2\n\n", &[3, 5]),
            ("a,b\r\r1,2\r3,4\r", &[1, 3, 4]),
            ("a,b\n,\n1,\"x\n\ny\"\n3,4\n", &[1, 2, 3, 4]),
            ("", &[]),
        ] {
            assert_eq!(rows(text), (expected.to_vec(), None), "{text:?}");
        }
    }

    #[test]
    fn a_row_that_holds_the_next_ones_is_refused_and_a_note_of_several_lines_is_none() {
        let heading = "case,result,date,note\nA-01,13,,x\n";
        for (body, refused) in [
            // To the end; up to a field in marks; up to a mark by itself; up to an empty field in marks.
            ("A-02,13,,\"left\nA-03,01,,\nA-04,01,,\n", Some(3)),
            ("\nA-02,13,,\"left\nA-03,01,,\"home\"\n", Some(4)),
            ("A-02,13,,\"left\nA-03,01,,home\"\n", Some(3)),
            ("A-02,13,,\"left\nA-03,01,\"\",x\n", Some(3)),
            ("A-02,13,,\"left\rA-03,01,,\r", Some(3)),
            // Nothing but the end of the file comes after it.
            ("A-02,13,,\"left\n", None),
            ("A-02,13,,le\"ft\nA-03,01,,\"no\"\"body\"\n", None),
            ("A-02,13,,\"left,\nwith \"\"all\"\", they say\n\nA-03 too\"\nA-03,01,,\n", None),
        ] {
            assert_eq!(rows(&format!("{heading}{body}")).1, refused, "{body}");
        }
    }
}
