//! What went wrong, where, and what to do about it?
//!
//! One error type for the whole crate. It knows nothing of the other rooms, and it never carries a value that was
//! read from a data file: only the file, the row, the column and the rule.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Whose move it is: decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The command line is wrong (exit status 2).
    Usage,
    /// The study file is wrong (exit status 3).
    Study,
    /// An input cannot be used (exit status 4).
    Input,
    /// Done, but more rows were rejected than the study allows (exit status 5).
    Rejected,
    /// Out of space, memory, or an I/O failure (exit status 6).
    Environment,
    /// Outputs, inputs or log do not belong together (exit status 7).
    Verification,
}

impl Kind {
    /// The process exit status that tells a script whose move it is.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Study => 3,
            Kind::Input => 4,
            Kind::Rejected => 5,
            Kind::Environment => 6,
            Kind::Verification => 7,
        }
    }
}

/// Where it went wrong. Every part is optional; the more the better.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub file: Option<PathBuf>,
    /// Line of a text file or data row of an extract, from 1.
    pub row: Option<u64>,
    /// Column or key name.
    pub column: Option<String>,
}

/// An error for people: what was wrong, where, and a hint at what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    kind: Kind,
    what: String,
    place: Place,
    hint: Option<String>,
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind; `what` must not contain a value read from data.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), place: Place::default(), hint: None }
    }

    /// Shorthand for a wrong study file.
    pub fn study(what: impl Into<String>) -> Error {
        Error::new(Kind::Study, what)
    }

    /// Shorthand for an unusable input.
    pub fn input(what: impl Into<String>) -> Error {
        Error::new(Kind::Input, what)
    }

    /// An operating-system failure on a path: kind, path and the system's own words.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Error {
        let of_kind = |kind| Error::new(kind, io_words(error)).at_file(path);
        match error.kind() {
            std::io::ErrorKind::NotFound => of_kind(Kind::Input),
            std::io::ErrorKind::NotADirectory => {
                of_kind(Kind::Input).hint("a file stands where a folder is meant: name the folder")
            }
            _ => of_kind(Kind::Environment),
        }
    }

    /// A file that a library could not write: by what the system said to it, if it was the system.
    #[must_use]
    pub fn unwritten(path: &Path, error: &(dyn std::error::Error + 'static)) -> Error {
        let system = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        let otherwise = || Error::new(Kind::Environment, "this file cannot be written").at_file(path);
        system.map_or_else(otherwise, |error| Error::io(path, error))
    }

    /// Says that the error is in this file.
    #[must_use]
    pub fn at_file(mut self, file: &Path) -> Error {
        self.place.file = Some(file.to_path_buf());
        self
    }

    /// Says that the error is at this line or data row (from 1).
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Error {
        self.place.row = Some(row);
        self
    }

    /// Says that the error is in this column or key.
    #[must_use]
    pub fn at_column(mut self, column: impl Into<String>) -> Error {
        self.place.column = Some(column.into());
        self
    }

    /// Adds a hint at what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one more thing to know beside the hint.
    #[must_use]
    pub fn also(mut self, more: String) -> Error {
        self.hint = Some(self.hint.map_or(more.clone(), |hint| format!("{hint}; {more}")));
        self
    }

    /// Whose move it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it went wrong.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// The system's words for an I/O error, without any payload a library may have put in.
fn io_words(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
        None => error.kind().to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.place.file {
            write!(f, "{}", inert(&file.display().to_string()))?;
            if let Some(row) = self.place.row {
                write!(f, ":{row}")?;
            }
            write!(f, ": ")?;
        } else if let Some(row) = self.place.row {
            write!(f, "row {row}: ")?;
        }
        if let Some(column) = &self.place.column {
            write!(f, "{}: ", inert(column))?;
        }
        write!(f, "{}", self.what)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A name of a file, a folder or a column as it may stand on a screen: control characters of a hostile one do nothing,
/// and quotation marks, which harm nobody, stand as they are.
#[must_use]
pub fn inert(name: &str) -> String {
    name.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn names_are_shown_as_they_are_but_for_what_a_terminal_obeys() {
        for (name, shown) in [
            ("d'Alembert/登记.csv", "d'Alembert/登记.csv"),
            ("a \"b\".csv", "a \"b\".csv"),
            ("a\u{1b}[31m\u{202e}.csv", "a\\u{1b}[31m\\u{202e}.csv"),
            ("a\n'b", "a\\n'b"),
            ("a\\'b\\n", "a\\\\'b\\\\n"),
        ] {
            assert_eq!(inert(name), shown);
        }
    }
}
