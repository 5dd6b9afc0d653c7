//! What does a row say of birth, sex and death?
//!
//! What stands in the columns is held against the ID number beside it, and one date against the other.

use super::{ChunkTable, RowReader};
use crate::intake::extract::Chunk;
use crate::intake::study::Field;
use crate::person::code;
use crate::person::date::Date;
use crate::person::id_number::IdNumber;
use crate::person::table::flag;

/// Nobody who died more years before the reference time than anybody lives is on a roll or in a register of it.
const LIFE_YEARS_MAX: u16 = 120;

impl RowReader<'_> {
    /// The date of death: none where nobody can have died then, as what programs write for an empty day.
    pub(super) fn read_death(&self, chunk: &Chunk, row: usize, birth: Date, out: &mut ChunkTable) -> Date {
        let death = self.read_date(chunk, row, Field::DeathDate, "death_date_unreadable", out);
        let before_birth = death.last_day().zip(birth.first_day()).is_some_and(|(death, birth)| death < birth);
        let reference = Date::from_day(self.study.reference.day).unwrap_or_default().year();
        let long_ago = !birth.is_some() && death.is_some() && death.year() + LIFE_YEARS_MAX < reference;
        if before_birth || long_ago {
            out.note(Some("death_before_birth"));
            return Date::NONE;
        }
        death
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
        let text = self.text(chunk, row, Field::Sex);
        let written = text.as_ref().map_or(0, |text| code::sex(text));
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
