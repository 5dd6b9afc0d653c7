//! What is each number at the end of an address the number of?
//!
//! Takes the characters of an address, gives the run of numbers at its end with what each numbers: by what is written
//! behind it, by what stands before it, and by its size.

use super::place::{NUMERALS, QUARTERS, has_quarters};

/// What a number in an address is the number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Designator {
    Building,
    /// 楼 alone: a building (12楼3门401) or a floor (3单元4楼401).
    BuildingOrFloor,
    Unit,
    Room,
    Floor,
    /// The number of a room on its floor: 4楼2号 is room 402.
    Door,
    /// A part of a room: 501-2.
    Part,
    /// 号: a building, a room or a house number, by its place.
    Number,
    /// A lane or compound (弄, 号院): part of the place.
    Compound,
    /// Nothing written, or a dash.
    Bare,
}

/// Letters of buildings (A座) are numbered from here, so that they never equal a number.
pub(super) const LETTERS_FROM: u16 = 30_000;
/// The first of those that are no Latin letters (甲单元).
pub(super) const STEMS_FROM: u16 = LETTERS_FROM + 26;
/// What the numbered parts of a place end with: 二期, 三组, 七区.
pub(super) const ENDINGS_OF_PARTS: [char; 8] = ['组', '队', '社', '期', '区', '段', '条', '排'];
const STEMS: [char; 5] = ['甲', '乙', '丙', '丁', '戊'];

/// Longest word at the end of an address that is no part of it (东户, 主卧室).
const TAIL_MAX: usize = 4;
/// Longest number in Chinese numerals.
const NUMERALS_MAX: usize = 9;

#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) start: usize,
    /// Where its digits end.
    pub(super) digits: usize,
    pub(super) end: usize,
    pub(super) value: u16,
    pub(super) designator: Designator,
}

/// Stands this between numbers, or between the parts of an address, and says nothing?
pub(super) fn is_separator(character: char) -> bool {
    matches!(
        character,
        '-' | '—'
            | '–'
            | '―'
            | '‐'
            | '−'
            | '_'
            | '~'
            | '/'
            | '\\'
            | '|'
            | '#'
            | ','
            | '，'
            | '.'
            | '、'
            | '·'
            | ':'
            | ')'
            | '）'
            | '('
            | '（'
    )
}

/// The run of numbers with designators at the end of an address, in reading order. A short word behind them is left
/// out.
/// `spaced` are the places before which blanks stood: 5 3 603 are three numbers.
pub(super) fn trailing(text: &[char], spaced: &[usize]) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::with_capacity(4);
    let mut at = 0;
    while at < text.len() {
        // Nearly all characters of places.
        if numbers.is_empty() && !may_begin_number(text[at]) {
            at += 1;
            continue;
        }
        let mut found = None;
        if text[at].is_ascii_digit() {
            if let Some(end) = reaches_somebody_at(text, at) {
                numbers.clear();
                at = end;
                continue;
            }
            let end = at + digits_at(text, spaced, at);
            found = value_of(&text[at..end]).map(|value| (end, value));
            if found.is_none() {
                // 300130 is the number of no dwelling.
                if !numbers.is_empty() && text[end..].iter().all(|c| is_separator(*c)) {
                    break;
                }
                numbers.clear();
                at = end;
                continue;
            }
        }
        let in_letters = || letter_at(text, at, !numbers.is_empty());
        let in_words = || numeral_at(text, at, !numbers.is_empty());
        let Some((end, value)) = found.or_else(in_letters).or_else(in_words) else {
            let says_nothing = is_separator(text[at]) || text[at] == '第';
            if !says_nothing && is_tail(&text[at..], &numbers) {
                break;
            }
            if !says_nothing {
                numbers.clear();
            }
            at += 1;
            continue;
        };
        let (designator, length) = designator_at(text, end);
        numbers.push(Number { start: at, digits: end, end: end + length, value, designator });
        at = end + length;
    }
    settle(&mut numbers);
    settle_side(&mut numbers, &text[at..]);
    numbers
}

/// May a number begin with this character: with a digit, a letter, a stem or a numeral?
fn may_begin_number(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || numeral_digit(character).is_some()
        || matches!(character, '十' | '百' | '甲' | '乙' | '丙' | '丁' | '戊')
}

/// Does a telephone or ID number stand in the text?
pub(super) fn reaches_somebody(text: &[char]) -> bool {
    (0..text.len()).any(|at| reaches_somebody_at(text, at).is_some())
}

/// Is the text a telephone or ID number and nothing else?
pub(super) fn is_of_somebody(text: &[char]) -> bool {
    reaches_somebody_at(text, 0) == Some(text.len())
}

/// Where a telephone or ID number ends that begins here, dashes and points between its parts included.
fn reaches_somebody_at(text: &[char], start: usize) -> Option<usize> {
    /// Fewest digits of a part, of a number that is written in parts.
    const PART_DIGITS: usize = 3;
    if start > 0 && text[start - 1].is_ascii_digit() {
        return None;
    }
    let part = |from: usize| text.iter().skip(from).take_while(|c| c.is_ascii_digit()).count();
    let first = part(start);
    if first < PART_DIGITS {
        return None;
    }
    let (mut digits, mut end) = (first, start + first);
    while text.get(end).is_some_and(|c| matches!(c, '-' | '–' | '.')) && part(end + 1) >= PART_DIGITS {
        digits += part(end + 1);
        end += 1 + part(end + 1);
    }
    let is_mobile = digits == 11 && text[start] == '1' && text[start + 1] > '2';
    let is_telephone = is_mobile || ((10..=12).contains(&digits) && text[start] == '0');
    (is_telephone || digits >= 15).then_some(end)
}

/// Is this a remark behind the numbers of a dwelling: 东户, 主卧, 西侧, or the letter of a room (401A)?
fn is_tail(text: &[char], numbers: &[Number]) -> bool {
    const SIDES_AND_ROOMS: &str = "东西南北中左右前后上下内外正偏侧边户屋间房主次卧室厢";
    let Some(last) = numbers.last() else { return false };
    let dwells = |number: &Number| {
        use Designator::{Building, BuildingOrFloor, Room, Unit};
        matches!(number.designator, Building | BuildingOrFloor | Unit | Room)
    };
    // 93号 and 404 alone may begin the name of a place: 404医院.
    let is_dwelling = match numbers {
        [one] => matches!(one.designator, Designator::Room | Designator::Building),
        [_, _] => numbers.iter().any(dwells) || (last.designator == Designator::Bare && last.value >= 100),
        _ => true,
    };
    let is_letter = text.len() == 1 && text[0].is_ascii_alphabetic();
    let is_word = text.len() <= TAIL_MAX && text.iter().copied().all(super::super::han::is_han);
    let is_side = || last.designator == Designator::Number && text.iter().all(|c| SIDES_AND_ROOMS.contains(*c));
    (is_dwelling && (is_letter || is_word)) || (is_word && is_side())
}

/// So many digits stand at this place with no blank between them.
fn digits_at(text: &[char], spaced: &[usize], at: usize) -> usize {
    let goes_on = |(nth, c): &(usize, &char)| c.is_ascii_digit() && (*nth == 0 || !spaced.contains(&(at + nth)));
    text[at..].iter().enumerate().take_while(goes_on).count()
}

/// The value of digits; none if there are none, or if it is greater than any number of a dwelling.
fn value_of(digits: &[char]) -> Option<u16> {
    let add = |sum: u16, c: &char| sum.checked_mul(10)?.checked_add(u16::try_from(c.to_digit(10)?).ok()?);
    digits.iter().try_fold(0, add).filter(|value| !digits.is_empty() && *value < LETTERS_FROM)
}

/// A number at this place in letters: a single Latin letter before 座/栋…; 甲, 乙 … before 单元 and the like.
fn letter_at(text: &[char], at: usize, behind: bool) -> Option<(usize, u16)> {
    let letter = *text.get(at).filter(|c| c.is_ascii_alphabetic() || STEMS.contains(c))?;
    let (designator, _) = designator_at(text, at + 1);
    let numbers = matches!(designator, Designator::Building | Designator::BuildingOrFloor | Designator::Unit);
    if let Some(stem) = STEMS.iter().position(|stem| *stem == letter) {
        // 丁楼 is a village.
        let is_clear = behind || matches!((text.get(at + 1), text.get(at + 2)), (Some('单'), Some('元')));
        return (numbers && is_clear).then(|| (at + 1, STEMS_FROM + u16::try_from(stem).unwrap_or(0)));
    }
    let alone = at == 0 || !text.get(at - 1).is_some_and(char::is_ascii_alphabetic);
    let offset = u32::from(letter.to_ascii_uppercase()).checked_sub(u32::from('A'))?;
    (alone && numbers).then(|| (at + 1, LETTERS_FROM + u16::try_from(offset).unwrap_or(0)))
}

/// The value of a Chinese numeral of one digit.
fn numeral_digit(character: char) -> Option<usize> {
    Some(match character {
        '〇' | '零' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// A number in Chinese numerals at this place, as in 三号楼二单元: only before a designator, and before one that names
/// of places end with (一号路, 三门里) only `behind` another number.
fn numeral_at(text: &[char], at: usize, behind: bool) -> Option<(usize, u16)> {
    let is_numeral = |c: &&char| numeral_digit(**c).is_some() || matches!(**c, '十' | '百');
    let numeral = &text[at..at + text[at..].iter().take(NUMERALS_MAX).take_while(is_numeral).count()];
    if numeral.is_empty() {
        return None;
    }
    let end = at + numeral.len();
    let (designator, _) = designator_at(text, end);
    let is_clear =
        matches!((text.get(end), text.get(end + 1)), (Some('单'), Some('元')) | (Some('栋' | '幢' | '室'), _))
            || (matches!(text.get(end), Some('号' | '舍' | '宿' | '公' | '学' | '职' | '员'))
                && designator == Designator::Building);
    // 三门四〇一.
    let is_last = end == text.len() && numeral.len() >= 3;
    if !(is_clear || behind && (is_last || designator != Designator::Bare)) {
        return None;
    }
    // 四〇一 digit by digit, 二十三 by tens and ones.
    let by_digit = !numeral.iter().any(|c| matches!(c, '十' | '百'));
    let (mut value, mut ones) = (0_usize, 0);
    for character in numeral {
        match (character, numeral_digit(*character)) {
            (_, Some(digit)) if by_digit => value = value.saturating_mul(10).saturating_add(digit),
            (_, Some(digit)) => ones = digit,
            ('十', None) => (value, ones) = (value + 10 * ones.max(1), 0),
            (_, None) => (value, ones) = (value + 100 * ones.max(1), 0),
        }
    }
    let value = u16::try_from(value + ones).ok().filter(|value| *value < LETTERS_FROM)?;
    Some((end, value))
}

/// What is written at this place behind a number, and in how many characters.
fn designator_at(text: &[char], at: usize) -> (Designator, usize) {
    let Some(here) = text.get(at) else { return (Designator::Bare, 0) };
    match (here, text.get(at + 1)) {
        ('号', Some('楼' | '栋' | '幢' | '座')) | ('#', Some('楼')) => (Designator::Building, 2),
        ('#', Some(next)) if next.is_ascii_digit() => (Designator::Building, 1),
        ('号', Some('门')) => (Designator::Unit, 2),
        ('号', Some('室' | '房')) => (Designator::Room, 2),
        // 6号院内4号, 6号内4号.
        ('号', Some('院')) => (Designator::Compound, 2 + usize::from(is_within(text, at + 2))),
        ('号', _) => match quarters_at(text, at + 1) {
            Some(length) => (Designator::Building, 1 + length),
            None => (Designator::Number, 1 + usize::from(is_within(text, at + 1))),
        },
        ('单', Some('元')) => (Designator::Unit, 2),
        ('楼', Some('层')) => (Designator::Floor, 2),
        ('楼', _) => (Designator::BuildingOrFloor, 1),
        ('栋' | '幢' | '座' | '斋', _) => (Designator::Building, 1),
        ('门' | '梯', _) => (Designator::Unit, 1),
        ('室' | '户' | '房', _) => (Designator::Room, 1),
        ('层', _) => (Designator::Floor, 1),
        ('F' | 'f', next) if !next.is_some_and(char::is_ascii_alphabetic) => (Designator::Floor, 1),
        ('弄', _) => (Designator::Compound, 1),
        _ => match house_of_quarters_at(text, at) {
            Some(length) => (Designator::Building, length),
            None => (Designator::Bare, 0),
        },
    }
}

/// How long the word for quarters is that stands directly behind the number of their house: 4舍207, 学生宿舍4宿舍207,
/// 学院三公寓207. 三公寓 and 五舍 are names of estates, too, where houses have numbers of their own behind them
/// (三公寓5-301). So a room or an entrance stands behind; and before, unless it is 舍 behind digits, an institution or
/// its quarters.
fn house_of_quarters_at(text: &[char], at: usize) -> Option<usize> {
    /// Fewest digits of a room that nothing names one.
    const ROOM_DIGITS: usize = 3;
    let word = ["舍", "公寓"].iter().chain(&QUARTERS).find(|word| begins_at(text, at, word))?;
    let end = at + word.chars().count();
    let end = end + usize::from(text.get(end) == Some(&'楼'));
    let (behind, digits) = next_digits(text, end);
    let is_dwelling = match designator_at(text, behind + digits).0 {
        Designator::Room | Designator::Unit | Designator::Floor => digits > 0,
        Designator::Bare => digits >= ROOM_DIGITS,
        _ => false,
    };
    let is_number = |c: &char| c.is_ascii_alphanumeric() || NUMERALS.contains(c) || *c == '第';
    let before = &text[..text[..at].iter().rposition(|c| !is_number(c)).map_or(0, |last| last + 1)];
    let is_digits = || *word == "舍" && at > 0 && text[at - 1].is_ascii_alphanumeric();
    let is_house = !before.is_empty() && (is_digits() || has_quarters(before));
    (is_dwelling && is_house).then_some(end - at)
}

/// Where the next digits begin, separators before them aside, and how many they are.
fn next_digits(text: &[char], at: usize) -> (usize, usize) {
    let behind = at + text[at..].iter().take_while(|c| is_separator(**c)).count();
    (behind, text[behind..].iter().take_while(|c| c.is_ascii_digit()).count())
}

fn begins_at(text: &[char], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(nth, c)| text.get(at + nth) == Some(&c))
}

/// How long the word for a building of quarters is that stands here (1号宿舍楼502, 1号学生公寓502). Where a building has a
/// number of its own behind the word, the one before it is that of the road: 望河路93号宿舍3栋502.
fn quarters_at(text: &[char], at: usize) -> Option<usize> {
    let begins = |word: &&&str| begins_at(text, at, word);
    let whole = QUARTERS.iter().chain(&["舍"]).find(begins);
    let word = whole.or_else(|| ["公寓", "学生"].iter().find(begins))?;
    let end = at + word.chars().count();
    if text.get(end) == Some(&'楼') {
        return Some(end + 1 - at);
    }
    let (behind, digits) = next_digits(text, end);
    let is_within = || !matches!(designator_at(text, behind + digits), (Designator::Building | Designator::Number, _));
    (whole.is_some() && digits > 0 && is_within()).then_some(end - at)
}

/// Stands here that the next number is within what was numbered?
fn is_within(text: &[char], at: usize) -> bool {
    matches!(text.get(at..), Some(['内', next, ..]) if next.is_ascii_digit())
}

/// Settles what the words alone leave open.
fn settle(numbers: &mut [Number]) {
    use Designator::{Bare, Building, BuildingOrFloor, Floor, Number as Numbered, Part, Room, Unit};
    let is_room = |number: &Number| matches!(number.designator, Room | Numbered | Bare);
    for at in 0..numbers.len() {
        if numbers[at].designator == BuildingOrFloor {
            let value = numbers[at].value;
            let is_behind = numbers[..at].iter().any(|before| matches!(before.designator, Building | Unit));
            // 4楼401.
            let of_room = matches!(&numbers[at + 1..], [room] if is_room(room) && room.value / 100 == value);
            let is_floor = value < LETTERS_FROM && (is_behind || of_room);
            numbers[at].designator = if is_floor { Floor } else { Building };
        }
    }
    // 12号楼B座, 3栋2座: the second divides the first.
    let is = |wanted: Designator| move |number: &Number| number.designator == wanted;
    if !numbers.iter().any(is(Unit))
        && let Some(first) = numbers.iter().position(is(Building))
        && let Some(other) = numbers.iter().skip(first + 1).position(is(Building)).map(|at| first + 1 + at)
    {
        let is_letter = numbers[first].value >= LETTERS_FROM && numbers[other].value < LETTERS_FROM;
        numbers[if is_letter { first } else { other }].designator = Unit;
    }
    settle_door(numbers);
    if let [_, .., room, part] = numbers
        && room.designator == Bare
        && (100..LETTERS_FROM).contains(&room.value)
        && is_room(part)
        && (1..100).contains(&part.value)
    {
        // 3-2-501-1.
        (room.designator, part.designator) = (Room, Part);
    }
}

/// The last two numbers may be a floor and a door of it: 4楼2号, 3单元4-2.
fn settle_door(numbers: &mut [Number]) {
    use Designator::{Bare, Building, Door, Floor, Number as Numbered, Room, Unit};
    let is = |wanted: Designator| move |number: &Number| number.designator == wanted;
    // 6栋3单元4-4, and 6号3单元4-4.
    let unit = numbers.iter().position(is(Unit));
    let in_unit = unit.is_some_and(|unit| numbers.iter().any(is(Building)) || numbers[..unit].iter().any(is(Numbered)));
    // 6幢3-4-4, and 6-3-4-4.
    let in_row = match &*numbers {
        [.., building, unit, before, last] => {
            matches!(building.designator, Building | Bare) && [unit, before, last].into_iter().all(is(Bare))
        }
        _ => false,
    };
    if let [.., before, last] = numbers
        && matches!(last.designator, Room | Numbered | Bare)
        && (1..100).contains(&last.value)
    {
        match before.designator {
            Floor if before.value < 100 => (last.value, last.designator) = (before.value * 100 + last.value, Door),
            Bare if (in_unit || in_row) && (1..100).contains(&before.value) => {
                (last.value, last.designator) = (before.value * 100 + last.value, Door);
                before.designator = Floor;
            }
            _ => {}
        }
    }
}

/// What the doors of a floor are called where they have no numbers, and their numbers here: no floor has so many rooms,
/// and no two of these are a slip of one digit apart.
const SIDES: [(char, u16); 5] = [('东', 95), ('西', 86), ('中', 77), ('南', 68), ('北', 59)];

/// A floor at the end with the side of its door is a room: 3单元4楼西户, 3单元4西户.
fn settle_side(numbers: &mut [Number], tail: &[char]) {
    let ([side] | [side, '户' | '侧'] | [side, '边' | '间', '户']) = tail else { return };
    let number = SIDES.iter().find(|(known, _)| known == side).map(|(_, number)| *number);
    let [before @ .., last] = numbers else { return };
    let in_unit = before.iter().any(|number| number.designator == Designator::Unit);
    let is_floor = last.designator == Designator::Floor || (last.designator == Designator::Bare && in_unit);
    if let Some(number) = number.filter(|_| is_floor && (1..100).contains(&last.value)) {
        (last.value, last.designator) = (last.value * 100 + number, Designator::Door);
    }
}

/// The number of a compound with at most a number behind it is that of a house where houses are courtyards: 茶店胡同6号院 and
/// 茶店胡同6号 are one, and 6号院4号, 6号4号 and 6号-4.
pub(super) fn settle_courtyard(text: &[char], numbers: &mut [Number]) {
    let [courtyard, others @ ..] = numbers else { return };
    let is_courtyard = courtyard.designator == Designator::Compound
        && text[courtyard.digits..].starts_with(&['号'])
        && matches!(&text[..courtyard.start], [.., '胡', '同'] | [.., _, '巷' | '条']);
    let is_door =
        |number: &Number| matches!(number.designator, Designator::Number | Designator::Bare | Designator::Room);
    if is_courtyard && others.len() <= 1 && others.iter().all(is_door) {
        courtyard.designator = Designator::Number;
    }
}

/// The positions of the numbers that are the building's, the unit's and the room's.
pub(super) type Roles = [Option<usize>; 3];

/// Gives each number its meaning: by what is written behind it, else by its place (building, unit, room).
pub(super) fn assign(numbers: &[Number]) -> Roles {
    let last = numbers.len().saturating_sub(1);
    let is_open = |role: Option<usize>| role.is_none_or(|at| numbers[at].value == 0);
    let [mut building, mut unit, mut room] = [None; 3];
    let mut unclear: Vec<usize> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        match number.designator {
            Designator::Building | Designator::BuildingOrFloor => building = Some(at),
            Designator::Unit => unit = Some(at),
            Designator::Room | Designator::Door => room = Some(at),
            Designator::Floor | Designator::Compound | Designator::Part => {}
            Designator::Number | Designator::Bare if at == last => room = Some(at),
            Designator::Number if is_open(building) && at == 0 => building = Some(at),
            Designator::Number | Designator::Bare => unclear.push(at),
        }
    }
    for at in unclear {
        if is_open(building) {
            building = Some(at);
        } else if is_open(unit) {
            unit = Some(at);
        }
    }
    // 18门601: with one number before the room, nobody knows whether it counts buildings or entrances.
    if numbers.len() == 1 && !is_open(room) && numbers[0].designator == Designator::Number {
        building = std::mem::take(&mut room);
    }
    [building, unit, room]
}
