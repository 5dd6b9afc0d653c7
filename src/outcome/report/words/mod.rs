//! How is it said, in Chinese and in English?
//!
//! Every text that people read stands here once, both languages side by side: [`page`] for the report's page,
//! [`completeness`] for its section on coverage, [`field`] for the follow-up lists, [`code`] for what the other rooms
//! call things (fields, levels, rules, reasons).

pub mod code;
pub mod completeness;
pub mod field;
pub mod page;

use crate::intake::study::Language;

/// One text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// Both languages of a text.
pub(crate) const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}

impl Words {
    /// The text in a language.
    #[must_use]
    pub fn of(self, language: Language) -> &'static str {
        match language {
            Language::Zh => self.zh,
            Language::En => self.en,
        }
    }
}

/// A count with its thousands set apart.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An expected number of persons: one decimal below a hundred, none above.
#[must_use]
pub fn expected(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { count(value.round() as u64) }
}

/// A share as a percentage; never rounded up to 100 % nor down to 0 % when it is not.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::from("–");
    }
    let percent = part as f64 / whole as f64 * 100.0;
    if part < whole && percent > 99.9 {
        return String::from("> 99.9 %");
    }
    if part > 0 && percent < 0.1 {
        return String::from("< 0.1 %");
    }
    format!("{percent:.1} %")
}

/// A weight in bits with its sign.
#[must_use]
pub fn bits(value: f64) -> String {
    let text = format!("{value:+.1}");
    if text == "-0.0" { String::from("+0.0") } else { text }.replace('-', "−")
}

/// A day of the calendar.
#[must_use]
pub fn day(language: Language, (year, month, day): (u16, u8, u8)) -> String {
    match language {
        Language::Zh => format!("{year}年{month}月{day}日"),
        Language::En => format!("{year}-{month:02}-{day:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bits, count, expected, share};

    #[test]
    fn figures() {
        assert_eq!(
            ["0", "999", "1,000", "12,345,678"],
            [0, 999, 1000, 12_345_678].map(count).each_ref().map(|s| &s[..])
        );
        assert_eq!((expected(0.05).as_str(), expected(1234.6).as_str()), ("0.1", "1,235"));
        assert_eq!((share(1, 3).as_str(), share(99_999, 100_000).as_str()), ("33.3 %", "> 99.9 %"));
        assert_eq!((share(1, 100_000).as_str(), share(0, 5).as_str(), share(0, 0).as_str()), ("< 0.1 %", "0.0 %", "–"));
        assert_eq!((bits(-1.25).as_str(), bits(-0.001).as_str(), bits(3.0).as_str()), ("−1.2", "+0.0", "+3.0"));
    }
}
