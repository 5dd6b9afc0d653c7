//! Do the parts of a name stand in each other's column?
//!
//! Takes two records with family and given name in columns of their own, says whether one has them the other way round.
//! Then it is one fact: it stands at the given name, and the family name says nothing more.

use super::level::{Level, MISSING};
use super::{Comparer, Comparison, Pattern, Variable};
use crate::intake::study::Field;
use crate::linkage::comparison::text::TextComparer;
use crate::person::table::{PersonTable, RecordId};

/// Both parts crosswise, equal or nearly so; or one of them equal, where the other is missing.
pub(super) const LEVELS: usize = 2;

/// Similar enough to be the same part with a slip: the levels down to this one.
const NEAR: u8 = 3;

/// Where the parts of names are.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    family: usize,
    given: usize,
    family_at: Comparison,
    given_at: Comparison,
    crossed: u8,
}

/// The levels that the given name has besides the usual ones.
pub(super) fn levels() -> [Level; LEVELS] {
    [
        Level::new("given and family name in each other's column", 0.01, 1e-4),
        Level::new("one of them in the other's column, the other missing", 0.003, 1e-4),
    ]
}

/// Position among the text fields of family and given name, if both have columns of their own.
pub(super) fn columns(table: &PersonTable) -> Option<(usize, usize)> {
    let of = |field: Field| table.text_fields.iter().position(|text| text.field == field);
    Some((of(Field::FamilyName)?, of(Field::GivenName)?))
}

impl Parts {
    pub(super) fn of(table: &PersonTable, comparisons: &[Comparison], texts: &[TextComparer]) -> Option<Parts> {
        let (family, given) = columns(table)?;
        let of = |text: usize| {
            let variable = Variable::Text(u16::try_from(text).ok()?);
            comparisons.iter().find(|comparison| comparison.variable == variable).cloned()
        };
        let crossed = u8::try_from(texts.get(given)?.usual_levels()).ok()?;
        Some(Parts { family, given, family_at: of(family)?, given_at: of(given)?, crossed })
    }
}

impl Parts {
    /// The text fields of given and family names.
    pub(super) fn texts(&self) -> (usize, usize) {
        (self.given, self.family)
    }
}

impl Comparer<'_> {
    /// The pattern of two records, seen that the parts of one's name may be in each other's column.
    pub(super) fn crossed(&self, parts: &Parts, pattern: Pattern, one: RecordId, other: RecordId) -> Pattern {
        let is_near = |comparison: &Comparison| (1..=usize::from(NEAR)).contains(&comparison.level(pattern));
        if is_near(&parts.given_at) || is_near(&parts.family_at) {
            return pattern;
        }
        let (first, second) = (self.across(parts, one, other), self.across(parts, other, one));
        let level = match (first, second) {
            (1..=NEAR, 1..=NEAR) => parts.crossed,
            (1, MISSING) | (MISSING, 1) => parts.crossed + 1,
            _ => return pattern,
        };
        parts.family_at.set(parts.given_at.set(pattern, level), MISSING)
    }

    /// Levels of a comparison but for those of names in each other's column.
    #[must_use]
    pub fn usual_levels(&self, comparison: &Comparison) -> usize {
        match &self.parts {
            Some(parts) if parts.given_at.shift == comparison.shift => usize::from(parts.crossed),
            _ => comparison.levels.len(),
        }
    }

    /// Could the parts be in each other's column, as far as can be told without looking at the texts?
    #[must_use]
    pub fn may_be_crossed(&self, one: RecordId, other: RecordId) -> bool {
        let Some(parts) = &self.parts else { return false };
        let may = |one: RecordId, other: RecordId| {
            let (given, family) = (self.symbol(parts.given, one), self.symbol(parts.family, other));
            let (a, b) = (self.sketches[parts.given][given as usize], self.sketches[parts.family][family as usize]);
            given == 0 || family == 0 || self.texts[parts.given].settle(a, b).is_none()
        };
        may(one, other) && may(other, one)
    }

    /// How alike the given name of the one is to the family name of the other.
    fn across(&self, parts: &Parts, one: RecordId, other: RecordId) -> u8 {
        let table = self.table;
        let (given, family) = (self.symbol(parts.given, one), self.symbol(parts.family, other));
        if given == 0 || family == 0 {
            return MISSING;
        }
        let text = |at: usize, symbol: u32| table.text_fields[at].values.text(symbol);
        let texts = (text(parts.given, given), text(parts.family, family));
        if texts.0 == texts.1 {
            return 1;
        }
        let (a, b) = (self.sketches[parts.given][given as usize], self.sketches[parts.family][family as usize]);
        self.texts[parts.given].compare(a, b, || texts)
    }
}

#[cfg(test)]
mod tests {
    use crate::linkage::comparison::{Comparer, Pattern, Variable};
    use crate::person::practice::{HEAD, Practice, source};

    #[test]
    fn names_in_each_others_column_are_seen_and_count_once() {
        let rows =
            "id,given,family\n0,anna,quist\n1,quist,anna\n2,qiust,anna\n3,,anna\n4,anna,thornbury\n5,bert,sandoval\n";
        let columns = [("given_name", "given"), ("family_name", "family")];
        let practice = Practice::of(&[("a.csv", rows)], &format!("{HEAD}{}", source("a", "roll", true, &columns)));
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let at = |text: u16| comparer.of(Variable::Text(text)).cloned().expect("compared");
        let (family, given) = super::columns(&table).expect("two columns");
        let (family, given) = (at(u16::try_from(family).expect("few")), at(u16::try_from(given).expect("few")));
        let crossed = comparer.usual_levels(&given);
        let levels = |pattern: Pattern| (given.level(pattern), family.level(pattern));
        assert_eq!(levels(comparer.compare(0, 1)), (crossed, 0));
        assert_eq!(levels(comparer.compare(0, 2)), (crossed, 0));
        assert_eq!(levels(comparer.compare(2, 0)), (crossed, 0));
        assert_eq!(levels(comparer.compare(0, 3)), (crossed + 1, 0));
        // An equal part stands where it stands; strangers are strangers.
        assert_eq!(levels(comparer.compare(0, 4)).0, 1);
        assert_eq!(levels(comparer.compare(0, 5)), (crossed - 1, crossed - 1));
        assert!(comparer.may_be_crossed(0, 2) && !comparer.may_be_crossed(0, 5));
    }
}
