//! How do the chunks of a source become one table?
//!
//! Takes [`ChunkTable`]s in the order of their rows, adds them to the [`PersonTable`]: symbols of a chunk's own
//! lexicons become those of the table, rows that repeat a record id are set aside.

use rayon::prelude::*;

use super::Rejected;
use super::lexicon::{Lexicon, Symbol};
use super::row::ChunkTable;
use super::seen::SeenIds;
use super::table::{Parent, PersonTable, RecordId, field_columns};
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::tally::Tally;

/// Records have numbers of four bytes.
pub(super) fn check_rows(study: &Study, rows: u64) -> Result<()> {
    if rows < u64::from(RecordId::MAX) {
        return Ok(());
    }
    let what = format!("the sources have {rows} rows in all, more than the {} that one run can number", RecordId::MAX);
    let hint = "split the extracts by area, and run each area by itself";
    Err(Error::new(Kind::Study, what).at_file(&study.file).at_column("source").hint(hint))
}

/// What must be known of a source while its chunks are taken over.
#[derive(Default)]
pub(super) struct TakenOver {
    seen: SeenIds,
    households: Lexicon,
    /// The last household of the sources before.
    before: Symbol,
}

impl TakenOver {
    /// Begins the next source, whose first record will be this one: its record ids and households are its own.
    pub(super) fn next_source(&mut self, first: RecordId) {
        self.before += Symbol::try_from(self.households.len() - 1).unwrap_or(0);
        self.households = Lexicon::default();
        self.seen = SeenIds::from(first);
    }

    /// Number, among all sources, of each household of a chunk.
    fn households(&mut self, local: &Lexicon) -> Vec<Symbol> {
        let mut households = translation(local, &mut self.households);
        households.iter_mut().skip(1).for_each(|household| *household += self.before);
        households
    }
}

impl PersonTable {
    /// Leaves out the marked records (a chunk's, rarely).
    fn drop_records(&mut self, marked: &[bool]) {
        let kept: Vec<usize> = (0..self.len()).filter(|at| !marked[*at]).collect();
        let ids: Vec<String> =
            kept.iter().map(|at| self.record_id(u32::try_from(*at).unwrap_or(0)).to_owned()).collect();
        macro_rules! keep {
            ($($column:ident),*) => { $( self.$column.keep(&kept); )* };
        }
        self.row = kept.iter().map(|at| self.row[*at]).collect();
        keep!(kind);
        field_columns!(keep);
        self.texts.keep(&kept);
        self.written.keep(&kept);
        self.id_text.clear();
        self.id_ends.clear();
        for id in ids {
            self.id_text.push_str(&id);
            self.id_ends.push(self.id_text.len() as u64);
        }
    }

    /// Makes room for so many records, as far as there is room: what a file says of its rows may be wrong.
    pub(super) fn reserve(&mut self, records: u64) {
        let records = usize::try_from(records.min(u64::from(RecordId::MAX))).unwrap_or(0);
        macro_rules! reserve {
            ($($column:ident),*) => { $( self.$column.reserve(records); )* };
        }
        let _ = self.row.try_reserve_exact(records);
        let _ = self.id_ends.try_reserve_exact(records);
        reserve!(kind);
        field_columns!(reserve);
        self.texts.reserve(records);
    }

    /// Takes over a chunk's records, giving every local symbol its global one.
    pub(super) fn append(
        &mut self,
        chunk: ChunkTable,
        source: &mut TakenOver,
        tally: &mut Tally,
        rejected: &mut Vec<Rejected>,
    ) {
        let mut local = chunk.table;
        let repeated = source.seen.repeated(self, &local);
        if repeated.iter().any(|again| *again) {
            for (at, _) in repeated.iter().enumerate().filter(|(_, again)| **again) {
                tally.set_aside("record_id_repeated");
                rejected.push(Rejected {
                    source: chunk.source,
                    file: chunk.file,
                    row: u64::from(local.row[at]) - chunk.rows_before + 1,
                    column: chunk.record_id.clone(),
                    reason: "record_id_repeated",
                });
            }
            local.drop_records(&repeated);
        }
        for (what, count) in chunk.tally_notes {
            tally.note(what, count);
        }
        for fault in chunk.rejected {
            tally.set_aside(fault.reason);
            rejected.push(fault);
        }
        let mut names = vec![0];
        names.extend(self.names.intern_all(std::mem::take(&mut local.names.forms)));
        let estates = translation(&local.estates, &mut self.estates);
        let divisions = translation(&local.divisions, &mut self.divisions);
        let households = source.households(&chunk.households);
        let parents: Vec<u32> = local.parents.iter().map(|parent| self.take_parent(*parent, &names)).collect();
        let first = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let base = self.id_text.len() as u64;
        self.id_text.push_str(&local.id_text);
        self.id_ends.extend(local.id_ends.iter().map(|end| base + end));
        (0..local.row.len()).for_each(|_| tally.pass());
        source.seen.extend(self, first..first + u32::try_from(local.row.len()).unwrap_or(0));
        macro_rules! take {
            ($($column:ident),*) => { $( self.$column.extend(&local.$column, |value| value); )* };
        }
        self.row.extend_from_slice(&local.row);
        take!(kind, flags, id_number, birth, sex, ethnicity, building, unit, room, relationship, telephone);
        take!(last_seen, death, registration, left_registration);
        self.name.extend(&local.name, |name| names[name as usize]);
        self.former_name.extend(&local.former_name, |name| names[name as usize]);
        self.estate.extend(&local.estate, |estate| estates[estate as usize]);
        self.division.extend(&local.division, |division| divisions[division as usize]);
        self.area.extend(&local.area, |area| divisions[area as usize]);
        self.household.extend(&local.household, |household| households[household as usize]);
        self.parent.extend(&local.parent, |parent| parents[parent as usize]);
        // The other threads, where they have nothing left to decode, take a field each.
        let fields = local.text_fields.par_iter().zip(&mut self.text_fields).with_max_len(1);
        let maps: Vec<Vec<Symbol>> =
            fields.map(|(local, global)| translation(&local.values, &mut global.values)).collect();
        self.texts.extend(&local.texts, &maps);
        self.written.extend(&mut local.written, first);
    }

    fn take_parent(&mut self, parent: Parent, names: &[Symbol]) -> u32 {
        if parent == Parent::default() {
            return 0;
        }
        self.parents.push(Parent { name: names[parent.name as usize], id_number: parent.id_number });
        u32::try_from(self.parents.len() - 1).unwrap_or(0)
    }
}

/// Local symbol → global symbol.
fn translation(local: &Lexicon, global: &mut Lexicon) -> Vec<Symbol> {
    let mut symbols = vec![0];
    symbols.extend(global.intern_all((1..local.len()).map(|symbol| local.text(symbol as Symbol))));
    symbols
}

#[cfg(test)]
mod tests {
    use crate::error::Kind;
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::standardise;
    use crate::progress::Silent;

    #[test]
    fn more_rows_than_can_be_numbered_are_refused_before_one_is_read() {
        let mut practice = Practice::of(
            &[("a.csv", "n\n王丽\n")],
            &format!("{HEAD}{}", source("a", "register", false, &[("name", "n")])),
        );
        practice.extracts[0].rows = 1 << 32;
        let refused = standardise(&practice.study, &practice.extracts, &Silent).unwrap_err();
        assert_eq!(refused.kind(), Kind::Study);
        assert!(refused.to_string().contains("4294967296 rows in all"), "{refused}");
    }
}
