//! What is this person called, in comparable form?
//!
//! Takes a name as typed, gives a [`Name`]: a canonical text and, for Han names, one [`Token`] per character with its
//! sounds. Unreadable characters (□, ?, private-use code points) and pinyin written in place of a rare character
//! become tokens that agree with whatever fits them; they never count as disagreement. A newborn's 王丽之女 is no
//! name: it is a [`Reading::Placeholder`] that names the mother.

pub mod organisation;
mod sound;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::han::{self, Syllable};
use super::mask;
use crate::intake::study::nothing;
use crate::intake::study::plain_letters::plain_letter;
use crate::privacy::personal;
pub use sound::sound;

/// Compound family names in use (public lists of the Ministry of Public Security's name reports).
const COMPOUND_FAMILY_NAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "东方", "夏侯", "司徒", "司空", "宇文",
    "长孙", "南宫", "独孤", "端木", "申屠", "轩辕", "钟离", "鲜于", "闻人", "澹台", "公冶", "宗政", "濮阳", "淳于",
    "单于", "太叔", "仲孙", "东郭", "西门", "呼延", "百里", "第五", "纳兰", "赫连", "贺兰", "万俟",
];

/// Family names that are written for one another.
const FAMILY_NAME_VARIANTS: &[(char, char)] = &[
    ('付', '傅'),
    ('肖', '萧'),
    ('闫', '阎'),
    ('代', '戴'),
    ('邱', '丘'),
    ('于', '余'),
    ('覃', '秦'),
    ('兰', '蓝'),
    ('解', '谢'),
    ('芦', '卢'),
];

/// The character that hides another one: 张某明 is not to be known.
const SOMEBODY: char = '某';

const MIDDLE_DOTS: &[char] = &['·', '•', '‧', '・', '.', '∙', '⋅', '。', '●', '˙', '･', '᛫'];

/// What stands in place of a name, besides what stands for any value.
const NO_NAME: &[&str] = &[
    "无名氏",
    "无名",
    "未取名",
    "未命名",
    "未起名",
    "婴儿",
    "新生儿",
    "男婴",
    "女婴",
    "某某",
    "某",
    "unknown",
    "na",
    "待定",
    "未上户",
];

const TITLES: &[&str] = &["先生", "女士", "小姐", "同志", "老师", "师傅", "阿姨", "大爷", "大妈", "太太", "某某", "某"];

const NEWBORN_ENDINGS: &[&str] = &[
    "之长子",
    "之次子",
    "之长女",
    "之次女",
    "之双子",
    "之双女",
    "之婴",
    "之子",
    "之女",
    "的儿子",
    "的女儿",
    "之儿",
    "之男",
    "婴儿",
    "之孩",
    "之大双",
    "之小双",
    "之大宝",
    "之小宝",
    "之宝",
    "宝宝",
    "BB",
    "bb",
];

/// Between the names of several persons.
const BETWEEN_NAMES: [char; 6] = ['、', ';', ',', '/', '|', '&'];

/// Around a remark.
const BRACKETS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('【', '】'), ('〔', '〕'), ('<', '>')];

/// One character of a Han name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The folded character; `'\0'` if it could not be read.
    pub character: char,
    /// Its sounds, most usual first; all 0 if unknown.
    pub sounds: [Syllable; 4],
}

impl Token {
    /// A character that could not be read.
    const UNREAD: Token = Token { character: '\0', sounds: [0; 4] };

    /// Could this token be anything?
    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.character == '\0'
    }

    /// Is not even its sound known?
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.is_wild() && self.sounds[0] == 0
    }

    /// Could this be the same character, written as it sounds or unreadable?
    fn is_like(&self, other: &Token) -> bool {
        let shares_sound = || self.sounds.iter().any(|sound| *sound != 0 && other.sounds.contains(sound));
        self.is_wild() || other.is_wild() || self.character == other.character || shares_sound()
    }

    /// Adds the canonical text: the character, else its pinyin, else `?`.
    fn write(&self, text: &mut String) {
        match (self.character, self.sounds[0]) {
            ('\0', 0) => text.push('?'),
            ('\0', sound) => text.push_str(han::spelling(sound)),
            (character, _) => text.push(character),
        }
    }
}

/// The script a name is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Han characters, Chinese or transliterated.
    Han,
    /// Latin or another alphabet, lower case.
    Latin,
}

/// A name in comparable form.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// Canonical text: folded characters without spaces or dots, `?` for an unreadable one; lower-case words for
    /// Latin names.
    pub text: String,
    /// One token per character of a Han name; empty for Latin names.
    pub tokens: Vec<Token>,
    /// Number of leading tokens that are the family name; 0 if the name has none (transliterated names).
    pub family: usize,
    /// The script.
    pub script: Script,
}

impl Name {
    /// Can no more than one character be read, though there are more?
    #[must_use]
    pub fn is_hardly_readable(&self) -> bool {
        let unread = self.tokens.iter().filter(|token| token.is_unread()).count();
        unread > 0 && unread + 1 >= self.tokens.len()
    }

    /// Have the names so much in common that they may be one person's? Names in different scripts always may.
    pub(super) fn is_like(&self, other: &Name) -> bool {
        if self.script == Script::Han && other.script == Script::Han {
            let (one, other) = (&self.tokens, &other.tokens);
            let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
            let alike = short.iter().filter(|token| long.iter().any(|other| token.is_like(other))).count();
            return 2 * alike > long.len();
        }
        self.script != other.script || self.text.split(' ').any(|word| other.text.split(' ').any(|other| word == other))
    }
}

/// What standardising a name found and mended; bits of [`Reading::Name`]'s notes.
pub mod note {
    /// Width, spaces or dots were normalised.
    pub const SPACING: u8 = 1;
    /// Traditional or variant characters were folded.
    pub const FOLDED: u8 = 2;
    /// A character could not be read.
    pub const UNREADABLE: u8 = 4;
    /// Pinyin stood in place of a character.
    pub const PINYIN: u8 = 8;
    /// A title was taken off.
    pub const TITLE: u8 = 16;
    /// A remark in brackets was taken off.
    pub const REMARK: u8 = 32;
    /// Several persons were named; the first counts.
    pub const SEVERAL: u8 = 64;
}

/// What a name cell turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Nothing usable.
    Missing,
    /// Not a name but a description of a newborn; the text is the parent's canonical name, if it says.
    Placeholder(Option<Name>),
    /// A name, and what had to be mended.
    Name(Name, u8),
}

/// Reads a name as typed. Never fails.
#[must_use]
pub fn read(raw: &str) -> Reading {
    let mut notes = 0;
    let mut text = han::compatible(raw);
    if text.chars().any(is_invisible) {
        text = Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect());
    }
    let text = text.trim();
    if text.is_empty() || is_no_name(text) {
        return Reading::Missing;
    }
    if let Some(mut parent) = newborn_of(text) {
        // 王丽宝宝之女. One by one: a hostile cell may have thousands of endings.
        while let Some(before) = newborn_of(parent) {
            parent = before;
        }
        let parent = match (!parent.is_empty()).then(|| read(parent)) {
            Some(Reading::Name(name, _)) => Some(name),
            _ => None,
        };
        return Reading::Placeholder(parent);
    }
    let without_remark = without_remark(text);
    let mut text = without_remark.as_deref().unwrap_or(text).trim();
    if without_remark.is_some() {
        notes |= note::REMARK;
    }
    if let Some((first, _)) = text.split_once(BETWEEN_NAMES).filter(|(first, _)| han_characters(first) >= 2) {
        text = first.trim();
        notes |= note::SEVERAL;
    }
    for title in TITLES {
        if !may_end_with(text, title) {
            continue;
        }
        if let Some(rest) = text.strip_suffix(title).filter(|rest| rest.chars().any(han::is_han)) {
            text = rest.trim();
            notes |= note::TITLE;
        }
    }
    if text.chars().any(han::is_han) {
        let mut name = han_name(text, &mut notes);
        if notes & note::TITLE != 0 && is_family_alone(&name.tokens) {
            // A title stands for the given name.
            name.family = name.tokens.len();
            name.tokens.push(Token::UNREAD);
            name.text.push('?');
        }
        if raw != name.text && raw.chars().count() != name.tokens.len() {
            notes |= note::SPACING;
        }
        return if name.tokens.iter().all(Token::is_wild) { Reading::Missing } else { Reading::Name(name, notes) };
    }
    match latin_name(text) {
        Some(name) => Reading::Name(name, notes),
        None => Reading::Missing,
    }
}

pub(super) fn is_invisible(character: char) -> bool {
    matches!(u32::from(character), 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFE00..=0xFE0F | 0xE0100..=0xE01EF)
        || (character.is_control() && character != '\t')
}

/// Does this say that there is no name?
fn is_no_name(text: &str) -> bool {
    if nothing::is_no_name(text) {
        return true;
    }
    if text.is_ascii() {
        return NO_NAME.iter().any(|nothing| nothing.eq_ignore_ascii_case(text));
    }
    NO_NAME.iter().filter(|nothing| may_end_with(text, nothing)).any(|nothing| *nothing == text)
}

/// Is the last byte the same? Most names have none of the endings that are looked for, and most of those are told so.
fn may_end_with(text: &str, ending: &str) -> bool {
    text.as_bytes().last() == ending.as_bytes().last()
}

/// A name without its given name, where that is what a child is called that has none yet (王宝宝).
#[must_use]
pub fn unnamed(name: &Name) -> Option<Name> {
    let is_called =
        name.family > 0 && name.tokens[name.family..].iter().map(|token| token.character).eq("宝宝".chars());
    is_called.then(|| {
        let family: String = name.text.chars().take(name.family).collect();
        let mut tokens = name.tokens[..name.family].to_vec();
        tokens.push(Token::UNREAD);
        Name { text: format!("{family}?"), tokens, ..name.clone() }
    })
}

/// The parent's name of 王丽之女 (empty if it only says 婴儿).
fn newborn_of(text: &str) -> Option<&str> {
    NEWBORN_ENDINGS
        .iter()
        .filter(|ending| may_end_with(text, ending))
        .find_map(|ending| text.strip_suffix(ending))
        .map(str::trim)
        .filter(|parent| parent.is_empty() || parent.chars().filter(|c| han::is_han(*c)).nth(1).is_some())
}

/// A Han name without what stands in brackets; `None` if there are none, or too little would be left.
fn without_remark(text: &str) -> Option<String> {
    let (begin, end) = BRACKETS.into_iter().find(|(begin, _)| text.contains(*begin))?;
    let (before, rest) = text.split_once(begin)?;
    let after = rest.split_once(end).map_or("", |(_, after)| after);
    Some(format!("{before}{after}")).filter(|left| han_characters(left) >= 2)
}

/// Is the character read as part of a Han name? All others are left out of it, unless they stand behind a family name
/// alone and so mask the rest (刘--).
pub(super) fn is_of_han_name(character: char) -> bool {
    han::is_han(character)
        || character.is_ascii_alphabetic()
        || is_unreadable(character)
        || MIDDLE_DOTS.contains(&character)
}

fn han_characters(text: &str) -> usize {
    text.chars().filter(|character| han::is_han(*character)).count()
}

fn is_unreadable(character: char) -> bool {
    mask::is_sign(character)
        || character == SOMEBODY
        || matches!(u32::from(character), 0xE000..=0xF8FF | 0xF0000..=0x10FFFD)
}

fn han_name(text: &str, notes: &mut u8) -> Name {
    let mut tokens = Vec::with_capacity(4);
    let mut letters = String::new();
    let (mut dotted, mut signs) = (false, 0);
    for (at, character) in text.char_indices() {
        if character.is_ascii_alphabetic() {
            letters.push(character.to_ascii_lowercase());
            continue;
        }
        push_letters(&mut tokens, &mut letters, notes);
        if is_middle_dot(text, at, character) {
            dotted = true;
        } else if is_unreadable(character) {
            *notes |= note::UNREADABLE;
            tokens.push(Token::UNREAD);
            continue;
        } else if han::is_han(character) {
            let folded = han::fold(character);
            if folded != character {
                *notes |= note::FOLDED;
            }
            tokens.push(Token { character: folded, sounds: han::sounds(folded) });
        }
        signs += usize::from(!tokens.is_empty() && !character.is_alphanumeric() && !character.is_whitespace());
    }
    push_letters(&mut tokens, &mut letters, notes);
    if signs > 0 && is_family_alone(&tokens) {
        // Any sign behind it is a mask (刘--), of whatever length.
        *notes |= note::UNREADABLE;
        dotted = false;
        tokens.extend(std::iter::repeat_n(Token::UNREAD, signs.min(2)));
    }
    let family = if dotted || tokens.len() > 4 { 0 } else { family_length(&tokens) };
    let mut text = String::with_capacity(text.len());
    tokens.iter().for_each(|token| token.write(&mut text));
    Name { text, tokens, family, script: Script::Han }
}

/// Does a dot stand here, between the parts of a name? ● is one only between parts of two characters or more (艾山●买买提),
/// a mask elsewhere (刘●庆).
fn is_middle_dot(text: &str, at: usize, character: char) -> bool {
    const DISC: char = '●';
    let is_part = |characters: &mut dyn Iterator<Item = char>| {
        characters.filter(|c| !c.is_whitespace()).take(2).filter(|c| han::is_han(*c)).count() == 2
    };
    let is_between = || {
        let (before, behind) = (&text[..at], &text[at + character.len_utf8()..]);
        is_part(&mut before.chars().rev()) && is_part(&mut behind.chars())
    };
    MIDDLE_DOTS.contains(&character) && (character != DISC || is_between())
}

/// Letters inside a Han name: the pinyin of a character that could not be typed, else an unreadable one. Nothing but X
/// is a mask.
fn push_letters(tokens: &mut Vec<Token>, letters: &mut String, notes: &mut u8) {
    if letters.is_empty() {
        return;
    }
    if letters.bytes().all(|letter| letter == b'x') {
        *notes |= note::UNREADABLE;
        tokens.extend(std::iter::repeat_n(Token::UNREAD, letters.len()));
    } else {
        *notes |= note::PINYIN;
        let sound = han::syllable(letters).unwrap_or(0);
        tokens.push(Token { character: '\0', sounds: [sound, 0, 0, 0] });
    }
    letters.clear();
}

/// Is no more read than a family name?
fn is_family_alone(tokens: &[Token]) -> bool {
    tokens.len() == 1 || is_compound(tokens)
}

fn family_length(tokens: &[Token]) -> usize {
    if tokens.len() > 2 && is_compound(&tokens[..2]) { 2 } else { 1 }
}

/// Are these characters a compound family name and nothing else?
fn is_compound(tokens: &[Token]) -> bool {
    let is_it = |name: &&str| name.chars().eq(tokens.iter().map(|token| token.character));
    tokens.len() == 2 && COMPOUND_FAMILY_NAMES.iter().any(is_it)
}

fn latin_name(text: &str) -> Option<Name> {
    let mut words = String::with_capacity(text.len());
    // The compatibility form of an acute accent that stands alone, which some type for an apostrophe.
    let text = text.replace(" \u{301}", "");
    for character in text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if is_apostrophe(character) {
            continue;
        }
        if let Some(letters) = plain_letter(character) {
            words.extend(letters.chars().flat_map(char::to_lowercase));
        } else if character.is_alphanumeric() {
            words.extend(character.to_lowercase());
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    let words = words.trim_end();
    (words.chars().any(char::is_alphabetic)).then(|| Name {
        text: words.to_owned(),
        tokens: Vec::new(),
        family: 0,
        script: Script::Latin,
    })
}

/// Is it one of the apostrophes of keyboards, word processors and telephones?
pub(super) fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '′' | '`' | '´')
}

/// Are the two written for one another as family names?
#[must_use]
pub fn is_family_name_variant(one: char, other: char) -> bool {
    FAMILY_NAME_VARIANTS.iter().any(|&(a, b)| (a, b) == (one, other) || (b, a) == (one, other))
}

personal!(Token, Name);

#[cfg(test)]
mod tests {
    use super::{Reading, note, read};

    fn check(raw: &str, expected: &str) {
        let got = match read(raw) {
            Reading::Missing => "missing".to_owned(),
            Reading::Placeholder(parent) => format!("child of {}", parent.map_or_else(|| "?".into(), |p| p.text)),
            Reading::Name(name, _) => format!("{}/{}", name.text, name.family),
        };
        assert_eq!(got, expected, "{raw}");
    }

    #[test]
    fn names_are_brought_to_one_form() {
        check("王伟", "王伟/1");
        check(" 王 伟\u{3000}", "王伟/1");
        check("陳昇", "陈升/1");
        check("欧阳修文", "欧阳修文/2");
        check("艾山·买买提", "艾山买买提/0");
        check("艾山．买买提", "艾山买买提/0");
        check("艾山 买买提", "艾山买买提/0");
        check("罗xin帅", "罗xin帅/1");
        check("冯?安", "冯?安/1");
        check("罗Xin帅", "罗xin帅/1");
        check("罗XIN", "罗xin/1");
        check("冯Xx安", "冯??安/1");
        check("艾山●买买提", "艾山买买提/0");
        check("艾山 ● 买买提", "艾山买买提/0");
        check("冯●福安", "冯?福安/1");
        check("冯〇安", "冯?安/1");
        check("冯安-", "冯安/1");
        check("冯-安", "冯安/1");
        check("冯-Xin", "冯xin/1");
        check("王\u{e863}", "王?/1");
        check("包波□", "包波?/1");
        check("张先生", "张?/1");
        check("王伟（户主）", "王伟/1");
        check("(本人)王伟", "王伟/1");
        check("王伟(曾用名王二)", "王伟/1");
        check("王伟、李娜", "王伟/1");
        check("王伟；李娜", "王伟/1");
        check("Dupont, Anne", "dupont anne/0");
        check("李某某", "李?/1");
        check("李某明", "李?明/1");
        check("欧阳女士", "欧阳?/2");
        check("王\u{200b}伟", "王伟/1");
        check("Olga  IVANOVA", "olga ivanova/0");
        check("ANNE-MARIE DUPONT", "anne marie dupont/0");
        check("Hélène", "helene/0");
        check("Þórður Friðriksson", "thordur fridriksson/0");
        check("ĐẶNG Thị", "dang thi/0");
        for apostrophe in ['\'', '’', '‘', 'ʼ', 'ʻ', '`', '´'] {
            check(&format!("O{apostrophe}Brien Anne"), "obrien anne/0");
        }
    }

    #[test]
    fn placeholders_are_no_names() {
        check("王丽之女", "child of 王丽");
        check("王丽之大双", "child of 王丽");
        check("王丽宝宝", "child of 王丽");
        check("王丽BB", "child of 王丽");
        check("王丽宝宝之女", "child of 王丽");
        check(&format!("王丽{}", "之女".repeat(5_000)), "child of 王丽");
        check("王宝宝", "王宝宝/1");
        check("黄丽玲之长子", "child of 黄丽玲");
        check("婴儿", "missing");
        check("不详", "missing");
        check("NULL", "missing");
        check("N/A", "missing");
        check("无名氏", "missing");
        check("??", "missing");
        check("  ", "missing");
        check("王之女", "王之女/1");
    }

    #[test]
    fn what_was_mended_is_noted() {
        let notes = |raw: &str| match read(raw) {
            Reading::Name(_, notes) => notes,
            _ => 0,
        };
        assert_eq!(notes("王伟"), 0);
        assert_eq!(notes("陳伟") & note::FOLDED, note::FOLDED);
        assert_eq!(notes("王?"), note::UNREADABLE);
        assert_eq!(notes("张xin") & note::PINYIN, note::PINYIN);
        assert_eq!(notes("王 伟") & note::SPACING, note::SPACING);
    }
}
