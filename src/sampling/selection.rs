//! Which units were drawn, and can that be changed afterwards?
//!
//! Takes a run, a design and a seed; allocates (Neyman's allocation above a floor: in proportion to size and to the
//! doubt that the model itself has), draws, writes the selection's digest into the run's log, and only then the
//! selection and the sheet.

use std::path::{Path, PathBuf};

use rand::seq::{SliceRandom, index};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::design::{self, Design};
use super::frame::{self, Group, Stratum, Unit};
use super::sheet;
use crate::audit::checkpoint;
use crate::audit::located;
use crate::audit::log::Entry;
use crate::audit::manifest::{self, MANIFEST};
use crate::audit::publication::{self, Publication};
use crate::audit::verify::{self, Asked};
use crate::audit::vouched;
use crate::digest;
use crate::error::{Error, Kind, Result};
use crate::memory::plan::Allowance;
use crate::outcome::estimate::stratified;
use crate::progress::Progress;
use crate::whole_file;

/// Name of the selection.
pub const SELECTION: &str = publication::SAMPLE_FILES[0];
/// Name of the sheet to fill in.
pub const SHEET: &str = publication::SAMPLE_FILES[1];

/// What was drawn, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Digest of the run's manifest.
    pub manifest_digest: String,
    /// Digest of the design file.
    pub design_digest: String,
    /// The seed.
    pub seed: u64,
    /// The strata.
    pub strata: Vec<DrawnStratum>,
    /// Candidate pairs that could become neither links nor possible links: without a stratum of their own they were not
    /// drawn from.
    pub let_go: u64,
    /// The items in the order of the sheet, with their strata.
    pub items: Vec<Item>,
}

/// A stratum as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnStratum {
    /// `link`, `non_link`, `discrepancy` or `let_go`.
    pub group: String,
    /// A band of probability, or a kind of discrepancy, an area, and whether it is on a list.
    pub name: String,
    /// Units in it.
    pub size: u64,
    /// Units drawn.
    pub drawn: u64,
    /// How many the model expects to be matches, or real.
    pub expected: f64,
}

/// An item of the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name on the sheet.
    pub item: String,
    /// Position in [`Selection::strata`].
    pub stratum: usize,
    /// The question: `same_person`, or a kind of discrepancy.
    pub what: String,
    /// The discrepancy.
    pub discrepancy: Option<String>,
    /// `source:record` of the records.
    pub records: Vec<String>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Folder of the run.
    pub run: &'a Path,
    /// The design file.
    pub design: &'a Path,
    /// The seed.
    pub seed: u64,
    /// New folder for selection and sheet.
    pub out: &'a Path,
    /// Who draws.
    pub actor: &'a str,
    /// The key that signs the log, if it is signed.
    pub sign_key: Option<&'a Path>,
    /// Memory that may be held where the study is linked again.
    pub memory: Allowance,
}

/// Draws a sample of a run that verifies, and seals it.
///
/// # Errors
/// A verification error if the run was altered, a usage error if there is such a sample already, a study error in the
/// design, an environment error if log or files cannot be written.
pub fn select(asked: &Request<'_>, progress: &dyn Progress) -> Result<Selection> {
    let design = design::read(asked.design)?;
    publication::refuse_inside(asked.run, asked.out)?;
    if asked.out.join(SELECTION).exists() {
        let error = Error::new(Kind::Usage, "there is a sample in this folder already").at_file(asked.out);
        return Err(error.hint("name another folder with --out: a sample that was drawn is not drawn again"));
    }
    if let Some(key) = asked.sign_key {
        checkpoint::check_key(key)?;
    }
    // No run replaces the results meanwhile.
    let held = Publication::begin(asked.run)?;
    verify::verify(asked.run, &Asked { outputs_only: true, ..Asked::default() })?;
    vouched::check(asked.run, asked.sign_key, "the sample")?;
    let manifest = located::read(asked.run)?;
    let draw = |strata: &mut [Stratum]| draw(strata, &design, asked.seed);
    let frame = frame::survey(asked.run, &manifest, &design, &draw, asked.memory, progress)?;
    let selection = Selection {
        manifest_digest: manifest::digest_of(&asked.run.join(MANIFEST))?,
        design_digest: manifest::digest_of(asked.design)?,
        seed: asked.seed,
        strata: frame.strata.iter().map(written).collect(),
        let_go: frame.let_go,
        items: items(frame.units, asked.seed),
    };
    let text = selection.text()?;
    let mut log = vouched::open(&held, asked.actor, asked.sign_key, "the sample")?;
    log.add("sample", selection.sealed(&text))?;
    log.sign(asked.sign_key)?;
    // What the run decided of each item is not for reviewers, who may have accounts here.
    publication::private(true).create(asked.out).map_err(|error| Error::io(asked.out, &error))?;
    whole_file::replace_for_owner(&asked.out.join(SELECTION), &text)?;
    whole_file::replace_for_owner(&asked.out.join(SHEET), sheet::blank(&selection))?;
    Ok(selection)
}

/// Reads a selection, and holds it against the entries of its run's log that count.
///
/// # Errors
/// A verification error if it is not what was sealed.
pub fn read(folder: &Path, log: &[Entry]) -> Result<Selection> {
    let path: PathBuf = folder.join(SELECTION);
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, &error))?;
    let wrong =
        || Error::new(Kind::Verification, "this is not a selection that the log of the run holds").at_file(&path);
    let selection: Selection = serde_json::from_str(&text).map_err(|_| wrong())?;
    let sealed = selection.sealed(&text);
    if !log.iter().any(|entry| entry.action == "sample" && entry.object == sealed) {
        return Err(wrong());
    }
    Ok(selection)
}

impl Selection {
    fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map(|text| text + "\n");
        text.map_err(|_| Error::new(Kind::Environment, "the selection cannot be written as JSON"))
    }

    /// What the log holds of it.
    fn sealed(&self, text: &str) -> serde_json::Value {
        let digest = digest::of(text);
        json!({
            "selection_digest": digest,
            "design_digest": self.design_digest,
            "manifest_digest": self.manifest_digest,
            "seed": self.seed,
            "items": self.items.len(),
        })
    }
}

fn written(stratum: &Stratum) -> DrawnStratum {
    DrawnStratum {
        group: stratum.group.name().to_owned(),
        name: stratum.name.clone(),
        size: stratum.size,
        drawn: stratum.drawn.len() as u64,
        expected: stratum.expected,
    }
}

/// Mixed, so that the order says nothing of the stratum, and numbered.
fn items(mut units: Vec<Unit>, seed: u64) -> Vec<Item> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::MAX);
    units.shuffle(&mut random);
    let item = |(unit, number): (Unit, usize)| {
        let mut records = unit.records;
        if unit.discrepancy.is_none() && random.random::<bool>() {
            records.reverse();
        }
        Item {
            item: format!("{number:05}"),
            stratum: unit.stratum,
            what: unit.what,
            discrepancy: unit.discrepancy,
            records,
        }
    };
    units.into_iter().zip(1..).map(item).collect()
}

/// Allocates and draws, each group by itself, each stratum with a random stream of its own.
fn draw(strata: &mut [Stratum], design: &Design, seed: u64) {
    let asked = [
        (Group::Link, design.links.as_ref().map(|asked| (asked.sample, asked.floor))),
        (Group::NonLink, design.non_links.as_ref().map(|asked| (asked.sample, asked.floor))),
        (Group::Discrepancy, design.discrepancies.as_ref().map(|asked| (asked.sample, asked.floor))),
        (Group::LetGo, design.let_go.as_ref().map(|asked| (asked.sample, asked.floor))),
    ];
    for (group, asked) in asked {
        let Some((sample, floor)) = asked else { continue };
        let of_group: Vec<usize> = (0..strata.len()).filter(|at| strata[*at].group == group).collect();
        let known: Vec<(u64, f64)> = of_group.iter().map(|at| (strata[*at].size, strata[*at].expected)).collect();
        for (at, drawn) in of_group.into_iter().zip(stratified::allocate(&known, sample, floor)) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(at as u64);
            let (size, drawn) = (strata[at].size as usize, drawn as usize);
            let mut chosen: Vec<u64> = index::sample(&mut random, size, drawn).iter().map(|at| at as u64).collect();
            chosen.sort_unstable();
            strata[at].drawn = chosen;
        }
    }
}
