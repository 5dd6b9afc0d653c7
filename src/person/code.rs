//! What does this code say?
//!
//! Sex (GB/T 2261.1), nationality (GB/T 3304), relationship to the head of the household (census item D2, GB/T 4761),
//! telephone numbers and division codes, as departments write them: digits, Chinese or English words.

use std::ops::RangeInclusive;

use super::han::compatible;
use super::mask;
use crate::intake::study::Field;
use crate::intake::study::sex_words::sex_of;
use crate::privacy::code::{is_id_number, is_mobile as is_mobile_text, numbers};

/// The nationalities of GB/T 3304 in the order of their codes, with the standard's names in Latin letters.
const ETHNICITIES: [[&str; 2]; 56] = [
    ["汉", "Han"],
    ["蒙古", "Mongol"],
    ["回", "Hui"],
    ["藏", "Zang"],
    ["维吾尔", "Uygur"],
    ["苗", "Miao"],
    ["彝", "Yi"],
    ["壮", "Zhuang"],
    ["布依", "Buyei"],
    ["朝鲜", "Chosen"],
    ["满", "Man"],
    ["侗", "Dong"],
    ["瑶", "Yao"],
    ["白", "Bai"],
    ["土家", "Tujia"],
    ["哈尼", "Hani"],
    ["哈萨克", "Kazak"],
    ["傣", "Dai"],
    ["黎", "Li"],
    ["傈僳", "Lisu"],
    ["佤", "Va"],
    ["畲", "She"],
    ["高山", "Gaoshan"],
    ["拉祜", "Lahu"],
    ["水", "Sui"],
    ["东乡", "Dongxiang"],
    ["纳西", "Naxi"],
    ["景颇", "Jingpo"],
    ["柯尔克孜", "Kirgiz"],
    ["土", "Tu"],
    ["达斡尔", "Daur"],
    ["仫佬", "Mulao"],
    ["羌", "Qiang"],
    ["布朗", "Blang"],
    ["撒拉", "Salar"],
    ["毛南", "Maonan"],
    ["仡佬", "Gelao"],
    ["锡伯", "Xibe"],
    ["阿昌", "Achang"],
    ["普米", "Pumi"],
    ["塔吉克", "Tajik"],
    ["怒", "Nu"],
    ["乌孜别克", "Uzbek"],
    ["俄罗斯", "Russ"],
    ["鄂温克", "Ewenki"],
    ["德昂", "Deang"],
    ["保安", "Bonan"],
    ["裕固", "Yugur"],
    ["京", "Gin"],
    ["塔塔尔", "Tatar"],
    ["独龙", "Derung"],
    ["鄂伦春", "Oroqen"],
    ["赫哲", "Hezhen"],
    ["门巴", "Monba"],
    ["珞巴", "Lhoba"],
    ["基诺", "Jino"],
];

/// Relationship to the head of the household, as the census codes it plus one (0 is unknown).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Relationship {
    /// Not said.
    #[default]
    Unknown = 0,
    /// The head.
    Head = 1,
    /// Wife or husband.
    Spouse = 2,
    /// Son or daughter.
    Child = 3,
    /// Father or mother.
    Parent = 4,
    /// Parent of the spouse.
    ParentInLaw = 5,
    /// Grandparent.
    Grandparent = 6,
    /// Spouse of a child.
    ChildInLaw = 7,
    /// Grandchild.
    Grandchild = 8,
    /// Brother or sister.
    Sibling = 9,
    /// Anybody else.
    Other = 10,
    /// Member of a collective household.
    Collective = 11,
}

impl Relationship {
    const ALL: [Relationship; 12] = [
        Relationship::Unknown,
        Relationship::Head,
        Relationship::Spouse,
        Relationship::Child,
        Relationship::Parent,
        Relationship::ParentInLaw,
        Relationship::Grandparent,
        Relationship::ChildInLaw,
        Relationship::Grandchild,
        Relationship::Sibling,
        Relationship::Other,
        Relationship::Collective,
    ];
}

/// Sex: 1 male, 2 female, 0 unknown or unspecified.
#[must_use]
pub fn sex(text: &str) -> u8 {
    sex_of(&compatible(text))
}

/// The code of a census item with one digit, as `4`, `04` or `4 半年至不满一年`; nothing if there is none.
#[must_use]
pub fn item(text: &str) -> Option<u8> {
    let text = compatible(text);
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits = text.get(start..)?.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|code| *code <= 9)
}

/// Nationality: 1–56 of GB/T 3304, 97 other, 98 of foreign descent; 0 unknown.
#[must_use]
pub fn ethnicity(text: &str) -> u8 {
    let text = compatible(text);
    let text = text.trim();
    if let Ok(code) = text.parse::<u8>() {
        return if matches!(code, 1..=56 | 97 | 98) { code } else { 0 };
    }
    // A code may stand beside the name: `01-汉族`, `汉族(01)`.
    let beside = |c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c.is_whitespace() || c == '、';
    let name = text.trim_matches(beside);
    let name = name.strip_suffix('族').unwrap_or(name);
    let known = ETHNICITIES.iter().position(|[known, _]| *known == name);
    known.map_or_else(|| code_before(text).map_or(0, ethnicity), |at| u8::try_from(at + 1).unwrap_or(0))
}

/// The code that a sign parts from the words behind it (`97-其他`); nothing where there is none.
fn code_before(text: &str) -> Option<&str> {
    let (code, _) = text.split_once(['-', '.', ':', '、', '_', ' '])?;
    (!code.is_empty() && code.bytes().all(|c| c.is_ascii_digit())).then_some(code)
}

/// What a nationality is called in Chinese and in English; nothing if it is unknown.
#[must_use]
pub fn ethnicity_names(code: u8) -> Option<[String; 2]> {
    match code {
        97 => Some(["其他未识别的民族", "other"].map(String::from)),
        98 => Some(["外国血统中国籍人士", "of foreign descent"].map(String::from)),
        code => {
            let [chinese, latin] = ETHNICITIES.get(usize::from(code).checked_sub(1)?)?;
            Some([format!("{chinese}族"), (*latin).to_owned()])
        }
    }
}

/// Relationship to the head of the household.
#[must_use]
pub fn relationship(text: &str) -> Relationship {
    let text = compatible(text);
    let text = text.trim();
    if let Ok(code) = text.parse::<usize>() {
        // Census item D2: 0 head … 9 other. Two-digit codes are GB/T 4761.
        return match (text.len(), code) {
            (1, 0..=9) => Relationship::ALL.get(code + 1).copied().unwrap_or_default(),
            (2, 1 | 2) => Relationship::Head,
            (2, 10..=19) => Relationship::Spouse,
            (2, 28 | 38) => Relationship::ChildInLaw,
            (2, 20..=39) => Relationship::Child,
            (2, 40..=49) => Relationship::Grandchild,
            (2, 53..=56) => Relationship::ParentInLaw,
            (2, 50..=59) => Relationship::Parent,
            (2, 60..=69) => Relationship::Grandparent,
            (2, 70..=79) => Relationship::Sibling,
            (2, _) => Relationship::Other,
            _ => Relationship::Unknown,
        };
    }
    match text {
        "户主" | "本人" | "head" => Relationship::Head,
        "配偶" | "妻" | "夫" | "妻子" | "丈夫" | "spouse" | "wife" | "husband" => Relationship::Spouse,
        "子女" | "子" | "女" | "儿子" | "女儿" | "长子" | "长女" | "次子" | "次女" | "独生子" | "独生女" | "child"
        | "son" | "daughter" => Relationship::Child,
        "父母" | "父亲" | "母亲" | "父" | "母" | "parent" => Relationship::Parent,
        "岳父母或公婆" | "岳父" | "岳母" | "公公" | "婆婆" => Relationship::ParentInLaw,
        "祖父母" | "祖父" | "祖母" | "外祖父" | "外祖母" => Relationship::Grandparent,
        "媳婿" | "儿媳" | "女婿" => Relationship::ChildInLaw,
        "孙子女" | "孙子" | "孙女" | "外孙" | "外孙女" | "外孙子女" => Relationship::Grandchild,
        "兄弟姐妹" | "兄" | "弟" | "姐" | "妹" | "兄弟" | "姐妹" | "sibling" => Relationship::Sibling,
        "集体" | "集体户" => Relationship::Collective,
        "" => Relationship::Unknown,
        _ => relative(text),
    }
}

/// Children and grandchildren by the endings of GB/T 4761: 三子, 养女, 长媳, 曾孙女.
fn relative(text: &str) -> Relationship {
    let is_rank = |rest: &str| rest.chars().all(|c| "一二三四五六七八九十长次大小幼养继独生过非婚儿女".contains(c));
    let is_child_of_child =
        ["孙", "曾孙", "玄孙", "外孙", "外曾孙", "长孙"].iter().any(|begin| text.starts_with(begin));
    let ends = |endings: &[&str]| {
        endings.iter().filter_map(|ending| text.strip_suffix(ending)).any(|rest| !rest.is_empty() && is_rank(rest))
    };
    match () {
        () if is_child_of_child => Relationship::Grandchild,
        () if ends(&["媳妇", "媳", "婿"]) => Relationship::ChildInLaw,
        () if ends(&["子", "女"]) => Relationship::Child,
        () => Relationship::Other,
    }
}

/// A telephone number as its digits without country code; 0 if it is none (masked, too short, or one digit repeated).
/// Of several in one cell the first that is a mobile one counts, else the first.
#[must_use]
pub fn telephone(text: &str) -> u64 {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return one_telephone(text);
    }
    let text = compatible(text);
    let mut first = 0;
    for cell in text.split(['、', ';', ',', '/', '|']) {
        for number in apart(cell).into_iter().map(|digits| one_telephone(&digits)) {
            if is_mobile(number) {
                return number;
            }
            first = if first == 0 { number } else { first };
        }
    }
    first
}

/// Shortest number without an area's.
const TELEPHONE_DIGITS_MIN: usize = 7;

/// The digits of numbers with blanks between them: where a whole number stands on both sides of a blank, one ends
/// there. What is masked has none.
fn apart(text: &str) -> Vec<String> {
    let mut numbers: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        if is_masked(word) {
            return Vec::new();
        }
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        match numbers.last_mut() {
            Some(last) if last.len() < TELEPHONE_DIGITS_MIN || digits.len() < TELEPHONE_DIGITS_MIN => {
                last.push_str(&digits);
            }
            _ => numbers.push(digits),
        }
    }
    numbers
}

/// Is a part of this number hidden? One sign alone may be another's (13812345678#2), and so may those beside a whole
/// number (13812345678??).
fn is_masked(number: &str) -> bool {
    let is_sign = |c: char| mask::is_sign(c) || matches!(c, 'x' | 'X');
    let two_signs = || number.chars().zip(number.chars().skip(1)).any(|(one, next)| is_sign(one) && is_sign(next));
    number.contains(['*', '●']) || (two_signs() && !has_whole(number, is_sign))
}

/// Are the digits of a number with signs beside it all those of a mobile one, or those before the first sign all those
/// of a landline with its area? An extension may stand behind (022-26351234##801).
fn has_whole(number: &str, is_sign: impl Fn(char) -> bool) -> bool {
    let digits_of = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (all, before) = (digits_of(number), digits_of(number.split(is_sign).next().unwrap_or(number)));
    let is_landline = before.starts_with('0') && matches!(before.len(), 11 | 12);
    is_landline || [all, before].iter().any(|digits| without_country(digits).parse().is_ok_and(is_mobile))
}

/// The digits behind the code of the country.
fn without_country(digits: &str) -> &str {
    digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() == 11)).unwrap_or(digits)
}

fn one_telephone(digits: &str) -> u64 {
    let digits = without_country(digits);
    let repeated = digits.as_bytes().windows(2).all(|pair| pair[0] == pair[1]);
    if digits.len() < TELEPHONE_DIGITS_MIN || digits.len() > 15 || repeated { 0 } else { digits.parse().unwrap_or(0) }
}

/// Is it a mobile number of mainland China?
fn is_mobile(number: u64) -> bool {
    (13_000_000_000..20_000_000_000).contains(&number)
}

/// Digits that a division code or its beginning has; that of an enumeration area has three more than a community's.
const DIVISION_DIGITS: RangeInclusive<usize> = 2..=15;

/// Digits of the code of a community, beyond which no division goes.
const COMMUNITY_DIGITS: usize = 12;

/// Digits of the codes that are known beside the name of a place: a district's, a township's, a community's.
const NAMED_DIGITS: [usize; 3] = [DISTRICT_DIGITS, 9, COMMUNITY_DIGITS];

/// A division code: digits, the first 12 of them, whatever parts them or stands behind their point, and without the
/// name of the place that may stand beside them. `None` of anything else: 第10社区 is a name.
#[must_use]
pub fn division(text: &str) -> Option<String> {
    let text = compatible(text);
    let text = text.trim_end().trim_end_matches('0').strip_suffix('.').unwrap_or(&text);
    let parts = |c: char| c.is_whitespace() || super::name::is_invisible(c) || "-_./·'".contains(c);
    let is_code = text.chars().all(|c| c.is_ascii_digit() || parts(c));
    let digits =
        if is_code { text.chars().filter(char::is_ascii_digit).collect() } else { beside_name(text)?.to_owned() };
    let is_usable = DIVISION_DIGITS.contains(&digits.len()) && digits.bytes().any(|digit| digit != b'0');
    is_usable.then(|| digits.chars().take(COMMUNITY_DIGITS).collect())
}

/// The code before or behind the name of a place: `120106001010 某社区`, `某社区(120106001010)`.
fn beside_name(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_digit = |c: char| c.is_ascii_digit();
    let before = &text[..text.len() - text.trim_start_matches(is_digit).len()];
    let behind = &text[text.trim_end_matches(is_digit).len()..];
    [before, behind].into_iter().find(|digits| NAMED_DIGITS.contains(&digits.len()))
}

/// The code of an enumeration area as written, without what cannot be seen: 甲片-01 is as good a code as digits are.
/// `None` if nothing is left.
#[must_use]
pub fn area(text: &str) -> Option<String> {
    let seen: String = compatible(text).chars().filter(|c| !super::name::is_invisible(*c)).collect();
    Some(seen.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|code| !code.is_empty())
}

/// Is this code of a place somebody's ID number or telephone number, as shifted columns bring them, or does it hold
/// one? Codes of some countries look like telephone numbers: those of the area under study are none, and where it is
/// not named, those of divisions are not.
#[must_use]
pub fn is_of_a_person(text: &str, field: Field, area_of_study: &str) -> bool {
    let may_be_telephone = |number: &str| match field {
        Field::EnumerationArea => area_of_study.is_empty() || !number.starts_with(area_of_study),
        _ => !area_of_study.is_empty() && !number.starts_with(area_of_study),
    };
    numbers(&compatible(text))
        .any(|number| is_id_number(number) || (may_be_telephone(number) && is_mobile_text(number)))
}

/// Digits of the code of a district.
const DISTRICT_DIGITS: usize = 6;

/// The division code that the code of an enumeration area begins with, if it is one of those: that of 甲片-01 is not.
#[must_use]
pub fn division_of_area(area: &str) -> Option<String> {
    let digits = area.bytes().take_while(u8::is_ascii_digit).count();
    let begin = area.get(..digits.min(COMMUNITY_DIGITS)).filter(|begin| begin.len() >= DISTRICT_DIGITS)?;
    // Whatever else stands behind: an area's code may be longer than any division's.
    division(area).or_else(|| division(begin))
}

#[cfg(test)]
mod tests {
    use super::{Relationship, division, ethnicity, ethnicity_names, relationship, sex, telephone};

    #[test]
    fn areas_have_codes_of_any_kind() {
        for (text, expected, division) in [
            ("120106001001005", "120106001001005", Some("120106001001")),
            ("１２０１０６００１", "120106001", Some("120106001")),
            (" 甲片-01 ", "甲片-01", None),
            ("JK-2020-001", "JK-2020-001", None),
            ("EA\u{200b}01", "EA01", None),
            ("12010600100100501", "12010600100100501", Some("120106001001")),
            ("1201060010甲", "1201060010甲", Some("1201060010")),
        ] {
            assert_eq!(super::area(text).as_deref(), Some(expected));
            assert_eq!(super::division_of_area(expected).as_deref(), division, "{text}");
        }
    }

    #[test]
    fn numbers_of_persons_are_no_codes_of_places() {
        use crate::intake::study::Field::{Division, EnumerationArea};
        for (text, study, expected) in [
            ("120106001001005", "120106", [false, false]),
            ("９９９９９９19850318983x", "999999", [true, true]),
            ("13912345678", "120106", [true, true]),
            ("13912345678", "", [true, false]),
            ("13912345678", "139", [false, false]),
            ("120106001 王芳 13912345678", "120106", [true, true]),
            ("第１小区 王芳 99999919850318983X", "120106", [true, true]),
            ("甲片-01", "", [false, false]),
        ] {
            let found = [EnumerationArea, Division].map(|field| super::is_of_a_person(text, field, study));
            assert_eq!(found, expected, "{text} in {study}");
        }
    }

    #[test]
    fn sexes() {
        for (text, expected) in
            [("1", 1), ("男", 1), ("女 ", 2), ("F", 2), ("２", 2), ("0", 0), ("9", 0), ("未知", 0), ("Nữ", 2)]
        {
            assert_eq!(sex(text), expected, "{text}");
        }
    }

    #[test]
    fn census_items() {
        for (text, expected) in [
            ("4", Some(4)),
            ("04", Some(4)),
            ("４", Some(4)),
            ("4.0", Some(4)),
            ("4 半年至不满一年", Some(4)),
            ("半年", None),
            ("12", None),
        ] {
            assert_eq!(super::item(text), expected, "{text}");
        }
    }

    #[test]
    fn ethnicities() {
        for (text, expected) in
            [("01", 1), ("1", 1), ("汉族", 1), ("满", 11), ("维吾尔族", 5), ("97", 97), ("99", 0), ("x", 0)]
        {
            assert_eq!(ethnicity(text), expected, "{text}");
        }
        for (text, expected) in [
            ("01-汉族", 1),
            ("５、维吾尔族", 5),
            ("汉族（01）", 1),
            ("11满", 11),
            ("97-其他", 97),
            ("99-未知", 0),
            ("Group 2", 0),
            ("-", 0),
        ] {
            assert_eq!(ethnicity(text), expected, "{text}");
        }
        for code in (1..=56).chain([97, 98]) {
            let [chinese, latin] = ethnicity_names(code).expect("a name");
            assert!(!latin.is_empty() && (code > 56 || ethnicity(&chinese) == code), "{code} {chinese}");
        }
        assert_eq!(ethnicity_names(5), Some([String::from("维吾尔族"), String::from("Uygur")]));
        assert_eq!((ethnicity_names(0), ethnicity_names(57)), (None, None));
    }

    #[test]
    fn relationships() {
        for (text, expected) in [
            ("户主", Relationship::Head),
            ("0", Relationship::Head),
            ("2", Relationship::Child),
            ("02", Relationship::Head),
            ("28", Relationship::ChildInLaw),
            ("妻", Relationship::Spouse),
            ("集体", Relationship::Collective),
            ("保姆", Relationship::Other),
            ("三子", Relationship::Child),
            ("四女", Relationship::Child),
            ("养子", Relationship::Child),
            ("继女", Relationship::Child),
            ("儿媳妇", Relationship::ChildInLaw),
            ("长媳", Relationship::ChildInLaw),
            ("曾孙", Relationship::Grandchild),
            ("孙媳妇", Relationship::Grandchild),
            ("侄子", Relationship::Other),
            ("侄女婿", Relationship::Other),
            ("妻子", Relationship::Spouse),
            ("", Relationship::Unknown),
        ] {
            assert_eq!(relationship(text), expected, "{text}");
        }
    }

    #[test]
    fn telephones_and_divisions() {
        assert_eq!(telephone("+86 138-1234-5678"), 13_812_345_678);
        assert_eq!(telephone("１３８１２３４５６７８"), 13_812_345_678);
        assert_eq!(telephone("00000000000"), 0);
        assert_eq!(telephone("123"), 0);
        for masked in ["138****5678", "138＊＊＊＊5678", "138 **** 5678", "138xxxx5678", "138*5678"] {
            assert_eq!(telephone(masked), 0);
        }
        for sign in ["×", "Ｘ", "□", "○", "◯", "●", "#", "?", "_", "☆", "〇"] {
            assert_eq!(telephone(&format!("138{}5678", sign.repeat(4))), 0, "{sign}");
        }
        for whole in ["13812345678??", "13812345678__", "13812345678(##)", "138____12345678", "+8613812345678××"] {
            assert_eq!(telephone(whole), 13_812_345_678, "{whole}");
        }
        for landline in ["022-26351234#801", "022-26351234##801", "0511-6351234##801"] {
            assert_ne!(telephone(landline), 0, "{landline}");
        }
        for masked in ["022-2635????", "0511-63512??", "1381234##801"] {
            assert_eq!(telephone(masked), 0, "{masked}");
        }
        assert_eq!(telephone("138****5678/13912345678"), 13_912_345_678);
        assert_eq!(telephone("13812345678/022-26351234"), 13_812_345_678);
        assert_eq!(telephone("022-26351234、13812345678"), 13_812_345_678);
        assert_eq!(telephone("26351234；26355678"), 26_351_234);
        assert_eq!(telephone("13812345678 13912345678"), 13_812_345_678);
        assert_eq!(telephone("138 1234 5678"), 13_812_345_678);
        assert_eq!(telephone("022 2635 1234"), 2_226_351_234);
        assert_eq!(telephone("07 8100 1234"), 781_001_234);
        assert_eq!(division("120106001004005").as_deref(), Some("120106001004"));
        assert_eq!(division("未知"), None);
    }

    #[test]
    fn a_name_with_digits_is_no_division() {
        for (text, expected) in [
            ("12", Some("12")),
            ("120106001010.0", Some("120106001010")),
            ("120106000000", Some("120106000000")),
            ("1000.00", Some("1000")),
            ("１２０１０６-００１-０１０", Some("120106001010")),
            (" 120 106 ", Some("120106")),
            ("120106001010 某社区", Some("120106001010")),
            ("120106001010第10社区", Some("120106001010")),
            ("某街道（120106001）", Some("120106001")),
            ("某区120106", Some("120106")),
            ("第10社区", None),
            ("12号院社区", None),
            ("38中社区", None),
            ("某社区10", None),
            ("1201060010 某社区", None),
            ("110101199003070013", None),
            ("000000", None),
            ("7", None),
            ("Ward 12", None),
            ("", None),
        ] {
            assert_eq!(division(text).as_deref(), expected, "{text}");
        }
    }
}
