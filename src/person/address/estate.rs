//! Which estate does a place text mean?
//!
//! 丁字沽一号路风采里, 高新区风采里 and 大毕庄镇风采里 are 风采里 if others write 风采里 alone; 万科城市花园 is not
//! 花园, 红旗新村 not 新村, and 西青道第三 not 第三, for nobody calls them so. No list tells road and town from estate:
//! the [`EstateDirectory`] takes all place texts and learns which names stand alone. 学院宿舍 is 学院 where somebody lives at
//! 学院.

use rustc_hash::{FxHashMap, FxHashSet};

use super::place::{institution, is_group, is_institution};
use super::region::without_region;

pub(in crate::person) const ROAD_ENDINGS: &[char] = &['路', '道', '街', '巷', '线'];

/// A name is one of its own if it stands alone at least so often, for each time that it ends a longer name (机械厂宿舍)
/// …
const ALONE_PER_LONGER_NAME: f64 = 0.1;
/// … and for each time that it stands behind a road or a town.
const ALONE_PER_ROAD: f64 = 0.01;

/// A place text without region, street office and community at its front and without 小区 at its end.
fn tidied(text: &str) -> &str {
    let mut rest = without_region(text);
    for offices in [&["街道办事处", "街道"][..], &["社区居委会", "居委会", "村委会", "社区"]] {
        for office in offices {
            let is_office = |at: &usize| {
                let behind = &rest[at + office.len()..];
                *at > 0 && !behind.is_empty() && !is_group(behind)
            };
            if let Some(at) = rest.find(office).filter(is_office) {
                rest = &rest[at + office.len()..];
                break;
            }
        }
    }
    for ending in ["小区", "社区"] {
        if let Some(estate) = rest.strip_suffix(ending).filter(|estate| !estate.is_empty()) {
            rest = estate;
        }
    }
    rest
}

/// A place within a text where something else may end and an estate begin.
struct Cut<'t> {
    /// The last characters of the road that ends here; none of a town or a district.
    road: Option<&'t str>,
    /// What stands behind.
    rest: &'t str,
}

/// The cuts of a text, in reading order. The number of a house belongs to its road: 芥园道12号风采里.
fn cuts(text: &str) -> impl DoubleEndedIterator<Item = Cut<'_>> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let cut = move |(nth, (at, character)): (usize, (usize, char))| {
        let end = at + character.len_utf8();
        let is_road = match character {
            '路' | '道' | '街' | '巷' => true,
            '同' => text[..at].ends_with('胡'),
            '区' | '县' | '镇' | '乡' | '村' => false,
            _ => return None,
        };
        let road = is_road.then(|| &text[starts[nth.saturating_sub(2)]..end]);
        let rest = if is_road { behind_number(&text[end..]) } else { &text[end..] };
        let is_name =
            rest.chars().nth(1).is_some() && !is_group(rest) && !rest.starts_with(|c: char| c.is_ascii_digit());
        (nth > 0 && is_name && !rest.starts_with(ROAD_ENDINGS)).then_some(Cut { road, rest })
    };
    text.char_indices().enumerate().collect::<Vec<_>>().into_iter().filter_map(cut)
}

/// What stands behind the number of a house, if there is one.
fn behind_number(text: &str) -> &str {
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if behind.len() == text.len() {
        return text;
    }
    ["号院", "号", "弄"].into_iter().find_map(|ending| behind.strip_prefix(ending)).unwrap_or(text)
}

/// How often a name stands where.
#[derive(Debug, Default, Clone, Copy)]
struct Standing<'t> {
    alone: u32,
    /// At the end of a longer name.
    in_names: u32,
    /// Behind roads, towns and districts.
    behind: u32,
    /// The road before it.
    road: Option<&'t str>,
    /// There are several, or what stands before it is none.
    is_several: bool,
}

impl Standing<'_> {
    /// Is it a place by itself, and not the last word of several?
    fn is_known(&self) -> bool {
        self.alone > 0
            && f64::from(self.alone) >= ALONE_PER_LONGER_NAME * f64::from(self.in_names)
            && f64::from(self.alone) >= ALONE_PER_ROAD * f64::from(self.behind)
    }

    /// Nobody writes it alone, and all who write it name the same road: one estate, however they write the road.
    fn is_of_one_road(&self) -> bool {
        self.alone == 0 && self.road.is_some() && !self.is_several && self.in_names == 0
    }
}

/// The names that stand alone, learned from all addresses.
#[derive(Debug, Default)]
pub struct EstateDirectory<'t> {
    names: FxHashMap<&'t str, Standing<'t>>,
    /// Institutions at which somebody lives, by their whole texts.
    institutions: FxHashSet<&'t str>,
}

impl<'t> EstateDirectory<'t> {
    /// Learns from the place texts of all sources, with how often each occurs.
    #[must_use]
    pub fn learn(places: impl Iterator<Item = (&'t str, u32)>) -> EstateDirectory<'t> {
        let mut texts: FxHashMap<&str, u32> = FxHashMap::default();
        for (text, count) in places {
            *texts.entry(tidied(text)).or_default() += count;
        }
        let mut names: FxHashMap<&str, Standing> = FxHashMap::default();
        for (text, count) in &texts {
            for Cut { road, rest } in cuts(text) {
                let standing = names.entry(rest).or_default();
                standing.behind += count;
                standing.is_several |= road.is_none() || standing.road.is_some_and(|known| Some(known) != road);
                standing.road = standing.road.or(road);
            }
        }
        for (text, count) in &texts {
            for (at, _) in text.char_indices() {
                if let Some(standing) = names.get_mut(&text[at..]) {
                    let seen = if at == 0 { &mut standing.alone } else { &mut standing.in_names };
                    *seen += count;
                }
            }
        }
        // Those behind a road or a town were counted among the longer names.
        names.values_mut().for_each(|standing| standing.in_names -= standing.behind);
        let institutions = texts.into_keys().filter(|text| is_institution(text)).collect();
        EstateDirectory { names, institutions }
    }

    /// The estate that a place text means: the shortest name in it that is known to be one; else what stands behind its
    /// road, if that is no end of other names. The quarters of an institution are that institution, if it is known.
    #[must_use]
    pub fn resolve<'p>(&self, text: &'p str) -> &'p str {
        let estate = self.resolve_whole(tidied(text));
        match institution(estate).filter(|institution| self.institutions.contains(institution)) {
            Some(institution) => self.resolve_whole(institution),
            None => estate,
        }
    }

    fn resolve_whole<'p>(&self, text: &'p str) -> &'p str {
        let standing = |cut: &Cut| self.names.get(cut.rest).copied().unwrap_or_default();
        let known = cuts(text).rev().find(|cut| standing(cut).is_known());
        let of_road = |cut: &Cut| standing(cut).is_of_one_road() && cut.rest.chars().nth(2).is_some();
        known.or_else(|| cuts(text).find(of_road)).map_or(text, |cut| cut.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::{EstateDirectory, tidied};

    /// The estates of these place texts, each of which so many write.
    fn estates<'t>(places: &[(&'t str, u32)]) -> Vec<&'t str> {
        let directory = EstateDirectory::learn(places.iter().copied());
        places.iter().map(|(text, _)| directory.resolve(text)).collect()
    }

    #[test]
    fn region_office_and_community_come_off_the_front() {
        for text in [
            "天津市红桥区芥园街道风采社区风采里",
            "红桥区芥园街道办事处风采社区居委会风采里",
            "河西区风采里小区",
            "风采里小区",
            "风采里",
        ] {
            assert_eq!(tidied(text), "风采里", "{text}");
        }
        assert_eq!(tidied("天津市红桥区芥园道风采里"), "芥园道风采里");
    }

    #[test]
    fn a_road_or_a_town_comes_off_an_estate_that_stands_alone() {
        for text in [
            "丁字沽一号路风采里",
            "天津市红桥区芥园道风采里",
            "芥园道12号风采里",
            "芥园道12号院风采里",
            "滨海高新区风采里",
            "西青区大毕庄镇风采里小区",
            "大毕庄镇芥园道风采里",
            "茶店胡同风采里",
        ] {
            assert_eq!(estates(&[("风采里", 1), (text, 9)])[1], "风采里", "{text}");
        }
        let texts = [("风采里", 20), ("西青道第三", 5), ("西青道南大街", 5), ("南大街", 9), ("望河路93号", 5)];
        assert_eq!(estates(&texts), ["风采里", "西青道第三", "南大街", "南大街", "望河路93号"]);
    }

    #[test]
    fn what_ends_the_names_of_several_is_no_estate() {
        let words = [("红旗新村", 90), ("铁路新村", 90), ("新村", 2)];
        assert_eq!(estates(&words), ["红旗新村", "铁路新村", "新村"]);
        let works = [("解放路宿舍", 400), ("人民路宿舍", 400), ("宿舍", 3)];
        assert_eq!(estates(&works), ["解放路宿舍", "人民路宿舍", "宿舍"]);
        for pair in [
            ["万科城市花园", "阳光城市花园"],
            ["江南水乡花园", "碧桂园水乡花园"],
            ["红旗里", "联盟里"],
            ["景德镇路", "开滦路"],
            ["花市大街", "米市大街"],
            ["解放路职工之家", "人民路职工之家"],
        ] {
            assert_eq!(estates(&[(pair[0], 5), (pair[1], 5)]), pair);
        }
    }

    #[test]
    fn a_group_of_several_villages_is_no_estate() {
        let groups = [("晨光村六组", 9), ("春晓村六组", 9), ("六组", 9), ("晨光社区六组", 9), ("春晓社区六组", 9)];
        assert_eq!(estates(&groups), groups.map(|(text, _)| text));
        assert_eq!(estates(&[("晨光村六组", 9), ("青龙镇晨光村六组", 9)]), ["晨光村六组"; 2]);
        assert_eq!(estates(&[("红旗路六段", 9), ("六段", 9), ("丁字沽街道六段社区六段", 9)]), ["六段"; 3]);
    }

    #[test]
    fn the_quarters_of_an_institution_are_that_institution() {
        let quarters = [("津门学院", 9), ("津门学院宿舍", 5), ("芥园道12号津门学院宿舍", 5), ("芥园道12号津门学院", 5)];
        assert_eq!(estates(&quarters), ["津门学院"; 4]);
        // Nobody lives at the works but in its quarters; a road and a village have other houses than their quarters.
        let others = [("机械厂宿舍", 9), ("解放路宿舍", 9), ("解放路", 9), ("晨光村宿舍", 9), ("晨光村", 9)];
        assert_eq!(estates(&others), others.map(|(text, _)| text));
    }

    #[test]
    fn a_road_is_the_same_however_it_is_written() {
        let texts = [("天津市红桥区子牙河南路12号不知名里", 3), ("子牙河南路不知名里", 3)];
        assert_eq!(estates(&texts), ["不知名里", "不知名里"]);
    }
}
