//! How does a name sound?
//!
//! Takes a name, gives its toneless pinyin, by which it is found under other characters and in Latin letters.

use super::{Name, Script, Token};
use crate::person::han;

/// Family names that are not read as their characters mostly are.
const FAMILY_SOUNDS: &[(&str, &str)] = &[
    ("单", "shan"),
    ("曾", "zeng"),
    ("解", "xie"),
    ("仇", "qiu"),
    ("区", "ou"),
    ("查", "zha"),
    ("朴", "piao"),
    ("翟", "zhai"),
    ("盖", "ge"),
    ("覃", "qin"),
    ("乐", "yue"),
    ("缪", "miao"),
    ("种", "chong"),
    ("员", "yun"),
    ("折", "she"),
    ("洗", "xian"),
    ("阚", "kan"),
    ("薄", "bo"),
    ("卜", "bu"),
    ("都", "du"),
    ("郇", "xun"),
    ("祭", "zhai"),
    ("繁", "po"),
    ("秘", "bi"),
    ("句", "gou"),
    ("藏", "zang"),
    ("佴", "nai"),
    ("么", "yao"),
    ("尉迟", "yuchi"),
    ("万俟", "moqi"),
    ("单于", "chanyu"),
    ("澹台", "tantai"),
];

/// The sound of a name: toneless pinyin of its most usual readings, family and given name each as one word, whichever
/// comes first; so it is that of the name in pinyin, too (梁志强, Zhiqiang Liang). Of all names in Latin letters, in
/// whatever language, lv, lyu, nv and nyu become lu and nu. `None` if a character's sound is unknown.
#[must_use]
pub fn sound(name: &Name) -> Option<String> {
    match name.script {
        Script::Han => {
            let is_known = |token: &Token| token.sounds[0] != 0;
            if !name.tokens.iter().all(is_known) {
                return None;
            }
            let (family, given) = name.tokens.split_at(name.family.min(name.tokens.len()));
            let word = |tokens: &[Token]| tokens.iter().map(|token| han::spelling(token.sounds[0])).collect::<String>();
            let family = family_sound(family).map_or_else(|| word(family), str::to_owned);
            Some(in_order([family.as_str(), &word(given)].into_iter()))
        }
        Script::Latin => Some(in_order(name.text.split(' '))),
    }
}

/// Words in the order of the alphabet. ü is written v, u (as on cards without accents) and yu (in passports) behind l
/// and n, and nothing tells them apart: it is u here.
fn in_order<'a>(words: impl Iterator<Item = &'a str>) -> String {
    const U: [(&str, &str); 4] = [("lv", "lu"), ("lyu", "lu"), ("nv", "nu"), ("nyu", "nu")];
    let plain = |word: &str| U.iter().fold(word.to_owned(), |word, (from, to)| word.replace(from, to));
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).map(plain).collect();
    words.sort_unstable();
    words.join(" ")
}

/// The sound of a family name that is read otherwise than its characters mostly are.
fn family_sound(tokens: &[Token]) -> Option<&'static str> {
    let is_it = |name: &str| name.chars().eq(tokens.iter().map(|token| token.character));
    FAMILY_SOUNDS.iter().find(|(name, _)| is_it(name)).map(|(_, sound)| *sound)
}

#[cfg(test)]
mod tests {
    use super::{FAMILY_SOUNDS, sound};
    use crate::person::han;
    use crate::person::name::{Reading, read};

    #[test]
    fn a_name_and_its_pinyin_sound_the_same() {
        let of = |raw: &str| match read(raw) {
            Reading::Name(name, _) => sound(&name),
            _ => None,
        };
        for (name, pinyin) in [
            ("梁志强", "Zhiqiang Liang"),
            ("曾小明", "ZENG XIAOMING"),
            ("尉迟小明", "Yuchi Xiaoming"),
            ("单于小明", "Chanyu Xiaoming"),
            ("吕小女", "LYU XIAONYU"),
            ("陈建宇", "Chen Jianyu"),
            ("吕小明", "Lü Xiaoming"),
            ("吕小明", "LV XIAOMING"),
            ("略略", "Lüe Lve"),
        ] {
            assert_eq!((of(name).is_some(), of(name)), (true, of(pinyin)), "{name}");
        }
        assert_eq!(of("梁?强"), None);
    }

    #[test]
    fn family_names_are_read_in_one_of_the_readings_of_their_characters() {
        for (name, sound) in FAMILY_SOUNDS {
            let readings = name.chars().map(|character| han::sounds(character).map(han::spelling));
            let mut read = vec![String::new()];
            for own in readings {
                read = read.iter().flat_map(|before| own.map(|own| format!("{before}{own}"))).collect();
            }
            assert!(read.iter().any(|read| read == sound), "{name}");
        }
    }
}
