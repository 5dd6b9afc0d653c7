//! How many are to be looked at, in which strata?
//!
//! Takes a design file (TOML), gives a [`Design`], or what is wrong with its lines, in words that repeat nothing that
//! was typed.

use std::path::Path;

use crate::error::{Error, Result};
use crate::intake::study::file::section::{Complaints, Item, Section, one_of};
use crate::intake::study::file::syntax;
use crate::outcome::discrepancy::DiscrepancyKind;

/// What is to be sampled; a group that is not named is not sampled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Design {
    /// Pairs of records that the run holds to be one person.
    pub links: Option<Pairs>,
    /// Candidate pairs that it holds to be two.
    pub non_links: Option<Pairs>,
    /// Candidate pairs that it let go after an early look at a few fields. With bands all of them are compared in full.
    pub let_go: Option<Pairs>,
    /// Discrepancies.
    pub discrepancies: Option<Discrepancies>,
}

/// A sample of pairs, stratified by match probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// How many.
    pub sample: u64,
    /// Bounds between the strata, highest first.
    pub bands: Vec<f64>,
    /// At least so many of every stratum that has them.
    pub floor: u64,
}

/// A sample of discrepancies, stratified by kind and area.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancies {
    /// How many.
    pub sample: u64,
    /// Which kinds; all if none is named.
    pub kinds: Vec<String>,
    /// Stratified by which areas, too.
    pub by: By,
    /// At least so many of every stratum that has them.
    pub floor: u64,
}

/// Areas of strata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// All areas together.
    #[default]
    Kind,
    /// Counties.
    District,
    /// Streets and townships.
    Township,
    /// Communities and villages.
    Community,
}

impl By {
    const ALL: [By; 4] = [By::Kind, By::District, By::Township, By::Community];

    /// Its name in a design.
    fn name(self) -> &'static str {
        match self {
            By::Kind => "kind",
            By::District => "district",
            By::Township => "township",
            By::Community => "community",
        }
    }

    /// The part of an area code that names the stratum.
    #[must_use]
    pub fn area(self, code: &str) -> &str {
        let digits = match self {
            By::Kind => 0,
            By::District => 6,
            By::Township => 9,
            By::Community => 12,
        };
        code.get(..digits).unwrap_or(code)
    }
}

/// At least so many of every stratum, where nothing is said.
const USUAL_FLOOR: u64 = 20;

/// Groups of a design.
const GROUPS: [&str; 4] = ["links", "non_links", "let_go", "discrepancies"];

/// Reads a design file.
///
/// # Errors
/// An input error if it cannot be read, a study error that names what is wrong with its lines.
pub fn read(path: &Path) -> Result<Design> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => Error::study("expected UTF-8 text").at_file(path),
        _ => Error::io(path, &error),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut complaints = Complaints::about(text);
    let design =
        syntax::table_of(text, &GROUPS, &mut complaints).map(|table| whole(&Section::whole(&table), &mut complaints));
    if let Some(error) = complaints.into_error(path) {
        return Err(error.also(String::from("docs/sample.md has an example of a design file")));
    }
    design
        .filter(|design| *design != Design::default())
        .ok_or_else(|| Error::study("a design needs [links], [non_links], [let_go] or [discrepancies]").at_file(path))
}

fn whole(top: &Section<'_>, complaints: &mut Complaints) -> Design {
    top.know_alone(&GROUPS, complaints);
    Design {
        links: pairs(top, "links", complaints),
        non_links: pairs(top, "non_links", complaints),
        let_go: pairs(top, "let_go", complaints),
        discrepancies: discrepancies(top, complaints),
    }
}

fn pairs(top: &Section<'_>, name: &str, complaints: &mut Complaints) -> Option<Pairs> {
    let group = top.section(name, complaints)?;
    group.know_alone(&["sample", "bands", "floor"], complaints);
    let (sample, floor) = sizes(&group, complaints);
    let mut bands = Vec::new();
    if let Some(item) = group.item("bands") {
        bands.extend(item.members().iter().filter_map(|member| member.number(complaints)));
        let inside = bands.iter().all(|band| *band > 0.0 && *band < 1.0);
        if !inside || !bands.windows(2).all(|two| two[0] > two[1]) {
            let what = "bands are probabilities between 0 and 1, the highest first";
            complaints.add(&item.at, &item.key, what, None);
        }
    }
    Some(Pairs { sample, bands, floor })
}

fn discrepancies(top: &Section<'_>, complaints: &mut Complaints) -> Option<Discrepancies> {
    let group = top.section("discrepancies", complaints)?;
    group.know_alone(&["sample", "kinds", "by", "floor"], complaints);
    let (sample, floor) = sizes(&group, complaints);
    let known = DiscrepancyKind::ALL.map(DiscrepancyKind::name);
    let mut kinds = Vec::new();
    for member in group.item("kinds").iter().flat_map(Item::members) {
        let Some(kind) = member.text(complaints) else { continue };
        if !known.contains(&kind.as_str()) {
            let hint = one_of(&kind, &known);
            complaints.add(&member.at, &member.key, "there is no such kind of discrepancy", hint);
        }
        kinds.push(kind);
    }
    let mut by = By::default();
    if let Some(item) = group.item("by")
        && let Some(name) = item.text(complaints)
    {
        match By::ALL.into_iter().find(|by| by.name() == name) {
            Some(named) => by = named,
            None => {
                let hint = one_of(&name, &By::ALL.map(By::name));
                complaints.add(&item.at, &item.key, "there are no such strata", hint);
            }
        }
    }
    Some(Discrepancies { sample, kinds, by, floor })
}

/// How many, and at least how many of a stratum.
fn sizes(group: &Section<'_>, complaints: &mut Complaints) -> (u64, u64) {
    if group.item("sample").is_none() {
        group.missing("sample", "how many are looked at", complaints);
    }
    let sample = group.count("sample", 0, complaints).unwrap_or(0);
    (sample, group.count("floor", 0, complaints).unwrap_or(USUAL_FLOOR))
}

#[cfg(test)]
mod tests {
    use super::{By, read};

    fn designed(text: &str) -> Result<super::Design, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("design.toml");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_design_is_read_and_its_mistakes_are_named() {
        let design = designed(
            "[links]\nsample = 100\nbands = [0.99, 0.9]\n[discrepancies]\nsample = 50\nkinds = [\"missed_person\"]\n\
             by = \"township\"\nfloor = 5\n",
        )
        .unwrap();
        assert_eq!(design.links.unwrap().floor, 20);
        let discrepancies = design.discrepancies.unwrap();
        assert_eq!((discrepancies.by, discrepancies.floor), (By::Township, 5));
        assert_eq!(By::Township.area("120106001002"), "120106001");
        for (text, part) in [
            ("", "needs [links]"),
            (
                "[links]\nsample = 10\nband = [0.9]\n",
                "design.toml:3: links.band: there is no such key\n  hint: did you mean `bands`?",
            ),
            ("[links]\nsample = \"王芳 999999198503189831\"\n", "design.toml:2: links.sample: expected a whole number"),
            ("[links]\nsample = 王芳\n", "design.toml:2: syntax"),
            ("[links]\nfloor = 5\n", "links.sample: is missing"),
            ("[link]\nsample = 10\n", "did you mean `links`?"),
            ("[discrepancies]\nsample = 10\nby = \"town\"\n", "township"),
            ("[links]\nsample = 10\nbands = [0.9, 0.99]\n", "highest first"),
            ("[links]\nsample = 10\nbands = [1.5]\n", "highest first"),
            ("[discrepancies]\nsample = 10\nkinds = [\"missing\"]\n", "missed_person"),
        ] {
            let error = designed(text).unwrap_err();
            assert!(error.contains(part) && !error.contains("王芳"), "{error}");
        }
    }
}
