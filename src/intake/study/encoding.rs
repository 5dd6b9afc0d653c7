//! In which encoding may a CSV file be written?
//!
//! Takes the word of a study file, gives an [`Encoding`].

use serde::{Deserialize, Serialize};

/// Text encoding of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// Byte-order mark, else UTF-8 if it is valid UTF-8, else GB18030 unless it cannot be that.
    #[default]
    Detect,
    /// UTF-8, with or without byte-order mark.
    Utf8,
    /// GB18030 (GBK, GB2312).
    Gb18030,
    /// Big5 (Taiwan, Hong Kong).
    Big5,
    /// Central Europe.
    Windows1250,
    /// Cyrillic.
    Windows1251,
    /// Western Europe (Latin-1 is a part of it).
    Windows1252,
}

impl Encoding {
    /// Each as it is called in a study file, and as people write it.
    const NAMES: [(&str, &str, Encoding); 7] = [
        ("detect", "text", Encoding::Detect),
        ("utf-8", "UTF-8", Encoding::Utf8),
        ("gb18030", "GB18030", Encoding::Gb18030),
        ("big5", "Big5", Encoding::Big5),
        ("windows-1250", "Windows-1250", Encoding::Windows1250),
        ("windows-1251", "Windows-1251", Encoding::Windows1251),
        ("windows-1252", "Windows-1252", Encoding::Windows1252),
    ];

    /// The encoding that a study file calls so, in any case and with or without `-` and `_`.
    #[must_use]
    pub fn named(word: &str) -> Option<Encoding> {
        let flat = |word: &str| word.to_lowercase().replace(['-', '_'], "");
        match flat(word).as_str() {
            "gbk" | "gb2312" => Some(Encoding::Gb18030),
            "latin1" | "iso88591" | "cp1252" => Some(Encoding::Windows1252),
            "cp1250" => Some(Encoding::Windows1250),
            "cp1251" => Some(Encoding::Windows1251),
            word => Encoding::NAMES.iter().find(|(name, ..)| flat(name) == word).map(|(.., encoding)| *encoding),
        }
    }

    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Encoding::NAMES.iter().find(|(.., encoding)| *encoding == self).map_or("text", |(_, name, _)| name)
    }

    /// All of them as a study file may call them.
    #[must_use]
    pub fn names() -> [&'static str; 7] {
        Encoding::NAMES.map(|(name, ..)| name)
    }
}
