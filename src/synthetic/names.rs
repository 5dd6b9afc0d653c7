//! What are people called?
//!
//! Takes a birth year, a sex and a nationality, gives a [`Name`]. Frequencies come from the public yearly name reports
//! (the hundred most frequent family names are borne by about 86 % of people) and from the fashions of each decade, so
//! that full names repeat as they do in a real district and rare names are rare.

use super::calendar::civil;
use super::chance::{Dice, Urn, between, happens, pick, position, weighted};

const FAMILY: &str = include_str!("tables/family.txt");
const GIVEN: &str = include_str!("tables/given.txt");
const PEOPLES: &str = include_str!("tables/peoples.txt");
const RARE: &str = include_str!("tables/rare.txt");

/// Share of people who bear one of the hundred most frequent family names.
const HEAD_SHARE: f64 = 0.859;
const HEAD_LENGTH: usize = 100;

/// A name and how it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As the person writes it.
    pub text: String,
    /// How it is built.
    pub form: Form,
}

/// How a name is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A family name of so many characters, then a given name.
    Han(u8),
    /// Transliterated; parts joined by a middle dot, or one part without a family name.
    Transliterated,
    /// Latin letters, given name first.
    Latin,
}

impl Name {
    /// The family name of a Han name.
    #[must_use]
    pub fn family(&self) -> Option<String> {
        match self.form {
            Form::Han(length) => Some(self.text.chars().take(usize::from(length)).collect()),
            Form::Transliterated | Form::Latin => None,
        }
    }
}

/// A nationality that shapes names, with its code in GB/T 3304.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// Two-digit code.
    pub code: &'static str,
    naming: Naming,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    Han,
    Hui,
    Korean,
    Uyghur,
    Tibetan,
    Mongol,
    Foreign,
}

/// Nationalities and their shares among residents of a northern city.
const NATIONS: [(People, f64); 15] = [
    (People { code: "01", naming: Naming::Han }, 0.9250),
    (People { code: "03", naming: Naming::Hui }, 0.0420),
    (People { code: "11", naming: Naming::Han }, 0.0180),
    (People { code: "02", naming: Naming::Mongol }, 0.0050),
    (People { code: "10", naming: Naming::Korean }, 0.0022),
    (People { code: "15", naming: Naming::Han }, 0.0018),
    (People { code: "06", naming: Naming::Han }, 0.0010),
    (People { code: "08", naming: Naming::Han }, 0.0010),
    (People { code: "05", naming: Naming::Uyghur }, 0.0016),
    (People { code: "04", naming: Naming::Tibetan }, 0.0006),
    (People { code: "07", naming: Naming::Han }, 0.0006),
    (People { code: "12", naming: Naming::Han }, 0.0004),
    (People { code: "22", naming: Naming::Han }, 0.0003),
    (People { code: "37", naming: Naming::Han }, 0.0002),
    (People { code: "98", naming: Naming::Foreign }, 0.0004),
];

impl People {
    /// Draws a household's nationality.
    pub fn draw(dice: &mut Dice) -> People {
        NATIONS[weighted(dice, &NATIONS.map(|(_, share)| share))].0
    }

    /// Is this a foreigner, who carries a passport?
    #[must_use]
    pub fn is_foreign(self) -> bool {
        self.naming == Naming::Foreign
    }
}

/// The tables of names, read once.
#[derive(Debug)]
pub struct Names {
    family: Urn<&'static str>,
    hui: Urn<&'static str>,
    korean: Urn<&'static str>,
    /// By decade from the forties, then male and female.
    given: Vec<[Given; 2]>,
    tail: Vec<char>,
    rare: Vec<char>,
}

#[derive(Debug, Clone, Default)]
struct Given {
    one: Urn<&'static str>,
    two: Urn<&'static str>,
    first: Urn<&'static str>,
    second: Urn<&'static str>,
}

/// Decades of the table of given names, as it writes them.
const DECADES: [&str; 8] = ["40", "50", "60", "70", "80", "90", "00", "10"];
/// Share of given names of one character in each of these decades, in per cent.
const ONE_CHARACTER: [i32; 8] = [14, 24, 31, 37, 40, 30, 15, 8];

impl Names {
    /// Reads the tables.
    #[must_use]
    pub fn new() -> Names {
        let given = DECADES.map(|decade| ["M", "F"].map(|sex| Given::read(decade, sex)));
        let tail = line(GIVEN, "any any tail").flat_map(str::chars).collect();
        Names {
            family: family_names(),
            hui: Urn::by_rank("马 杨 刘 李 王 张 穆 哈 沙 丁 白 金 安 回 韩 刘 于 海 米 撒 黑 周".split(' '), 0.6),
            korean: Urn::by_rank("金 朴 李 崔 郑 姜 赵 尹 张 林 全 许 韩 申 吴 安 洪 黄".split(' '), 0.6),
            given: given.to_vec(),
            tail,
            rare: rare_characters().map(|(character, _)| character).collect(),
        }
    }

    /// A family name; compound ones are among them.
    pub fn draw_family(&self, dice: &mut Dice, people: People) -> &'static str {
        match people.naming {
            Naming::Hui if happens(dice, 0.75) => self.hui.draw(dice),
            Naming::Korean => self.korean.draw(dice),
            _ => self.family.draw(dice),
        }
    }

    /// The name of somebody born on this day into a family with this name.
    pub fn draw(&self, dice: &mut Dice, people: People, family: &str, birth: i32, male: bool) -> Name {
        let transliterated = |text| Name { text, form: Form::Transliterated };
        match people.naming {
            Naming::Uyghur => {
                let own = word(dice, "uyghur", male, "own");
                transliterated(format!("{own}·{}", word(dice, "uyghur", true, "father")))
            }
            Naming::Tibetan => {
                let first = pick_of(dice, line(PEOPLES, "tibetan any first"));
                transliterated(format!("{first}{}", word(dice, "tibetan", male, "second")))
            }
            Naming::Mongol if happens(dice, 0.45) => transliterated(word(dice, "mongol", male, "own").to_owned()),
            Naming::Foreign => {
                let first = word(dice, "foreign", male, "first");
                let last = pick_of(dice, line(PEOPLES, "foreign any last"));
                Name { text: format!("{first} {last}"), form: Form::Latin }
            }
            _ => {
                let given = self.draw_given(dice, birth, male);
                Name { text: format!("{family}{given}"), form: Form::Han(family.chars().count() as u8) }
            }
        }
    }

    fn draw_given(&self, dice: &mut Dice, birth: i32, male: bool) -> String {
        let decade = ((civil(birth).0 - 1940).max(0) / 10).clamp(0, 7) as usize;
        // Fashions overlap: some parents name as those of the decade before did.
        let decade = if happens(dice, 0.15) { decade.saturating_sub(1) } else { decade };
        let given = &self.given[decade][usize::from(!male)];
        let rare = if decade >= 4 { 0.035 } else { 0.008 };
        if between(dice, 1, 100) <= ONE_CHARACTER[decade] {
            return match weighted(dice, &[0.70 - rare, 0.30, rare]) {
                0 => (*given.one.draw(dice)).to_owned(),
                1 => pick(dice, &self.tail).to_string(),
                _ => pick(dice, &self.rare).to_string(),
            };
        }
        match weighted(dice, &[0.14, 0.55, 0.12, 0.13, 0.03, rare]) {
            0 => (*given.two.draw(dice)).to_owned(),
            1 => format!("{}{}", given.first.draw(dice), given.second.draw(dice)),
            2 => format!("{}{}", given.first.draw(dice), pick(dice, &self.tail)),
            3 => format!("{}{}", pick(dice, &self.tail), given.second.draw(dice)),
            4 => format!("{}{}", pick(dice, &self.tail), pick(dice, &self.tail)),
            _ => format!("{}{}", given.first.draw(dice), pick(dice, &self.rare)),
        }
    }

    /// A character that may stand in any given name.
    pub fn any_character(&self, dice: &mut Dice) -> char {
        *pick(dice, &self.tail)
    }
}

impl Default for Names {
    fn default() -> Names {
        Names::new()
    }
}

impl Given {
    fn read(decade: &str, sex: &str) -> Given {
        let urn = |kind: &str, head| Urn::by_rank(line(GIVEN, &format!("{decade} {sex} {kind}")), head);
        Given { one: urn("one", 8.0), two: urn("two", 4.0), first: urn("a", 3.0), second: urn("b", 3.0) }
    }
}

/// Characters that many keyboards and code tables lack, with their sound.
pub fn rare_characters() -> impl Iterator<Item = (char, &'static str)> {
    RARE.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).filter_map(|entry| {
        let character = entry.chars().next()?;
        Some((character, &entry[character.len_utf8()..]))
    })
}

/// The words of the line of a table that begins with this heading.
pub fn line(table: &'static str, heading: &str) -> impl Iterator<Item = &'static str> + use<> {
    let heading = format!("{heading}:");
    table.lines().find_map(|line| line.strip_prefix(heading.as_str())).unwrap_or_default().split_whitespace()
}

fn family_names() -> Urn<&'static str> {
    let entries: Vec<(&str, f64)> = FAMILY
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter_map(|entry| {
            let digits = entry.find(|character: char| character.is_ascii_digit())?;
            Some((&entry[..digits], entry[digits..].parse().ok()?))
        })
        .collect();
    let head: f64 = entries.iter().take(HEAD_LENGTH).map(|(_, weight)| weight).sum();
    let tail: f64 = entries.iter().skip(HEAD_LENGTH).map(|(_, weight)| weight).sum();
    let weight = |(rank, (name, weight)): (usize, (&'static str, f64))| {
        let scale = if rank < HEAD_LENGTH { HEAD_SHARE / head } else { (1.0 - HEAD_SHARE) / tail };
        (name, weight * scale)
    };
    Urn::new(entries.into_iter().enumerate().map(weight))
}

fn word(dice: &mut Dice, people: &str, male: bool, kind: &str) -> &'static str {
    let sex = if male { "M" } else { "F" };
    pick_of(dice, line(PEOPLES, &format!("{people} {sex} {kind}")))
}

fn pick_of(dice: &mut Dice, words: impl Iterator<Item = &'static str>) -> &'static str {
    let words: Vec<&str> = words.collect();
    words.get(position(dice, words.len())).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Names, People};
    use crate::synthetic::chance::{between, dice, happens};

    #[test]
    fn names_repeat_as_often_as_in_a_real_city() {
        let (names, mut dice) = (Names::new(), dice(5, 0));
        let (mut full, mut family) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
        let people = super::NATIONS[0].0;
        for _ in 0..200_000 {
            let male = happens(&mut dice, 0.5);
            let surname = names.draw_family(&mut dice, people);
            let birth = between(&mut dice, -9_000, 18_000);
            *full.entry(names.draw(&mut dice, people, surname, birth, male).text).or_default() += 1;
            *family.entry(surname.to_owned()).or_default() += 1;
        }
        let zhang_wei = f64::from(full["张伟"]) / 200_000.0;
        assert!((0.000_08..0.000_6).contains(&zhang_wei), "张伟 {zhang_wei}");
        let wang = f64::from(family["王"]) / 200_000.0;
        assert!((0.055..0.085).contains(&wang), "王 {wang}");
        let shared: u32 = full.values().filter(|&&count| count > 1).sum();
        let share = f64::from(shared) / 200_000.0;
        assert!((0.35..0.75).contains(&share), "share of people with a namesake {share}");
        assert!(family.len() > 350);
    }

    #[test]
    fn every_nationality_has_names() {
        let (names, mut dice) = (Names::new(), dice(6, 0));
        for (people, _) in super::NATIONS {
            for _ in 0..50 {
                let family = names.draw_family(&mut dice, people);
                let name = names.draw(&mut dice, people, family, 3_000, true);
                assert!(name.text.chars().count() >= 2, "{}", people.code);
            }
        }
        assert_eq!(People::draw(&mut dice).code.len(), 2);
    }
}
