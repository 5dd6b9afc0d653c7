//! How many are to be looked at, in which strata?
//!
//! Takes a design file (TOML), gives a [`Design`], or the first mistake with its line.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::outcome::discrepancy::DiscrepancyKind;

/// What is to be sampled; a group that is not named is not sampled.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// How many.
    pub sample: u64,
    /// Bounds between the strata, highest first.
    #[serde(default)]
    pub bands: Vec<f64>,
    /// At least so many of every stratum that has them.
    #[serde(default = "usual_floor")]
    pub floor: u64,
}

/// A sample of discrepancies, stratified by kind and area.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discrepancies {
    /// How many.
    pub sample: u64,
    /// Which kinds; all if none is named.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Stratified by which areas, too.
    #[serde(default)]
    pub by: By,
    /// At least so many of every stratum that has them.
    #[serde(default = "usual_floor")]
    pub floor: u64,
}

/// Areas of strata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
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

fn usual_floor() -> u64 {
    20
}

/// Reads a design file.
///
/// # Errors
/// An input error if it cannot be read, a study error that names the line of the first mistake.
pub fn read(path: &Path) -> Result<Design> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, &error))?;
    let design: Design = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
        let what = error.message().lines().next().unwrap_or("this is no design").to_owned();
        Error::study(what).at_file(path).at_row(line as u64).hint("docs/sample.md has an example of a design file")
    })?;
    design.check().map_err(|error| error.at_file(path))?;
    Ok(design)
}

impl Design {
    fn check(&self) -> Result<()> {
        if *self == Design::default() {
            return Err(Error::study("a design needs [links], [non_links], [let_go] or [discrepancies]"));
        }
        for (name, pairs) in [("links", &self.links), ("non_links", &self.non_links), ("let_go", &self.let_go)] {
            let bands = pairs.as_ref().map_or(&[][..], |pairs| pairs.bands.as_slice());
            let inside = bands.iter().all(|band| *band > 0.0 && *band < 1.0);
            if !inside || !bands.windows(2).all(|two| two[0] > two[1]) {
                let what = "bands are probabilities between 0 and 1, the highest first";
                return Err(Error::new(Kind::Study, what).at_column(format!("{name}.bands")));
            }
        }
        let known: Vec<&str> = DiscrepancyKind::ALL.iter().map(|kind| kind.name()).collect();
        let kinds = self.discrepancies.as_ref().map_or(&[][..], |found| found.kinds.as_slice());
        if kinds.iter().any(|kind| !known.contains(&kind.as_str())) {
            let error = Error::study("there is no such kind of discrepancy").at_column("discrepancies.kinds");
            return Err(error.hint(format!("the kinds are {}", known.join(", "))));
        }
        Ok(())
    }
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
            ("[links]\nsample = 10\nband = [0.9]\n", "design.toml"),
            ("[links]\nsample = 10\nbands = [0.9, 0.99]\n", "highest first"),
            ("[links]\nsample = 10\nbands = [1.5]\n", "highest first"),
            ("[discrepancies]\nsample = 10\nkinds = [\"missing\"]\n", "missed_person"),
        ] {
            let error = designed(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
