//! Do two rows of one slot say that they are two persons?
//!
//! Takes two records, says whether numbers, names and household tell them apart: what no other record of theirs makes
//! up for, as twins and members of a household share all else.

use crate::linkage::comparison::{Variable, id_number, name};
use crate::linkage::scoring::Scorer;
use crate::person::code::Relationship;
use crate::person::table::RecordId;

/// Are they two members of a household? Whoever filled in its form had both before them, and named them otherwise.
pub(super) fn are_members(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> bool {
    are_of_one_household(scorer, one, other) && level_of_names(scorer, one, other) >= name::SAME_FAMILY
}

/// Are they twins: two right numbers of one birth date and sex, and two names? Then however alike their other records
/// are, that is no evidence: so are twins.
pub(super) fn are_twins(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> bool {
    level_of_numbers(scorer, one, other) == id_number::OF_ONE_DAY
        && name::contradict(level_of_names(scorer, one, other))
}

/// Are they siblings on one form of the roll, by names of which one character is another and no number in common?
///
/// Whoever filled in the form had both before them, and twins share all else: a missing number had made one person of
/// them. A head and a spouse have no twin there: two such rows are one, copied with a slip. And of a register a
/// household may have a row for every visit of a member, the name as it was heard.
pub(super) fn are_siblings(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> bool {
    let (table, at) = (scorer.table, [one as usize, other as usize]);
    let are_of_roll = || at.iter().all(|at| table.kind.get(*at).is_some_and(|kind| kind.is_of_roll()));
    let are_both = |relationship| at.iter().all(|at| table.relationship.get(*at) == Some(&relationship));
    let differ_like_siblings = || {
        let [name, other] = at.map(|at| table.names.form(table.name.get(at).copied().unwrap_or(0)));
        name.zip(other).is_some_and(|(name, other)| name::may_be_of_siblings(name, other))
    };
    let share_a_number = || {
        let level = level_of_numbers(scorer, one, other);
        matches!(level, id_number::EQUAL | id_number::FITS_MASK | id_number::ONE_SLIP)
    };
    are_of_one_household(scorer, one, other)
        && are_of_roll()
        && level_of_names(scorer, one, other) == name::ONE_CHARACTER
        && differ_like_siblings()
        && !share_a_number()
        && !are_both(Relationship::Head)
        && !are_both(Relationship::Spouse)
}

fn are_of_one_household(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> bool {
    let household = |record: RecordId| scorer.table.household.get(record as usize).copied().unwrap_or(0);
    household(one) != 0 && household(one) == household(other)
}

fn level_of_names(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> u8 {
    scorer.comparer.level(Variable::Name, one, other, &mut 0)
}

fn level_of_numbers(scorer: &Scorer<'_>, one: RecordId, other: RecordId) -> u8 {
    let number = |record: RecordId| scorer.table.id_number.get(record as usize).copied().unwrap_or_default();
    id_number::compare(number(one), number(other))
}
