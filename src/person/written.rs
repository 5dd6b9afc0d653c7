//! How was it written?
//!
//! Names and addresses are compared in a form in which 忻 is 欣 and O'Brien three words of lower case: nobody is asked
//! for by it at a door. [`Written`] keeps what people wrote, and only where the comparable form does not say it
//! already: it is asked of few records, and there are millions.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::address;
use super::column::Column;
use super::han;
use super::lexicon::{Lexicon, Symbol};
use super::name::{self, Name, Script};
use super::table::RecordId;
use super::text::single_spaced;
use crate::intake::study::Study;
use crate::privacy::personal;

/// What was written otherwise than it is compared.
#[derive(Default)]
pub struct Written {
    /// Is anybody going to ask? Nothing is kept otherwise.
    keeps: bool,
    texts: Lexicon,
    /// Names, by record, ascending.
    names: Vec<(RecordId, Symbol)>,
    /// What stands behind the place of an address, where it is no plain 号楼, 单元 and 室; with [`address::MARKS`] for
    /// numbers.
    numbers: Vec<(RecordId, Symbol)>,
    /// Whole addresses of records whose address is a text field.
    addresses: Vec<(RecordId, Symbol)>,
    /// Places that were written otherwise than their comparable form, until the estates are known.
    places: Vec<(RecordId, Symbol)>,
    /// The most usual writing of each estate, by its symbol.
    estates: Vec<Symbol>,
}

impl Written {
    /// Keeps what is written, if anybody is going to ask: a study without a roll writes no lists.
    pub(super) fn keeping(study: &Study) -> Written {
        Written { keeps: study.roll().is_some(), ..Written::default() }
    }

    /// The symbol of a name as written; 0 if its comparable form says it.
    pub(super) fn name(&mut self, raw: &str, name: &Name, notes: u8) -> Symbol {
        const TAKEN_APART: u8 = name::note::TITLE | name::note::REMARK | name::note::SEVERAL;
        if !self.keeps || notes & TAKEN_APART != 0 {
            return 0;
        }
        // Most names are ideographs and nothing else: no sign is left out of these.
        if raw == name.text && raw.chars().all(han::is_unified) {
            return 0;
        }
        let text = written_name(raw, name.script);
        if text.is_empty() || text == name.text { 0 } else { self.texts.intern(&text) }
    }

    /// The symbol of a place as written; 0 if its comparable form says it.
    pub(super) fn place(&mut self, key: &str, text: &str) -> Symbol {
        if text == key { 0 } else { self.text(text) }
    }

    /// The symbol of a text as written: of the numbers of an address, of a whole one, of what a child is called.
    pub(super) fn text(&mut self, text: &str) -> Symbol {
        if self.keeps && !text.is_empty() { self.texts.intern(text) } else { 0 }
    }

    /// Is what people wrote kept?
    pub(super) fn keeps(&self) -> bool {
        self.keeps
    }

    /// Says how the name, the numbers, the whole address and the place of a record were written; 0 is nothing.
    pub(super) fn push(&mut self, record: usize, symbols: [Symbol; 4]) {
        let record = RecordId::try_from(record).unwrap_or(RecordId::MAX);
        for (list, symbol) in self.lists().into_iter().zip(symbols) {
            if symbol != 0 {
                list.push((record, symbol));
            }
        }
    }

    /// What is kept by record.
    fn lists(&mut self) -> [&mut Vec<(RecordId, Symbol)>; 4] {
        [&mut self.names, &mut self.numbers, &mut self.addresses, &mut self.places]
    }

    /// Forgets the records after the first `length`.
    pub(super) fn truncate(&mut self, length: usize) {
        for list in self.lists() {
            list.truncate(list.partition_point(|(record, _)| (*record as usize) < length));
        }
    }

    /// Keeps the records at these positions, ascending.
    pub(super) fn keep(&mut self, kept: &[usize]) {
        for list in self.lists() {
            list.retain_mut(|(record, _)| match kept.binary_search(&(*record as usize)) {
                Ok(at) => {
                    *record = RecordId::try_from(at).unwrap_or(RecordId::MAX);
                    true
                }
                Err(_) => false,
            });
        }
    }

    /// Puts the records from `first` on into another order: `places` is where each of them stands then, counted from
    /// `first`.
    pub(super) fn rearrange(&mut self, first: RecordId, places: &[RecordId]) {
        let end = first as usize + places.len();
        for list in self.lists() {
            let start = list.partition_point(|(record, _)| *record < first);
            let end = list.partition_point(|(record, _)| (*record as usize) < end);
            let moved = &mut list[start..end];
            moved.par_iter_mut().for_each(|(record, _)| *record = first + places[(*record - first) as usize]);
            moved.par_sort_unstable();
        }
    }

    /// Takes over what was written of records that now begin at `first`.
    pub(super) fn extend(&mut self, other: &mut Written, first: RecordId) {
        if !self.keeps {
            return;
        }
        let texts: Vec<Symbol> = std::iter::once(0)
            .chain(self.texts.intern_all((1..other.texts.len()).map(|symbol| other.texts.text(symbol as Symbol))))
            .collect();
        for (list, others) in self.lists().into_iter().zip(other.lists()) {
            list.extend(others.iter().map(|(record, symbol)| (first + record, texts[*symbol as usize])));
        }
    }

    /// Chooses, of all places that mean an estate, the most usual writing; of equally usual ones that which came first.
    /// What stands before the name of the estate is left out if others leave it out, too. A place text is taken as the
    /// first record has it that does not write it as it is compared; `place_of` is that of each record, `resolved` the
    /// estate of each, `counts` how many records have it.
    pub(super) fn resolve(
        &mut self,
        (places, place_of): (&Lexicon, &Column<Symbol>),
        resolved: &[Symbol],
        counts: &[u32],
        estates: &Lexicon,
    ) {
        if !self.keeps {
            return;
        }
        let mut known: Vec<Symbol> = vec![0; places.len()];
        for (record, symbol) in std::mem::take(&mut self.places) {
            let first = &mut known[place_of[record as usize] as usize];
            *first = if *first == 0 { symbol } else { *first };
        }
        let (mut whole, mut from_estate) = (Writings::default(), Writings::default());
        for (place, (estate, count)) in (0..).zip(resolved.iter().zip(counts)).filter(|(_, (estate, _))| **estate != 0)
        {
            let text = match known[place as usize] {
                0 => places.text(place),
                symbol => self.texts.text(symbol),
            };
            let text = address::without_region(text).to_owned();
            let rest = beginning_with(&text, estates.text(*estate));
            let alone = if rest.len() == text.len() { *count } else { 0 };
            whole.add(*estate, self.texts.intern(&text), place, [*count, alone]);
            from_estate.add(*estate, self.texts.intern(rest), place, [*count, alone]);
        }
        let choose = |(whole, rest): (Writing, Writing)| {
            let is_usual = rest.alone >= ALONE_MIN && f64::from(rest.alone) >= ALONE_SHARE_MIN * f64::from(rest.count);
            if is_usual { rest.text } else { whole.text }
        };
        let most_usual = whole.most_usual(estates.len()).into_iter().zip(from_estate.most_usual(estates.len()));
        self.estates = most_usual.map(choose).collect();
    }

    pub(super) fn name_of(&self, record: RecordId) -> Option<&str> {
        self.of(&self.names, record)
    }

    pub(super) fn numbers_of(&self, record: RecordId) -> Option<&str> {
        self.of(&self.numbers, record)
    }

    pub(super) fn address_of(&self, record: RecordId) -> Option<&str> {
        self.of(&self.addresses, record)
    }

    pub(super) fn estate(&self, estate: Symbol) -> Option<&str> {
        self.estates.get(estate as usize).filter(|symbol| **symbol != 0).map(|symbol| self.texts.text(*symbol))
    }

    fn of(&self, list: &[(RecordId, Symbol)], record: RecordId) -> Option<&str> {
        let at = list.binary_search_by_key(&record, |(of, _)| *of).ok()?;
        list.get(at).map(|(_, symbol)| self.texts.text(*symbol))
    }
}

/// So many records must name an estate without what others write before it, and this share of all that write it so.
const ALONE_MIN: u32 = 2;
const ALONE_SHARE_MIN: f64 = 0.05;

/// How often an estate is written in one way.
#[derive(Clone, Copy, Default)]
struct Writing {
    text: Symbol,
    /// The first place text that is written so.
    first: Symbol,
    count: u32,
    /// With nothing before the name of the estate.
    alone: u32,
}

/// By estate and text, how often it is written so.
#[derive(Default)]
struct Writings(FxHashMap<(Symbol, Symbol), Writing>);

impl Writings {
    fn add(&mut self, estate: Symbol, text: Symbol, first: Symbol, [count, alone]: [u32; 2]) {
        let writing = self.0.entry((estate, text)).or_insert(Writing { text, first, ..Writing::default() });
        writing.count += count;
        writing.alone += alone;
    }

    /// By estate, the most usual writing.
    fn most_usual(self, estates: usize) -> Vec<Writing> {
        let mut best = vec![Writing::default(); estates];
        for ((estate, _), writing) in self.0 {
            let so_far = &mut best[estate as usize];
            if so_far.text == 0 || (writing.count, so_far.first) > (so_far.count, writing.first) {
                *so_far = writing;
            }
        }
        best
    }
}

/// A place as written, from the name of its estate on; the whole if the name is not in it.
fn beginning_with<'t>(text: &'t str, estate: &str) -> &'t str {
    let begins = |rest: &str| {
        let mut folded = rest.chars().filter(|c| !c.is_whitespace()).map(han::fold);
        estate.chars().all(|character| folded.next() == Some(character))
    };
    let at = text.char_indices().rev().map(|(at, _)| at).find(|at| begins(&text[*at..]));
    at.map_or(text, |at| &text[at..])
}

/// A name as written: what its comparable form leaves out on purpose (blanks that only pad, brackets, signs that make a
/// formula) is left out here, too; what it folds is not folded.
fn written_name(raw: &str, script: Script) -> String {
    let text = han::compatible(raw);
    let text = text.chars().filter(|c| !name::is_invisible(*c));
    match script {
        Script::Latin => {
            let text: String = text.collect();
            let text = single_spaced(&text);
            text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_owned()
        }
        Script::Han => {
            let belongs = |c: &char| c.is_whitespace() || name::is_of_han_name(*c);
            let text: String = text.filter(belongs).collect();
            let words: Vec<&str> = text.split_whitespace().collect();
            // 艾山 买买提 are two names, 王 伟 is padded to the width of three.
            let long = text.chars().filter(|c| han::is_han(*c)).count() > 4;
            words.join(if long { " " } else { "" })
        }
    }
}

personal!(Written);

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::table::PersonTable;

    fn table(roll: &[(&str, &str)], register: &[(&str, &str)], role: &str) -> PersonTable {
        let text = |rows: &[(&str, &str)]| {
            // The first row comes again at the end: its id is taken.
            let again = rows.iter().enumerate().chain([(0, &("王重", "重复里1号楼1单元101"))]);
            let lines = again.map(|(id, (name, address))| format!("{id}\t{name}\t{address}\n"));
            format!("id\tname\taddress\n{}", lines.collect::<String>())
        };
        let source = |name: &str, role: &str| source(name, role, true, &[("name", "name"), ("address", "address")]);
        let study = format!("{HEAD}{}{}", source("roll", role), source("register", "register"));
        Practice::of(&[("roll.csv", &text(roll)), ("register.csv", &text(register))], &study).table()
    }

    #[test]
    fn names_are_kept_as_they_were_written() {
        let written = [
            ("忻秀友", "忻秀友"),
            ("仝晨", "仝晨"),
            ("張偉", "張偉"),
            ("龍嘯天", "龍嘯天"),
            ("王\u{e863}", "王\u{e863}"),
            ("阿依古丽·阿卜杜热依木", "阿依古丽·阿卜杜热依木"),
            ("艾山 买买提", "艾山 买买提"),
            ("Anne-Marie  Dupont", "Anne-Marie Dupont"),
            ("O'Brien-Smith", "O'Brien-Smith"),
            ("=Ｈélène", "Hélène"),
            (" 王\u{3000}伟\u{200b} ", "王伟"),
            ("张先生", "张?"),
            ("陳伟（户主）", "陈伟"),
            ("陳伟、李娜", "陈伟"),
            ("王伟", "王伟"),
        ];
        let names: Vec<(&str, &str)> = written.iter().map(|(raw, _)| (*raw, "")).collect();
        let table = table(&[("王重", "")], &names, "roll");
        let of_register: Vec<&str> = table.records(1).map(|record| table.written_name(record)).collect();
        assert_eq!(of_register, written.map(|(_, shown)| shown));
        assert_eq!(table.name_text(table.records(1).start), "欣秀友", "what is compared is folded");
    }

    #[test]
    fn a_study_that_writes_no_lists_keeps_nothing() {
        let table = table(&[("忻秀友", "大王村3组17号")], &[("忻秀友", "幸福小区3号楼")], "register");
        assert_eq!((table.written_name(0), table.written_numbers(0)), ("欣秀友", None));
        assert_eq!(table.written_estate(table.estate[1]), "幸福");
    }

    #[test]
    fn rows_that_are_set_aside_leave_nothing_to_the_next() {
        let table = table(&[("", "大王村3组17号"), ("王一", "幸福小区3号楼"), ("王二", "大王村3组18号")], &[], "roll");
        let numbers: Vec<bool> = table.records(0).map(|record| table.written_numbers(record).is_some()).collect();
        // Nobody could be found by the first row; the last one has its id.
        assert_eq!(numbers, [false, false, true]);
    }

    #[test]
    fn an_estate_is_written_as_most_write_it() {
        let of_roll = [
            ("王一", "幸福5-1-101"),
            ("王二", "幸福小区3栋"),
            ("王三", "河北省幸福小区4栋"),
            ("王四", "天津市红桥区芥园街道和平里3号楼"),
            ("王五", "天津市红桥区芥园街道和平里4号楼"),
            ("王六", "天津市红桥区芥园街道和平里5号楼"),
            ("王七", "和平里5号楼"),
            ("王八", "和平里3号楼"),
            ("王九", "天津市红桥区芥园街道同心社区新苑5号楼"),
        ];
        let table = table(&of_roll, &[("王十", "龍門里１号楼")], "roll");
        let written = [0, 3, 8, 9].map(|record: usize| table.written_estate(table.estate[record]));
        let expected = ["幸福小区", "和平里", "芥园街道同心社区新苑", "龍門里"];
        assert_eq!(written, expected, "what stands before an estate is left out only where others do");
    }
}
