//! Which dwelling is meant?
//!
//! The same dwelling is written 风采里12号楼3门401, 红桥区某街道风采社区风采里12栋3单元401室, 风采里小区12号楼3单元401
//! or 12-3-401. [`read`] takes the numbers off the end (building, unit, room) and leaves the *place text*; an
//! [`EstateDirectory`], learned from all of those, takes region, street office and community off the front and tells
//! where the road ends and the estate begins.

mod estate;
mod numbers;
mod place;
mod region;
mod writing;

use std::borrow::Cow;

use crate::privacy::personal;
pub use estate::EstateDirectory;
pub(super) use estate::ROAD_ENDINGS;
use numbers::{Designator, Number};
pub use region::without_region;
pub use writing::MARKS;
use writing::Sheet;
pub(super) use writing::Writing;

/// An address taken apart, before its place text is resolved to an estate.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// What stands before the numbers.
    pub place: String,
    /// Building; 0 unknown. Letters and other marks are above 30,000.
    pub building: u16,
    /// Unit, entrance (单元, 门); 0 unknown.
    pub unit: u16,
    /// Room; 0 unknown.
    pub room: u16,
}

/// Reads an address as typed. `None` if it holds nothing.
#[must_use]
pub fn read(raw: &str) -> Option<Parts> {
    read_written(raw).map(|(parts, _)| parts)
}

/// Reads an address as typed, and says how it was written.
#[must_use]
pub(super) fn read_written(raw: &str) -> Option<(Parts, Writing)> {
    let compatible = super::han::compatible(raw);
    let mut written: Vec<char> = Vec::with_capacity(compatible.len() / 2);
    let mut spaced: Vec<usize> = Vec::new();
    for character in compatible.chars() {
        match character.is_whitespace() {
            true => spaced.push(written.len()),
            false if !character.is_control() => written.push(character),
            false => {}
        }
    }
    let fold = super::han::fold;
    let is_folded = written.iter().all(|character| fold(*character) == *character);
    let folded: Cow<'_, [char]> =
        if is_folded { Cow::Borrowed(&written) } else { written.iter().copied().map(fold).collect() };
    if folded.is_empty() || matches!(&*folded, ['无'] | ['不', '详'] | ['同', '上']) {
        return None;
    }
    let text = without_remark(without_telephone(&folded, &spaced));
    let mut numbers = numbers::trailing(text, &spaced);
    numbers::settle_courtyard(text, &mut numbers);
    let mut place_end = numbers.first().map_or(text.len(), |n| n.start);
    let mut rest: &[Number] = &numbers;
    if let Some(compound) = rest.iter().rposition(|number| number.designator == Designator::Compound) {
        place_end = rest[compound].end;
        rest = &rest[compound + 1..];
    }
    // A number before that of the building is one of the road: 望河路93号2栋, 望河路93号2-1-301.
    let says_where = |number: &&Number| !matches!(number.designator, Designator::Floor | Designator::Part);
    if let [house, others @ ..] = rest
        && house.designator == Designator::Number
        && (others.iter().any(|number| number.designator == Designator::Building)
            || others.iter().filter(says_where).count() > 2)
    {
        place_end = house.end;
        rest = others;
    }
    let roles = numbers::assign(rest);
    let value = |role: Option<usize>| role.map_or(0, |at| rest[at].value);
    let place = text.get(..place_end).unwrap_or_default();
    let kept = place
        .iter()
        .rposition(|c| !matches!(c, '-' | ',' | '，' | '(' | '（' | '第' | '、' | '·'))
        .map_or(0, |at| at + 1);
    let kept = kept - usize::from(matches!(&place[..kept], [.., '号' | '院', '内']));
    let parts = Parts {
        place: place::text(&place[..kept]),
        building: value(roles[0]),
        unit: value(roles[1]),
        room: value(roles[2]),
    };
    let sheet = Sheet { text: &written[..text.len()], spaced: &spaced };
    let writing = writing::write(&sheet, (kept, &parts.place), rest, roles);
    Some((parts, writing))
}

/// The text without a telephone number at its end, as in 风采里12号楼3门401 13812345678. No number of a dwelling has as many
/// digits.
fn without_telephone<'a>(text: &'a [char], spaced: &[usize]) -> &'a [char] {
    const DIGITS_MIN: usize = 7;
    // Most addresses end in few digits, whatever parts them.
    let of_number = text.iter().rev().take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '–' | '.'));
    if of_number.filter(|c| c.is_ascii_digit()).count() < DIGITS_MIN {
        return text;
    }
    let run = text.iter().rposition(|c| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let is_apart = |at: &usize| *at > run && at + DIGITS_MIN <= text.len();
    // A blank divides the room from the number, and stands in the number as well: 401 138 1234 5678.
    let begins = |at: &usize| *at == 0 || !text[at - 1].is_ascii_digit() || spaced.contains(at);
    let whole = (0..text.len()).find(|at| begins(at) && numbers::is_of_somebody(&text[*at..]));
    let start = whole.unwrap_or_else(|| spaced.iter().rev().copied().find(is_apart).unwrap_or(run));
    if start + DIGITS_MIN > text.len() {
        return text;
    }
    let mut rest = &text[..start];
    let trimmed = |text: &'a [char]| {
        let end = text.iter().rposition(|c| !numbers::is_separator(*c) && *c != '：').map_or(0, |at| at + 1);
        &text[..end]
    };
    rest = trimmed(rest);
    for word in [&['电', '话'][..], &['联', '系'], &['手', '机']] {
        rest = rest.strip_suffix(word).unwrap_or(rest);
    }
    match trimmed(rest) {
        [] => text,
        rest => rest,
    }
}

/// The text without a remark in brackets at its end, as 风采里12号楼3门401(租): what holds no number is no part of it, nor is
/// a telephone number.
fn without_remark(text: &[char]) -> &[char] {
    let mut rest = text;
    while let [before @ .., ')' | '）' | ']' | '】'] = rest {
        let Some(opening) = before.iter().rposition(|c| matches!(c, '(' | '（' | '[' | '【')) else { break };
        let inside = &before[opening + 1..];
        let says_numbers = inside.iter().any(char::is_ascii_digit) && !numbers::reaches_somebody(inside);
        if opening == 0 || says_numbers || place::is_bracketed_part(inside) {
            break;
        }
        rest = &text[..opening];
    }
    rest
}

personal!(Parts);

#[cfg(test)]
mod tests {
    use super::read;

    fn check(raw: &str, place: &str, numbers: (u16, u16, u16)) {
        let parts = read(raw).unwrap();
        assert_eq!((parts.place.as_str(), (parts.building, parts.unit, parts.room)), (place, numbers), "{raw}");
    }

    #[test]
    fn the_numbers_come_off_the_end() {
        check("风采里12号楼3门401", "风采里", (12, 3, 401));
        check("风采里小区12栋3单元401室", "风采里小区", (12, 3, 401));
        check("风采里12-3-401", "风采里", (12, 3, 401));
        check("风采里１２－３－４０１", "风采里", (12, 3, 401));
        check("风采里 12 号楼 3 门 401 号", "风采里", (12, 3, 401));
        check("丁字沽一号路风采里12号楼3门401号", "丁字沽一号路风采里", (12, 3, 401));
        check("七零七所11门603", "七零七所", (0, 11, 603));
        check("水木天成第三8-2-503", "水木天成第三", (8, 2, 503));
        check("望河路93号2栋2门301室", "望河路93号", (2, 2, 301));
        check("中山北路123弄5号601室", "中山北路123弄", (5, 0, 601));
        check("幸福花园A座1203", "幸福花园", (30_000, 0, 1203));
        check("和平路15号", "和平路", (15, 0, 0));
        check("河西村", "河西村", (0, 0, 0));
        check("风采里12号楼3门4层401", "风采里", (12, 3, 401));
        check("风采里12号楼3号门401号室", "风采里", (12, 3, 401));
        check("风采里12#楼3门401", "风采里", (12, 3, 401));
        check("风采里3#2-501", "风采里", (3, 2, 501));
        check("望河路93号2-1-301", "望河路93号", (2, 1, 301));
        check("望河路93号2#1-301", "望河路93号", (2, 1, 301));
        check("望河路93号2#301", "望河路93号", (2, 0, 301));
        check("风采里12号3单元4楼2号", "风采里", (12, 3, 402));
        check("风采里3、2、501", "风采里", (3, 2, 501));
        check("风采里3幢-501", "风采里", (3, 0, 501));
        check("三里河甲12号院3号楼5单元301", "三里河甲12号院", (3, 5, 301));
        check("西青道93号5号院3号楼301", "西青道93号5号院", (3, 0, 301));
        check("中山北路88弄5支弄12号301室", "中山北路88弄5支弄", (12, 0, 301));
        check("大王村3组17号", "大王村三组", (17, 0, 0));
        check("东四十条5号", "东四十条", (5, 0, 0));
        check("金茂大厦1801", "金茂大厦", (0, 0, 1801));
        for telephone in ["13812345678", "138-1234-5678", "138 1234 5678", "022-26351234"] {
            check(&format!("风采里12号楼3门401（电话{telephone}）"), "风采里", (12, 3, 401));
            let parts = read(&format!("风采里电话{telephone}")).unwrap();
            assert_eq!((parts.building, parts.unit, parts.room), (0, 0, 0), "{telephone} is no dwelling");
        }
        check("风采里(3-2-501)", "风采里", (3, 2, 501));
        assert_eq!(read("  "), None);
        assert_eq!(read("不详"), None);
    }

    #[test]
    fn a_blank_between_digits_divides_numbers() {
        check("风采里 5 3 603", "风采里", (5, 3, 603));
        check("风采里　４　４　４０３", "风采里", (4, 4, 403));
        check("风采里 12 603", "风采里", (12, 0, 603));
        check("风采里5号楼 3 603", "风采里", (5, 3, 603));
    }

    #[test]
    fn what_is_too_great_is_the_number_of_no_dwelling() {
        for remark in [
            " 13812345678",
            "13812345678",
            "（13812345678）",
            " 电话：13812345678",
            " 联系电话022-27312345",
            "，手机 13812345678",
            " 138-1234-5678",
            "138-1234-5678",
            " 138 1234 5678",
            " 电话022-2635-1234",
            " 300130",
        ] {
            check(&format!("风采里12号楼3门401室{remark}"), "风采里", (12, 3, 401));
        }
        for telephone in ["13812345678", "138-1234-5678", "138 1234 5678"] {
            check(&format!("风采里12号楼3门401 {telephone}"), "风采里", (12, 3, 401));
        }
        check("风采里12-3-401 27312345", "风采里", (12, 3, 401));
        check("300130风采里12-3-401", "300130风采里", (12, 3, 401));
        check("13812345678", "13812345678", (0, 0, 0));
    }

    #[test]
    fn numerals_are_numbers_where_they_number_a_building() {
        check("风采里三号楼二单元401室", "风采里", (3, 2, 401));
        check("风采里十二号楼三门四〇一", "风采里", (12, 3, 401));
        check("风采里十二号楼三门四〇一室", "风采里", (12, 3, 401));
        check("风采里二十栋一门一百零二号", "风采里", (20, 1, 102));
        check("丁字沽一号路风采里12号楼3门401", "丁字沽一号路风采里", (12, 3, 401));
        check("三门里5号楼2门301", "三门里", (5, 2, 301));
        check("水木天成第三8-2-503", "水木天成第三", (8, 2, 503));
        check("西沽五段三号", "西沽五段三号", (0, 0, 0));
    }

    #[test]
    fn a_part_of_a_place_has_one_name_in_digits_and_in_words() {
        for (digits, words) in [
            ("大王村3组17号", "大王村三组17号"),
            ("万科城2期5号楼1门301", "万科城二期5号楼1门301"),
            ("和平里7区5号楼", "和平里七区5号楼"),
            ("丁字沽3号路5号", "丁字沽三号路5号"),
            ("大王村12队8号", "大王村十二队8号"),
            ("东四20条8号", "东四二十条8号"),
        ] {
            assert_eq!(read(digits), read(words), "{digits}");
        }
        check("望河路112队8号", "望河路112队", (8, 0, 0));
        for other in ["大王村3社17号", "大王村第三生产队17号", "大王村委会第3村民小组17号"] {
            assert_eq!(read(other), read("大王村3组17号"), "{other}");
        }
        assert_eq!(read("万科城（二期）5号楼1门301"), read("万科城2期5号楼1门301"));
    }

    #[test]
    fn a_courtyard_is_a_house() {
        assert_eq!(read("茶店胡同6号院"), read("茶店胡同6号"));
        for door in ["6号院4号", "6号4号", "6号院内4号", "6号内4号", "6号-4", "6号院4室"] {
            check(&format!("茶店胡同{door}"), "茶店胡同", (6, 0, 4));
        }
        check("茶店胡同6号院4号楼301", "茶店胡同6号院", (4, 0, 301));
        check("西青道6号院4号", "西青道6号院", (4, 0, 0));
        check("西青道6号院内4号楼301", "西青道6号院", (4, 0, 301));
    }

    #[test]
    fn a_building_of_quarters_is_a_building() {
        for building in
            ["1号楼", "1号宿舍楼", "1号公寓楼", "1号学生楼", "1号学生公寓", "1号学生宿舍楼", "1号宿舍", "1栋", "1-"]
        {
            check(&format!("津门学院{building}502"), "津门学院", (1, 0, 502));
        }
        check("津门学院一号宿舍楼502", "津门学院", (1, 0, 502));
        for house in [
            "4舍",
            "第4舍",
            "四舍",
            "第四舍",
            "4号舍",
            "4宿舍",
            "第4宿舍",
            "四宿舍楼",
            "4公寓",
            "第四公寓",
            "4学生公寓",
        ] {
            for room in ["207", "207室", "-207", "2层207"] {
                check(&format!("津门学院{house}{room}"), "津门学院", (4, 0, 207));
                check(&format!("津门学院学生宿舍{house}{room}"), "津门学院宿舍", (4, 0, 207));
            }
        }
        check("韵苑4舍207", "韵苑", (4, 0, 207));
        check("韵苑A舍2单元207", "韵苑", (30_000, 2, 207));
        // Estates.
        check("津门学院三公寓5号楼207", "津门学院三公寓", (5, 0, 207));
        check("津门学院五舍5-2-207", "津门学院五舍", (5, 2, 207));
        check("和平五舍207室", "和平五舍", (0, 0, 207));
        check("铁路三宿舍207", "铁路三宿舍", (0, 0, 207));
        check("新青年99公寓207", "新青年99公寓", (0, 0, 207));
        check("4舍207", "4舍", (0, 0, 207));
        check("津门学院五舍", "津门学院五舍", (0, 0, 0));
        check("津门学院2号宿舍楼3单元502室", "津门学院", (2, 3, 502));
        check("津门学院2号宿舍楼", "津门学院", (2, 0, 0));
        check("津门学院学生公寓1栋502", "津门学院宿舍", (1, 0, 502));
        check("望河路93号宿舍3栋502", "望河路93号宿舍", (3, 0, 502));
        check("望河路93号宿舍3号楼2门502", "望河路93号宿舍", (3, 2, 502));
        check("望河路93号宿舍", "望河路93号宿舍", (0, 0, 0));
    }

    #[test]
    fn a_floor_is_no_building() {
        check("风采里12号楼3单元3楼301室", "风采里", (12, 3, 301));
        check("风采里12楼3单元3楼301室", "风采里", (12, 3, 301));
        check("风采里A座12楼1203室", "风采里", (30_000, 0, 1203));
        check("风采里A座12F1203", "风采里", (30_000, 0, 1203));
        check("中山北路88弄12号3楼301室", "中山北路88弄", (12, 0, 301));
        check("望河路93号2楼201室", "望河路", (93, 0, 201));
        check("风采里4楼404室", "风采里", (0, 0, 404));
        check("风采里12号楼3楼", "风采里", (12, 0, 0));
        check("风采里12楼3门401", "风采里", (12, 3, 401));
        check("风采里4楼3门401", "风采里", (4, 3, 401));
        check("风采里12楼401", "风采里", (12, 0, 401));
    }

    #[test]
    fn a_number_on_a_floor_and_a_part_of_a_room() {
        check("风采里12号楼3单元4楼2号", "风采里", (12, 3, 402));
        check("风采里12栋3单元8-2", "风采里", (12, 3, 802));
        check("风采里12号楼3单元501-2", "风采里", (12, 3, 501));
        check("风采里12-3-501-2", "风采里", (12, 3, 501));
        check("风采里12-501-2", "风采里", (12, 0, 501));
        check("风采里12-3-4", "风采里", (12, 3, 4));
        for building in ["12栋3单元", "12号3单元", "12幢3-", "12号楼3-", "12-3-"] {
            check(&format!("风采里{building}4-2"), "风采里", (12, 3, 402));
            check(&format!("风采里{building}402"), "风采里", (12, 3, 402));
        }
        check("望河路93号12号3单元4-2", "望河路93号", (12, 3, 402));
        check("望河路93号12-3-402", "望河路93号", (12, 3, 402));
    }

    #[test]
    fn a_building_may_be_divided() {
        check("风采里12号楼B座1801", "风采里", (12, 30_001, 1801));
        check("风采里B座12号楼1801", "风采里", (12, 30_001, 1801));
        check("风采里3栋2座501", "风采里", (3, 2, 501));
        check("风采里12号楼甲单元401", "风采里", (12, 30_026, 401));
        check("丁楼3号", "丁楼", (3, 0, 0));
    }

    #[test]
    fn a_word_at_the_end_takes_no_number_away() {
        for tail in ["东户", "主卧", "西侧", "东边户", "主卧室", "A", "-东户", "，租客", "(东)"] {
            check(&format!("风采里12号楼3门403{tail}"), "风采里", (12, 3, 403));
            check(&format!("风采里12-3-403{tail}"), "风采里", (12, 3, 403));
        }
        check("风采里404室主卧", "风采里", (0, 0, 404));
        check("风采里401室A", "风采里", (0, 0, 401));
        check("大王村3组17号东屋", "大王村三组", (17, 0, 0));
        check("风采里3号楼东户", "风采里", (3, 0, 0));
        check("长江道404医院", "长江道404医院", (0, 0, 0));
        check("长江道93号家属院", "长江道93号家属院", (0, 0, 0));
        check("长江道1-5号家属楼", "长江道1-5号家属楼", (0, 0, 0));
        check("长江道88弄101号菜场", "长江道88弄101号菜场", (0, 0, 0));
    }

    #[test]
    fn the_side_of_a_floor_is_a_room() {
        for floor in ["4楼", "4层", "4"] {
            check(&format!("风采里12号楼3单元{floor}东户"), "风采里", (12, 3, 495));
            check(&format!("风采里12号楼3单元{floor}西边户"), "风采里", (12, 3, 486));
            check(&format!("风采里12号楼3单元{floor}中间户"), "风采里", (12, 3, 477));
        }
        check("风采里12号楼4楼西", "风采里", (12, 0, 486));
        check("风采里12号楼3单元4楼主卧", "风采里", (12, 3, 0));
    }

    #[test]
    fn a_remark_at_the_end_is_no_part_of_an_address() {
        check("晨光新村3栋1单元1002室(租)", "晨光新村", (3, 1, 1002));
        check("晨光新村3栋1单元1002室（原址）（空）", "晨光新村", (3, 1, 1002));
        check("晨光新村(东门)3栋1单元1002", "晨光新村(东门)", (3, 1, 1002));
        check("晨光新村(东门)", "晨光新村", (0, 0, 0));
        check("晨光新村(南区)3栋1单元1002", "晨光新村南区", (3, 1, 1002));
        check("晨光新村(南区)", "晨光新村南区", (0, 0, 0));
        check("晨光新村3栋(1002)", "晨光新村", (3, 0, 1002));
        check("(南区)", "(南区)", (0, 0, 0));
    }
}
