//! How is a place written, so that it is the same however its parts are?
//!
//! Takes the folded characters before the numbers of a dwelling, gives the place text: numbers of parts in words, as
//! most names have them (二期, 七区, 一号路), without brackets (（六期）); the groups of a village, which were its production
//! teams (六社, 第六生产队, 第六村民小组), by one name; a committee before them as its village; 职工宿舍 and 学生公寓 as 宿舍.

use super::numbers::ENDINGS_OF_PARTS;

pub(super) const NUMERALS: [char; 11] = ['十', '一', '二', '三', '四', '五', '六', '七', '八', '九', '零'];
/// What the groups of a village are called; 六社区 and 一组团 are something else.
const GROUPS: [&str; 6] = ["村民小组", "村民组", "生产队", "组", "队", "社"];
/// What these words end with.
const ENDINGS_OF_GROUPS: [char; 3] = ['组', '队', '社'];
/// What stands before a group for the village itself.
const COMMITTEES: [&str; 3] = ["村民委员会", "村委会", "村委"];
/// What an institution calls the quarters of its people.
pub(super) const QUARTERS: [&str; 7] = ["宿舍", "职工宿舍", "员工宿舍", "学生宿舍", "学生公寓", "职工公寓", "员工公寓"];
/// What these words end with.
const ENDINGS_OF_QUARTERS: [char; 2] = ['舍', '寓'];
/// What the institutions that have quarters end with: 学院, 小学, 中学校, 机械厂, 公司, 集团, 项目部, 研究所, 税务局, 车站, 煤矿.
const INSTITUTIONS: [char; 11] = ['院', '学', '校', '厂', '司', '团', '部', '所', '局', '站', '矿'];
/// Longest part of a name in brackets (十二期).
const BRACKETED_MAX: usize = 4;

/// A place as it is compared.
pub(super) fn text(place: &[char]) -> String {
    let may_differ = |c: &char| c.is_ascii_digit() || matches!(c, '(' | '（') || ENDINGS_OF_GROUPS.contains(c);
    if !place.iter().any(may_differ) && !place.last().is_some_and(|last| ENDINGS_OF_QUARTERS.contains(last)) {
        return place.iter().collect();
    }
    let text = with_groups(in_words(&without_brackets(place)));
    let of_whom = QUARTERS[1..].iter().find_map(|quarters| text.strip_suffix(quarters)).filter(|of| !of.is_empty());
    match of_whom {
        Some(of) => format!("{of}宿舍"),
        None => text,
    }
}

/// The institution whose quarters these are: 学院 of 学院宿舍. A road's or an estate's 宿舍 is another place than the road.
pub(super) fn institution(quarters: &str) -> Option<&str> {
    quarters.strip_suffix(QUARTERS[0]).filter(|of| is_institution(of))
}

/// Is this the name of an institution, with more than the word for what it is?
pub(super) fn is_institution(name: &str) -> bool {
    name.ends_with(INSTITUTIONS) && name.chars().nth(2).is_some()
}

/// Is this an institution, a part of its grounds, or the quarters of its people?
pub(super) fn has_quarters(name: &[char]) -> bool {
    let name: String = name.iter().collect();
    name.ends_with("校区") || QUARTERS.iter().any(|quarters| name.ends_with(quarters)) || is_institution(&name)
}

/// Is this a village's group alone, such as 六组? It is nobody's own name, as 六段 may be.
pub(super) fn is_group(name: &str) -> bool {
    let numerals = name.strip_suffix('组').unwrap_or_default();
    !numerals.is_empty() && numerals.chars().all(|c| NUMERALS.contains(&c))
}

/// Are these brackets' characters a part of the name, no remark: 六期, 南区?
pub(super) fn is_bracketed_part(inside: &[char]) -> bool {
    let numbers = |c: &char| c.is_ascii_alphanumeric() || NUMERALS.contains(c) || "东西南北中第".contains(*c);
    match inside {
        [part @ .., ending] if ENDINGS_OF_PARTS.contains(ending) => {
            (1..BRACKETED_MAX).contains(&part.len()) && part.iter().all(numbers)
        }
        _ => false,
    }
}

/// 晨光家园（六期） as 晨光家园六期.
fn without_brackets(place: &[char]) -> Vec<char> {
    let mut text = Vec::with_capacity(place.len());
    let mut rest = place;
    while let [character, behind @ ..] = rest {
        rest = behind;
        if matches!(character, '(' | '（')
            && let Some(end) = behind.iter().position(|c| matches!(c, ')' | '）'))
            && !text.is_empty()
            && is_bracketed_part(&behind[..end])
        {
            text.extend(&behind[..end]);
            rest = &behind[end + 1..];
        } else {
            text.push(*character);
        }
    }
    text
}

/// A place with the numbers of its parts in words.
fn in_words(place: &[char]) -> String {
    const ONES: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let mut text = String::with_capacity(3 * place.len());
    let mut at = 0;
    while at < place.len() {
        let digits = place[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            text.push(place[at]);
            at += 1;
            continue;
        }
        let behind = place.get(at + digits..).unwrap_or_default();
        let is_part = matches!(behind, [ending, ..] if ENDINGS_OF_PARTS.contains(ending))
            || matches!(behind, ['号', '路' | '街', ..] | ['生', '产', '队', ..] | ['村', '民', '小' | '组', ..]);
        let value = place[at..at + digits].iter().try_fold(0, |value, c| Some(10 * value + c.to_digit(10)? as usize));
        match value.filter(|value| is_part && digits <= 2 && *value > 0) {
            Some(value) => {
                let tens = if value >= 20 { ONES[value / 10] } else { "" };
                text.extend([tens, if value >= 10 { "十" } else { "" }, ONES[value % 10]]);
            }
            None => text.extend(&place[at..at + digits]),
        }
        at += digits;
    }
    text
}

/// A place with the groups of villages by one name: 晨光村第六生产队, 晨光村委会六社 as 晨光村六组.
fn with_groups(place: String) -> String {
    if !GROUPS.iter().any(|group| place.contains(group)) {
        return place;
    }
    let mut text = String::with_capacity(place.len());
    let mut rest = place.as_str();
    while let Some(first) = rest.chars().next() {
        let ordinal = rest.strip_prefix('第').unwrap_or(rest);
        let behind = ordinal.trim_start_matches(NUMERALS);
        let numerals = &ordinal[..ordinal.len() - behind.len()];
        let group = GROUPS.into_iter().find_map(|group| behind.strip_prefix(group));
        if let Some(after) = group.filter(|after| !numerals.is_empty() && !after.starts_with(['区', '团', '会', '部']))
        {
            let committee = COMMITTEES.into_iter().find_map(|committee| text.strip_suffix(committee));
            if let Some(village) = committee.filter(|village| !village.is_empty()) {
                let length = village.len();
                text.truncate(length);
                if !text.ends_with('村') {
                    text.push('村');
                }
            }
            text.extend([numerals, "组"]);
            rest = after;
            continue;
        }
        let length = if numerals.is_empty() { first.len_utf8() } else { rest.len() - behind.len() };
        text.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{is_group, text};

    fn of(place: &str) -> String {
        text(&place.chars().collect::<Vec<_>>())
    }

    #[test]
    fn the_groups_of_a_village_have_one_name() {
        for group in ["6组", "六组", "6社", "6队", "第六生产队", "6生产队", "第六村民小组", "6村民组", "第6组"]
        {
            assert_eq!(of(&format!("晨光村{group}")), "晨光村六组", "{group}");
            for committee in ["村委会", "村民委员会", "村村委会", "村村民委员会"] {
                assert_eq!(of(&format!("晨光{committee}{group}")), "晨光村六组", "{committee}{group}");
            }
        }
        for other in
            ["晨光六社区", "晨光一组团", "晨光六大队", "晨光村委会宿舍", "生产队", "第六中学", "第十", "村委会六号"]
        {
            assert_eq!(of(other), other);
        }
    }

    #[test]
    fn parts_in_brackets_and_quarters_of_workers_have_one_name() {
        for part in ["6期", "六期", "（6期）", "（六期）", "(六期)"] {
            assert_eq!(of(&format!("晨光家园{part}")), "晨光家园六期", "{part}");
        }
        assert_eq!(of("晨光新村(南区)"), "晨光新村南区");
        assert_eq!(of("晨光新村(东门)"), "晨光新村(东门)");
        assert_eq!((of("晨光厂职工宿舍"), of("职工宿舍")), (String::from("晨光厂宿舍"), String::from("职工宿舍")));
    }

    #[test]
    fn a_group_is_no_name_of_its_own() {
        assert!(["六组", "十二组"].into_iter().all(is_group));
        assert!(["组", "六段", "南区", "一组团", "晨光组"].into_iter().all(|name| !is_group(name)));
    }
}
