//! How is a fitted model written down and read back exactly?
//!
//! Takes a [`Model`], gives `model.json`; takes that text and the comparisons of the study, gives the same model again,
//! bit for bit: every figure is written with as many digits as it takes to tell it from its neighbours. What is read is
//! checked: a model goes only with the comparisons it was fitted for.

use serde::{Deserialize, Serialize};

use super::left_over::LeftOver;
use super::slot::Slot;
use super::{Given, Model, PairClass, Shares};
use crate::error::{Error, Kind, Result};
use crate::intake::study::RowKind;
use crate::linkage::comparison::Comparison;

/// Name of the model file in a run's folder.
pub const MODEL: &str = "model.json";

#[derive(Serialize, Deserialize)]
struct ModelFile {
    slots: Vec<SlotEntry>,
    classes: Vec<ClassEntry>,
    shares: Vec<SharesEntry>,
    stay: f64,
    family: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left_over: Vec<Option<LeftOverEntry>>,
    iterations: u32,
    log_likelihood: Vec<f64>,
}

/// Records of one source (its place in the study, from 0) and row kind; `household_pairs` are of one household.
#[derive(Serialize, Deserialize)]
struct SlotEntry {
    source: usize,
    kind: String,
    records: u64,
    #[serde(default)]
    household_pairs: u64,
}

/// Pairs between two slots; `matches` is the prior: the share of matches among all of them.
#[derive(Serialize, Deserialize)]
struct ClassEntry {
    one: usize,
    other: usize,
    pairs: f64,
    matches: f64,
    relatives: f64,
}

/// Level names, and the shares of the levels among matches (m), strangers (u) and relatives (r).
#[derive(Serialize, Deserialize)]
struct SharesEntry {
    comparison: String,
    levels: Vec<String>,
    m: Vec<f64>,
    u: Vec<f64>,
    r: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given: Option<GivenEntry>,
}

/// u by level of another comparison (its place, from 0), on which this one depends among strangers.
#[derive(Serialize, Deserialize)]
struct GivenEntry {
    parent: usize,
    u: Vec<Vec<f64>>,
}

/// Pairs between two slots that found nobody else: `unlinked` goes by the fields that a pair has (a bit for each,
/// hexadecimal).
#[derive(Serialize, Deserialize)]
struct LeftOverEntry {
    matches: f64,
    relatives: f64,
    m: Vec<Vec<f64>>,
    unlinked: Vec<(String, f64)>,
}

/// The text of `model.json`.
///
/// # Errors
/// An environment error if a figure of the model is not a number: such a model must not be written.
pub fn to_json(model: &Model) -> Result<String> {
    let file = ModelFile {
        slots: model.slots.iter().map(slot_entry).collect(),
        classes: model.classes.iter().map(class_entry).collect(),
        shares: model.shares.iter().map(shares_entry).collect(),
        stay: model.stay,
        family: model.family,
        left_over: model.left_over.iter().map(|left| left.as_ref().map(left_over_entry)).collect(),
        iterations: model.iterations,
        log_likelihood: model.log_likelihood.clone(),
    };
    if !file.figures().all(f64::is_finite) {
        return Err(Error::new(Kind::Environment, "the fitted model has a figure that is not a number"));
    }
    let text = serde_json::to_string_pretty(&file);
    text.map(|text| text + "\n").map_err(|_| Error::new(Kind::Environment, "the model cannot be written as JSON"))
}

/// The model that [`to_json`] wrote.
///
/// # Errors
/// A verification error if the text is no such model, or was fitted for other comparisons than these.
pub fn from_json(text: &str, comparisons: &[Comparison]) -> Result<Model> {
    let file: ModelFile = serde_json::from_str(text).map_err(|error| {
        Error::new(Kind::Verification, "this is not a model that a run wrote").at_row(error.line() as u64)
    })?;
    let wrong = |what: &str| Err(Error::new(Kind::Verification, what));
    let fits = |(entry, comparison): (&SharesEntry, &Comparison)| {
        let count = comparison.levels.len();
        entry.comparison == comparison.name
            && entry.levels.iter().eq(comparison.levels.iter().map(|level| &level.name))
            && [&entry.m, &entry.u, &entry.r].iter().all(|shares| shares.len() == count)
            && entry.given.as_ref().is_none_or(|given| given_fits(given, count, comparisons))
    };
    if file.shares.len() != comparisons.len() || !file.shares.iter().zip(comparisons).all(fits) {
        return wrong("this model was fitted for other comparisons than those of the study");
    }
    let slots = file.slots.len();
    let in_order = (0..slots).flat_map(|one| (one..slots).map(move |other| (one, other)));
    if !file.classes.iter().map(|class| (class.one, class.other)).eq(in_order) {
        return wrong("the classes of pairs of this model do not go with its slots");
    }
    let fits = |left: &LeftOverEntry| {
        let levels = left.m.iter().map(Vec::len);
        levels.eq(comparisons.iter().map(|comparison| comparison.levels.len()))
    };
    if !file.left_over.iter().flatten().all(fits) {
        return wrong("this model was fitted for other comparisons than those of the study");
    }
    let Some(left) = file.left_over.iter().map(|entry| left_over(entry.as_ref())).collect() else {
        return wrong("this model has fields that there are not");
    };
    let Some(read_slots) = file.slots.iter().map(slot).collect() else {
        return wrong("this model has rows of a kind that there is not");
    };
    Ok(Model {
        slots: read_slots,
        classes: file.classes.iter().map(class).collect(),
        shares: file.shares.into_iter().map(shares).collect(),
        stay: file.stay,
        family: file.family,
        left_over: left,
        iterations: file.iterations,
        log_likelihood: file.log_likelihood,
        comparisons: comparisons.to_vec(),
    })
}

fn given_fits(given: &GivenEntry, levels: usize, comparisons: &[Comparison]) -> bool {
    let rows = comparisons.get(given.parent).map(|parent| parent.levels.len());
    rows == Some(given.u.len()) && given.u.iter().all(|row| row.is_empty() || row.len() == levels)
}

impl ModelFile {
    fn figures(&self) -> impl Iterator<Item = f64> + '_ {
        let classes = self.classes.iter().flat_map(|class| [class.pairs, class.matches, class.relatives]);
        let shares = self.shares.iter().flat_map(|entry| entry.m.iter().chain(&entry.u).chain(&entry.r).copied());
        let left = self.left_over.iter().flatten().flat_map(|left| {
            let unlinked = left.unlinked.iter().map(|(_, share)| share);
            left.m.iter().flatten().chain(unlinked).chain([&left.matches, &left.relatives]).copied()
        });
        let given = self.shares.iter().filter_map(|entry| entry.given.as_ref()).flat_map(|given| &given.u);
        classes
            .chain(shares)
            .chain(given.flatten().copied())
            .chain(left)
            .chain([self.stay, self.family])
            .chain(self.log_likelihood.iter().copied())
    }
}

fn left_over_entry(left: &LeftOver) -> LeftOverEntry {
    let LeftOver { matches, relatives, m, unlinked } = left.clone();
    let unlinked = unlinked.into_iter().map(|(mask, share)| (format!("{mask:x}"), share)).collect();
    LeftOverEntry { matches, relatives, m, unlinked }
}

fn left_over(entry: Option<&LeftOverEntry>) -> Option<Option<LeftOver>> {
    let Some(LeftOverEntry { matches, relatives, m, unlinked }) = entry else { return Some(None) };
    let read = |(mask, share): &(String, f64)| Some((u64::from_str_radix(mask, 16).ok()?, *share));
    let unlinked = unlinked.iter().map(read).collect::<Option<Vec<(u64, f64)>>>()?;
    Some(Some(LeftOver { matches: *matches, relatives: *relatives, m: m.clone(), unlinked }))
}

fn slot_entry(slot: &Slot) -> SlotEntry {
    let Slot { source, kind, records, household_pairs } = *slot;
    SlotEntry { source, kind: kind.name().to_owned(), records, household_pairs }
}

fn slot(entry: &SlotEntry) -> Option<Slot> {
    let kind = RowKind::ALL.into_iter().find(|kind| kind.name() == entry.kind)?;
    Some(Slot { source: entry.source, kind, records: entry.records, household_pairs: entry.household_pairs })
}

fn class_entry(class: &PairClass) -> ClassEntry {
    let PairClass { one, other, pairs, matches, relatives } = *class;
    ClassEntry { one, other, pairs, matches, relatives }
}

fn class(entry: &ClassEntry) -> PairClass {
    let ClassEntry { one, other, pairs, matches, relatives } = *entry;
    PairClass { one, other, pairs, matches, relatives }
}

fn shares_entry(shares: &Shares) -> SharesEntry {
    let Shares { comparison, levels, m, u, r, given } = shares.clone();
    let given = given.map(|Given { parent, u }| GivenEntry { parent, u });
    SharesEntry { comparison, levels, m, u, r, given }
}

fn shares(entry: SharesEntry) -> Shares {
    let SharesEntry { comparison, levels, m, u, r, given } = entry;
    let given = given.map(|GivenEntry { parent, u }| Given { parent, u });
    Shares { comparison, levels, m, u, r, given }
}

#[cfg(test)]
mod tests {
    use super::{from_json, to_json};
    use crate::error::Kind;
    use crate::intake::study::RowKind;
    use crate::linkage::comparison::level::Level;
    use crate::linkage::comparison::{Comparison, Variable};
    use crate::linkage::model::slot::Slot;
    use crate::linkage::model::{Model, PairClass, Shares};

    fn example() -> Model {
        let levels = vec![Level::missing(), Level::new("equal", 0.9, 0.1), Level::new("different", 0.1, 0.9)];
        let names = levels.iter().map(|level| level.name.clone()).collect();
        let comparison = Comparison {
            variable: Variable::Name,
            name: String::from("name"),
            levels,
            shift: 0,
            place: false,
            sharing: None,
            fitted: false,
        };
        let class = PairClass { one: 0, other: 0, pairs: 1e15 / 3.0, matches: 1.0 / 3.0, relatives: f64::MIN_POSITIVE };
        let u = vec![0.0, 0.1 + 0.2, 5e-324];
        let given =
            Some(super::Given { parent: 0, u: vec![vec![], vec![0.0, 1.0 / 3.0, 2.0 / 3.0], vec![0.0, 0.1, 0.9]] });
        let (comparison_name, m, r) = (comparison.name.clone(), vec![0.0, 0.7, 0.3], vec![0.0; 3]);
        let shares = Shares { comparison: comparison_name, levels: names, m, u, r, given };
        Model {
            slots: vec![Slot { source: 2, kind: RowKind::Permit, records: 17, household_pairs: 5 }],
            classes: vec![class],
            shares: vec![shares],
            stay: 0.7,
            family: 0.6,
            left_over: vec![Some(super::LeftOver {
                matches: 1.0 / 7.0,
                relatives: 0.1,
                m: vec![vec![0.0, 0.6, 0.4]],
                unlinked: vec![(0xf, 1.0 / 3.0)],
            })],
            iterations: 9,
            log_likelihood: vec![-1.0 / 7.0, -1e-300],
            comparisons: vec![comparison],
        }
    }

    #[test]
    fn a_model_is_read_back_bit_for_bit() {
        let model = example();
        let text = to_json(&model).expect("written");
        let again = from_json(&text, model.comparisons()).expect("read");
        assert_eq!(again, model);
        assert_eq!(to_json(&again).expect("written"), text);
    }

    #[test]
    fn a_model_goes_only_with_its_own_comparisons() {
        let model = example();
        let text = to_json(&model).expect("written");
        let mut others = model.comparisons().to_vec();
        others[0].levels[1].name = String::from("same");
        assert_eq!(from_json(&text, &others).expect_err("other levels").kind(), Kind::Verification);
        assert_eq!(from_json(&text, &[]).expect_err("none").kind(), Kind::Verification);
        let cut = text.get(..text.len() / 2).expect("half");
        assert_eq!(from_json(cut, model.comparisons()).expect_err("half").kind(), Kind::Verification);
    }

    #[test]
    fn a_figure_that_is_no_number_is_not_written() {
        let mut model = example();
        model.shares[0].u[1] = f64::NAN;
        assert!(to_json(&model).is_err());
    }
}
