//! Which keys are there, and where does one belong?
//!
//! Takes a key that a table does not have, gives the table that has it; and the field that a word of everyday means.

use crate::intake::study::Field;

/// Keys at the top of the file.
pub(super) const TOP: [&str; 7] = ["study", "language", "source", "field", "linkage", "follow_up", "limits"];
/// Keys of `[study]`.
pub(super) const STUDY: [&str; 4] = ["name", "reference_time", "area", "language"];
/// Keys of `[[source]]`.
pub(super) const SOURCE: [&str; 9] =
    ["name", "role", "kind", "path", "encoding", "sealed_by", "record_id", "columns", "rows"];
/// Keys of `[[field]]`.
pub(super) const FIELD: [&str; 5] = ["name", "comparator", "levels", "frequency", "dwelling"];
/// Keys of `[linkage]`.
pub(super) const LINKAGE: [&str; 11] = [
    "link_probability",
    "false_links",
    "review_probability",
    "comparisons",
    "seed",
    "pairs_max",
    "block_pairs_max",
    "one_to_one",
    "decisions",
    "refit",
    "blocking",
];
/// Keys of `[[linkage.blocking]]`.
pub(super) const BLOCKING: [&str; 2] = ["name", "keys"];
/// Keys of `[follow_up]`.
pub(super) const FOLLOW_UP: [&str; 3] = ["visits", "probability_min", "outcomes"];
/// Keys of `[limits]`.
pub(super) const LIMITS: [&str; 3] = ["rejected_share_max", "row_group_bytes_max", "rows_max"];

/// What people call the fields that are built in.
const WORDS: [(Field, &[&str]); 18] = [
    (Field::Name, &["姓名", "full_name", "fullname"]),
    (Field::FamilyName, &["姓", "surname", "last_name", "lastname"]),
    (Field::GivenName, &["名", "first_name", "firstname", "forename"]),
    (Field::FormerName, &["曾用名", "maiden_name"]),
    (Field::IdNumber, &["身份证号", "身份证号码", "公民身份号码", "身份号码", "证件号码", "id_card"]),
    (Field::Sex, &["性别", "gender"]),
    (Field::BirthDate, &["出生日期", "出生年月", "dob", "date_of_birth", "birthday", "birthdate"]),
    (Field::Ethnicity, &["民族"]),
    (Field::Address, &["地址", "住址", "现住址", "现住地址", "居住地址"]),
    (Field::Division, &["区划代码", "行政区划代码", "居委会代码", "村居委会代码", "社区代码"]),
    (Field::EnumerationArea, &["普查小区", "普查小区代码"]),
    (Field::Household, &["户编号", "户号", "household_id", "household_number"]),
    (Field::Relationship, &["与户主关系", "户主关系"]),
    (Field::MotherName, &["母亲姓名"]),
    (Field::MotherIdNumber, &["母亲身份证号", "母亲身份证号码"]),
    (Field::Telephone, &["电话", "联系电话", "手机号", "手机号码", "phone", "mobile", "phone_number", "tel"]),
    (Field::DeathDate, &["死亡日期", "date_of_death", "dod"]),
    (Field::LastSeen, &["更新日期", "更新时间", "登记日期"]),
];

/// Where a key belongs that stands elsewhere, as a hint; nothing if no table has it, or several have.
pub(super) fn place_of(key: &str) -> Option<String> {
    let fields = Field::BUILT_IN.map(Field::name);
    let tables: [(&str, &[&str]); 8] = [
        ("[study]", &STUDY),
        ("[[source]]", &SOURCE),
        ("[source.columns]", &fields),
        ("[[field]]", &FIELD),
        ("[linkage]", &LINKAGE),
        ("[[linkage.blocking]]", &BLOCKING),
        ("[follow_up]", &FOLLOW_UP),
        ("[limits]", &LIMITS),
    ];
    let mut places = tables.into_iter().filter(|(_, keys)| keys.contains(&key)).map(|(table, _)| table);
    match (places.next(), places.next()) {
        (Some(place), None) => Some(format!("a key of this name belongs in {place}")),
        _ => None,
    }
}

/// The built-in field that a word of everyday means, as a hint.
pub(super) fn field_meant(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let (field, _) = WORDS.iter().find(|(_, words)| words.contains(&word.as_str()))?;
    Some(format!("did you mean `{}`? the field stands left of the =, its column right of it", field.name()))
}
