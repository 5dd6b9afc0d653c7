//! Which province, city, county or district stands at the front?
//!
//! Takes a place text, gives it without them. Their names are a closed standard, GB/T 2260, so they are known, not
//! guessed: 河西区 is a district and 红旗 in 红旗新村 is none. What the standard does not know (development zones,
//! districts of old) the [`super::EstateDirectory`] learns from the addresses.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::numbers::is_separator;

static DIVISIONS: &str = include_str!("regions.txt");

/// Longest name, in characters.
const NAME_MAX: usize = 16;

struct Regions {
    /// Whole names, as written and as folded.
    names: FxHashSet<String>,
    /// Provinces and prefectures without their ending: 天津红桥区.
    stems: FxHashSet<&'static str>,
}

static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    let mut regions = Regions { names: FxHashSet::default(), stems: FxHashSet::default() };
    let mut section = "";
    for line in DIVISIONS.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
            continue;
        }
        let Some((ending, stems)) = line.split_once(' ') else { continue };
        for stem in stems.split(' ') {
            let name = format!("{stem}{ending}");
            regions.names.insert(name.chars().map(crate::person::han::fold).collect());
            regions.names.insert(name);
            if section != "counties" {
                regions.stems.insert(stem);
            }
        }
    }
    regions
});

/// A place text without province, city, county and district at its front.
#[must_use]
pub fn without_region(text: &str) -> &str {
    let mut rest = text;
    while let Some(end) = region_end(rest) {
        rest = rest[end..].trim_start_matches(is_separator);
    }
    rest
}

/// Where the region at the front ends, if there is one.
fn region_end(text: &str) -> Option<usize> {
    name_end(text).or_else(|| {
        let is_stem = |end: &usize| REGIONS.stems.contains(&text[..*end]);
        let followed = |end: &usize| region_end(&text[*end..]).is_some();
        text.char_indices().map(|(at, _)| at).take(NAME_MAX).filter(is_stem).find(followed)
    })
}

/// Where the whole name of a region at the front ends: the longest, with a place behind it.
fn name_end(text: &str) -> Option<usize> {
    let may_end = |(at, character): (usize, char)| {
        matches!(character, '省' | '市' | '区' | '县' | '旗' | '盟' | '州').then_some(at + character.len_utf8())
    };
    let ends: Vec<usize> = text.char_indices().take(NAME_MAX).filter_map(may_end).collect();
    // 西区, 新县: of two characters they may as well begin another name (西区花园, 新县城花园).
    let is_long = |end: &usize| text[..*end].chars().nth(2).is_some();
    // 沛县路 is a road, 海城市场 a market, 河西区委 an office.
    let is_whole = |end: &usize| !text[*end..].starts_with(['路', '道', '街', '巷', '里', '场', '委']);
    let is_region =
        |end: &usize| *end < text.len() && is_long(end) && is_whole(end) && REGIONS.names.contains(&text[..*end]);
    ends.into_iter().rev().find(is_region)
}

#[cfg(test)]
mod tests {
    use super::without_region;

    #[test]
    fn only_the_region_comes_off_the_front() {
        for (text, expected) in [
            ("天津市红桥区芥园街道风采里", "芥园街道风采里"),
            ("天津市市辖区河西区风采里", "风采里"),
            ("天津河东区风采里", "风采里"),
            ("河北省石家庄市桥西区风采里", "风采里"),
            ("河北石家庄长安区风采里", "风采里"),
            ("天津市,和平区,风采里", "风采里"),
            ("红桥区风采里", "风采里"),
            ("上海市浦东新区风采里", "风采里"),
            ("重庆市渝北区风采里", "风采里"),
            ("西宁市城中区风采里", "风采里"),
            ("内蒙古自治区兴安盟科尔沁右翼前旗风采里", "风采里"),
            ("新疆维吾尔自治区巴音郭楞蒙古自治州库尔勒市风采里", "风采里"),
            ("山西省忻州市忻府区风采里", "风采里"),
            ("山西省欣州市欣府区风采里", "风采里"),
            ("天津市红桥区西区花园", "西区花园"),
            ("新县城花园", "新县城花园"),
            ("别墅区风采里", "别墅区风采里"),
            ("学府花园A区风采里", "学府花园A区风采里"),
            ("红旗新村", "红旗新村"),
            ("联盟新村", "联盟新村"),
            ("万科城市花园", "万科城市花园"),
            ("花市大街", "花市大街"),
            ("景德镇路", "景德镇路"),
            ("沛县路", "沛县路"),
            ("海城市场", "海城市场"),
            ("天津路", "天津路"),
            ("幸福小区", "幸福小区"),
            ("天津市", "天津市"),
        ] {
            assert_eq!(without_region(text), expected, "{text}");
        }
    }
}
