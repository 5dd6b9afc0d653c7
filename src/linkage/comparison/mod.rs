//! How alike are two records, field by field?
//!
//! A [`Comparison`] turns the values of one variable into a *level*: 0 is always *missing*, 1 the best agreement, the
//! last one difference. The levels of a pair are packed four bits each into a [`Pattern`]; everything after this room
//! works on patterns. Missing is never disagreement, and one fact is never counted twice: a birth date or sex that
//! stands in the ID number says nothing more once the ID numbers agree.

pub mod address;
pub mod date;
pub mod first_sight;
pub mod household;
pub mod id_number;
pub mod level;
mod mother;
pub mod name;
mod parts;
mod place;
pub mod row;
mod short;
pub mod text;

use rayon::prelude::*;

use self::row::{InTable, Side};
use mother::Families;
pub use mother::MothersHouseholds;

use crate::error::{Error, Kind, Result};
use crate::intake::study::{COMPARISONS_MAX, Comparator, Field, Study};
use crate::person::lexicon::Symbol;
use crate::person::table::{PersonTable, RecordId, flag};
use level::{Level, MISSING};
use short::Sketch;
pub use text::Sharing;

/// The levels of a pair, four bits per comparison, the first comparison in the lowest bits.
pub type Pattern = u64;

/// Bits that one level takes in a [`Pattern`].
pub const LEVEL_BITS: u32 = 4;

/// The lowest level of a [`Pattern`], all bits set.
pub const LEVEL_MASK: Pattern = (1 << LEVEL_BITS) - 1;

/// Levels that a [`Pattern`] can tell apart.
pub const LEVELS: usize = 1 << LEVEL_BITS;

// A [`Pattern`] has room for so many comparisons.
const _: () = assert!(COMPARISONS_MAX == (Pattern::BITS / LEVEL_BITS) as usize);

/// What a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// Full names.
    Name,
    /// Identity numbers.
    IdNumber,
    /// Birth dates, given what the ID numbers said.
    BirthDate,
    /// Sexes, given what the ID numbers said.
    Sex,
    /// Nationalities.
    Ethnicity,
    /// Dwellings and communities.
    Address,
    /// Telephone numbers.
    Telephone,
    /// A named mother, found in the other record's household.
    Mother,
    /// Other members of the two households are linked; filled in after a first resolution.
    Household,
    /// Neither record is linked to any of the other's slot; filled in after a first resolution.
    LeftOver,
    /// What the others of a dwelling say; filled in after a first resolution.
    Housemates,
    /// A text field of the study's own: index into [`PersonTable::text_fields`].
    Text(u16),
}

/// One variable with its levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What it compares.
    pub variable: Variable,
    /// Its name in outputs.
    pub name: String,
    /// Its levels; index 0 is *missing*.
    pub levels: Vec<Level>,
    /// Where its level sits in a pattern.
    pub shift: u32,
    /// Is it one of several parts of where a person lives?
    pub place: bool,
    /// Of a text: do the members of a household share it?
    pub sharing: Option<Sharing>,
    /// Is how often members of a household agree on it fitted? All texts but given names, by which they are told apart.
    pub fitted: bool,
}

impl Comparison {
    /// Is it a text of each person's own, as a given name? Then members of a household agree on it hardly more than
    /// strangers.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.sharing == Some(Sharing::Person)
    }

    /// Is it a text of which nothing says whose it is?
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.sharing == Some(Sharing::Unknown)
    }

    /// This comparison's level in a pattern.
    #[must_use]
    pub fn level(&self, pattern: Pattern) -> usize {
        ((pattern >> self.shift) & LEVEL_MASK) as usize
    }

    /// The pattern with this comparison's level set.
    #[must_use]
    pub fn set(&self, pattern: Pattern, level: u8) -> Pattern {
        (pattern & !(LEVEL_MASK << self.shift)) | (Pattern::from(level) << self.shift)
    }
}

/// All comparisons of a study, ready to compare the records of one table.
#[derive(Debug)]
pub struct Comparer<'a> {
    table: &'a PersonTable,
    /// The comparisons in the order of a pattern.
    pub comparisons: Vec<Comparison>,
    /// Comparisons for which a pattern had no room.
    left_out: usize,
    /// Has no source two records of one person?
    pub one_to_one: bool,
    texts: Vec<text::TextComparer>,
    /// By text field and symbol.
    sketches: Vec<Vec<Sketch>>,
    families: Families,
    parts: Option<parts::Parts>,
}

/// What is known of a record's text before it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct TextValue {
    /// Equal texts have equal symbols; 0 is *missing*.
    pub symbol: Symbol,
    sketch: Sketch,
}

/// A level that sketches do not settle, of two texts that differ.
pub const UNSETTLED: u8 = 14;

/// Gives the levels of a comparison.
type LevelList = fn() -> Vec<Level>;

impl<'a> Comparer<'a> {
    /// The comparisons that the study names, or one for each variable that the sources can tell persons apart by.
    #[must_use]
    pub fn new(study: &Study, table: &'a PersonTable) -> Comparer<'a> {
        let bound = |field: Field| {
            study.sources.iter().any(|source| source.binding(field).is_some())
                && (study.linkage.comparisons.is_empty() || study.linkage.comparisons.contains(&field))
        };
        let mut variables: Vec<(Variable, String, Vec<Level>)> = Vec::new();
        let joined = bound(Field::Name);
        let built_in: [(bool, Variable, &str, LevelList); 7] = [
            (joined, Variable::Name, "name", name::levels),
            (bound(Field::IdNumber), Variable::IdNumber, "id_number", id_number::levels),
            (bound(Field::BirthDate) || bound(Field::IdNumber), Variable::BirthDate, "birth_date", date::levels),
            (bound(Field::Sex) || bound(Field::IdNumber), Variable::Sex, "sex", level::sex),
            (bound(Field::Ethnicity), Variable::Ethnicity, "ethnicity", level::ethnicity),
            (bound(Field::Address) || bound(Field::Division), Variable::Address, "address", address::levels),
            (bound(Field::Telephone), Variable::Telephone, "telephone", level::telephone),
        ];
        for (wanted, variable, name, levels) in built_in {
            if wanted {
                let mut levels = levels();
                if variable == Variable::BirthDate && !table.text_fields.is_empty() {
                    // Where dates of the past are, the first of January often stands for its year.
                    levels[usize::from(date::EQUAL)].frequency = true;
                }
                variables.push((variable, name.to_owned(), levels));
            }
        }
        if bound(Field::MotherName) || bound(Field::MotherIdNumber) {
            variables.push((Variable::Mother, "mother".to_owned(), level::mother()));
        }
        if bound(Field::Household) || bound(Field::Address) {
            variables.push((Variable::Household, "household".to_owned(), level::household()));
        }
        let mut texts = Vec::new();
        // Of the text fields that are compared.
        let mut sharings: Vec<Option<Sharing>> = Vec::new();
        for (at, (field, sharing)) in table.text_fields.iter().zip(sharings_of(study, table)).enumerate() {
            let custom = study.custom_field(field.field);
            let comparator = comparator_of(study, field.field);
            let thresholds = custom.map_or(&[][..], |custom| &custom.levels);
            let comparer =
                text::TextComparer::new(comparator, thresholds, custom.is_none_or(|custom| custom.frequency));
            sharings.push(is_wanted(study, field.field).then_some(sharing));
            let mut levels = comparer.levels(sharing);
            if field.field == Field::GivenName && parts::columns(table).is_some() {
                levels.extend(parts::levels());
            }
            let variable = Variable::Text(u16::try_from(at).unwrap_or(0));
            if is_wanted(study, field.field) {
                variables.push((variable, study.field_name(field.field).to_owned(), levels));
            }
            texts.push(comparer);
        }
        let given: Vec<Variable> = (0u16..)
            .zip(&table.text_fields)
            .filter(|(_, field)| field.field == Field::GivenName)
            .map(|(at, _)| Variable::Text(at))
            .collect();
        if joined && bound(Field::Address) && variables.len() < COMPARISONS_MAX {
            variables.push((Variable::Housemates, "housemates".to_owned(), level::housemates()));
        }
        // The last one: what it says depends on all others.
        let has_places = sharings.iter().filter(|sharing| **sharing == Some(Sharing::Place)).count() > 1;
        if has_places && study.sources.len() > 1 && variables.len() < COMPARISONS_MAX {
            variables.push((Variable::LeftOver, "left_over".to_owned(), level::left_over()));
        }
        let left_out = variables.len().saturating_sub(COMPARISONS_MAX);
        let comparisons = (0u32..).zip(variables).take(COMPARISONS_MAX);
        let comparisons: Vec<Comparison> = comparisons
            .map(|(at, (variable, name, levels))| {
                let sharing = match variable {
                    Variable::Text(text) => sharings.get(usize::from(text)).copied().flatten(),
                    _ => None,
                };
                let place = sharing == Some(Sharing::Place) && has_places;
                let fitted = sharing.is_some() && !given.contains(&variable);
                Comparison { variable, name, levels, shift: at * LEVEL_BITS, place, sharing, fitted }
            })
            .collect();
        let sketches = table.text_fields.iter().zip(&texts).map(|(field, comparer)| {
            let symbols = 0..u32::try_from(field.values.len()).unwrap_or(u32::MAX);
            let records = |symbol: Symbol| field.counts.get(symbol as usize).copied().unwrap_or(0);
            let sketch = |symbol| comparer.sketch(field.values.text(symbol)).of_records(records(symbol));
            symbols.into_par_iter().map(sketch).collect()
        });
        let sketches = sketches.collect();
        let parts = parts::Parts::of(table, &comparisons, &texts);
        Comparer {
            table,
            left_out,
            comparisons,
            sketches,
            one_to_one: study.linkage.one_to_one,
            texts,
            families: Families::of(table),
            parts,
        }
    }

    /// Holds the study against the room there is: none of its comparisons is left out in silence.
    ///
    /// # Errors
    /// A study error if there are too many.
    pub fn check(&self, study: &Study) -> Result<()> {
        if self.left_out == 0 {
            return Ok(());
        }
        let comparisons = COMPARISONS_MAX + self.left_out;
        let what = format!("the study has {comparisons} comparisons, more than the {COMPARISONS_MAX} allowed");
        let hint = "name there the fields that tell persons apart";
        Err(Error::new(Kind::Study, what).at_file(&study.file).at_column("linkage.comparisons").hint(hint))
    }

    /// The comparison of a variable, if the study has it.
    #[must_use]
    pub fn of(&self, variable: Variable) -> Option<&Comparison> {
        self.comparisons.iter().find(|comparison| comparison.variable == variable)
    }

    /// Does agreement on a rare value of this text field weigh more?
    #[must_use]
    pub fn weighs_frequency(&self, text: u16) -> bool {
        self.texts.get(usize::from(text)).is_some_and(|text| text.frequency)
    }

    /// The pattern of a pair (household support is filled in later: missing here).
    #[must_use]
    pub fn compare(&self, one: RecordId, other: RecordId) -> Pattern {
        self.compare_sides(InTable { table: self.table, record: one }, InTable { table: self.table, record: other })
    }

    /// Like [`compare`](Self::compare), wherever the records' values lie.
    #[must_use]
    pub fn compare_sides<S: Side>(&self, one: S, other: S) -> Pattern {
        let mut pattern = 0;
        let mut id_level = MISSING;
        for comparison in &self.comparisons {
            let level = self.level_of_sides(comparison.variable, one, other, &mut id_level);
            pattern |= Pattern::from(level) << comparison.shift;
        }
        self.seen_crossed(pattern, one.record(), other.record())
    }

    /// The pattern of two records, seen that the parts of one's name may be in each other's column.
    #[must_use]
    pub fn seen_crossed(&self, pattern: Pattern, one: RecordId, other: RecordId) -> Pattern {
        match &self.parts {
            Some(parts) => self.crossed(parts, pattern, one, other),
            None => pattern,
        }
    }

    /// The level of one variable; that of the ID numbers must be asked before those that depend on it.
    #[must_use]
    pub fn level(&self, variable: Variable, one: RecordId, other: RecordId, id_level: &mut u8) -> u8 {
        let side = |record: RecordId| InTable { table: self.table, record };
        self.level_of_sides(variable, side(one), side(other), id_level)
    }

    fn level_of_sides<S: Side>(&self, variable: Variable, one: S, other: S, id_level: &mut u8) -> u8 {
        match variable {
            Variable::Name => self.name(one, other),
            Variable::IdNumber => {
                *id_level = id_number::compare(one.id_number(), other.id_number());
                *id_level
            }
            Variable::BirthDate => {
                let from_id = [one.flags(), other.flags()].map(|flags| flags & flag::BIRTH_FROM_ID != 0);
                date::compare_given_id(one.birth(), other.birth(), *id_level, from_id)
            }
            Variable::Sex => {
                let from_id = (one.flags() | other.flags()) & flag::SEX_FROM_ID != 0;
                level::compare_sex(one.sex(), other.sex(), *id_level, from_id)
            }
            Variable::Ethnicity => level::compare_ethnicity(one.ethnicity(), other.ethnicity()),
            Variable::Address => address::compare(self.table, one, other),
            Variable::Telephone => level::compare_telephone(one.telephone(), other.telephone()),
            Variable::Mother => self.families.compare(self.table, one, other),
            Variable::Household | Variable::LeftOver | Variable::Housemates => MISSING,
            Variable::Text(text) => {
                let at = usize::from(text);
                match (self.symbol(at, one.record()), self.symbol(at, other.record())) {
                    (0, _) | (_, 0) => MISSING,
                    (a, b) if a == b => 1,
                    (a, b) => self.compare_texts(text, self.value_of(text, a), self.value_of(text, b)),
                }
            }
        }
    }

    /// What is known of a text of a field, by its symbol.
    #[inline]
    #[must_use]
    pub fn value_of(&self, text: u16, symbol: Symbol) -> TextValue {
        TextValue { symbol, sketch: self.sketches[usize::from(text)][symbol as usize] }
    }

    /// How many records say the same as this value of a text field.
    #[must_use]
    #[inline]
    pub fn records_of(&self, text: u16, value: &TextValue) -> u32 {
        value.sketch.records().unwrap_or_else(|| {
            self.table.text_fields[usize::from(text)].counts.get(value.symbol as usize).copied().unwrap_or(0)
        })
    }

    /// The persons that are compared.
    #[must_use]
    pub fn table(&self) -> &'a PersonTable {
        self.table
    }

    /// Adds the levels of pairs of values of a text field as far as they can be told without looking at the texts:
    /// [`UNSETTLED`] if they cannot.
    #[inline]
    pub fn settle<'v>(
        &self,
        text: u16,
        pairs: impl Iterator<Item = (&'v TextValue, &'v TextValue)>,
        levels: &mut Vec<u8>,
    ) {
        self.texts[usize::from(text)].settle_all(pairs, levels);
    }

    /// The text fields of given and family names, if a record's may stand in each other's column.
    #[must_use]
    pub fn name_parts(&self) -> Option<(usize, usize)> {
        self.parts.as_ref().map(parts::Parts::texts)
    }

    /// The level of two values of a text field.
    #[must_use]
    pub fn compare_values(&self, text: u16, one: TextValue, other: TextValue) -> u8 {
        match (one.symbol, other.symbol) {
            (0, _) | (_, 0) => MISSING,
            (a, b) if a == b => 1,
            _ => self.compare_texts(text, one, other),
        }
    }

    /// The level of two texts that differ.
    fn compare_texts(&self, text: u16, one: TextValue, other: TextValue) -> u8 {
        let at = usize::from(text);
        let values = &self.table.text_fields[at].values;
        let texts = || (values.text(one.symbol), values.text(other.symbol));
        self.texts[at].compare(one.sketch, other.sketch, texts)
    }

    /// Fetches the texts of these pairs of values of a text field that must be read: no load waits for another.
    pub fn fetch_texts(&self, text: u16, pairs: impl Iterator<Item = [TextValue; 2]>) {
        let at = usize::from(text);
        let is_read = |[one, other]: &[TextValue; 2]| self.texts[at].settle(one.sketch, other.sketch).is_none();
        let symbols = pairs.filter(is_read).flatten().map(|value| value.symbol);
        self.table.text_fields[at].values.fetch(symbols);
    }

    /// Fetches what is known of the names of these pairs, where they differ.
    pub fn fetch_names<S: Side>(&self, pairs: impl Iterator<Item = (S, S)> + Clone) {
        let forms = || {
            let unequal = pairs.clone().map(|(one, other)| (one.name(), other.name())).filter(|(a, b)| a != b);
            unequal.flat_map(|(a, b)| [self.table.names.form(a), self.table.names.form(b)]).flatten()
        };
        std::hint::black_box(forms().fold(0, |all, form| all ^ form.tokens.len()));
        std::hint::black_box(forms().fold(0, |all, form| all ^ form.tokens.first().map_or(0, |token| token.sounds[0])));
    }

    fn symbol(&self, text: usize, record: RecordId) -> Symbol {
        self.table.texts.get(record, text)
    }

    fn name<S: Side>(&self, one: S, other: S) -> u8 {
        let table = self.table;
        let (a, b) = (one.name(), other.name());
        let level = compare_names(table, a, b);
        let (former_a, former_b) = (one.former_name(), other.former_name());
        if (former_a | former_b) == 0 || level == name::EXACT {
            return level;
        }
        // A former name may be the one the other source knows.
        let best = [compare_names(table, former_a, b), compare_names(table, a, former_b)]
            .into_iter()
            .filter(|l| *l != MISSING)
            .min();
        best.map_or(level, |best| if level == MISSING { best } else { level.min(best.max(name::COMPATIBLE)) })
    }

    /// The household that a record's named mother is registered in, within each source: for blocking.
    #[must_use]
    pub fn mothers_households(&self) -> MothersHouseholds {
        MothersHouseholds::of_all(self.table)
    }
}

fn comparator_of(study: &Study, field: Field) -> Comparator {
    study.custom_field(field).map_or(Comparator::JaroWinkler, |custom| custom.comparator)
}

/// Who shares each text field: by its name, or by its values.
fn sharings_of(study: &Study, table: &PersonTable) -> Vec<Sharing> {
    let fields = || table.text_fields.iter().map(|text| text.field);
    let mut sharings: Vec<Sharing> =
        fields().map(|field| Sharing::of(field, study, comparator_of(study, field))).collect();
    let is_place = |at: &usize| sharings[*at] == Sharing::Place;
    let places: Vec<usize> = (0..sharings.len()).filter(is_place).collect();
    for (at, (field, sharing)) in fields().zip(&mut sharings).enumerate() {
        let may_be = *sharing == Sharing::Unknown && comparator_of(study, field) != Comparator::Numeric;
        if may_be && place::goes_with(table, at, &places) {
            *sharing = Sharing::Place;
        }
    }
    sharings
}

/// Does the study compare this text field?
fn is_wanted(study: &Study, field: Field) -> bool {
    let named = &study.linkage.comparisons;
    let joined = matches!(field, Field::FamilyName | Field::GivenName) && named.contains(&Field::Name);
    named.is_empty() || named.contains(&field) || joined
}

fn compare_names(table: &PersonTable, a: Symbol, b: Symbol) -> u8 {
    if a == 0 || b == 0 {
        return MISSING;
    }
    if a == b {
        // Two whose names are masked alike may have any two given names.
        return if table.names.is_hardly_readable(a) { name::HARDLY_READABLE } else { name::EXACT };
    }
    match (table.names.form(a), table.names.form(b)) {
        (Some(a), Some(b)) => name::compare(a, b),
        _ => MISSING,
    }
}

#[cfg(test)]
mod tests {
    use super::{COMPARISONS_MAX, Comparer, Variable, name};
    use crate::error::Kind;
    use crate::person::practice::{HEAD, Practice, field, source};

    /// What a study of so many declared fields compares, or why it may not.
    fn compared(fields: usize, linkage: &str) -> Result<Vec<String>, Kind> {
        let names: Vec<String> = (0..fields).map(|field| format!("f{field}")).collect();
        let cells = names.iter().map(|name| format!("{name} value")).collect::<Vec<_>>().join(",");
        let columns: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let declared: String = names.iter().map(|name| field(name, "exact")).collect();
        let source = source("a", "register", true, &columns);
        let rows = format!("id,{}\n1,{cells}\n", names.join(","));
        let practice = Practice::of(&[("a.csv", &rows)], &format!("{HEAD}{source}{declared}[linkage]\n{linkage}"));
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        comparer.check(&practice.study).map_err(|error| error.kind())?;
        Ok(comparer.comparisons.iter().map(|comparison| comparison.name.clone()).collect())
    }

    #[test]
    fn a_study_compares_what_it_names_or_says_that_there_is_no_room() {
        assert_eq!(compared(COMPARISONS_MAX, "").unwrap().len(), COMPARISONS_MAX);
        assert_eq!(compared(COMPARISONS_MAX + 1, "").unwrap_err(), Kind::Study);
        assert_eq!(compared(20, "comparisons = [\"f3\", \"f18\"]\n").unwrap(), ["f3", "f18"]);
    }

    #[test]
    fn what_depends_on_all_other_comparisons_is_the_last() {
        let rows = "id,name,address,street,city\n1,a b,c,d,e\n";
        let columns = ["name", "address", "street", "city"].map(|column| (column, column));
        let sources = ["a", "b"].map(|name| source(name, "register", true, &columns)).concat();
        let declared = ["street", "city"].map(|name| field(name, "exact")).concat();
        let practice = Practice::of(&[("a.csv", rows), ("b.csv", rows)], &format!("{HEAD}{sources}{declared}"));
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let names: Vec<&str> = comparer.comparisons.iter().map(|comparison| comparison.name.as_str()).collect();
        assert!(names.ends_with(&["housemates", "left_over"]), "{names:?}");
    }

    #[test]
    fn names_that_are_masked_alike_are_not_equal() {
        let rows = "id,name\n1,刘**\n2,刘*庆\n";
        let sources = ["a", "b"].map(|name| source(name, "register", true, &[("name", "name")])).concat();
        let practice = Practice::of(&[("a.csv", rows), ("b.csv", rows)], &format!("{HEAD}{sources}"));
        let table = practice.table();
        let comparer = Comparer::new(&practice.study, &table);
        let level = |one, other| comparer.level(Variable::Name, one, other, &mut 0);
        assert_eq!((level(0, 2), level(1, 3)), (name::HARDLY_READABLE, name::EXACT));
    }
}
