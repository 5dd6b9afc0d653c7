//! Which number stands for this text?
//!
//! Texts that repeat are kept once and named by a dense [`Symbol`]. Symbol 0 is *missing*. The order of symbols is the
//! order of first occurrence, so the same data give the same symbols whatever the number of threads.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

use crate::privacy::personal;

/// A text of a [`Lexicon`]; 0 is *missing*.
pub type Symbol = u32;

/// Texts and the symbols that stand for them.
pub struct Lexicon {
    bytes: String,
    ends: Vec<usize>,
    /// Each symbol with half of its text's hash, so that neither a miss nor a larger table looks at texts.
    table: HashTable<(u32, Symbol)>,
}

impl Default for Lexicon {
    fn default() -> Lexicon {
        Lexicon { bytes: String::new(), ends: vec![0], table: HashTable::new() }
    }
}

impl Lexicon {
    /// The symbol of this text, new or old.
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.intern_hashed(half_hash(text), text)
    }

    fn intern_hashed(&mut self, half: u32, text: &str) -> Symbol {
        let Lexicon { bytes, ends, table } = self;
        let same = |(other, symbol): &(u32, Symbol)| *other == half && text_at(bytes, ends, *symbol) == text;
        if let Some((_, symbol)) = table.find(spread(half), same) {
            return *symbol;
        }
        let symbol = Symbol::try_from(ends.len()).unwrap_or(0);
        bytes.push_str(text);
        ends.push(bytes.len());
        table.insert_unique(spread(half), (half, symbol), |(half, _)| spread(*half));
        symbol
    }

    /// The symbol of this text, which often is the one that came last.
    pub fn intern_after(&mut self, last: Option<&Symbol>, text: &str) -> Symbol {
        match last {
            Some(last) if *last != 0 && self.text(*last) == text => *last,
            _ => self.intern(text),
        }
    }

    /// The symbols of many texts, new or old. Tables are larger than caches: of a group of texts, first the places of
    /// all are asked for, then where their likely texts lie, then these, before the first of them is needed.
    pub fn intern_all<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Vec<Symbol> {
        const GROUP: usize = 64;
        let mut symbols = Vec::with_capacity(texts.size_hint().0);
        let mut group: Vec<(&str, u32, Symbol, usize)> = Vec::with_capacity(GROUP);
        let mut texts = texts.peekable();
        while texts.peek().is_some() {
            group.clear();
            group.extend(texts.by_ref().take(GROUP).map(|text| (text, half_hash(text), 0, 0)));
            for (_, half, likely, _) in &mut group {
                *likely = self.table.find(spread(*half), |(other, _)| other == half).map_or(0, |(_, symbol)| *symbol);
            }
            for (.., likely, start) in &mut group {
                *start = self.ends[(*likely as usize).saturating_sub(1)];
            }
            let first = |(.., start): &(&str, u32, Symbol, usize)| self.bytes.as_bytes().get(*start).copied();
            std::hint::black_box(group.iter().filter_map(first).fold(0, |all, byte| all ^ byte));
            for (text, half, likely, _) in &group {
                let known = *likely != 0 && self.text(*likely) == *text;
                symbols.push(if known { *likely } else { self.intern_hashed(*half, text) });
            }
        }
        symbols
    }

    /// The symbol of this text, if it has one.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Symbol> {
        let half = half_hash(text);
        let same =
            |(other, symbol): &(u32, Symbol)| *other == half && text_at(&self.bytes, &self.ends, *symbol) == text;
        self.table.find(spread(half), same).map(|(_, symbol)| *symbol)
    }

    /// The text of a symbol; empty for *missing* and for symbols of another lexicon.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        text_at(&self.bytes, &self.ends, symbol)
    }

    /// One more than the largest symbol.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is there no text at all?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }
}

/// Half of the hash of a text.
pub(super) fn half_hash(text: &str) -> u32 {
    let hash = FxBuildHasher.hash_one(text);
    (hash ^ hash >> 32) as u32
}

/// A hash for the table out of half a hash.
pub(super) fn spread(half: u32) -> u64 {
    (u64::from(half) ^ u64::from(half) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn text_at<'a>(bytes: &'a str, ends: &[usize], symbol: Symbol) -> &'a str {
    let at = symbol as usize;
    match (at.checked_sub(1).and_then(|before| ends.get(before)), ends.get(at)) {
        (Some(&start), Some(&end)) => bytes.get(start..end).unwrap_or(""),
        _ => "",
    }
}

personal!(Lexicon);

#[cfg(test)]
mod tests {
    use super::Lexicon;

    #[test]
    fn a_text_has_one_symbol_and_a_symbol_one_text() {
        let mut lexicon = Lexicon::default();
        let symbols: Vec<u32> = ["王伟", "李娜", "王伟", ""].iter().map(|text| lexicon.intern(text)).collect();
        assert_eq!(symbols, [1, 2, 1, 3]);
        assert_eq!((lexicon.text(2), lexicon.text(0), lexicon.text(99)), ("李娜", "", ""));
        assert_eq!((lexicon.find("李娜"), lexicon.find("张三")), (Some(2), None));
        let after = [(None, "李娜"), (Some(&2), "李娜"), (Some(&1), "李娜"), (Some(&0), "")];
        assert_eq!(after.map(|(last, text)| lexicon.intern_after(last, text)), [2, 2, 2, 3]);
        let numbers: Vec<String> = (0..300).map(|number| format!("{}", number % 170)).collect();
        let symbols = lexicon.intern_all(numbers.iter().map(String::as_str));
        let again: Vec<u32> = numbers.iter().map(|number| lexicon.intern(number)).collect();
        assert_eq!((symbols, lexicon.len()), (again, 4 + 170));
    }
}
