//! What is one Chinese character to another?
//!
//! Folding of traditional and variant characters, and the sounds (toneless pinyin syllables) of a character. The
//! tables in `han/` were derived from the Unicode Character Database (Unihan 15.0: kSimplifiedVariant, kZVariant,
//! kSemanticVariant where the variant is rare and sounds alike; kMandarin, kHanyuPinlu, kXHC1983), Unicode licence.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;

/// A toneless pinyin syllable as a dense number from 1; 0 is *unknown*.
pub type Syllable = u16;

/// How many readings of one character are kept.
const READINGS_MAX: usize = 4;

static SOUNDS: &str = include_str!("han/sounds.txt");
static MORE_SOUNDS: &str = include_str!("han/more_sounds.txt");
static VARIANTS: &str = include_str!("han/variants.txt");

struct Tables {
    sounds: ByCharacter<[Syllable; READINGS_MAX]>,
    folded: ByCharacter<Option<char>>,
    syllables: FxHashMap<&'static str, Syllable>,
    spellings: Vec<&'static str>,
    near: Vec<Syllable>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::read);

/// A value for each character. Every character of every name and address is looked up: the unified ideographs, which
/// nearly all of them are, lie in the order of their numbers.
struct ByCharacter<V> {
    unified: Vec<V>,
    others: FxHashMap<char, V>,
}

impl<V: Copy + Default> ByCharacter<V> {
    const UNIFIED: RangeInclusive<u32> = 0x4E00..=0x9FFF;

    fn new() -> ByCharacter<V> {
        ByCharacter { unified: vec![V::default(); Self::UNIFIED.count()], others: FxHashMap::default() }
    }

    fn get(&self, character: char) -> V {
        let place = u32::from(character).wrapping_sub(*Self::UNIFIED.start()) as usize;
        match self.unified.get(place) {
            Some(value) => *value,
            None => self.others.get(&character).copied().unwrap_or_default(),
        }
    }

    fn entry(&mut self, character: char) -> &mut V {
        let place = u32::from(character).wrapping_sub(*Self::UNIFIED.start()) as usize;
        match self.unified.get_mut(place) {
            Some(value) => value,
            None => self.others.entry(character).or_default(),
        }
    }
}

impl Tables {
    fn read() -> Tables {
        let mut tables = Tables {
            sounds: ByCharacter::new(),
            folded: ByCharacter::new(),
            syllables: FxHashMap::default(),
            spellings: vec![""],
            near: Vec::new(),
        };
        for line in SOUNDS.lines().chain(MORE_SOUNDS.lines()) {
            let Some((spelling, characters)) = line.split_once(' ') else { continue };
            let syllable = tables.syllable(spelling);
            for character in characters.chars() {
                let readings = tables.sounds.entry(character);
                if let Some(free) = readings.iter_mut().find(|reading| **reading == 0) {
                    *free = syllable;
                }
            }
        }
        for line in VARIANTS.lines() {
            let Some((target, variants)) = line.split_once(' ') else { continue };
            let Some(target) = target.chars().next() else { continue };
            variants.chars().for_each(|variant| *tables.folded.entry(variant) = Some(target));
        }
        tables.near = tables.near_classes();
        tables
    }

    fn syllable(&mut self, spelling: &'static str) -> Syllable {
        if let Some(&known) = self.syllables.get(spelling) {
            return known;
        }
        let number = Syllable::try_from(self.spellings.len()).unwrap_or(0);
        self.spellings.push(spelling);
        self.syllables.insert(spelling, number);
        number
    }

    /// The class of each syllable under the confusions of dialect and hearing: n/l, f/h, z/zh, c/ch, s/sh, and the
    /// front and back nasal endings.
    fn near_classes(&self) -> Vec<Syllable> {
        let mut classes: FxHashMap<String, Syllable> = FxHashMap::default();
        let mut near = Vec::with_capacity(self.spellings.len());
        for spelling in &self.spellings {
            let mut folded = spelling.replace("zh", "z").replace("ch", "c").replace("sh", "s");
            for (from, to) in [("ang", "an"), ("eng", "en"), ("ing", "in")] {
                if folded.ends_with(from) {
                    folded.truncate(folded.len() - from.len());
                    folded.push_str(to);
                }
            }
            if let Some(rest) = folded.strip_prefix('n') {
                folded = format!("l{rest}");
            } else if let Some(rest) = folded.strip_prefix("hu") {
                folded = format!("f{rest}");
            }
            let next = Syllable::try_from(classes.len()).unwrap_or(0);
            near.push(*classes.entry(folded).or_insert(next));
        }
        near
    }
}

/// The character that a traditional or variant character stands for; itself if it stands for nothing else.
#[must_use]
pub fn fold(character: char) -> char {
    if character.is_ascii() {
        return character;
    }
    TABLES.folded.get(character).unwrap_or(character)
}

/// The readings of a character, most usual first, 0-filled.
#[must_use]
pub fn sounds(character: char) -> [Syllable; READINGS_MAX] {
    TABLES.sounds.get(character)
}

/// The syllable with this toneless spelling (`lv` for 吕), if there is one.
#[must_use]
pub fn syllable(spelling: &str) -> Option<Syllable> {
    TABLES.syllables.get(spelling).copied()
}

/// The spelling of a syllable; empty for the unknown one.
#[must_use]
pub fn spelling(syllable: Syllable) -> &'static str {
    TABLES.spellings.get(usize::from(syllable)).copied().unwrap_or("")
}

/// Would a careless ear or a dialect speaker confuse the two syllables?
#[must_use]
pub fn sounds_near(one: Syllable, other: Syllable) -> bool {
    one != 0 && other != 0 && TABLES.near.get(usize::from(one)) == TABLES.near.get(usize::from(other))
}

/// The text in compatibility form (Unicode NFKC). Nearly all cells are ASCII and unified ideographs already, which
/// normalisation leaves as they are: those are not copied.
#[must_use]
pub fn compatible(text: &str) -> Cow<'_, str> {
    let stable = |c: char| c.is_ascii() || is_unified(c) || matches!(u32::from(c), 0xE000..=0xF8FF);
    if text.chars().all(stable) { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// Is it a unified ideograph of the first block, as nearly all characters of names and addresses are? None of them is
/// white space or a sign, and normalisation leaves them as they are.
#[must_use]
pub fn is_unified(character: char) -> bool {
    matches!(character, '\u{4E00}'..='\u{9FFF}')
}

/// Is it a Han character (unified, extension or compatibility ideograph)?
#[must_use]
pub fn is_han(character: char) -> bool {
    matches!(u32::from(character),
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2FA1F | 0x30000..=0x323AF | 0x3007)
}

#[cfg(test)]
mod tests {
    use super::{compatible, fold, is_han, sounds, sounds_near, spelling, syllable};

    #[test]
    fn traditional_and_variant_characters_fold() {
        for (written, meant) in [('陳', '陈'), ('於', '于'), ('昇', '升'), ('喆', '哲'), ('峯', '峰'), ('伟', '伟')]
        {
            assert_eq!(fold(written), meant);
        }
    }

    #[test]
    fn a_character_may_have_several_readings() {
        let readings: Vec<&str> = sounds('单').iter().map(|&s| spelling(s)).collect();
        assert!(readings.contains(&"dan") && readings.contains(&"shan"));
        assert_eq!(spelling(sounds('李')[0]), "li");
        assert_eq!(syllable("zhang"), Some(sounds('张')[0]));
        assert_eq!(syllable("xyz"), None);
    }

    #[test]
    fn the_compatible_form_is_that_of_unicode() {
        use unicode_normalization::UnicodeNormalization;
        for text in ["王伟12-3-401", "１２０１", "Ｘ", "神", "é", "e\u{301}", "\u{e863}", "艾山·买买提", ""]
        {
            assert_eq!(compatible(text), text.nfkc().collect::<String>(), "{text}");
        }
    }

    #[test]
    fn dialect_confusions_are_near() {
        let near = |a: &str, b: &str| sounds_near(syllable(a).unwrap(), syllable(b).unwrap());
        assert!(near("lin", "ling") && near("nan", "lan") && near("shi", "si"));
        assert!(!near("wang", "zhang"));
    }

    #[test]
    fn rare_characters_are_han() {
        assert!(is_han('𫖯') && is_han('䶮') && !is_han('\u{e863}') && !is_han('a'));
    }
}
