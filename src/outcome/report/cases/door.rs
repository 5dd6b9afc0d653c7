//! Where is a case, and how is that said?
//!
//! A [`Door`] is the comparable form of an address: it tells whether two cases are at the same door. A field worker
//! reads something else: the address as it is written there.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::field;
use crate::intake::study::Language;
use crate::outcome::coverage::{UNKNOWN_AREA, is_within};
use crate::person::address::MARKS;
use crate::person::han::is_han;
use crate::person::table::{PersonTable, RecordId};
pub use crate::privacy::code::short_digest;
use crate::privacy::code::{is_number_of_a_person, is_stand_in, is_word, stand_in};
use crate::privacy::{mask, personal};

/// Longest address that is shown, in characters.
const ADDRESS_CHARACTERS_MAX: usize = 160;

/// Where a door is, as far as known (`""` and 0 otherwise), in walking order: places that are known first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Door {
    /// The estate is not known.
    pub unplaced: bool,
    /// Estate, or a whole address.
    pub estate: String,
    /// Building.
    pub building: u16,
    /// Unit.
    pub unit: u16,
    /// Room.
    pub room: u16,
    /// `estate` is a whole address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole: bool,
    /// `building` is a house where there are no rooms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_house: bool,
}

impl Door {
    /// Is it one door, and not merely a building or nothing?
    #[must_use]
    pub fn is_one(&self) -> bool {
        !self.unplaced && (self.room != 0 || self.is_whole || self.is_house)
    }

    /// Where the place comes in a walk, of which `dwelling` says how it is written. Addresses without characters, and
    /// those that are whole, stand by the street, then by the house number, which is before it, then by what is within
    /// the house: the part between commas that begins with a number has both (Flat 7, 37 Marina Road). Numbers count
    /// as numbers.
    #[must_use]
    pub fn on_the_way(&self, dwelling: &str) -> [String; 3] {
        let is_written_out = self.is_whole || !(self.estate.is_empty() || self.estate.chars().any(is_han));
        if !is_written_out {
            return [self.estate.clone(), String::new(), String::new()];
        }
        let address = if self.is_whole { self.estate.clone() } else { dwelling.to_lowercase() };
        let parts: Vec<&str> = address.split([',', '，']).map(str::trim).collect();
        let house = (0..).zip(&parts).find_map(|(at, part)| {
            let (number, street) = part.split_once(' ')?;
            number.starts_with(|c: char| c.is_ascii_digit()).then_some((at, number, street))
        });
        let Some((at, number, street)) = house else {
            return [with_wide_numbers(&address), String::new(), String::new()];
        };
        let end = WITHIN_A_HOUSE.iter().filter_map(|word| street.find(word)).min().unwrap_or(street.len());
        let others = (0..).zip(&parts).filter(|(other, _)| *other != at).map(|(_, part)| *part);
        let within: Vec<&str> = std::iter::once(street[end..].trim()).chain(others).collect();
        [&street[..end], number, within.join(" ").trim()].map(with_wide_numbers)
    }

    /// The door in words, if nobody knows how it is written.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        field::dwelling(language, [&self.estate, &part(self.building), &part(self.unit), &part(self.room)])
    }
}

/// What begins behind a street without a comma: 9 Broad Street Apt 4.
const WITHIN_A_HOUSE: [&str; 7] = [" flat ", " unit ", " apartment ", " apt ", " suite ", " room ", " #"];

/// Digits of a number in a text that is to be sorted.
const SORTED_DIGITS: usize = 10;

/// A text whose numbers have zeros before them: 2 then comes before 10.
fn with_wide_numbers(text: &str) -> String {
    let mut wide = String::with_capacity(text.len() + SORTED_DIGITS);
    let mut digits = 0;
    for (at, character) in text.char_indices() {
        if digits == 0 {
            digits = text[at..].bytes().take_while(u8::is_ascii_digit).count();
            (digits..if digits == 0 { 0 } else { SORTED_DIGITS }).for_each(|_| wide.push('0'));
        }
        wide.push(character);
        digits = digits.saturating_sub(1);
    }
    wide
}

/// The door of a record's address.
#[must_use]
pub fn door(table: &PersonTable, record: RecordId) -> Door {
    let at = record as usize;
    let (building, unit, room) = (table.building[at], table.unit[at], table.room[at]);
    if let Some(address) = table.whole_address(record) {
        let estate = mask::plain_within(&address.to_lowercase(), ADDRESS_CHARACTERS_MAX);
        return Door { unplaced: false, estate, building, unit, room, is_whole: true, is_house: false };
    }
    let estate = mask::plain(table.estates.text(table.estate[at]));
    Door { unplaced: estate.is_empty(), estate, building, unit, room, is_whole: false, is_house: false }
}

/// The address of a record as it is written.
#[must_use]
pub fn written_address(language: Language, table: &PersonTable, record: RecordId) -> String {
    let at = record as usize;
    if let Some(address) = table.whole_address(record) {
        return mask::plain_within(address, ADDRESS_CHARACTERS_MAX);
    }
    let place = table.written_estate(table.estate[at]);
    let numbers = [table.building[at], table.unit[at], table.room[at]].map(part);
    let text = match table.written_numbers(record) {
        Some(written) => {
            let numbered = |text: String, (mark, number): (char, &String)| text.replace(mark, number);
            format!("{place}{}", MARKS.into_iter().zip(&numbers).fold(written.to_owned(), numbered))
        }
        None => {
            let [building, unit, room] = &numbers;
            field::dwelling(language, [place, building, unit, room])
        }
    };
    mask::plain_within(&text, ADDRESS_CHARACTERS_MAX)
}

/// Letters of buildings are numbered from here in the table.
const LETTERS_FROM: u16 = 30_000;

fn part(number: u16) -> String {
    match number {
        0 => String::new(),
        number if number < LETTERS_FROM => number.to_string(),
        letter => u8::try_from(letter - LETTERS_FROM)
            .ok()
            .filter(|offset| *offset < 26)
            .map_or_else(String::new, |offset| char::from(b'A' + offset).to_string()),
    }
}

/// The codes that the roll has for enumeration areas.
#[derive(Debug)]
pub struct AreaCodes<'a> {
    of_roll: FxHashSet<&'a str>,
}

impl<'a> AreaCodes<'a> {
    /// Of these records.
    #[must_use]
    pub fn of(table: &'a PersonTable) -> AreaCodes<'a> {
        let mut used = vec![false; table.divisions.len()];
        table.area.iter().for_each(|symbol| used[*symbol as usize] = true);
        let codes = (1..).zip(used.into_iter().skip(1)).filter(|(_, used)| *used);
        AreaCodes { of_roll: codes.map(|(symbol, _)| table.divisions.text(symbol)).collect() }
    }

    /// The area whose list a case with this code is on: each code of the roll is an area of its own, whatever it looks
    /// like; of division codes, what is coarser than a township is as good as unknown.
    #[must_use]
    pub fn code(&self, code: &str) -> String {
        let of_roll = self.of_roll.contains(code) && !code.eq_ignore_ascii_case(UNKNOWN_AREA);
        let fine_enough = code.len() >= 9 && code.bytes().all(|byte| byte.is_ascii_digit());
        if of_roll || fine_enough { code.to_owned() } else { UNKNOWN_AREA.to_owned() }
    }
}

/// Longest code that names a file, in characters.
const FILE_NAME_CHARACTERS_MAX: usize = 40;

/// The name of an area's files, without ending: the code, if it consists of Latin letters, digits and dashes and is
/// neither a number of a person nor a word; of any other text a digest. A column that is no code at all may have been
/// taken for one, and a file name is seen by everybody. No two codes have one name.
#[must_use]
pub fn file_name(area: &str) -> String {
    let is_code = area.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        && area.len() <= FILE_NAME_CHARACTERS_MAX
        && !is_number_of_a_person(area)
        && (area == UNKNOWN_AREA || is_stand_in(area) || !is_word(area));
    if is_code { area.to_owned() } else { stand_in(area) }
}

/// The code of an area as pages and screens show it: the name of its files, unless a code of other letters has digits,
/// as no name of a person has (甲片-01).
#[must_use]
pub fn shown_area(area: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_other_code = !area.is_ascii()
        && area.chars().all(is_plain)
        && area.chars().count() <= FILE_NAME_CHARACTERS_MAX
        && (1..=OTHER_CODE_DIGITS_MAX).contains(&area.chars().filter(|c| c.is_numeric()).count())
        && area.bytes().any(|byte| byte.is_ascii_digit());
    if is_other_code { area.to_owned() } else { file_name(area) }
}

/// Does somebody who asks for an area mean this one: by its code, by that of a division around it, or by what pages,
/// screens and files show in its place?
#[must_use]
pub fn is_area(area: &str, asked: &str) -> bool {
    is_within(area, asked) || shown_area(area) == asked || file_name(area) == asked
}

/// Most digits of such a code: telephone numbers have more.
const OTHER_CODE_DIGITS_MAX: usize = 6;

personal!(Door);

#[cfg(test)]
mod tests {
    use super::super::{CaseRow, arrange};
    use super::{AreaCodes, door, file_name, shown_area, written_address};
    use crate::intake::extract;
    use crate::intake::study::{self, Language};
    use crate::person;
    use crate::person::table::PersonTable;
    use crate::progress::Silent;

    fn table(header: &str, column: &str, field: &str, addresses: &[&str]) -> PersonTable {
        let folder = tempfile::tempdir().unwrap();
        let rows = addresses.iter().enumerate().map(|(at, address)| format!("王{at}\t{address}\n"));
        let text = format!("name\t{header}\n{}", rows.collect::<String>());
        std::fs::write(folder.path().join("roll.csv"), text).unwrap();
        let text = format!(
            "[study]\nname = \"s\"\n[[source]]\nname = \"roll\"\nrole = \"roll\"\npath = \"roll.csv\"\n[source.columns]\nname = \"name\"\n{column} = \"{header}\"\n{field}"
        );
        std::fs::write(folder.path().join("study.toml"), text).unwrap();
        let study = study::file::read(&folder.path().join("study.toml")).unwrap();
        let extracts = [extract::open(&study, 0).unwrap()];
        person::standardise(&study, &extracts, &Silent).unwrap().table
    }

    #[test]
    fn a_dwelling_reads_as_it_is_written() {
        let addresses = [
            ("幸福小区3号楼", "幸福小区3号楼"),
            ("幸福小区3栋2门401", "幸福小区3号楼2单元401室"),
            ("大王村3组17号", "大王村3组17号"),
            ("天津市红桥区西青道98号", "西青道98号"),
            ("幸福小区3号楼B1层5号", "幸福小区3号楼B1层5号"),
            ("幸福小区3号宿舍楼412室", "幸福小区3号宿舍楼412室"),
            ("幸福小区三号宿舍楼412室", "幸福小区三号宿舍楼412室"),
            (
                "光荣道街道同心社区居民委员会管辖范围内龍門花园5号楼1单元101",
                "光荣道街道同心社区居民委员会管辖范围内龍門花园5号楼1单元101室",
            ),
            ("12 Main Street 7", "12 Main Street 7"),
            ("", "住址不详"),
        ];
        let table = table("住址", "address", "", &addresses.map(|(address, _)| address));
        for (record, (address, shown)) in (0..).zip(addresses) {
            assert_eq!(written_address(Language::Zh, &table, record), shown, "{address}");
        }
        let english = written_address(Language::En, &table, 1);
        assert_eq!(english, "幸福小区, building 3, unit 2, room 401");
    }

    #[test]
    fn an_address_without_characters_is_one_door() {
        let one =
            ["37 Marina Road", "37 MARINA  ROAD", "12 Main Street 7", "Flat 7, 12 Main Street", "Marina Road 37b"];
        let other = ["Marina Road", "Springfield", "幸福里", "红旗村", ""];
        let addresses: Vec<&str> = one.iter().chain(&other).copied().collect();
        let table = table("Address", "address", "", &addresses);
        for (record, address) in (0..).zip(&addresses) {
            assert_eq!(door(&table, record).is_one(), one.contains(address), "{address}");
        }
        assert!(door(&table, 0) == door(&table, 1) && door(&table, 0) != door(&table, 4));
        assert_eq!(written_address(Language::En, &table, 0), "37 Marina Road");
    }

    #[test]
    fn whole_addresses_stand_as_one_walks() {
        let walked = [
            "2 Broad Street",
            "10 Broad Street",
            "10a Broad Street",
            "100 Broad Street",
            "Flat 2, 100 Broad Street",
            "100 Broad Street, Flat 9",
            "Flat 9, 100 Broad Street",
            "100 Broad Street, Flat 10",
            "100 Broad Street Flat 11",
            "101 Broad Street Flat 3",
            "calle mayor 9",
            "calle mayor 10",
            "101 Old Cocoa Lane",
            "Flat 2, 7 Old Road, 101001 Lagos",
            "Flat 1, 12 Old Road, 101001 Lagos",
            "rose cottage",
            "9 Zion Road",
        ];
        let mut alphabetical = walked;
        alphabetical.sort_unstable();
        let row = |address: &str, door: super::Door| {
            let case = serde_json::json!({
                "discrepancy": 0, "number": address, "matter": "person", "language": "en", "name": "", "sex": "",
                "birth": "", "relationship": "", "id_number": "", "ask": ""
            });
            let row = serde_json::json!({
                "case": case, "kind": "missed_person", "area": "1", "door": door, "dwelling": address,
                "probability": 0.1, "listed": true, "persons": 1, "records": [], "traits": []
            });
            serde_json::from_value::<CaseRow>(row).unwrap().placed(Language::En)
        };
        // As an address, of which numbers at the end are read, and as a text.
        let field = "[[field]]\nname = \"street\"\ncomparator = \"exact\"\n";
        for (column, field) in [("address", ""), ("street", field)] {
            let table = table("Address", column, field, &alphabetical);
            let rows = (0..).zip(alphabetical).map(|(record, address)| row(address, door(&table, record)));
            let lists = arrange(rows.collect());
            let order: Vec<&str> = lists[0].dwellings.iter().map(|at| at.dwelling.as_str()).collect();
            assert_eq!(order, walked, "{column}");
        }
        let written = ["12 Main Street 7", "13 Main Street, 7", "12 Main Street, 7"];
        let table = table("Address", "address", "", &written);
        let rows = (0..).zip(written).map(|(record, address)| row(address, door(&table, record)));
        let counts: Vec<usize> =
            arrange(rows.collect())[0].dwellings.iter().map(|dwelling| dwelling.cases.len()).collect();
        assert_eq!(counts, [2, 1], "one door, written in two ways");
    }

    #[test]
    fn a_text_field_may_say_where_somebody_lives() {
        let field = "[[field]]\nname = \"address_text\"\ncomparator = \"jaro_winkler\"\ndwelling = true\n";
        let addresses = ["12  Main Street", "12 MAIN STREET", "13 Main Street", ""];
        let table = table("Address", "address_text", field, &addresses);
        let shown = |record| written_address(Language::En, &table, record);
        assert_eq!([0, 2, 3].map(shown), ["12 Main Street", "13 Main Street", "Address unknown"]);
        let doors: Vec<_> = (0..4).map(|record| door(&table, record)).collect();
        assert!(doors[0] == doors[1] && doors[0] != doors[2], "one address is one door");
        assert!(doors[0].is_one() && !doors[3].is_one() && doors[3].unplaced);
    }

    #[test]
    fn parts_of_an_address_are_known_by_their_names_and_a_city_is_no_door() {
        let declared = |name: &str| format!("[[field]]\nname = \"{name}\"\ncomparator = \"exact\"\n");
        let shown = |name: &str, more: &str, address: &str| {
            written_address(Language::En, &table("c", name, &(declared(name) + more), &[address]), 0)
        };
        assert_eq!(shown("street", "", "12 Main Street"), "12 Main Street");
        assert_eq!(shown("street", "dwelling = false\n", "12 Main Street"), "Address unknown");
        for name in ["city", "postcode", "work_address", "home_phone", "occupation"] {
            assert_eq!(shown(name, "", "Springfield"), "Address unknown", "{name}");
        }
    }

    #[test]
    fn a_code_of_the_roll_is_an_area_of_its_own() {
        let codes =
            AreaCodes { of_roll: ["甲片-01", "乙片-01", "EA01", "ea01", "7", "Unknown"].into_iter().collect() };
        for (code, expected) in [
            ("甲片-01", "甲片-01"),
            ("乙片-01", "乙片-01"),
            ("EA01", "EA01"),
            ("ea01", "ea01"),
            ("7", "7"),
            ("Unknown", "unknown"),
            ("120106001004005", "120106001004005"),
            ("120106001", "120106001"),
            ("120106", "unknown"),
            ("", "unknown"),
            ("王小明", "unknown"),
            ("../../etc/passwd", "unknown"),
        ] {
            assert_eq!(codes.code(code), expected);
        }
    }

    #[test]
    fn what_is_no_code_is_not_shown() {
        for code in ["120106001004005", "EA-01", "甲片-01", "第3网格", "unknown"] {
            assert_eq!(shown_area(code), code);
        }
        let wrong_check = "999999198503189831";
        for personal in [
            "王芳",
            "王芳13812345678",
            "幸福里 3号楼",
            "120106198001010014",
            wrong_check,
            "13912345678",
            "Anna Maria",
            "ZhangWei",
        ] {
            let shown = shown_area(personal);
            assert!(shown.starts_with("area-"), "{personal}");
            assert_eq!(shown_area(&shown), shown, "what is shown may be asked for");
        }
    }

    #[test]
    fn no_two_codes_name_one_file() {
        assert_eq!(["120106001004005", "EA-01"].map(file_name), ["120106001004005", "EA-01"]);
        for personal in ["甲片-01", "王芳", "幸福里3号楼401室", "120106198001010014", "13912345678", "ZhangWei"]
        {
            let name = file_name(personal);
            assert!(name.starts_with("area-") && name.is_ascii() && !name.contains("120106"), "{name}");
        }
        let names = ["a/1", "a.1", "a 1", "../1", "a_1"].map(file_name);
        assert!(names.iter().all(|name| !name.contains(['/', '.', ' '])));
        let distinct: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_ne!(file_name(&"长".repeat(50)), file_name(&"长".repeat(51)));
    }
}
