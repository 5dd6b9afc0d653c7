//! How fine is an area, and in which one does a code lie?

/// The code of persons whose area is not known at a level.
pub const UNKNOWN_AREA: &str = "unknown";

/// How fine an area is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// County or district: 6 digits.
    District,
    /// Street or township: 9 digits.
    Township,
    /// Community or village: 12 digits.
    Community,
}

impl Level {
    /// All levels, coarse to fine.
    pub const ALL: [Level; 3] = [Level::District, Level::Township, Level::Community];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::District => "district",
            Level::Township => "township",
            Level::Community => "community",
        }
    }

    /// Digits of its codes.
    #[must_use]
    pub fn digits(self) -> usize {
        match self {
            Level::District => 6,
            Level::Township => 9,
            Level::Community => 12,
        }
    }

    /// What a code begins with, as long as codes of this level are; `None` if it is shorter.
    #[must_use]
    pub fn beginning(self, code: &str) -> Option<&str> {
        code.get(..self.digits())
    }

    /// The area of this level that a code lies in; [`UNKNOWN_AREA`] if the code is too coarse to tell. The code of an
    /// enumeration area that lies in no division (甲片-01) stands for itself at each level.
    #[must_use]
    pub fn area(self, code: &str) -> &str {
        let is_division = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
        match self.beginning(code) {
            Some(division) if is_division(division) => division,
            _ if is_division(code) => UNKNOWN_AREA,
            _ => code,
        }
    }
}
