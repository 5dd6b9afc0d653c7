//! What does a row say of birth, sex and death?
//!
//! What stands in the columns is held against the ID number beside it, and one date against the other.

use super::{ChunkTable, RowReader};
use crate::intake::extract::Chunk;
use crate::intake::study::Field;
use crate::person::date::Date;
use crate::person::id_number::IdNumber;
use crate::person::table::flag;

/// Nobody who died more years before the reference time than anybody lives is on a roll or in a register of it.
const LIFE_YEARS_MAX: u16 = 120;

/// Years behind the reference time after which no list says anything of it: such days stand for *never*.
const YEARS_AHEAD_MAX: u16 = 50;

impl RowReader<'_> {
    /// The date of death: none where nobody can have died then, as what programs write for an empty day.
    pub(super) fn read_death(&self, chunk: &Chunk, row: usize, birth: Date, out: &mut ChunkTable) -> Date {
        let death = self.read_date(chunk, row, Field::DeathDate, "death_date_unreadable", out);
        if self.is_far_ahead(death) {
            out.note(Some("death_far_ahead"));
            return Date::NONE;
        }
        let before_birth = death.last_day().zip(birth.first_day()).is_some_and(|(death, birth)| death < birth);
        let reference = Date::from_day(self.study.reference.day).unwrap_or_default().year();
        let long_ago = !birth.is_some() && death.is_some() && death.year() + LIFE_YEARS_MAX < reference;
        if before_birth || long_ago {
            out.note(Some("death_before_birth"));
            return Date::NONE;
        }
        death
    }

    /// The day on which somebody was last seen: none where it stands for *never*.
    pub(super) fn read_last_seen(&self, chunk: &Chunk, row: usize, out: &mut ChunkTable) -> Option<i32> {
        let seen = self.read_date(chunk, row, Field::LastSeen, "last_seen_unreadable", out);
        if self.is_far_ahead(seen) {
            out.note(Some("last_seen_far_ahead"));
            return None;
        }
        seen.last_day()
    }

    fn is_far_ahead(&self, date: Date) -> bool {
        // Few dates are of a year in which the extract was drawn, let alone of a later one.
        const DAYS: i32 = YEARS_AHEAD_MAX as i32 * 365;
        date.first_day().is_some_and(|day| day > self.study.reference.day.saturating_add(DAYS))
    }

    /// The birth date beside the ID number, made finer by the one inside it where they agree as far as they go.
    pub(super) fn read_birth(&self, chunk: &Chunk, row: usize, id: IdNumber, out: &mut ChunkTable) -> Date {
        let written = self.read_date(chunk, row, Field::BirthDate, "birth_date_unreadable", out);
        let inside = id.birth_date().filter(|_| id.is_valid() || id.is_tail_masked());
        match (written.is_some(), inside) {
            (false, Some(inside)) => {
                out.flags |= flag::BIRTH_FROM_ID;
                inside
            }
            (true, Some(inside)) => {
                let agrees = written == inside
                    || (!written.has_day() && written == inside.month())
                    || (!written.has_month() && written.year() == inside.year());
                if agrees {
                    return inside;
                }
                out.flags |= flag::BIRTH_CONFLICT;
                out.note(Some("birth_date_contradicts_id"));
                // Nobody is registered before being born: of the two, this is the wrong one.
                let unborn = written.is_before(self.study.reference.day) == Some(false);
                if unborn && inside.is_before(self.study.reference.day) == Some(true) {
                    return inside;
                }
                written
            }
            (_, None) => written,
        }
    }

    pub(super) fn read_sex(&self, chunk: &Chunk, row: usize, id: IdNumber, out: &mut ChunkTable) -> u8 {
        let bound = self.bound(Field::Sex);
        let text = bound.and_then(|bound| bound.text(chunk, row));
        let written = bound.zip(text.as_ref()).map_or(0, |(bound, text)| bound.sex(chunk, text));
        out.note((written == 0 && text.is_some()).then_some("sex_unknown"));
        let inside = if id.is_valid() { id.sex().unwrap_or(0) } else { 0 };
        if written == 0 && inside != 0 {
            out.flags |= flag::SEX_FROM_ID;
            return inside;
        }
        if written != 0 && inside != 0 && written != inside {
            out.flags |= flag::SEX_CONFLICT;
            out.note(Some("sex_contradicts_id"));
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn a_letter_of_two_meanings_is_read_by_the_letters_beside_it() {
        let sexes = |letters: &str, codes: &str| {
            let text = letters.chars().fold(String::from("n,s\n"), |text, letter| format!("{text}王丽,{letter}\n"));
            let columns = source("a", "register", false, &[("name", "n")]);
            let study = format!("{HEAD}{columns}sex = {{ column = \"s\"{codes} }}\n");
            let found = Practice::of(&[("a.csv", &text)], &study).standardised();
            let sexes: Vec<u8> = found.table.sex.iter().copied().collect();
            (sexes, found.tallies[0].noted.get("sex_unknown").copied())
        };
        assert_eq!(sexes("MF1", ""), (vec![1, 2, 1], None));
        assert_eq!(sexes("HMhｍ", ""), (vec![0; 4], Some(4)));
        assert_eq!(sexes("MV2", ""), (vec![0, 0, 2], Some(2)));
        assert_eq!(sexes("MV", ", codes = { V = \"2\" }"), (vec![1, 2], None), "man and vrouw");
        assert_eq!(sexes("HM", ", codes = { H = \"1\" }"), (vec![1, 0], Some(1)), "mujer");
        assert_eq!(sexes("HM", ", codes = { H = \"1\", M = \"2\" }"), (vec![1, 2], None));
        let slip = "M".repeat(99) + "h";
        assert_eq!(sexes(&slip, "").1, Some(1));
        assert_eq!(sexes("MFMV", ""), (vec![1, 2, 1, 0], Some(1)), "beside F, M is a man");
    }
}
