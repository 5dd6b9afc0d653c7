//! Out of what is the sample drawn?
//!
//! Takes a run and a design, gives the strata with their sizes, and every unit with its stratum in a fixed order. Pairs
//! that are no links are in no output: study and inputs, held to be what the run had, are linked again. Those that the
//! run did not even keep are gone through by [`let_go`](super::let_go).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::design::{By, Design, Pairs};
use super::let_go::Relinked;
use crate::audit::manifest::Manifest;
use crate::error::{Kind, Result};
use crate::linkage::blocking;
use crate::linkage::comparison::Comparer;
use crate::memory::plan::Allowance;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::files;
use crate::outcome::report::cases::{shown_area, table as case_table};
use crate::progress::Progress;
use crate::provenance::{self, held};

/// What a unit is a sample of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Link,
    NonLink,
    Discrepancy,
    LetGo,
}

impl Group {
    pub(super) fn name(self) -> &'static str {
        match self {
            Group::Link => "link",
            Group::NonLink => "non_link",
            Group::Discrepancy => "discrepancy",
            Group::LetGo => "let_go",
        }
    }
}

/// Units that are alike in what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stratum {
    pub group: Group,
    /// A band of probability, or a kind of discrepancy, an area, and whether it is on a list.
    pub name: String,
    pub size: u64,
    /// Sum of the probabilities that the unit is what it would be if the run is right: a match, a real discrepancy.
    pub expected: f64,
    /// Ordinals, within the stratum, of the units drawn, ascending.
    pub drawn: Vec<u64>,
}

/// A unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub stratum: usize,
    /// The question.
    pub what: String,
    /// `source:record` of each record.
    pub records: Vec<String>,
    /// Id of the discrepancy.
    pub discrepancy: Option<String>,
}

/// Called with a stratum, the probability, and how to make the unit.
type Visit<'a> = dyn FnMut(Group, String, f64, &dyn Fn() -> Unit) + 'a;

/// What there is, and what was drawn of it.
pub(super) struct Frame {
    pub strata: Vec<Stratum>,
    /// In the order of the strata.
    pub units: Vec<Unit>,
    /// Candidate pairs that could become neither links nor possible links: the run counts them and lets them go.
    pub let_go: u64,
}

/// All strata of a design with their sizes; then, `draw` having chosen, the chosen units.
pub(super) fn survey(
    run: &Path,
    manifest: &Manifest,
    design: &Design,
    draw: &dyn Fn(&mut [Stratum]),
    memory: Allowance,
    progress: &dyn Progress,
) -> Result<Frame> {
    let units = Units::gather(run, manifest, design, memory, progress)?;
    let mut sizes: BTreeMap<(Group, String), (u64, f64)> = BTreeMap::new();
    units.visit(design, &mut |group, name, probability, _| {
        let (size, expected) = sizes.entry((group, name)).or_default();
        *size += 1;
        *expected += probability;
    });
    let asked = design.let_go.as_ref();
    let counted = units.relinked.as_ref().zip(asked).map(|(relinked, asked)| relinked.count(asked)).unwrap_or_default();
    for (asked, banded) in asked.into_iter().flat_map(|asked| counted.iter().map(move |banded| (asked, banded))) {
        for (at, (pairs, matches)) in banded.pairs.iter().zip(&banded.matches).enumerate().filter(|(_, of)| *of.0 > 0) {
            let (size, expected) = sizes.entry((Group::LetGo, band_name(asked, at))).or_default();
            *size += pairs;
            *expected += matches;
        }
    }
    let stratum = |((group, name), (size, expected))| Stratum { group, name, size, expected, drawn: Vec::new() };
    let mut strata: Vec<Stratum> = sizes.into_iter().map(stratum).collect();
    draw(&mut strata);
    let number: BTreeMap<(Group, String), usize> =
        strata.iter().enumerate().map(|(at, stratum)| ((stratum.group, stratum.name.clone()), at)).collect();
    let mut seen = vec![0u64; strata.len()];
    let mut drawn: Vec<Unit> = Vec::new();
    units.visit(design, &mut |group, name, _, unit| {
        let Some(&at) = number.get(&(group, name)) else { return };
        if strata[at].drawn.binary_search(&seen[at]).is_ok() {
            drawn.push(Unit { stratum: at, ..unit() });
        }
        seen[at] += 1;
    });
    if let Some((relinked, asked)) = units.relinked.as_ref().zip(asked) {
        for band in 0..=asked.bands.len() {
            let Some(&at) = number.get(&(Group::LetGo, band_name(asked, band))) else { continue };
            let pairs = relinked.pick(&counted, asked, band, &strata[at].drawn);
            drawn.extend(pairs.into_iter().map(|pair| Unit {
                stratum: at,
                what: SAME_PERSON.to_owned(),
                records: relinked.names(pair),
                discrepancy: None,
            }));
        }
    }
    drawn.sort_by_key(|unit| unit.stratum);
    Ok(Frame { strata, units: drawn, let_go: units.let_go })
}

/// The question about a pair.
const SAME_PERSON: &str = "same_person";

/// `source:record` of both records, and their match probability.
type NamedPair = (String, String, f64);

/// What is sampled from.
struct Units {
    links: Vec<files::LinkRow>,
    non_links: Vec<NamedPair>,
    discrepancies: Vec<files::DiscrepancyRow>,
    records: BTreeMap<u64, Vec<String>>,
    /// Ids of those that are on a list, if that is still known: a purge removes the cases.
    on_lists: Option<BTreeSet<String>>,
    /// Where pairs are asked for that are in no output.
    relinked: Option<Relinked>,
    let_go: u64,
}

impl Units {
    fn gather(
        run: &Path,
        manifest: &Manifest,
        design: &Design,
        memory: Allowance,
        progress: &dyn Progress,
    ) -> Result<Units> {
        let mut units = Units {
            links: vec![],
            non_links: vec![],
            discrepancies: vec![],
            records: BTreeMap::new(),
            on_lists: None,
            relinked: None,
            let_go: 0,
        };
        if design.links.is_some() {
            held::check_outputs(run, manifest, &[files::LINKS])?;
            units.links = files::read_links(run)?;
            units.links.retain(|link| link.decision == "link");
        }
        if design.non_links.is_some() || design.let_go.is_some() {
            let relinked = relink(run, manifest, memory, progress)?;
            let linked = &relinked.remade.linked;
            units.let_go = (linked.candidates + linked.unblocked).saturating_sub(linked.pairs.len() as u64);
            if design.non_links.is_some() {
                units.non_links = non_links(&relinked);
            }
            units.relinked = Some(relinked);
        }
        if let Some(asked) = &design.discrepancies {
            held::check_outputs(run, manifest, &[files::DISCREPANCIES, files::PERSONS])?;
            units.discrepancies = files::read_discrepancies(run)?;
            units.discrepancies.retain(|found| asked.kinds.is_empty() || asked.kinds.contains(&found.kind));
            if units.discrepancies.iter().any(|found| is_missed(&found.kind)) && run.join(case_table::CASES).exists() {
                held::check_outputs(run, manifest, &[case_table::CASES])?;
                let listed = case_table::read(run)?.rows.into_iter().filter(|row| row.listed);
                units.on_lists = Some(listed.map(|row| files::discrepancy_id(row.case.discrepancy)).collect());
            }
            let persons: BTreeSet<u64> = units.discrepancies.iter().map(|found| found.person).collect();
            for row in files::read_persons(run)?.into_iter().filter(|row| persons.contains(&row.person)) {
                units.records.entry(row.person).or_default().push(format!("{}:{}", row.source, row.record_id));
            }
        }
        Ok(units)
    }

    fn visit(&self, design: &Design, visit: &mut Visit<'_>) {
        let pair = |one: String, other: String| Unit {
            stratum: 0,
            what: SAME_PERSON.to_owned(),
            records: vec![one, other],
            discrepancy: None,
        };
        if let Some(asked) = &design.links {
            for link in &self.links {
                let name = |end: &(String, String)| format!("{}:{}", end.0, end.1);
                let unit = || pair(name(&link.one), name(&link.other));
                visit(Group::Link, band(asked, link.match_probability), link.match_probability, &unit);
            }
        }
        if let Some(asked) = &design.non_links {
            for (one, other, probability) in &self.non_links {
                let unit = || pair(one.clone(), other.clone());
                visit(Group::NonLink, band(asked, *probability), *probability, &unit);
            }
        }
        if let Some(asked) = &design.discrepancies {
            for found in &self.discrepancies {
                let name = stratum_name(found, asked.by, self.on_lists.as_ref());
                let unit = || Unit {
                    stratum: 0,
                    what: found.kind.clone(),
                    records: self.records.get(&found.person).cloned().unwrap_or_default(),
                    discrepancy: Some(found.discrepancy.clone()),
                };
                visit(Group::Discrepancy, name, found.probability, &unit);
            }
        }
    }
}

/// Does this kind stand for a person whom the roll perhaps missed?
pub(super) fn is_missed(kind: &str) -> bool {
    DiscrepancyKind::ALL.into_iter().any(|known| known.is_missed() && known.name() == kind)
}

/// Kind and area of a discrepancy; of the missed, too, whether somebody is sent: half of them and more are too unlikely
/// for a list, and what lists are worth can only be told from those on them.
fn stratum_name(found: &files::DiscrepancyRow, by: By, on_lists: Option<&BTreeSet<String>>) -> String {
    let (area, shown) = (by.area(&found.area), shown_area(&found.area));
    // What was taken for a code may be a name, and a part of a number says much of it.
    let area = if area.is_empty() || shown == found.area { area } else { &shown };
    let mut name = if area.is_empty() { found.kind.clone() } else { format!("{} {area}", found.kind) };
    if let Some(on_lists) = on_lists.filter(|_| is_missed(&found.kind)) {
        name += if on_lists.contains(&found.discrepancy) { ON_A_LIST } else { ON_NO_LIST };
    }
    name
}

/// What the name of a stratum ends with if its persons are on a list, or on none.
pub(super) const ON_A_LIST: &str = " on_a_list";
const ON_NO_LIST: &str = " on_no_list";

/// The band of a probability: `0.9 to 0.99`.
fn band(asked: &Pairs, probability: f64) -> String {
    band_name(asked, band_at(asked, probability))
}

/// Number of the band of a probability, the highest first.
pub(super) fn band_at(asked: &Pairs, probability: f64) -> usize {
    asked.bands.iter().position(|bound| probability >= *bound).unwrap_or(asked.bands.len())
}

fn band_name(asked: &Pairs, above: usize) -> String {
    let high = above.checked_sub(1).and_then(|at| asked.bands.get(at)).copied().unwrap_or(1.0);
    let low = asked.bands.get(above).copied().unwrap_or(0.0);
    format!("{low} to {high}")
}

/// The study linked again, from inputs that are what the run read, in such memory as a run would have.
fn relink(run: &Path, manifest: &Manifest, memory: Allowance, progress: &dyn Progress) -> Result<Relinked> {
    let remade = provenance::remake(run, manifest, &[], memory, progress).map_err(|error| match error.kind() {
        Kind::Verification => error.hint(
            "these pairs are found by linking again: restore what has changed, or leave [non_links] and [let_go] out of the design",
        ),
        _ => error,
    })?;
    let candidates = blocking::block(&remade.study, &remade.table, &Comparer::new(&remade.study, &remade.table))?;
    Ok(Relinked { remade, candidates })
}

/// The pairs that the run kept and that are no links.
fn non_links(relinked: &Relinked) -> Vec<NamedPair> {
    let linked = &relinked.remade.linked;
    let owner = &linked.resolution.person_of;
    let apart = linked.pairs.iter().zip(&linked.scores);
    let apart = apart.filter(|(pair, _)| owner[pair.0 as usize] != owner[pair.1 as usize]);
    let named = apart.filter_map(|(pair, score)| {
        let [one, other] = <[String; 2]>::try_from(relinked.names(*pair)).ok()?;
        Some((one, other, score.probability()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::{band, stratum_name};
    use crate::outcome::files::DiscrepancyRow;
    use crate::sampling::design::{By, Pairs};

    #[test]
    fn bands_are_closed_below() {
        let asked = Pairs { sample: 1, bands: vec![0.99, 0.9], floor: 1 };
        let named = [1.0, 0.99, 0.95, 0.9, 0.1, 0.0].map(|probability| band(&asked, probability));
        assert_eq!(named, ["0.99 to 1", "0.99 to 1", "0.9 to 0.99", "0.9 to 0.99", "0 to 0.9", "0 to 0.9"]);
        assert_eq!(band(&Pairs { bands: vec![], ..asked }, 0.3), "0 to 1");
    }

    #[test]
    fn a_stratum_is_named_by_no_name_of_a_person() {
        let named = |area: &str, by: By| {
            let found = DiscrepancyRow {
                discrepancy: String::new(),
                kind: String::from("attribute_conflict"),
                person: 1,
                roll_record: None,
                area: area.to_owned(),
                probability: 1.0,
                priority: 1,
                evidence: String::new(),
            };
            stratum_name(&found, by, None)
        };
        assert_eq!(named("999999001002", By::Township), "attribute_conflict 999999001");
        assert_eq!(named("甲片-01", By::Community), "attribute_conflict 甲片-01");
        assert_eq!(named("", By::Community), "attribute_conflict");
        for (area, by) in [("丁丹丹", By::Community), ("丁丹丹", By::District), ("999999199001011234", By::Community)]
        {
            let name = named(area, by);
            assert!(name.starts_with("attribute_conflict area-"), "{name}");
            assert_eq!(named(area, By::Kind), "attribute_conflict");
        }
    }
}
