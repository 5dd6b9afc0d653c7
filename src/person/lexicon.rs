//! Which number stands for this text?
//!
//! Texts that repeat are kept once and named by a dense [`Symbol`]. Symbol 0 is *missing*. The order of symbols is the
//! order of first occurrence, so the same data give the same symbols whatever the number of threads.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::privacy::personal;

/// A text of a [`Lexicon`]; 0 is *missing*.
pub type Symbol = u32;

/// Texts that are looked for or fetched together.
pub(super) const GROUP: usize = 64;

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

/// How much room the texts of a [`Lexicon`] take.
#[derive(Debug, Default)]
pub(super) struct Room {
    texts: AtomicUsize,
    bytes: AtomicUsize,
}

impl Lexicon {
    /// An empty one that has room for as many texts as another has had.
    pub(super) fn with_room(room: &Room) -> Lexicon {
        let (texts, bytes) = (room.texts.load(Relaxed), room.bytes.load(Relaxed));
        let mut ends = Vec::with_capacity(texts + 1);
        ends.push(0);
        Lexicon { bytes: String::with_capacity(bytes), ends, table: HashTable::with_capacity(texts) }
    }

    /// Remembers the room that its texts take.
    pub(super) fn note_room(&self, room: &Room) {
        room.texts.fetch_max(self.ends.len(), Relaxed);
        room.bytes.fetch_max(self.bytes.len(), Relaxed);
    }

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

    /// The symbols of many texts, new or old.
    pub fn intern_all<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Vec<Symbol> {
        let mut symbols = Vec::with_capacity(texts.size_hint().0);
        let mut texts = texts.peekable();
        let mut group: Vec<Option<&str>> = Vec::with_capacity(GROUP);
        while texts.peek().is_some() {
            group.clear();
            group.extend(texts.by_ref().take(GROUP).map(Some));
            self.intern_group(&group, &mut symbols);
        }
        symbols
    }

    /// Adds the symbols of up to [`GROUP`] texts, new or old; of a missing one, 0. Tables are larger than caches: first
    /// the places of all are asked for, then where their likely texts lie, then these, before the first of them is
    /// needed.
    pub(super) fn intern_group<T: AsRef<str>>(&mut self, texts: &[Option<T>], symbols: &mut Vec<Symbol>) {
        let mut likely = [(0, 0, 0); GROUP];
        for ((half, symbol, _), text) in likely.iter_mut().zip(texts) {
            let Some(text) = text else { continue };
            *half = half_hash(text.as_ref());
            *symbol = self.table.find(spread(*half), |(other, _)| other == half).map_or(0, |(_, symbol)| *symbol);
        }
        for (_, symbol, start) in &mut likely[..texts.len()] {
            *start = self.ends[(*symbol as usize).saturating_sub(1)];
        }
        self.fetch_from(likely[..texts.len()].iter().map(|(.., start)| start));
        symbols.extend(likely.iter().zip(texts).map(|((half, likely, _), text)| {
            let Some(text) = text.as_ref().map(AsRef::as_ref) else { return 0 };
            let known = *likely != 0 && self.text(*likely) == text;
            if known { *likely } else { self.intern_hashed(*half, text) }
        }));
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

    /// Fetches texts into the cache: first where they lie, then how they begin.
    pub fn fetch(&self, symbols: impl Iterator<Item = Symbol>) {
        let mut symbols = symbols.peekable();
        let mut starts = [0; GROUP];
        while symbols.peek().is_some() {
            let mut filled = 0;
            for (start, symbol) in starts.iter_mut().zip(symbols.by_ref()) {
                *start = self.ends.get((symbol as usize).wrapping_sub(1)).copied().unwrap_or(0);
                filled += 1;
            }
            self.fetch_from(starts[..filled].iter());
        }
    }

    /// Fetches how the texts begin that lie at these places.
    fn fetch_from<'s>(&self, starts: impl Iterator<Item = &'s usize>) {
        let first = |start: &usize| self.bytes.as_bytes().get(*start).copied();
        std::hint::black_box(starts.filter_map(first).fold(0, |all, byte| all ^ byte));
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
