//! What does a clerk see of a record?
//!
//! Takes a record, gives the values that are compared, as texts in a fixed order of fields; ID numbers and telephone
//! numbers masked, the source left out. Of ID numbers so much is hidden that they do not follow from what else stands
//! in the row; of two it is said in how many places they differ.

use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::intake::study::{Field, Language, Study};
use crate::outcome::report::cases::{door, id_characters, written_address};
use crate::outcome::report::words::{code, field};
use crate::person::code::ethnicity_names;
use crate::person::date::Date;
use crate::person::table::{PersonTable, RecordId};
use crate::privacy::mask;

/// Longest value that is shown, in characters.
const VALUE_CHARACTERS_MAX: usize = 160;

/// A field of two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub label: String,
    /// The value of the one record; empty if it is not known.
    pub one: String,
    /// The value of the other record.
    pub other: String,
    /// Do both say something, and not the same (masked or cut or not)?
    pub differs: bool,
}

/// Two records side by side: fields that neither has are left out.
#[must_use]
pub fn side_by_side(study: &Study, table: &PersonTable, [one, other]: [RecordId; 2]) -> Vec<Row> {
    let rows = fields(study, table, one).into_iter().zip(fields(study, table, other));
    rows.map(|(one, other)| {
        let differs = !one.value.is_empty() && !other.value.is_empty() && one.compared() != other.compared();
        let (label, (one, other)) = (one.label, one.shown.both(&one.value, &other.value));
        Row { label, one, other, differs }
    })
    .filter(|row| !(row.one.is_empty() && row.other.is_empty()))
    .collect()
}

/// How much of a value is shown.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Whole,
    IdNumber,
    Telephone,
}

impl Shown {
    fn both(self, one: &str, other: &str) -> (String, String) {
        match self {
            Shown::Whole => (one.to_owned(), other.to_owned()),
            Shown::IdNumber => match mask::id_places_differing(one, other) {
                // Without a letter: rows that were drawn by an earlier version are known by those alone.
                Some(places @ 1..) => (mask::id_end(one), format!("{} (≠ {places})", mask::id_end(other))),
                _ => (mask::id_end(one), mask::id_end(other)),
            },
            Shown::Telephone => (mask::telephone(one), mask::telephone(other)),
        }
    }
}

struct Value {
    label: String,
    value: String,
    shown: Shown,
    /// What it is compared by, where that is another text.
    folded: Option<String>,
}

impl Value {
    fn compared(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.value)
    }
}

/// All fields of a record, also those without a value: the same for every record.
fn fields(study: &Study, table: &PersonTable, record: RecordId) -> Vec<Value> {
    let (at, language) = (record as usize, study.language);
    let bound = |field: Field| study.sources.iter().any(|source| source.binding(field).is_some());
    let mut all: Vec<Value> = Vec::new();
    let mut add = |field: Field, value: String, folded: &str| {
        if bound(field) {
            let shown = match field {
                Field::IdNumber => Shown::IdNumber,
                Field::Telephone => Shown::Telephone,
                _ => Shown::Whole,
            };
            let folded = (!folded.is_empty()).then(|| folded.to_owned());
            all.push(Value { label: code::field(language, study.field_name(field)), value, shown, folded });
        }
    };
    // Where no source has whole names, their parts are among the text fields.
    add(Field::Name, plain(table.written_name(record)), table.name_text(record));
    let former_name = table.names.texts.text(table.former_name[at]);
    add(Field::FormerName, plain(former_name), former_name);
    add(Field::Sex, field::sex(table.sex[at]).of(language).to_owned(), "");
    add(Field::BirthDate, day(table.birth[at]), "");
    add(Field::IdNumber, id_characters(table.id_number[at]), "");
    add(Field::Ethnicity, nationality(language, table.ethnicity[at]), "");
    let (address, compared) = dwelling(language, table, record);
    add(Field::Address, address, &compared);
    add(Field::Division, digits(table.divisions.text(table.division[at])), "");
    add(Field::Relationship, field::relationship(table.relationship[at]).of(language).to_owned(), "");
    let telephone = table.telephone[at];
    add(Field::Telephone, if telephone == 0 { String::new() } else { telephone.to_string() }, "");
    for (field, symbol) in table.text_fields.iter().zip(table.texts.row(at)) {
        let value = field.values.text(*symbol);
        let label = code::field(language, study.field_name(field.field));
        all.push(Value { label, value: plain(value), shown: Shown::Whole, folded: Some(value.to_owned()) });
    }
    all
}

fn plain(value: &str) -> String {
    mask::plain_within(value, VALUE_CHARACTERS_MAX)
}

fn nationality(language: Language, code: u8) -> String {
    let [chinese, english] = ethnicity_names(code).unwrap_or_default();
    if language == Language::Zh { chinese } else { english }
}

/// A dwelling as it is written, and by what two of them are told apart.
fn dwelling(language: Language, table: &PersonTable, record: RecordId) -> (String, String) {
    let door = door(table, record);
    if door.unplaced && door.building == 0 && door.room == 0 {
        return (String::new(), String::new());
    }
    let whole = table.written_address(record).filter(|_| door.is_whole).map(str::to_lowercase);
    let place = whole.unwrap_or_else(|| table.estates.text(table.estate[record as usize]).to_owned());
    let compared = format!("{place} {} {} {}", door.building, door.unit, door.room);
    (written_address(language, table, record), compared)
}

/// A code is no person's number: its digits may be seen.
fn digits(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(15).collect()
}

fn day(date: Date) -> String {
    match date.parts() {
        (0, ..) => String::new(),
        (year, 0, _) => year.to_string(),
        (year, month, 0) => format!("{year}-{month:02}"),
        (year, month, day) => format!("{year}-{month:02}-{day:02}"),
    }
}

/// The digest of what is shown of a pair: names and values, in their order.
#[must_use]
pub fn content(values: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = values.collect();
    hex(&Sha256::digest(all.join("\u{1f}"))[..8])
}

#[cfg(test)]
mod tests {
    use super::side_by_side;
    use crate::person::practice::{HEAD, Practice, source};
    use crate::synthetic::identity::with_check;

    #[test]
    fn a_number_does_not_follow_from_what_stands_in_the_row() {
        let columns = &[("id_number", "i"), ("birth_date", "b"), ("division", "d")][..];
        let study = format!("{HEAD}{}", source("a", "register", false, columns));
        let (one, other) = (with_check("99999919900307012"), with_check("99999919900307013"));
        let rows = format!("id,i,b,d\n1,{one},1990-03-07,999999001001\n2,{other},1990-03-07,999999001001\n");
        let practice = Practice::of(&[("a.csv", &rows)], &study);
        let rows = side_by_side(&practice.study, &practice.standardised().table, [0, 1]);
        let number = rows.iter().find(|row| row.one.contains('*')).expect("a number");
        assert!(number.differs && number.other.ends_with(" (≠ 2)"), "{number:?}");
        // All numbers of this birth date and division that look like the one in the row.
        let alike = (0..1000).map(|order| with_check(&format!("99999919900307{order:03}"))).filter(|number_of_one| {
            let mut pairs = number.one.chars().zip(number_of_one.chars());
            number.one.len() == number_of_one.len() && pairs.all(|(shown, one)| shown == '*' || shown == one)
        });
        assert!(alike.count() > 5, "{number:?}");
    }

    #[test]
    fn long_values_differ_by_what_is_not_shown_and_addresses_stand_as_they_are_written() {
        let row = |field: &str, one: &str, other: &str| {
            let own =
                if field == "remark" { "\n[[field]]\nname = \"remark\"\ncomparator = \"levenshtein\"\n" } else { "" };
            let study = format!("{HEAD}{}{own}", source("a", "roll", false, &[("name", "n"), (field, "f")]));
            let practice = Practice::of(&[("a.csv", &format!("id,n,f\n1,某甲,{one}\n2,某甲,{other}\n"))], &study);
            side_by_side(&practice.study, &practice.standardised().table, [0, 1]).pop().expect("a row")
        };
        for length in [90, 200] {
            let long = "old road ".repeat(length / 9);
            let found = row("remark", &format!("{long}flat 3"), &format!("{long}flat 7"));
            assert!(found.differs && found.one.ends_with("flat 3") == (length == 90), "{found:?}");
        }
        assert!(row("remark", "lane 13812345678", "lane 13912345678").differs);
        let found = row("address", "\"70 Old Cocoa Board Lane, Flat 3\"", "\"70 Old Cocoa Board Lane, Flat 7\"");
        assert!(found.differs && found.one.contains("Old Cocoa Board Lane"), "{found:?}");
        let found = row("address", "幸福小区3号楼412室", "幸福小区3号宿舍楼412室");
        assert!(!found.differs && found.other == "幸福小区3号宿舍楼412室", "{found:?}");
    }

    #[test]
    fn every_value_stands_under_a_heading_of_its_own() {
        for columns in [&[("family_name", "f"), ("given_name", "g")][..], &[("name", "f"), ("given_name", "g")][..]] {
            let study = format!("{HEAD}{}", source("a", "register", false, columns));
            let practice = Practice::of(&[("a.csv", "id,f,g\n1,smith,ann\n2,smyth,anne\n")], &study);
            let rows = side_by_side(&practice.study, &practice.standardised().table, [0, 1]);
            let mut labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
            labels.dedup();
            assert_eq!((labels.len(), rows.len()), (rows.len(), if columns[0].0 == "name" { 1 } else { 2 }));
            assert!(rows.iter().all(|row| row.differs), "{rows:?}");
        }
    }
}
