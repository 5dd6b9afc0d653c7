//! What do the reviewers' verdicts say of the run?
//!
//! Takes a selection and verdicts, gives an [`Appraisal`]: by stratum the share that is right, with the intervals of
//! Wilson and of Clopper and Pearson; weighted over the strata, precision and recall of the links, and of each kind of
//! discrepancy the share that is real. Persons on the missed lists who were not missed after all are the false-missed
//! rate.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::frame;
use super::selection::{self, Selection};
use super::sheet::{self, Verdict};
use crate::audit::manifest;
use crate::audit::publication::Publication;
use crate::audit::verify::{self, Asked};
use crate::audit::vouched;
use crate::error::Result;
use crate::outcome::estimate::stratified::{self, Share, Stratum};
use crate::outcome::estimate::{Interval, NORMAL_95, interval};

/// What the sample says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Appraisal {
    /// Stratum by stratum.
    pub strata: Vec<StratumAppraisal>,
    /// Share of the links that are right.
    pub precision: Option<Share>,
    /// Share of the matches among the pairs kept that are links: matches that were no candidates, or were let go early,
    /// are not in it.
    pub recall: Option<Share>,
    /// Like `recall`, with the pairs that were let go early, where they were sampled.
    pub recall_of_candidates: Option<Share>,
    /// Share of matches among the pairs that were let go early.
    pub let_go: Option<Share>,
    /// Share of the discrepancies that are real, by kind.
    pub real: BTreeMap<String, Share>,
    /// Share of the persons on the missed lists who were not missed; those who are perhaps missed and on no list are
    /// not in it.
    pub false_missed: Option<Share>,
    /// Items of which the reviewer could not tell: they count as not reviewed.
    pub unclear: u64,
    /// Items that nobody has looked at.
    pub not_looked_at: u64,
}

/// A stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StratumAppraisal {
    /// `link`, `non_link`, `discrepancy` or `let_go`.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Units in it.
    pub size: u64,
    /// Units with a verdict of yes or no.
    pub reviewed: u64,
    /// Of these, matches or real discrepancies.
    pub right: u64,
    /// Wilson's interval of their share, low and high.
    pub wilson: [f64; 2],
    /// Clopper and Pearson's.
    pub clopper_pearson: [f64; 2],
}

/// What a filled sheet adds to the log, in words.
const RESULTS: &str = "the sheet";

/// Reads a filled sheet beside its selection, writes its digest into the log, and appraises.
///
/// # Errors
/// A verification error if run or selection were altered, an input error in the sheet, a usage error if the log is
/// signed and no key is named.
pub fn appraise(run: &Path, filled: &Path, actor: &str, sign_key: Option<&Path>) -> Result<Appraisal> {
    let held = Publication::begin(run)?;
    verify::verify(run, &Asked { outputs_only: true, ..Asked::default() })?;
    vouched::check(run, sign_key, RESULTS)?;
    let folder = filled.parent().unwrap_or(Path::new(""));
    let selection = selection::read(folder, &vouched::entries(run)?)?;
    let verdicts = sheet::read(filled, &selection)?;
    let (digest, drawn) = (manifest::digest_of(filled)?, manifest::digest_of(&folder.join(selection::SELECTION))?);
    let mut log = vouched::open(&held, actor, sign_key, RESULTS)?;
    log.add("sample", json!({ "results_digest": digest, "selection_digest": drawn, "verdicts": verdicts.len() }))?;
    log.sign(sign_key)?;
    Ok(of(&selection, &verdicts))
}

/// What verdicts say of a selection.
#[must_use]
pub fn of(selection: &Selection, verdicts: &BTreeMap<String, Verdict>) -> Appraisal {
    let mut counts = vec![(0u64, 0u64); selection.strata.len()];
    let (mut unclear, mut not_looked_at) = (0, 0);
    for item in &selection.items {
        let Some(count) = counts.get_mut(item.stratum) else { continue };
        match verdicts.get(&item.item) {
            Some(Verdict::Yes) => *count = (count.0 + 1, count.1 + 1),
            Some(Verdict::No) => count.0 += 1,
            Some(Verdict::Unclear) => unclear += 1,
            None => not_looked_at += 1,
        }
    }
    let strata: Vec<StratumAppraisal> = selection
        .strata
        .iter()
        .zip(counts)
        .map(|(stratum, (reviewed, right))| {
            let ends = |interval: Interval| [interval.low, interval.high];
            StratumAppraisal {
                group: stratum.group.clone(),
                name: stratum.name.clone(),
                size: stratum.size,
                reviewed,
                right,
                wilson: ends(interval::wilson(right as f64, reviewed as f64, NORMAL_95)),
                clopper_pearson: ends(interval::clopper_pearson(right, reviewed, 0.05)),
            }
        })
        .collect();
    let of_group = |group: &str, keep: &dyn Fn(&str) -> bool| -> Vec<Stratum> {
        let kept = strata.iter().filter(|stratum| stratum.group == group && keep(&stratum.name));
        kept.map(|s| Stratum { size: s.size, reviewed: s.reviewed, right: s.right }).collect()
    };
    let (links, non_links) = (of_group("link", &|_| true), of_group("non_link", &|_| true));
    let seed = selection.seed;
    let mut kinds: Vec<&str> = strata.iter().filter(|s| s.group == "discrepancy").map(|s| kind_of(&s.name)).collect();
    kinds.dedup();
    let real = kinds.iter().filter_map(|kind| {
        let share = stratified::share(&of_group("discrepancy", &|name| kind_of(name) == *kind), seed)?;
        Some(((*kind).to_owned(), share))
    });
    let on_lists = of_group("discrepancy", &|name| frame::is_missed(kind_of(name)) && name.ends_with(frame::ON_A_LIST));
    let false_missed = stratified::share(&on_lists, seed).map(|real| Share {
        share: 1.0 - real.share,
        low: 1.0 - real.high,
        high: 1.0 - real.low,
        ..real
    });
    let let_go = of_group("let_go", &|_| true);
    let all = [non_links.clone(), let_go.clone()].concat();
    let of_candidates = if let_go.is_empty() || non_links.is_empty() {
        None
    } else {
        stratified::precision_and_recall(&links, &all, seed)
    };
    let both = if non_links.is_empty() { None } else { stratified::precision_and_recall(&links, &non_links, seed) };
    Appraisal {
        precision: stratified::share(&links, seed),
        recall: both.and_then(|(_, recall)| recall),
        recall_of_candidates: of_candidates.and_then(|(_, recall)| recall),
        let_go: stratified::share(&let_go, seed),
        real: real.collect(),
        false_missed,
        unclear,
        not_looked_at,
        strata,
    }
}

fn kind_of(stratum: &str) -> &str {
    stratum.split(' ').next().unwrap_or(stratum)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::of;
    use crate::sampling::selection::{DrawnStratum, Item, Selection};
    use crate::sampling::sheet::Verdict;

    /// Strata of group, name, size, drawn, right.
    fn judged(strata: &[(&str, &str, u64, u64, u64)]) -> (Selection, BTreeMap<String, Verdict>) {
        let mut selection = Selection {
            manifest_digest: String::new(),
            design_digest: String::new(),
            seed: 3,
            strata: Vec::new(),
            let_go: 0,
            items: Vec::new(),
        };
        let mut verdicts = BTreeMap::new();
        for (at, (group, name, size, drawn, right)) in strata.iter().enumerate() {
            let (group, name) = ((*group).to_owned(), (*name).to_owned());
            selection.strata.push(DrawnStratum { group, name, size: *size, drawn: *drawn, expected: 0.0 });
            for number in 0..*drawn {
                let item = format!("{at}-{number}");
                verdicts.insert(item.clone(), if number < *right { Verdict::Yes } else { Verdict::No });
                let what = String::from("same_person");
                selection.items.push(Item { item, stratum: at, what, discrepancy: None, records: Vec::new() });
            }
        }
        (selection, verdicts)
    }

    #[test]
    fn the_published_review_comes_out() {
        let (selection, verdicts) = judged(&[
            ("link", "a", 900_000, 1000, 998),
            ("link", "b", 60_000, 1000, 988),
            ("link", "c", 30_000, 1000, 930),
            ("link", "d", 15_000, 1000, 520),
            ("non_link", "e", 12_000, 1000, 149),
            ("non_link", "f", 40_000, 1000, 35),
            ("non_link", "g", 900_000, 2000, 1),
        ]);
        let found = of(&selection, &verdicts);
        let (precision, recall) = (found.precision.unwrap(), found.recall.unwrap());
        assert!((precision.share - 0.988_238_805_970_149_2).abs() < 1e-12);
        assert!((precision.standard_error - 0.001_322_954_553_965_187).abs() < 1e-12);
        assert!((recall.share - 0.996_350_386_931_215_1).abs() < 1e-12);
        assert!((recall.standard_error - 0.000_520_879_019_206_149_2).abs() < 1e-12);
        assert!((recall.low - 0.9946).abs() < 2e-4 && (recall.high - 0.99699).abs() < 2e-4);
        assert!(found.false_missed.is_none() && found.real.is_empty());
        assert!(found.let_go.is_none() && found.recall_of_candidates.is_none());
    }

    #[test]
    fn pairs_let_go_early_widen_what_is_known_of_recall() {
        let kept =
            [("link", "a", 10_000, 500, 500), ("non_link", "b", 400, 200, 10), ("non_link", "c", 20_000, 300, 0)];
        let (selection, verdicts) = judged(&[&kept[..], &[("let_go", "0 to 1", 50_000, 300, 3)]].concat());
        let found = of(&selection, &verdicts);
        assert!((found.recall.unwrap().share - 10_000.0 / 10_020.0).abs() < 1e-12);
        let (let_go, wider) = (found.let_go.unwrap(), found.recall_of_candidates.unwrap());
        assert!((let_go.share - 0.01).abs() < 1e-12);
        assert!((wider.share - 10_000.0 / 10_520.0).abs() < 1e-12);
        assert!(wider.low < found.recall.unwrap().low, "{wider:?}");
    }

    #[test]
    fn the_false_missed_are_what_is_not_real() {
        let (selection, mut verdicts) = judged(&[
            ("discrepancy", "duplicate_enumeration", 50, 10, 9),
            ("discrepancy", "missed_newborn on_a_list", 100, 10, 8),
            ("discrepancy", "missed_person 120106001 on_a_list", 300, 20, 10),
            ("discrepancy", "missed_person 120106001 on_no_list", 700, 20, 0),
            ("discrepancy", "missed_person 120106002 on_a_list", 600, 40, 40),
        ]);
        let found = of(&selection, &verdicts);
        let false_missed = found.false_missed.unwrap();
        assert!((false_missed.share - (20.0 + 150.0) / 1000.0).abs() < 1e-12);
        assert!(false_missed.low < 0.17 && false_missed.high > 0.17);
        assert!((found.real["missed_person"].share - 750.0 / 1600.0).abs() < 1e-12);
        assert_eq!(found.real.len(), 3);
        let [low, high] = found.strata[2].wilson;
        assert!(low < 0.5 && high > 0.5 && found.strata[2].clopper_pearson[0] < low);
        // A stratum that nobody looked at leaves all of its kind open.
        verdicts.retain(|item, _| !item.starts_with("2-"));
        let found = of(&selection, &verdicts);
        assert!(found.false_missed.is_none() && !found.real.contains_key("missed_person"));
        assert_eq!(found.not_looked_at, 20);
        // What an earlier version drew, or a purge left, does not say who is on a list.
        let (selection, verdicts) = judged(&[("discrepancy", "missed_person", 50, 10, 9)]);
        let found = of(&selection, &verdicts);
        assert!(found.false_missed.is_none() && found.real.contains_key("missed_person"));
    }
}
