//! What do the codes and names of the other rooms mean to a reader?
//!
//! A code without an entry here is shown as it is: nothing is left out for want of a word.

use super::{Words, words};
use crate::intake::study::{Language, Role};
use crate::outcome::discrepancy::DiscrepancyKind;

type Entry = (&'static str, Words);

fn look_up(table: &[Entry], code: &str, language: Language) -> String {
    table.iter().find(|(known, _)| *known == code).map_or_else(|| code.to_owned(), |(_, w)| w.of(language).to_owned())
}

/// A field or comparison.
#[must_use]
pub fn field(language: Language, name: &str) -> String {
    look_up(FIELDS, name, language)
}

/// A level of a comparison.
#[must_use]
pub fn level(language: Language, name: &str) -> String {
    if language == Language::En {
        return name.to_owned();
    }
    for (before, after, zh) in FIGURED_LEVELS {
        if let Some(figure) = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
            return zh.replace('#', figure);
        }
    }
    look_up(LEVELS, name, language)
}

/// A blocking rule: one of the usual ones, or one that is named after the parts of its keys.
#[must_use]
pub fn rule(language: Language, name: &str) -> String {
    if language == Language::En {
        return name.to_owned();
    }
    match RULES.iter().find(|(known, _)| *known == name) {
        Some((_, words)) => words.of(language).to_owned(),
        None => name.split(" and ").map(|part| key_part(language, part)).collect::<Vec<_>>().join("＋"),
    }
}

/// One part of a key: a field, or what is taken of it (`prefix(postcode, 3)`). Anything else is shown as it is.
fn key_part(language: Language, written: &str) -> String {
    let taken = |(before, zh): &(&str, &str)| {
        let inside = written.strip_prefix(before)?.strip_suffix(')')?;
        let (name, figure) = inside.split_once(", ").unwrap_or((inside, ""));
        Some(zh.replace('@', &field(language, name)).replace('#', figure))
    };
    TAKEN.iter().find_map(taken).unwrap_or_else(|| field(language, written))
}

/// What may be taken of a field, and the Chinese with `@` for the field and `#` for the figure.
const TAKEN: [(&str, &str); 8] = [
    ("prefix(", "@前 # 字"),
    ("suffix(", "@后 # 字"),
    ("month(", "@的年月"),
    ("year(", "@的年份"),
    ("sound(", "@读音"),
    ("family_name(", "@的姓"),
    ("dwelling(", "@到室"),
    ("estate_room(", "@的小区和室号"),
];

/// Why a row was set aside, or what was noticed in it.
#[must_use]
pub fn reason(language: Language, code: &str) -> String {
    look_up(REASONS, code, language)
}

/// What kind of source it is.
#[must_use]
pub fn source_kind(language: Language, kind: &str) -> String {
    look_up(SOURCE_KINDS, kind, language)
}

/// Roll or register.
#[must_use]
pub fn role(role: Role) -> Words {
    match role {
        Role::Roll => words("普查登记", "roll"),
        Role::Register => words("行政记录", "register"),
    }
}

/// Name, definition and action of a kind of discrepancy.
#[must_use]
pub fn discrepancy(kind: DiscrepancyKind) -> [Words; 3] {
    use DiscrepancyKind as K;
    match kind {
        K::MissedPerson => [
            words("漏登人员", "Missed person"),
            words(
                "行政记录中有，可能在此居住，普查登记中查无此人",
                "In a register and perhaps living here; not on the roll",
            ),
            words("按可能性高低入户核实，属实补登", "Visit, most probable first; register if confirmed"),
        ],
        K::MissedNewborn => [
            words("漏登新生儿", "Missed newborn"),
            words(
                "有出生记录，普查时点前一年内出生，普查登记中查无此儿童",
                "Born within the year before the reference time, by a birth record; not on the roll",
            ),
            words("向该户核对全部儿童", "Ask the household for all its children"),
        ],
        K::MissedHousehold => [
            words("漏登户", "Missed household"),
            words(
                "行政记录中同住一户的两人以上可能漏登，该户无一人在普查登记中",
                "Two or more of one registered household are perhaps missed; no member of it is on the roll",
            ),
            words("到住所走访，逐人登记", "Visit the dwelling and register everybody"),
        ],
        K::DuplicateEnumeration => [
            words("重复登记", "Duplicate enumeration"),
            words("同一人在普查登记中两次登记为在此居住", "One person is on the roll as present twice"),
            words(
                "核实常住地，人工确认后保留一处；不自动删除",
                "Confirm the usual residence; a person decides, nothing is deleted automatically",
            ),
        ],
        K::CountedElsewhere => [
            words("居住地不符", "Counted elsewhere"),
            words(
                "登记为住在本区别处，而没有一处登记为在此居住；或登记为在此居住，普查登记另一行又写为住在本区以外",
                "Listed as living elsewhere in the area, and enumerated nowhere as living here; or enumerated as living here, \
                 and listed by another row of the roll as living outside the area",
            ),
            words("核实常住地", "Confirm the usual residence"),
        ],
        K::DeadBeforeReference => [
            words("时点前已死亡", "Died before the reference time"),
            words(
                "登记为在此居住，行政记录显示普查时点前已死亡",
                "Enumerated as living here; a register says the person had died",
            ),
            words("确认该成员情况；不向住户提及原因", "Confirm the member; never mention the cause"),
        ],
        K::BornAfterReference => [
            words("时点后出生", "Born after the reference time"),
            words(
                "登记为在此居住，普查登记或行政记录中的出生日期在普查时点或以后",
                "Enumerated as living here; born at or after the reference time, by the roll or a register",
            ),
            words("确认后更正登记", "Correct the roll once confirmed"),
        ],
        K::UnsupportedEnumeration => [
            words("无记录佐证", "Unsupported enumeration"),
            words(
                "登记为在此居住，各行政记录中均查无此人（仅限两份以上行政记录能覆盖的人群）",
                "Enumerated as living here, but in none of the registers, where two of them can know such persons",
            ),
            words(
                "换人复访；没有记录本身不能作为删除依据",
                "Second visit by another person; absence from registers alone proves nothing",
            ),
        ],
        K::AttributeConflict => [
            words("登记项目不一致", "Conflicting items"),
            words(
                "身份号码、姓名、性别或出生年月与行政记录矛盾",
                "ID number, name, sex or birth contradict the registers",
            ),
            words("看证件核对有关项目", "Check the items from the card"),
        ],
        K::HouseholdMismatch => [
            words("住户或住所不符", "Household mismatch"),
            words(
                "行政记录中两条以上写有住所，均与登记的住所不同",
                "Two or more register records name a dwelling, and all of them another one than the roll",
            ),
            words("核实所在住户", "Confirm the household"),
        ],
    }
}

const FIELDS: &[Entry] = &[
    ("name", words("姓名", "name")),
    ("family_name", words("姓", "family name")),
    ("given_name", words("名", "given name")),
    ("former_name", words("曾用名", "former name")),
    ("id_number", words("身份号码", "ID number")),
    ("sex", words("性别", "sex")),
    ("birth_date", words("出生日期", "birth date")),
    ("ethnicity", words("民族", "nationality")),
    ("address", words("住址", "address")),
    ("dwelling", words("住址到室", "address down to the room")),
    ("division", words("区划代码", "division code")),
    ("enumeration_area", words("普查小区", "enumeration area")),
    ("household", words("住户", "household")),
    ("housemates", words("同住的人", "housemates")),
    ("left_over", words("双方均无着落", "left over")),
    ("relationship", words("与户主关系", "relationship")),
    ("mother", words("母亲", "mother")),
    ("mother_name", words("母亲姓名", "mother's name")),
    ("mother_id_number", words("母亲身份号码", "mother's ID number")),
    ("telephone", words("电话", "telephone")),
    ("death_date", words("死亡日期", "date of death")),
    ("last_seen", words("最近活动日期", "last sign of life")),
    ("registration", words("户口登记地", "place of registration")),
    ("left_registration", words("离开户口登记地时间", "time since leaving")),
    ("custom", words("自定义", "custom")),
];

/// Levels whose names hold a figure: what stands before and after it, and the Chinese with `#` in its place.
const FIGURED_LEVELS: [(&str, &str, &str); 3] = [
    ("similarity at least ", "", "相似度不低于 #"),
    ("distance at most ", "", "差别不超过 #"),
    ("at most ", " days apart, or one digit", "相差不超过 # 天，或差一位"),
];

const LEVELS: &[Entry] = &[
    ("missing", words("缺失", "missing")),
    ("equal", words("相同", "equal")),
    ("different", words("不同", "different")),
    ("equal as far as readable", words("可辨认部分相同", "equal as far as readable")),
    ("sounds equal", words("读音相同", "sounds equal")),
    ("one character apart", words("差一字", "one character apart")),
    ("given name equal", words("名相同", "given name equal")),
    ("family name equal, the rest unreadable", words("姓相同，其余无法辨认", "family name equal, the rest unreadable")),
    ("family name equal", words("姓相同", "family name equal")),
    ("fits the mask", words("与遮蔽号码相符", "fits the mask")),
    ("one slip apart", words("差一位", "one slip apart")),
    ("different, one invalid", words("不同，其一无效", "different, one invalid")),
    ("different, of one day and sex", words("不同，生日与性别相同", "different, of one day and sex")),
    ("equal to the year", words("年份相同", "equal to the year")),
    ("a generation apart", words("相差一代人以上", "a generation apart")),
    ("the mother herself", words("对方即是其母亲", "the mother herself")),
    ("two births of one mother", words("同一母亲的两次出生记录", "two births of one mother")),
    ("equal to the month", words("年月相同", "equal to the month")),
    ("confused (swap, digit, lunar)", words("混淆（颠倒、错位、农历）", "confused")),
    ("same month", words("同年同月", "same month")),
    ("same year", words("同年", "same year")),
    ("different though the numbers agree", words("号码相同而此项不同", "different though the numbers agree")),
    ("equal as the numbers are", words("号码相同，此项也相同", "equal as the numbers are")),
    ("equal, a minority", words("相同（少数民族）", "equal, a minority")),
    ("equal, Han", words("相同（汉族）", "equal, Han")),
    ("one digit apart", words("差一位", "one digit apart")),
    ("same dwelling", words("同一住所", "same dwelling")),
    ("same dwelling as far as said", words("住所已知部分相同", "same dwelling as far as said")),
    ("one part apart", words("差一处", "one part apart")),
    ("same building", words("同一楼栋", "same building")),
    ("same estate", words("同一小区", "same estate")),
    ("same community", words("同一社区", "same community")),
    ("mother's number in the household", words("户内有母亲的号码", "")),
    ("mother's name in the household", words("户内有母亲的姓名", "")),
    ("not in the household", words("不在户内", "")),
    ("two or more other members are linked", words("另有两人以上相符", "")),
    ("one other member is linked", words("另有一人相符", "")),
    ("no other member is linked", words("其他成员均不相符", "")),
    ("left over on both sides", words("双方均未与他人相符", "")),
    ("left at the dwelling", words("住所内仅余此人未找到记录", "")),
    ("name of another one there", words("姓名是同住另一人的", "")),
];

const RULES: &[Entry] = &[
    ("id number", words("身份号码相同", "")),
    ("id number, one slip", words("身份号码差一位", "")),
    ("id number, masked", words("身份号码（部分遮蔽）", "")),
    ("name and birth month", words("姓名＋出生年月", "")),
    ("sound of name and birth month", words("姓名读音＋出生年月", "")),
    ("name and estate", words("姓名＋小区", "")),
    ("name and community", words("姓名＋社区", "")),
    ("rare name", words("罕见姓名", "")),
    ("dwelling and birth month", words("住所＋出生年月", "")),
    ("dwelling, family name and sex", words("住所＋姓＋性别", "")),
    ("estate, room and sound of name", words("小区＋室号＋姓名读音", "")),
    ("dwelling and family name", words("住所＋姓", "")),
    ("dwelling, without birth date and number", words("住所（无出生日期和号码的记录）", "")),
    ("telephone", words("电话相同", "")),
    ("birth date, sex and family name", words("出生日期＋性别＋姓", "")),
    ("birth month, sex and estate", words("出生年月＋性别＋小区", "")),
    ("sound of name and birth year", words("姓名读音＋出生年", "")),
    ("estate and sound of name", words("小区＋姓名读音", "")),
    ("birth year, sex and estate", words("出生年＋性别＋小区", "")),
    ("mother's household and birth month", words("母亲所在户＋出生年月", "")),
    ("name in any order", words("姓名，不论顺序", "")),
];

const REASONS: &[Entry] = &[
    ("record_id_missing", words("没有记录编号", "no record id")),
    ("record_id_repeated", words("记录编号重复", "the record id occurs before")),
    ("nothing_to_find_a_person_by", words("没有可据以查找的内容", "nothing to find a person by")),
    ("organisation", words("单位，不是个人", "an organisation, no person")),
    ("header_repeated", words("重复的表头行，不是个人", "the header again, no person")),
    ("ragged_row", words("列数与表头不符", "more or fewer fields than the header")),
    ("text_too_long", words("内容过长", "text longer than any name, number or address")),
    ("undecodable_text", words("文字编码无法识别", "text in no readable encoding")),
    ("id_spelling", words("身份号码书写不规范，已规范", "ID number: spelling mended")),
    ("id_fifteen_digits", words("十五位身份号码，已升为十八位", "ID number: 15 digits brought to 18")),
    ("id_masked", words("身份号码中段被遮蔽", "ID number: middle masked")),
    ("id_check", words("身份号码校验不通过", "ID number: fails its check")),
    ("id_length", words("身份号码多或少一位", "ID number: a digit missing or too many")),
    ("id_float_damage", words("身份号码被表格软件损坏", "ID number: damaged by a spreadsheet")),
    ("id_words", words("身份号码栏为文字", "ID number: words instead of a number")),
    ("id_placeholder", words("身份号码为占位内容", "ID number: a placeholder")),
    ("id_document", words("其他证件号码", "ID number: another document's")),
    ("name_placeholder", words("新生儿代称，如“某某之女”", "name: a newborn's description")),
    ("name_spacing", words("姓名中有空格、间隔号，已规范", "name: spaces or dots mended")),
    ("name_variant_characters", words("姓名中有繁体或异体字，已折合", "name: variant characters folded")),
    ("name_unreadable_character", words("姓名中有无法辨认的字", "name: an unreadable character")),
    ("name_pinyin_for_character", words("姓名中以拼音代字", "name: pinyin for a character")),
    ("name_title", words("姓名中有称谓，已去除", "name: a title taken off")),
    ("name_remark", words("姓名后有括号附注，已去除", "name: a remark in brackets taken off")),
    ("name_of_several", words("一格填写多人姓名，取第一人", "name: several persons in one cell, the first counts")),
    ("name_too_long", words("姓名过长，视为未填", "name: longer than any name, taken for none")),
    ("birth_date_unreadable", words("出生日期无法识别", "birth date: unreadable")),
    ("last_seen_unreadable", words("更新日期无法识别", "last seen: unreadable")),
    ("death_date_unreadable", words("死亡日期无法识别", "date of death: unreadable")),
    ("number_unreadable", words("自定义数字无法识别", "a declared number: unreadable")),
    ("date_unreadable", words("自定义日期无法识别", "a declared date: unreadable")),
    ("death_far_ahead", words("死亡日期远在普查时点之后，已不用", "date of death far ahead: not used")),
    ("last_seen_far_ahead", words("更新日期远在普查时点之后，已不用", "last seen far ahead: not used")),
    ("death_before_birth", words("死亡日期早于出生，已不用", "date of death before birth: not used")),
    ("other_value", words("行类别取值未在研究文件中列出", "kind of row: a value that the study file does not list")),
    ("sex_unknown", words("性别未知或无法识别", "sex: unknown or not readable")),
    ("registration_unknown", words("户口登记地代码无法识别", "registration: not readable")),
    (
        "left_registration_unknown",
        words("离开户口登记地时间代码无法识别", "time since leaving the registration: not readable"),
    ),
    ("telephone_unusable", words("联系电话无法使用", "telephone: unusable")),
    ("ethnicity_unknown", words("民族未知或无法识别", "ethnicity: unknown or not readable")),
    ("division_unusable", words("区划代码无法使用", "division: not a code")),
    ("telephone_float_damage", words("联系电话被表格软件损坏", "telephone: damaged by a spreadsheet")),
    ("division_float_damage", words("区划代码被表格软件损坏", "division: damaged by a spreadsheet")),
    ("area_float_damage", words("普查小区代码被表格软件损坏", "enumeration area: damaged by a spreadsheet")),
    (
        "area_number_of_a_person",
        words("普查小区代码像身份号码或电话号码", "enumeration area: looks like an ID or telephone number"),
    ),
    (
        "division_number_of_a_person",
        words("区划代码像身份号码或电话号码，已不用", "division: looks like an ID or telephone number, not used"),
    ),
    ("household_float_damage", words("户编号被表格软件损坏", "household: damaged by a spreadsheet")),
    ("text_float_damage", words("自定义项目被表格软件损坏", "a declared field: damaged by a spreadsheet")),
    ("birth_date_contradicts_id", words("出生日期与身份号码矛盾", "birth date contradicts the ID number")),
    ("sex_contradicts_id", words("性别与身份号码矛盾", "sex contradicts the ID number")),
    (
        "id_number_of_another",
        words("身份号码属于他人（如父母、户主），已不用", "ID number of somebody else (a parent, the head): not used"),
    ),
    ("address_without_room", words("住址没有写到室", "address without a room")),
    ("address_too_long", words("住址过长，视为未填", "address: longer than any address, taken for none")),
    (
        "field_too_long",
        words("自定义项目过长，视为未填", "a declared field: longer than any such text, taken for none"),
    ),
];

const SOURCE_KINDS: &[Entry] = &[
    ("census", words("普查", "census")),
    ("public_security", words("公安户籍", "public security")),
    ("housing", words("住房登记", "housing")),
    ("health", words("卫生健康", "health")),
];

#[cfg(test)]
mod tests {
    use super::{LEVELS, RULES, level, reason, rule};
    use crate::intake::study::Language;

    #[test]
    fn an_unknown_code_is_shown_as_it_is() {
        assert_eq!(reason(Language::Zh, "brand_new"), "brand_new");
        assert_eq!(level(Language::Zh, "similarity at least 0.9"), "相似度不低于 0.9");
        assert_eq!(level(Language::En, LEVELS[30].0), LEVELS[30].0);
        assert_eq!(rule(Language::En, RULES[0].0), RULES[0].0);
        assert_eq!(rule(Language::Zh, RULES[0].0), "身份号码相同");
        for (name, words) in [
            ("suffix(楼号, 3) and year(birth_date)", "楼号后 3 字＋出生日期的年份"),
            ("小区名称 and 房间号", "小区名称＋房间号"),
            ("sound(name)", "姓名读音"),
            ("name in any order", "姓名，不论顺序"),
            ("second", "second"),
        ] {
            assert_eq!(rule(Language::Zh, name), words);
            assert_eq!(rule(Language::En, name), name);
        }
    }
}
