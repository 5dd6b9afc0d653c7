//! How alike are two names?

use super::level::{Level, MISSING};
use crate::person::han;
use crate::person::name::{Name, Script, Token, is_family_name_variant};

/// The same name.
pub const EXACT: u8 = 1;
/// The same as far as it can be read (unreadable characters, pinyin for a rare one, 傅/付, order of characters).
pub const COMPATIBLE: u8 = 2;
/// It sounds the same.
pub const HOMOPHONE: u8 = 3;
/// One character of the given name differs, is missing or is too many.
pub const ONE_CHARACTER: u8 = 4;
/// The given name of two characters is the same, the family name is not; or the last character after 阿, 小 or 老.
pub const SAME_GIVEN: u8 = 5;
/// One character can be read, the family name mostly, and is the same (刘** / 刘福庆). Many strangers agree so, and nobody
/// contradicts.
pub const HARDLY_READABLE: u8 = 6;
/// Only the family name is the same.
pub const SAME_FAMILY: u8 = 7;
/// Nothing is the same.
pub const DIFFERENT: u8 = 8;

/// Do names at this level contradict each other? Not those of which all that can be read agrees.
#[must_use]
pub fn contradict(level: u8) -> bool {
    level >= HOMOPHONE && level != HARDLY_READABLE
}

/// Are these names as those of siblings can be: as long, and all the same but for a character that sounds otherwise?
/// What sounds nearly alike, is left out or cannot be read may be one name written twice.
pub(in crate::linkage) fn may_be_of_siblings(one: &Name, other: &Name) -> bool {
    let (a, b) = (&one.tokens, &other.tokens);
    let is_read = |(x, y): (&Token, &Token)| !matches!(likeness(x, y), Likeness::Wild | Likeness::Near);
    let are_han = (one.script, other.script) == (Script::Han, Script::Han);
    are_han && a.len() == b.len() && a.iter().zip(b).all(is_read) && compare_han(one, other) == ONE_CHARACTER
}

/// Levels of names.
pub(super) fn levels() -> Vec<Level> {
    vec![
        Level::missing(),
        Level::new("equal", 0.90, 0.002).by_frequency(),
        Level::new("equal as far as readable", 0.025, 0.001),
        Level::new("sounds equal", 0.02, 0.002),
        Level::new("one character apart", 0.03, 0.03),
        Level::new("given name equal", 0.005, 0.002),
        Level::new("family name equal, the rest unreadable", 0.005, 0.002),
        Level::new("family name equal", 0.005, 0.45),
        Level::new("different", 0.01, 0.511),
    ]
}

/// Compares two different names.
pub(super) fn compare(one: &Name, other: &Name) -> u8 {
    match (one.script, other.script) {
        (Script::Han, Script::Han) => compare_han(one, other),
        (Script::Latin, Script::Latin) => compare_latin(&one.text, &other.text),
        (Script::Han, Script::Latin) => compare_across(one, other),
        (Script::Latin, Script::Han) => compare_across(other, one),
    }
}

/// How two characters relate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Equal,
    Wild,
    Homophone,
    Near,
    Different,
}

fn likeness(one: &Token, other: &Token) -> Likeness {
    let homophone = one.sounds.iter().any(|sound| *sound != 0 && other.sounds.contains(sound));
    if one.is_wild() || other.is_wild() {
        let unknown_sound = one.sounds[0] == 0 || other.sounds[0] == 0;
        return if unknown_sound || homophone { Likeness::Wild } else { Likeness::Different };
    }
    if one.character == other.character {
        Likeness::Equal
    } else if homophone {
        Likeness::Homophone
    } else if han::sounds_near(one.sounds[0], other.sounds[0]) {
        Likeness::Near
    } else {
        Likeness::Different
    }
}

fn compare_han(one: &Name, other: &Name) -> u8 {
    let (a, b) = (&one.tokens, &other.tokens);
    if a.len() == b.len() {
        return compare_same_length(one, other);
    }
    if let Some(read) = readable_alike(a, b) {
        return read_alike(read, a.len().max(b.len()) - read);
    }
    if is_familiar_form(a, b) || is_familiar_form(b, a) {
        return SAME_GIVEN;
    }
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if long.len() >= 5 {
        return compare_long(short, long);
    }
    let same_family = matches!(likeness(&short[0], &long[0]), Likeness::Equal | Likeness::Homophone | Likeness::Wild);
    let known = |tokens: &[Token]| tokens.iter().filter(|token| !token.is_wild()).count();
    if long.len() - short.len() == 1 && known(short).min(known(long)) >= 2 && is_subsequence(short, long) {
        return ONE_CHARACTER;
    }
    if same_family && !short[0].is_wild() && !long[0].is_wild() { SAME_FAMILY } else { DIFFERENT }
}

fn compare_same_length(one: &Name, other: &Name) -> u8 {
    let (a, b) = (&one.tokens, &other.tokens);
    let length = a.len();
    let mut counts = [0usize; 5];
    let mut unread = 0;
    let mut first_likeness = Likeness::Different;
    let mut odd_position = 0;
    for (at, (x, y)) in a.iter().zip(b).enumerate() {
        let mut like = likeness(x, y);
        if at == 0 && is_family_name_variant(x.character, y.character) {
            like = Likeness::Homophone;
        }
        if at == 0 {
            first_likeness = like;
        }
        if matches!(like, Likeness::Near | Likeness::Different) {
            odd_position = at;
        }
        counts[like as usize] += 1;
        unread += usize::from(x.is_unread() || y.is_unread());
    }
    let [equal, _, homophone, near, different] = counts;
    let odd = near + different;
    // What cannot be read does not agree.
    let alike = length - odd - unread;
    if odd == 0 && homophone == 0 {
        return read_alike(alike, unread);
    }
    if odd == 0 {
        let only_family = homophone == 1
            && first_likeness == Likeness::Homophone
            && is_family_name_variant(a[0].character, b[0].character);
        return match (only_family, unread > 0 && alike == 1) {
            (true, false) => COMPATIBLE,
            (true, true) => HARDLY_READABLE,
            (false, false) => HOMOPHONE,
            (false, true) => SAME_FAMILY,
        };
    }
    if is_reversed(a, b) || is_exchanged(a, b) {
        return COMPATIBLE;
    }
    if length >= 5 {
        return if odd * 4 <= length { ONE_CHARACTER } else { DIFFERENT };
    }
    if is_familiar_form(a, b) || is_familiar_form(b, a) {
        return SAME_GIVEN;
    }
    if let Some(read) = readable_alike(a, b) {
        return read_alike(read, length - read);
    }
    let family = one.family.max(other.family).max(1);
    if odd == 1 && alike >= 2 {
        return if odd_position < family { SAME_GIVEN } else { ONE_CHARACTER };
    }
    if odd == 1 && length == 2 && odd_position == 1 && near == 1 && equal == 1 {
        return ONE_CHARACTER;
    }
    if matches!(first_likeness, Likeness::Equal | Likeness::Homophone) { SAME_FAMILY } else { DIFFERENT }
}

/// The level of names of which all that can be read agrees. One character alone is a family name mostly, however short
/// the name is, and strangers share that as often as a family name.
fn read_alike(read: usize, unread: usize) -> u8 {
    if read >= unread && read > 1 { COMPATIBLE } else { HARDLY_READABLE }
}

/// How many characters agree before the first and behind the last that cannot be read in either name, if all that stand
/// there do; `None` if nothing is unreadable. A mask is often as long for every name, a damaged character may become
/// two marks, and a title (刘女士) does not say how long the given name is: what is between may be of any length.
fn readable_alike(a: &[Token], b: &[Token]) -> Option<usize> {
    let differ = |(x, y): &(&Token, &Token)| !matches!(likeness(x, y), Likeness::Equal | Likeness::Wild);
    let is_read = |(x, y): &(&Token, &Token)| !x.is_unread() && !y.is_unread();
    let before = || a.iter().zip(b).take_while(is_read);
    let behind = || a.iter().rev().zip(b.iter().rev()).take_while(is_read);
    let read = before().count() + behind().count();
    let has_gap = read > 0 && read < a.len().min(b.len());
    (has_gap && !before().any(|pair| differ(&pair)) && !behind().any(|pair| differ(&pair))).then_some(read)
}

/// Is the one what friends call the other, 阿, 小 or 老 and the last character of the name (老梅 / 刘世梅)?
fn is_familiar_form(short: &[Token], long: &[Token]) -> bool {
    let [prefix, own] = short else { return false };
    matches!(prefix.character, '阿' | '小' | '老')
        && (2..=3).contains(&long.len())
        && long[0].character != prefix.character
        && long.last().is_some_and(|last| likeness(own, last) == Likeness::Equal)
}

/// The two characters of the given name exchanged (谢平荣 / 谢荣平).
fn is_exchanged(a: &[Token], b: &[Token]) -> bool {
    let equal = |one: usize, other: usize| likeness(&a[one], &b[other]) == Likeness::Equal;
    a.len() == 3 && b.len() == 3 && equal(0, 0) && equal(1, 2) && equal(2, 1)
}

/// Given name first (王小明 / 小明王), or the parts of a name of several in another order (买买提·吐尔逊 / 吐尔逊·买买提).
fn is_reversed(a: &[Token], b: &[Token]) -> bool {
    a.len() == b.len()
        && a.len() >= 3
        && (1..a.len()).any(|turn| {
            a.iter().cycle().skip(turn).zip(b).take(b.len()).all(|(x, y)| likeness(x, y) == Likeness::Equal)
        })
}

fn is_subsequence(short: &[Token], long: &[Token]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|token| {
        rest.any(|other| matches!(likeness(token, other), Likeness::Equal | Likeness::Wild | Likeness::Homophone))
    })
}

/// Transliterated names: part of the name may be left out, or a character or two differ.
fn compare_long(short: &[Token], long: &[Token]) -> u8 {
    let text = |tokens: &[Token]| tokens.iter().map(|t| t.character).collect::<String>();
    let (short_text, long_text) = (text(short), text(long));
    if short.len() >= 2 && (long_text.starts_with(&short_text) || long_text.ends_with(&short_text)) {
        return ONE_CHARACTER;
    }
    let distance = strsim::levenshtein(&short_text, &long_text);
    if distance * 4 <= long.len() { ONE_CHARACTER } else { DIFFERENT }
}

fn compare_latin(one: &str, other: &str) -> u8 {
    let words = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let (a, b) = (words(one), words(other));
    if a == b || a.concat() == b.concat() {
        return COMPATIBLE;
    }
    let similarity = strsim::jaro_winkler(one, other);
    let shared = a.iter().filter(|word| word.len() > 1 && b.contains(word)).count();
    if similarity >= 0.94 {
        HOMOPHONE
    } else if similarity >= 0.88 || (shared >= 2 && shared + 1 >= a.len().min(b.len())) {
        ONE_CHARACTER
    } else if shared >= 1 {
        SAME_FAMILY
    } else {
        DIFFERENT
    }
}

/// A Han name against a Latin one: the Latin may be its pinyin, in either order.
fn compare_across(han_name: &Name, latin: &Name) -> u8 {
    let tokens = &han_name.tokens;
    if tokens.iter().any(|token| token.sounds[0] == 0) {
        return MISSING;
    }
    let written: String = latin.text.chars().filter(|c| *c != ' ').collect();
    let (family, given) = tokens.split_at(han_name.family.max(1).min(tokens.len()));
    let reads = |tokens: [&[Token]; 2]| is_pinyin(&written, tokens.into_iter().flatten());
    if reads([family, given]) || reads([given, family]) { HOMOPHONE } else { DIFFERENT }
}

/// Is this the pinyin of these characters, each in any of its readings? ü is written v, u (as on cards without accents)
/// and yu (in passports).
fn is_pinyin<'t>(written: &str, tokens: impl Iterator<Item = &'t Token>) -> bool {
    let mut rests = vec![written];
    for token in tokens {
        let readings = token.sounds.iter().map(|sound| han::spelling(*sound)).filter(|reading| !reading.is_empty());
        let spellings: Vec<String> =
            readings.flat_map(|pinyin| ["v", "u", "yu"].map(|u| pinyin.replace('v', u))).collect();
        rests =
            rests.iter().flat_map(|rest| spellings.iter().filter_map(|own| rest.strip_prefix(own.as_str()))).collect();
        rests.sort_unstable();
        rests.dedup();
    }
    rests.contains(&"")
}

#[cfg(test)]
mod tests {
    use super::{
        COMPATIBLE, DIFFERENT, EXACT, HARDLY_READABLE, HOMOPHONE, ONE_CHARACTER, SAME_FAMILY, SAME_GIVEN, compare,
        contradict, may_be_of_siblings,
    };
    use crate::person::name::{Reading, read};

    fn check(one: &str, other: &str, expected: u8) {
        let form = |raw: &str| match read(raw) {
            Reading::Name(name, _) => name,
            _ => panic!("{raw} is no name"),
        };
        assert_eq!(compare(&form(one), &form(other)), expected, "{one} / {other}");
        assert_eq!(compare(&form(other), &form(one)), expected, "{other} / {one}");
    }

    #[test]
    fn names_fall_into_levels() {
        check("罗xin帅", "罗鑫帅", COMPATIBLE);
        check("罗xin帅", "罗伟帅", ONE_CHARACTER);
        check("罗xin帅", "罗鑫明", ONE_CHARACTER);
        check("罗xin", "罗鑫", COMPATIBLE);
        check("冯?安", "冯小安", COMPATIBLE);
        check("付小明", "傅小明", COMPATIBLE);
        check("王小明", "小明王", COMPATIBLE);
        check("李娜", "李那", HOMOPHONE);
        check("王小明", "王晓明", HOMOPHONE);
        check("张伟", "章伟", HOMOPHONE);
        check("王小明", "王小红", ONE_CHARACTER);
        check("李娜", "李娜娜", ONE_CHARACTER);
        check("王小明", "张小明", SAME_GIVEN);
        check("王伟", "王芳", SAME_FAMILY);
        check("王伟", "王建国", SAME_FAMILY);
        check("王伟", "李芳", DIFFERENT);
        check("林伟", "凌伟", SAME_FAMILY.max(DIFFERENT));
        check("艾山买买提", "艾山·买买提江", ONE_CHARACTER);
        check("买买提·吐尔逊", "买买提", ONE_CHARACTER);
        check("买买提·吐尔逊", "吐尔逊·买买提", COMPATIBLE);
        check("亚森·买买提", "买买提 亚森", COMPATIBLE);
        check("买买提·吐尔逊", "吐尔逊·艾买提", DIFFERENT);
        check("Olga Ivanova", "Ivanova Olga", COMPATIBLE);
        check("Li Na", "李娜", HOMOPHONE);
        check("Na Li", "李娜", HOMOPHONE);
        check("Tanaka Yuki", "李娜", DIFFERENT);
        check("ZENG XIAOMING", "曾小明", HOMOPHONE);
        check("Xiaoming Shan", "单小明", HOMOPHONE);
        check("YUCHI XIAOMING", "尉迟小明", HOMOPHONE);
        check("Yue Xiaole", "乐小乐", HOMOPHONE);
        check("Le Xiaol", "乐小乐", DIFFERENT);
        for lv in ["LYU", "Lü", "LV", "Lu"] {
            check(&format!("{lv} XIAOMING"), "吕小明", HOMOPHONE);
        }
        check("Lyu Xiaoming", "卢小明", DIFFERENT);
        check("谢平荣", "谢荣平", COMPATIBLE);
        check("谢平荣", "谢荣安", SAME_FAMILY);
        check("老梅", "刘世梅", SAME_GIVEN);
        check("阿强", "王强", SAME_GIVEN);
        check("小刘", "刘世梅", DIFFERENT);
        check("小梅", "小世梅", ONE_CHARACTER);
        check("欧阳修文", "欧阳秀文", HOMOPHONE);
    }

    #[test]
    fn siblings_share_a_character_and_no_slip_of_the_pen_makes_such_names() {
        let form = |raw: &str| match read(raw) {
            Reading::Name(name, _) => name,
            _ => panic!("{raw} is no name"),
        };
        for (one, other, expected) in [
            ("王阳淑", "王阳雨", true),
            ("董宝俊", "董宝萍", true),
            ("崔辰子", "崔晨庆", true),
            ("欧阳修文", "欧阳修武", true),
            ("艾山·吐尔逊", "玉山·吐尔逊", true),
            ("王小明", "王晓明", false),
            ("王小明", "王小民", false),
            ("王小明", "张小明", false),
            ("王伟", "王芳", false),
            ("李娜", "李娜娜", false),
            ("买买提·吐尔逊", "买买提", false),
            ("王小?", "王小明", false),
            ("罗xin帅", "罗鑫帅", false),
            ("John A Smith", "John Smith", false),
        ] {
            let (one, other) = (form(one), form(other));
            assert_eq!(may_be_of_siblings(&one, &other), expected, "{} / {}", one.text, other.text);
            assert_eq!(may_be_of_siblings(&other, &one), expected, "{} / {}", other.text, one.text);
        }
    }

    #[test]
    fn a_family_name_beside_a_mask_is_as_much_as_can_be_read() {
        let signs = ["××", "##", "●●", "◯◯", "☆☆", "★★", "∗∗", "〇〇", "--", "～～", "……", "Ｘx"]
            .map(|sign| format!("刘{sign}"));
        let usual = ["刘**", "刘*", "刘???", "刘某某", "刘某", "刘女士", "刘XX"];
        for masked in usual.into_iter().chain(signs.iter().map(String::as_str)) {
            check(masked, "刘福庆", HARDLY_READABLE);
            check(masked, "刘宇", HARDLY_READABLE);
            check(masked, "李福庆", DIFFERENT);
            check(masked, "李宇", DIFFERENT);
        }
        check("**庆", "刘福庆", HARDLY_READABLE);
        for masked in ["刘*庆", "刘×庆", "刘●庆", "刘〇庆", "刘X庆"] {
            check(masked, "刘福庆", COMPATIBLE);
        }
        check("欧阳--", "欧阳修文", COMPATIBLE);
        check("*福庆", "刘福庆", COMPATIBLE);
        // A character that could not be written in another encoding became two marks.
        check("刘福??", "刘福庆", COMPATIBLE);
        check("欧阳女士", "欧阳修文", COMPATIBLE);
        check("刘*庆", "刘福安", SAME_FAMILY);
        check("刘*庆", "李福庆", DIFFERENT);
        check("刘**", "柳福庆", SAME_FAMILY);
        check("刘**", "柳宇", SAME_FAMILY);
        check("付**", "傅小明", HARDLY_READABLE);
        check("刘?庆", "刘庆", ONE_CHARACTER);
        assert!((EXACT..=DIFFERENT).filter(|level| !contradict(*level)).eq([EXACT, COMPATIBLE, HARDLY_READABLE]));
    }
}
