//! How is a name written wrongly?
//!
//! The errors of names: sounds, shapes, keys, characters that a code table lacks, and pet names. Each draws the kinds
//! in turn until one applies to the name, so a name with a rare character mostly suffers for that character.

use crate::synthetic::chance::{Dice, happens, pick, position, weighted};
use crate::synthetic::names::{Form, Name, Names, rare_characters};

use rustc_hash::FxHashMap;

const SOUNDS: &str = include_str!("../tables/sounds.txt");
const SHAPES: &str = include_str!("../tables/shapes.txt");
const TRADITIONAL: &str = include_str!("../tables/traditional.txt");

/// Which characters are taken for which others.
#[derive(Debug)]
pub struct Errata {
    sounds: FxHashMap<char, Vec<char>>,
    shapes: FxHashMap<char, Vec<char>>,
    traditional: FxHashMap<char, Vec<char>>,
    rare: FxHashMap<char, &'static str>,
}

impl Errata {
    /// Reads the tables.
    #[must_use]
    pub fn new() -> Errata {
        Errata {
            sounds: confusions(SOUNDS, true),
            shapes: confusions(SHAPES, true),
            traditional: confusions(TRADITIONAL, false),
            rare: rare_characters().collect(),
        }
    }

    /// The name as a clerk wrote it who erred.
    pub fn spoil_name(&self, dice: &mut Dice, names: &Names, name: &Name) -> String {
        let spoilt = match name.form {
            Form::Han(family) => self.spoil_han(dice, names, &name.text, usize::from(family)),
            Form::Transliterated => Some(spoil_transliterated(dice, &name.text)),
            Form::Latin => Some(spoil_latin(dice, &name.text)),
        };
        spoilt.filter(|text| !text.is_empty()).unwrap_or_else(|| spaced(dice, &name.text))
    }

    fn spoil_han(&self, dice: &mut Dice, names: &Names, text: &str, family: usize) -> Option<String> {
        let characters: Vec<char> = text.chars().collect();
        if let Some(at) = characters.iter().position(|character| self.rare.contains_key(character))
            && happens(dice, 0.6)
        {
            return self.unwritable(dice, &characters, at);
        }
        for _ in 0..4 {
            let spoilt = match weighted(dice, &[34.0, 10.0, 6.0, 9.0, 12.0, 4.0, 5.0, 5.0, 3.0, 5.0, 4.0]) {
                0 => confuse(dice, &characters, &self.sounds),
                1 => confuse(dice, &characters, &self.shapes),
                2 => slip(dice, names, &characters, family),
                3 => confuse(dice, &characters, &self.traditional),
                4 => Some(spaced(dice, text)),
                5 => self.unwritable(dice, &characters, characters.len() - 1),
                6 => left_out(dice, &characters, family),
                7 => swapped(&characters, family),
                8 => Some(pet_name(dice, &characters, family)),
                9 => other_given_name(dice, names, &characters, family),
                _ => other_family_name(dice, &characters, family),
            };
            if spoilt.is_some() {
                return spoilt;
            }
        }
        None
    }

    /// A character that could not be typed: its sound, a question mark, a box, a private-use code point.
    fn unwritable(&self, dice: &mut Dice, characters: &[char], at: usize) -> Option<String> {
        let sound = self.rare.get(characters.get(at)?).copied();
        let stand_in = match (weighted(dice, &[0.30, 0.25, 0.15, 0.15, 0.10, 0.05]), sound) {
            (0, Some(sound)) => sound.to_owned(),
            (5, Some(sound)) => sound.to_uppercase(),
            (1, _) => "?".to_owned(),
            (2, _) => "□".to_owned(),
            (3, _) => pick(dice, &['\u{e81f}', '\u{e4c6}', '\u{e7a1}', '\u{ec90}']).to_string(),
            (4, _) => "*".to_owned(),
            _ => "〓".to_owned(),
        };
        let written = |(position, character): (usize, &char)| {
            if position == at { stand_in.clone() } else { character.to_string() }
        };
        Some(characters.iter().enumerate().map(written).collect())
    }
}

impl Default for Errata {
    fn default() -> Errata {
        Errata::new()
    }
}

/// Character → those it is taken for. Groups confuse both ways; pairs only from the first to the second.
fn confusions(table: &'static str, both_ways: bool) -> FxHashMap<char, Vec<char>> {
    let mut confusions: FxHashMap<char, Vec<char>> = FxHashMap::default();
    for group in table.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace) {
        for (at, one) in group.chars().enumerate().take(if both_ways { usize::MAX } else { 1 }) {
            let others = group.chars().enumerate().filter(|&(other, character)| other != at && character != one);
            confusions.entry(one).or_default().extend(others.map(|(_, character)| character));
        }
    }
    confusions
}

fn confuse(dice: &mut Dice, characters: &[char], table: &FxHashMap<char, Vec<char>>) -> Option<String> {
    let open: Vec<usize> = (0..characters.len())
        .filter(|&at| table.get(&characters[at]).is_some_and(|others| !others.is_empty()))
        .collect();
    // Given names are written wrongly more often than family names.
    let open_given: Vec<usize> = open.iter().copied().filter(|&at| at > 0).collect();
    let open = if open_given.is_empty() || happens(dice, 0.15) { open } else { open_given };
    let at = *open.get(position(dice, open.len()))?;
    let other = *pick(dice, table.get(&characters[at])?);
    Some(replaced(characters, at, other))
}

fn replaced(characters: &[char], at: usize, other: char) -> String {
    characters.iter().enumerate().map(|(position, &character)| if position == at { other } else { character }).collect()
}

fn slip(dice: &mut Dice, names: &Names, characters: &[char], family: usize) -> Option<String> {
    let at = family + position(dice, characters.len().checked_sub(family)?);
    (at < characters.len()).then(|| replaced(characters, at, names.any_character(dice)))
}

fn spaced(dice: &mut Dice, text: &str) -> String {
    match weighted(dice, &[0.3, 0.2, 0.25, 0.15, 0.1]) {
        0 => text.chars().map(String::from).collect::<Vec<_>>().join(" "),
        1 => text.chars().map(String::from).collect::<Vec<_>>().join("\u{3000}"),
        2 => format!("{text} "),
        3 => format!("{text}\u{3000}"),
        _ => format!(" {text}"),
    }
}

fn left_out(dice: &mut Dice, characters: &[char], family: usize) -> Option<String> {
    if characters.len() < family + 2 {
        return None;
    }
    let out = family + position(dice, characters.len() - family);
    Some(characters.iter().enumerate().filter(|&(at, _)| at != out).map(|(_, &character)| character).collect())
}

fn swapped(characters: &[char], family: usize) -> Option<String> {
    let mut swapped = characters.to_vec();
    if characters.len() != family + 2 || characters[family] == characters[family + 1] {
        return None;
    }
    swapped.swap(family, family + 1);
    Some(swapped.into_iter().collect())
}

fn pet_name(dice: &mut Dice, characters: &[char], family: usize) -> String {
    let last = characters.last().copied().unwrap_or('明');
    let head: String = characters.iter().take(family).collect();
    match weighted(dice, &[0.4, 0.3, 0.15, 0.15]) {
        0 => format!("小{last}"),
        1 => format!("阿{last}"),
        2 => format!("老{head}"),
        _ => format!("{head}{}", pick(dice, &["先生", "女士", "某", "师傅"])),
    }
}

fn other_given_name(dice: &mut Dice, names: &Names, characters: &[char], family: usize) -> Option<String> {
    let head: String = characters.get(..family)?.iter().collect();
    Some(format!("{head}{}{}", names.any_character(dice), names.any_character(dice)))
}

/// The family name of a stepfather, a husband, or the mother.
fn other_family_name(dice: &mut Dice, characters: &[char], family: usize) -> Option<String> {
    let rest: String = characters.get(family..)?.iter().collect();
    let other = *pick(dice, &["王", "李", "张", "刘", "陈", "杨", "赵", "孙", "周", "吴", "马", "高"]);
    Some(format!("{other}{rest}"))
}

/// Middle dots of every kind, the second part dropped, parts swapped.
fn spoil_transliterated(dice: &mut Dice, text: &str) -> String {
    let parts: Vec<&str> = text.split('·').collect();
    if parts.len() < 2 {
        return match weighted(dice, &[0.5, 0.5]) {
            0 => spaced(dice, text),
            _ => text.chars().skip(usize::from(text.chars().count() > 3)).collect(),
        };
    }
    match weighted(dice, &[0.62, 0.12, 0.10, 0.10, 0.06]) {
        0 => parts.join(&pick(dice, &['•', '・', '．', '.', '‧', ' ', '●', '-']).to_string()),
        1 => parts.concat(),
        2 => parts[0].to_owned(),
        3 => text.replace('提', "迪").replace('买', "麦").replace('阿', "艾"),
        _ => format!("{}·{}", parts[1], parts[0]),
    }
}

/// Order, case and missing parts of Latin names.
fn spoil_latin(dice: &mut Dice, text: &str) -> String {
    let parts: Vec<&str> = text.split(' ').collect();
    match weighted(dice, &[0.35, 0.25, 0.2, 0.2]) {
        0 => parts.iter().rev().copied().collect::<Vec<_>>().join(" "),
        1 => parts.iter().rev().copied().collect::<Vec<_>>().join(", "),
        2 => text.to_lowercase(),
        _ => parts.last().copied().unwrap_or(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Errata;
    use crate::synthetic::chance::dice;
    use crate::synthetic::names::{Form, Name, Names};

    #[test]
    fn every_kind_of_damage_changes_the_name_and_leaves_something() {
        let (errata, names, mut dice) = (Errata::new(), Names::new(), dice(4, 0));
        let samples = [
            ("陈静", Form::Han(1)),
            ("欧阳建国", Form::Han(2)),
            ("张喆", Form::Han(1)),
            ("肉孜·买买提", Form::Transliterated),
            ("扎西卓玛", Form::Transliterated),
            ("ANNA PETROV", Form::Latin),
        ];
        for (text, form) in samples {
            let name = Name { text: text.to_owned(), form };
            let spoilt: Vec<String> = (0..300).map(|_| errata.spoil_name(&mut dice, &names, &name)).collect();
            assert!(spoilt.iter().all(|written| !written.trim().is_empty()));
            let changed = spoilt.iter().filter(|written| *written != text).count();
            assert!(changed > 270, "{text}: {changed}");
        }
        let name = Name { text: "张喆".to_owned(), form: Form::Han(1) };
        let spoilt: Vec<String> = (0..400).map(|_| errata.spoil_name(&mut dice, &names, &name)).collect();
        for expected in ["张zhe", "张?", "张□", "张 喆", "張喆"] {
            assert!(spoilt.iter().any(|written| written == expected), "{expected}");
        }
    }
}
