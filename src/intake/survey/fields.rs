//! Which field does a column's name say, and whose?
//!
//! Takes a header in Chinese or English ([`foreign`] knows other languages), gives the built-in field that it usually
//! holds, and how sure that is; says whether it speaks of somebody else than the person of the row.

use unicode_normalization::UnicodeNormalization;

use super::{foreign, signs};
use crate::intake::study::Field;
use crate::intake::study::plain_letters::in_plain_letters;

/// A name in lower case, without blanks, underscores and other marks, and without the number that it has as an item of
/// a form (D7普查时点居住地, 7.普查时点居住地, 普查时点居住地（D7）).
pub(super) fn plain(name: &str) -> String {
    let flat: String = name.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
    let rest = flat.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let (letters, name) = (flat.len() - rest.len(), rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let is_item = |letters: usize, digits: usize| letters <= 1 && (1..=2).contains(&digits);
    if is_item(letters, rest.len() - name.len()) && name.starts_with(|c: char| !c.is_ascii()) {
        return name.to_owned();
    }
    let digits = flat.len() - flat.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let before = &flat[..flat.len() - digits];
    let name = before.strip_suffix(|c: char| c.is_ascii_lowercase());
    match name.filter(|name| is_item(1, digits) && name.ends_with(|c: char| !c.is_ascii())) {
        Some(name) => name.to_owned(),
        None => flat,
    }
}

/// Usual names of each built-in field, the surest first.
const FIELDS: [(Field, &[&str]); 20] = [
    (
        Field::Name,
        &[
            "姓名",
            "权利人姓名",
            "权利人名称",
            "qlrmc",
            "ownername",
            "居民姓名",
            "人员姓名",
            "承租人姓名",
            "产权人姓名",
            "业主姓名",
            "死者姓名",
            "新生儿姓名",
            "当事人姓名",
            "患者姓名",
            "权利人",
            "产权人",
            "承租人",
            "业主",
            "买受人姓名",
            "买受人",
            "所有权人",
            "xm",
            "name",
            "fullname",
            "personname",
        ],
    ),
    (Field::FamilyName, &["姓", "姓氏", "surname", "lastname", "familyname", "lname", "sname", "namelast"]),
    (
        Field::GivenName,
        &["名", "名字", "givenname", "firstname", "forename", "givennames", "forenames", "fname", "namefirst"],
    ),
    (Field::FormerName, &["曾用名", "cym", "formername", "previousname", "birthname", "maidenname"]),
    (
        Field::IdNumber,
        &[
            "公民身份号码",
            "公民身份证号码",
            "公民身份证号",
            "居民身份证号码",
            "居民身份证号",
            "身份证号",
            "身份证号码",
            "身份证",
            "身份号码",
            "身份证件号码",
            "身份证件号",
            "社会保障号码",
            "社会保障号",
            "certno",
            "idno",
            "证件号码",
            "证件号",
            "有效证件号码",
            "sfzh",
            "gmsfhm",
            "zjhm",
            "idnumber",
            "idcard",
            "idcardno",
            "idcardnumber",
            "citizenid",
            "nationalid",
        ],
    ),
    (Field::Sex, &["性别", "性别代码", "性别码", "性别名称", "xb", "xbdm", "sex", "gender", "sexcode", "gendercode"]),
    (
        Field::BirthDate,
        &[
            "出生日期",
            "出生年月日",
            "出生年月",
            "出生时间",
            "生日",
            "csrq",
            "csny",
            "birthym",
            "birthdate",
            "dateofbirth",
            "dob",
            "birthday",
            "birthdt",
            "birthyear",
            "yearofbirth",
            "出生年份",
            "出生日期时间",
            "出生",
        ],
    ),
    (Field::Ethnicity, &["民族", "mz", "mzdm", "民族代码", "ethnicity", "ethnicgroup", "nation"]),
    (
        Field::Address,
        &[
            "住址",
            "现住址",
            "现住地址",
            "居住地址",
            "现居住地址",
            "现居住地",
            "实际居住地址",
            "实际居住地",
            "实际住址",
            "生前常住地址",
            "生前居住地址",
            "生前住址",
            "居住地",
            "房屋坐落",
            "坐落",
            "房屋地址",
            "地址",
            "家庭住址",
            "家庭地址",
            "常住地址",
            "详细地址",
            "联系地址",
            "现住详址",
            "暂住地址",
            "户籍地址",
            "户口地址",
            "zz",
            "zl",
            "xzz",
            "location",
            "homeaddr",
            "address",
            "fulladdress",
            "homeaddress",
            "residentialaddress",
            "currentaddress",
        ],
    ),
    (
        Field::Division,
        &[
            "居委会代码",
            "派出所辖区",
            "辖区",
            "辖区代码",
            "所属社区",
            "社区",
            "村居委会代码",
            "村居代码",
            "社区代码",
            "社区编码",
            "居委会编码",
            "村居编码",
            "村居委会编码",
            "社区编号",
            "居委会编号",
            "村居编号",
            "所属居委会",
            "jwhdm",
            "committeecode",
            "行政区划代码",
            "区划代码",
            "行政区划",
            "统计用区划代码",
            "地址代码",
            "division",
            "divisioncode",
            "areacode",
            "communitycode",
            "regioncode",
        ],
    ),
    (
        Field::EnumerationArea,
        &[
            "普查小区",
            "普查小区代码",
            "普查小区码",
            "普查小区编码",
            "普查小区号",
            "普查小区编号",
            "普查小区地址码",
            "所在普查小区",
            "小区编码",
            "小区代码",
            "pcxq",
            "pcxqdm",
            "enumerationarea",
            "enumerationdistrict",
            "eacode",
        ],
    ),
    (
        Field::Household,
        &[
            "户编号",
            "户号",
            "户籍号",
            "户籍编号",
            "户口编号",
            "户口号",
            "户口簿号",
            "户口本号",
            "户编码",
            "住户号",
            "住户编码",
            "家庭户号",
            "家庭户编号",
            "hukouno",
            "hukounumber",
            "家庭编号",
            "住户编号",
            "hh",
            "hbh",
            "householdnumber",
            "householdno",
            "hhno",
            "hhnumber",
            "schedulenumber",
        ],
    ),
    (
        Field::Relationship,
        &[
            "与户主关系",
            "户主关系",
            "与户主的关系",
            "关系",
            "yhzgx",
            "relationship",
            "relationtohead",
            "relationshiptohead",
            "relation",
        ],
    ),
    (Field::MotherName, &["母亲姓名", "母亲名字", "母亲", "产妇姓名", "mqxm", "mother", "mothername", "mothersname"]),
    (
        Field::MotherIdNumber,
        &[
            "母亲身份证号",
            "母亲身份证号码",
            "母亲公民身份号码",
            "母亲证件号码",
            "母亲证件号",
            "产妇身份证号",
            "产妇身份证号码",
            "产妇证件号码",
            "产妇证件号",
            "mqsfzh",
            "mqsfzhm",
            "motheridnumber",
            "motherid",
        ],
    ),
    (
        Field::Telephone,
        &[
            "联系电话",
            "手机号码",
            "手机号",
            "手机",
            "电话号码",
            "电话",
            "移动电话",
            "联系方式",
            "lxdh",
            "telephone",
            "phone",
            "phonenumber",
            "telephonenumber",
            "mobile",
            "mobilephone",
            "tel",
            "telno",
            "phonenum",
            "fullphonenumber",
        ],
    ),
    (
        Field::DeathDate,
        &[
            "死亡日期",
            "死亡时间",
            "死亡年月日",
            "死亡日期时间",
            "死亡年月",
            "去世日期",
            "去世时间",
            "逝世日期",
            "逝世时间",
            "身故日期",
            "身故时间",
            "swrq",
            "swsj",
            "deathdate",
            "dateofdeath",
            "deceaseddate",
            "datedeceased",
            "dod",
        ],
    ),
    (Field::LastSeen, &signs::HEADERS),
    (
        Field::Registration,
        &["户口登记地", "户口所在地", "户籍所在地", "户籍地", "placeofregistration", "hukouplace", "placeofhukou"],
    ),
    (
        Field::LeftRegistration,
        &[
            "离开户口登记地时间",
            "离开户口登记地的时间",
            "离开户籍地时间",
            "timesinceleavingregistration",
            "timesinceleavinghukou",
        ],
    ),
];

/// The rank of a name that only ends as those of a field do.
pub(super) const BY_ENDING: usize = usize::MAX - 1;

/// The rank of a name of which one word says the field.
pub(super) const BY_WORD: usize = BY_ENDING - 1;

/// The rank of the first of the names that say besides whose they are.
const OF_ROW: usize = 500;

/// The built-in field that a header names, and how sure a name it is (0 is surest). What stands in brackets says only
/// how values are written, unless it says whose they are.
pub(super) fn field_of(header: &str) -> Option<(Field, usize)> {
    exact_field(&plain(header)).or_else(|| mothers_number(&plain(header))).or_else(|| {
        let bare = plain(&without_brackets(header));
        match () {
            () if names_another(header) => None,
            () => exact_field(&bare)
                .or_else(|| field_of_row(&bare))
                .or_else(|| signs::rank_of_latest(&bare).map(|rank| (Field::LastSeen, rank)))
                .or_else(|| bare.contains("普查小区").then_some((Field::EnumerationArea, BY_WORD)))
                .or_else(|| ends_as_id_number(&bare).then_some((Field::IdNumber, BY_ENDING))),
        }
    })
}

/// The field of a header that begins with the person of the row: 新生儿性别, 死者出生日期.
fn field_of_row(plain: &str) -> Option<(Field, usize)> {
    const PERSONS: [&str; 9] = ["新生儿", "婴儿", "死者", "逝者", "患者", "本人", "学生", "参保人", "居民"];
    let rest = PERSONS.iter().find_map(|person| plain.strip_prefix(person))?;
    exact_field(rest).map(|(field, rank)| (field, OF_ROW + rank))
}

/// The mother and whatever an ID number may be called: 母亲有效证件号码, 产妇身份证.
fn mothers_number(plain: &str) -> Option<(Field, usize)> {
    const MOTHERS: [&str; 5] = ["母亲", "产妇", "mothers", "mother", "mq"];
    let rest = MOTHERS.iter().find_map(|mother| plain.strip_prefix(mother))?;
    exact_field(rest)
        .filter(|(field, _)| *field == Field::IdNumber)
        .map(|(_, rank)| (Field::MotherIdNumber, OF_ROW + rank))
}

fn exact_field(plain: &str) -> Option<(Field, usize)> {
    let exact =
        |(field, names): &(Field, &[&str])| names.iter().position(|name| *name == plain).map(|rank| (*field, rank));
    FIELDS.iter().find_map(exact).or_else(|| foreign::field_of(&in_plain_letters(plain)))
}

/// The words of a header, in lower case and in plain letters.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in header.nfkc() {
        let begins = c.is_uppercase() && was_lower;
        was_lower = c.is_lowercase();
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.push(c);
        }
    }
    words.iter().filter(|word| !word.is_empty()).map(|word| in_plain_letters(word)).collect()
}

/// Does one word of a header name somebody else than the person of the row?
pub(super) fn is_of_another(header: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 28] = [
        "spouse", "husband", "wife", "partner", "father", "mother", "parent", "child", "son", "daughter", "dependent", "dependant",
        "guardian", "employer", "company", "school", "emergency", "contact", "kin", "doctor", "physician", "agent", "landlord",
        "informant", "witness", "sibling", "provider", "work",
    ];
    names_another(header) || words(header).iter().any(|word| WORDS.contains(&word.as_str()))
}

fn ends_as_id_number(plain: &str) -> bool {
    ["身份证号", "身份证号码", "身份证件号", "身份证件号码", "身份号码", "证件号码", "社会保障号", "社会保障号码"]
        .iter()
        .any(|ending| plain.ends_with(ending))
}

/// The header without what stands in brackets of any kind.
fn without_brackets(header: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in header.nfkc() {
        match c {
            '(' | '[' | '{' | '【' | '〔' => depth += 1,
            ')' | ']' | '}' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// Does a header speak of somebody else than the person of the row?
pub(super) fn names_another(header: &str) -> bool {
    const WORDS: [&str; 36] = [
        "户主",
        "户代表",
        "配偶",
        "父亲",
        "母亲",
        "父母",
        "家长",
        "监护",
        "子女",
        "联系人",
        "经办人",
        "代办人",
        "代理人",
        "申报人",
        "填报人",
        "采集人",
        "登记员",
        "普查员",
        "网格员",
        "负责人",
        "责任人",
        "法定代表",
        "法人",
        "医生",
        "医师",
        "出租人",
        "出卖人",
        "房东",
        "共有人",
        "guardian",
        "spouse",
        "father",
        "mother",
        "nextofkin",
        "emergency",
        "headofhousehold",
    ];
    let plain = plain(header);
    WORDS.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_fields_in_two_languages() {
        let check =
            |header: &str, field: Option<Field>| assert_eq!(field_of(header).map(|found| found.0), field, "{header}");
        check("姓名", Some(Field::Name));
        check(" 公民身份号码 ", Some(Field::IdNumber));
        check("First_Name", Some(Field::GivenName));
        check("LAST NAME", Some(Field::FamilyName));
        check("ＤＯＢ", Some(Field::BirthDate));
        check("date_of_birth", Some(Field::BirthDate));
        check("普查小区", Some(Field::EnumerationArea));
        check("普查小区地址码", Some(Field::EnumerationArea));
        check("家庭户号", Some(Field::Household));
        check("去世日期", Some(Field::DeathDate));
        check("hukou_place", Some(Field::Registration));
        assert_eq!(field_of("现普查小区顺序码"), Some((Field::EnumerationArea, BY_WORD)));
        check("D2性别", Some(Field::Sex));
        check("3. 出生年月", Some(Field::BirthDate));
        check("户口登记地（D8）", Some(Field::Registration));
        check("d9_离开户口登记地时间", Some(Field::LeftRegistration));
        check("联系电话2", None);
        check("B2B姓名", None);
        for header in ["母亲身份证号", "母亲有效证件号码", "母亲身份证", "产妇有效证件号码", "MotherIdCardNo"]
        {
            check(header, Some(Field::MotherIdNumber));
        }
        check("母亲联系电话", None);
        check("居民身份证号码", Some(Field::IdNumber));
        check("学生身份证件号", Some(Field::IdNumber));
        check("性别（1男2女）", Some(Field::Sex));
        check("出生日期(YYYY-MM-DD)", Some(Field::BirthDate));
        check("与户主关系", Some(Field::Relationship));
        for other in ["户主身份证号", "监护人身份证号码", "身份证号（户主）", "联系电话(监护人)", "出租人证件号码"]
        {
            check(other, None);
        }
        check("soc_sec_id", None);
        check("household_id", None);
        check("新生儿性别", Some(Field::Sex));
        check("死者出生日期", Some(Field::BirthDate));
        check("新生儿母亲身份证号", None);
        let rank = |header: &str| field_of(header).map(|found| found.1);
        assert!(rank("生前常住地址") < rank("户籍地址"), "where somebody lived comes first");
    }
}
