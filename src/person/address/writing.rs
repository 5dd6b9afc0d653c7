//! How was an address written, beyond what it is compared by?
//!
//! Nearly all addresses end in building, unit and room, written 12号楼3单元401室 or one of its synonyms: which of them
//! says nothing, but for the office that likes it. What these words cannot say (3组17号, B1层5号, 98号) is kept as it
//! was written, with [`MARKS`] in place of the numbers.

use super::numbers::{Designator, LETTERS_FROM, Number, Roles, STEMS_FROM, is_separator};

/// What stands for the numbers of building, unit and room: no text has these characters.
pub const MARKS: [char; 3] = ['\u{1}', '\u{2}', '\u{3}'];

/// How an address was written.
pub(in crate::person) struct Writing {
    /// The place, unfolded; nothing if that is how it is compared.
    pub(in crate::person) place: Option<String>,
    /// What stands behind it, unless 号楼, 单元 and 室 say it.
    pub(in crate::person) numbers: Option<String>,
}

/// The characters of an address without blanks, and where there were some.
pub(super) struct Sheet<'a> {
    pub(super) text: &'a [char],
    pub(super) spaced: &'a [usize],
}

impl Sheet<'_> {
    /// Adds the characters of a range; blanks between Latin letters and digits are part of the text, others only pad.
    fn copy(&self, range: std::ops::Range<usize>, out: &mut String) {
        for at in range {
            self.gap(at, out);
            out.extend(self.text.get(at));
        }
    }

    /// Adds the blank before a character, if it is one to keep.
    fn gap(&self, at: usize, out: &mut String) {
        let is_latin = |at: usize| self.text.get(at).is_some_and(char::is_ascii);
        if at > 0 && is_latin(at - 1) && is_latin(at) && self.spaced.contains(&at) {
            out.push(' ');
        }
    }

    /// Is the number written as its value is?
    fn is_plain(&self, number: &Number) -> bool {
        let digits = &self.text[number.start..number.digits];
        digits.iter().copied().eq(number.value.to_string().chars())
    }
}

/// How the address was written whose place ends at `place_end`, and is compared as `compared`.
pub(super) fn write(
    sheet: &Sheet<'_>,
    (place_end, compared): (usize, &str),
    numbers: &[Number],
    roles: Roles,
) -> Writing {
    let has_blank = sheet.spaced.iter().any(|at| *at < place_end);
    let is_compared_so = !has_blank && compared.chars().eq(sheet.text[..place_end].iter().copied());
    let place = (!is_compared_so).then(|| {
        let mut place = String::with_capacity(3 * place_end);
        sheet.copy(0..place_end, &mut place);
        place
    });
    if numbers.is_empty() || is_usual(sheet, numbers, roles) {
        return Writing { place, numbers: None };
    }
    let mut text = String::new();
    let mut at = place_end;
    for (position, number) in numbers.iter().enumerate() {
        sheet.copy(at..number.start, &mut text);
        let role = roles.iter().position(|role| *role == Some(position)).filter(|_| sheet.is_plain(number));
        match role {
            Some(role) => {
                sheet.gap(number.start, &mut text);
                text.push(MARKS[role]);
            }
            None => sheet.copy(number.start..number.digits, &mut text),
        }
        at = number.digits;
    }
    sheet.copy(at..sheet.text.len(), &mut text);
    Writing { place, numbers: Some(text) }
}

/// Do 号楼, 单元 and 室 with the numbers that were read say all that was written?
fn is_usual(sheet: &Sheet<'_>, numbers: &[Number], roles: Roles) -> bool {
    let [building, unit, room] = roles;
    let in_order = roles.iter().flatten().is_sorted();
    let said = |(at, number): (usize, &Number)| {
        let word = &sheet.text[number.digits..number.end];
        let is_letter = number.value >= LETTERS_FROM;
        match number.designator {
            Designator::Door | Designator::Part => false,
            _ if building == Some(at) => match word {
                ['座'] => is_letter && number.value < STEMS_FROM,
                _ => !is_letter && matches!(word, ['号' | '#', '楼'] | ['栋' | '幢' | '楼' | '#'] | []),
            },
            _ if unit == Some(at) => !is_letter && matches!(word, ['单', '元'] | ['号', '门'] | ['门'] | []),
            _ if room == Some(at) => matches!(word, ['号', '室'] | ['室' | '房' | '号'] | []),
            // 4层401 is 401.
            Designator::Floor => room.is_some_and(|room| numbers[room].value / 100 == number.value),
            _ => false,
        }
    };
    let end = numbers.last().map_or(0, |last| last.end);
    let says_all = sheet.text[end..].iter().all(|c| is_separator(*c));
    (building.is_some() || unit.is_some()) && in_order && says_all && numbers.iter().enumerate().all(said)
}

#[cfg(test)]
mod tests {
    use super::super::read_written;
    use super::MARKS;

    fn check(raw: &str, place: &str, numbers: Option<&str>) {
        let (parts, writing) = read_written(raw).unwrap();
        let shown = writing.numbers.map(|text| {
            let mark = |text: String, (mark, number): (char, u16)| text.replace(mark, &number.to_string());
            MARKS.into_iter().zip([parts.building, parts.unit, parts.room]).fold(text, mark)
        });
        let written_place = writing.place.unwrap_or(parts.place);
        assert_eq!((written_place.as_str(), shown.as_deref()), (place, numbers), "{raw}");
    }

    #[test]
    fn what_the_usual_words_say_is_not_kept() {
        for usual in [
            "幸福小区3号楼2单元401室",
            "幸福小区3栋2门401",
            "幸福小区3-2-401",
            "幸福小区3号楼2单元4层401",
            "幸福小区3号楼2单元4楼401",
        ] {
            check(usual, "幸福小区", None);
        }
        check("幸福小区3号楼", "幸福小区", None);
        check("幸福小区A座1203", "幸福小区", None);
        check("龍門里 3 号楼 401", "龍門里", None);
        check("幸福小区", "幸福小区", None);
    }

    #[test]
    fn what_they_cannot_say_is_kept() {
        check("大王村3组17号", "大王村3组", Some("17号"));
        check("西青道98号", "西青道", Some("98号"));
        check("幸福小区3号楼B1层5号", "幸福小区3号楼B", Some("1层5号"));
        check("幸福小区3号宿舍楼412室", "幸福小区", Some("3号宿舍楼412室"));
        check("幸福小区3号楼2层401室", "幸福小区", Some("3号楼2层401室"));
        check("幸福小区A栋1203", "幸福小区", Some("A栋1203"));
        check("Flat 3, 12 Main Street", "Flat 3, 12 Main Street", None);
        check("幸福小区3号楼2门403东户", "幸福小区", Some("3号楼2门403东户"));
        check("幸福小区3号楼2单元4楼2号", "幸福小区", Some("3号楼2单元4楼2号"));
        check("幸福小区3栋2单元8-2", "幸福小区", Some("3栋2单元8-2"));
        check("幸福小区3-2-501-1", "幸福小区", Some("3-2-501-1"));
        check("幸福小区12号楼B座1801", "幸福小区", Some("12号楼B座1801"));
        check("幸福小区12号楼甲单元401", "幸福小区", Some("12号楼甲单元401"));
        check("12 Main Street 7", "12 Main Street", Some(" 7"));
    }
}
