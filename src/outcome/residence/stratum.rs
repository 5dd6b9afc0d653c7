//! What does one stratum teach, and how likely is each of its candidates?
//!
//! Takes the persons of a stratum by the part they play, gives what was learnt, the candidates, and what is drawn
//! again. Steps: 1. everybody is seen, residents and persons elsewhere with their rows hidden; 2. the levels get
//! columns; 3. the mixture is fitted, or is taken to be like that of others where nothing can be learnt; 4. every
//! candidate is scored.

use rayon::prelude::*;

use super::columns::Columns;
use super::features::Observer;
use super::logistic::BASE;
use super::mixture::{self, Mixture, NEGATIVES_MIN, NEGATIVES_SHARE_MIN, Sample, Views};
use super::prior::{Expected, FOLD_DRAWS};
use super::redrawn::{Redrawing, Redrawn, drawn_with};
use super::standing::Known;
use super::surroundings::Surroundings;
use super::{
    Candidate, FittedFeature, Material, NEGATIVES_MAX, NO_DATES, POSITIVES_MAX, POSITIVES_MIN, StratumFit,
    UNLABELLED_MAX, thinned,
};
use crate::linkage::model::probability;

/// The persons of one stratum.
pub(super) struct Group {
    /// Place of the stratum.
    pub stratum: usize,
    /// Its name.
    pub name: &'static str,
    /// By what kind of record registers know its persons.
    pub known: Known,
    /// Residents on the roll.
    pub positives: Vec<u32>,
    /// Persons on the roll since a visit found them missing.
    pub found: Vec<u32>,
    /// Persons known to live elsewhere.
    pub negatives: Vec<u32>,
    /// Persons whom only registers know: the candidates.
    pub unlabelled: Vec<u32>,
}

impl Group {
    /// Learns who of the candidates was missed. `missed_odds` are those of the strata before.
    pub fn estimate(
        &self,
        material: &Material<'_>,
        observer: &Observer<'_>,
        surroundings: &Surroundings<'_>,
        missed_odds: Option<f64>,
    ) -> (StratumFit, Vec<Candidate>, Option<Redrawing>) {
        let observe = |persons: &[u32], hidden: &(dyn Fn(u32) -> Vec<u32> + Sync)| -> Vec<Box<[u8]>> {
            let see = |levels: &mut Vec<u8>, person: &u32| {
                observer.observe(*person, &hidden(*person), levels);
                levels.as_slice().into()
            };
            persons.par_iter().map_init(Vec::new, see).collect()
        };
        let see_both = |persons: &[u32]| {
            [observe(persons, &|person| vec![person]), observe(persons, &|person| surroundings.roll_household(person))]
        };
        let residents = thinned(&self.positives, POSITIVES_MAX);
        let positives = see_both(&residents);
        let houses = residents.par_iter().zip(&positives[1]).map(|(person, together)| {
            let house = surroundings.missed_house(*person);
            house.map_or_else(|| together.clone(), |house| observer.levels(*person, &house))
        });
        let houses: Vec<Box<[u8]>> = houses.collect();
        let negatives = see_both(&thinned(&self.negatives, NEGATIVES_MAX));
        // The candidates, and behind them those who were candidates until a visit found them, as they were seen then.
        let mut unlabelled = observe(&self.unlabelled, &|_| Vec::new());
        unlabelled.extend(observe(&self.found, &|person| Group::found_with(material, surroundings, person)));
        let looked_for = [self.unlabelled.as_slice(), &self.found].concat();
        let held_apart: Vec<Option<(u32, f64)>> =
            self.unlabelled.par_iter().map(|person| observer.held_apart(*person)).collect();
        let mut linked: Vec<f64> = held_apart.iter().map(|held| held.map_or(0.0, |(_, linked)| linked)).collect();
        linked.resize(looked_for.len(), 0.0);
        let visited: Vec<Option<bool>> = looked_for.iter().map(|person| material.settled.missed(*person)).collect();
        let step = unlabelled.len().div_ceil(UNLABELLED_MAX).max(1);
        let sampled: Vec<Box<[u8]>> = unlabelled.iter().step_by(step).cloned().collect();
        let beside = (0..).zip(unlabelled.iter().zip(&visited)).filter(|(at, _)| at % step != 0);
        let (answers, answered): (Vec<Box<[u8]>>, Vec<bool>) =
            beside.filter_map(|(_, (levels, missed))| Some((levels.clone(), (*missed)?))).unzip();
        let labelled = positives.iter().chain(&negatives).map(Vec::as_slice);
        let groups: Vec<&[Box<[u8]>]> = labelled.chain([unlabelled.as_slice()]).collect();
        let columns = Columns::of(&observer.features, &groups);
        let views = |[alone, together]: &[Vec<Box<[u8]>>; 2]| Views {
            alone: columns.rows(alone),
            together: columns.rows(together),
        };
        let drawn_with = |person: &u32| drawn_with(material.table, material.households, material.resolution, *person);
        let households: [Vec<u64>; 3] = [
            residents.iter().map(drawn_with).collect(),
            thinned(&self.negatives, NEGATIVES_MAX).iter().map(drawn_with).collect(),
            looked_for.iter().step_by(step).map(drawn_with).collect(),
        ];
        let sample = Sample {
            households: [households[0].clone(), households[2].clone()],
            positives: views(&positives),
            houses: columns.rows(&houses),
            fold_draws: FOLD_DRAWS,
            negatives: views(&negatives),
            unlabelled: columns.rows(&sampled),
            distinct: linked.iter().step_by(step).map(|linked| 1.0 - linked).collect(),
            visited: visited.iter().step_by(step).copied().collect(),
            answers: columns.rows(&answers),
            answered,
            columns: columns.count + 1,
            is_trace: columns.is_trace.clone(),
            negatives_usable: self.negatives_usable(),
            expected: Expected::beside_registered(missed_odds, self.positives.len(), looked_for.len()),
            tells_leavers: observer.has_dates() && self.known != Known::Collective,
        }
        .judged(&households[1]);
        let alike = |prior: f64| {
            let offset = (prior / (1.0 - prior)).ln();
            Mixture { offset, prior, ..Mixture::none(sample.columns) }
        };
        let share_of_others = self.share_of_others(missed_odds);
        let is_fitted = share_of_others.is_none() && self.has_positives() && !sampled.is_empty();
        let mixture = if is_fitted { sample.fit() } else { alike(share_of_others.unwrap_or(0.3)) };
        unlabelled.truncate(self.unlabelled.len());
        let mut fit = self.fitted(observer, &columns, &mixture, &unlabelled);
        if share_of_others.is_some() {
            fit.warnings.clear();
        }
        let seen = self.unlabelled.iter().zip(unlabelled).zip(held_apart).zip(visited);
        let candidates: Vec<Candidate> = seen
            .map(|(((person, levels), held), visited)| self.candidate(*person, levels, held, visited, &fit))
            .collect();
        if !candidates.is_empty() {
            let sum: f64 = candidates.iter().map(|candidate| candidate.probability).sum();
            fit.prior = sum / candidates.len() as f64;
        }
        let redrawing = is_fitted.then_some(Redrawing { sample, found: mixture, columns, households });
        (fit, candidates, redrawing)
    }

    /// Are there residents enough to learn from?
    fn has_positives(&self) -> bool {
        self.positives.len() >= POSITIVES_MIN
    }

    /// The share of the missed where it is not learnt: as many as of persons of whom registers say that they live here.
    fn share_of_others(&self, missed_odds: Option<f64>) -> Option<f64> {
        let is_like_others = match self.known {
            Known::Owner => true,
            // Of a collective household hardly anybody of whom was enumerated, hardly anybody lives here.
            Known::Collective => !self.has_positives(),
            Known::Registered | Known::Other => false,
        };
        let found = self.found.len() as f64;
        let missed = missed_odds.filter(|_| is_like_others)? * (self.positives.len() as f64 + found) - found;
        Some((missed / self.unlabelled.len().max(1) as f64).clamp(0.001, 0.9))
    }

    /// The person, and who of those around was found like this, of whatever household the roll has them now.
    fn found_with(material: &Material<'_>, surroundings: &Surroundings<'_>, person: u32) -> Vec<u32> {
        let around = surroundings.around(person, &[]);
        let others = [around.mates, around.occupants, around.co_registered].concat();
        let found = others.into_iter().filter(|other| material.settled.missed(*other) == Some(true));
        std::iter::once(person).chain(found).collect()
    }

    /// Known negatives stand for all others only among persons the roll has reason to list: those registered here.
    fn negatives_usable(&self) -> bool {
        let looked_for = self.unlabelled.len() + self.found.len();
        let enough = (looked_for as f64 * NEGATIVES_SHARE_MIN).max(NEGATIVES_MIN as f64);
        matches!(self.known, Known::Registered | Known::Collective) && self.negatives.len() as f64 >= enough
    }

    fn candidate(
        &self,
        person: u32,
        levels: Box<[u8]>,
        held_apart: Option<(u32, f64)>,
        visited: Option<bool>,
        fit: &StratumFit,
    ) -> Candidate {
        let (linked_to, linked) = held_apart.map_or((None, 0.0), |(owner, linked)| (Some(owner), linked));
        let estimated = || probability(fit.log2_odds(&levels)) * (1.0 - linked);
        let probability = visited.map_or_else(estimated, |missed| f64::from(u8::from(missed)));
        Candidate { person, stratum: self.stratum, probability, linked, linked_to, visited, levels }
    }

    /// The weights of all levels, about the average candidate.
    fn fitted(
        &self,
        observer: &Observer<'_>,
        columns: &Columns,
        mixture: &Mixture,
        unlabelled: &[Box<[u8]>],
    ) -> StratumFit {
        let weight = |column: u16| {
            mixture.coefficients.get(usize::from(column)).filter(|_| column != BASE).copied().unwrap_or(0.0)
        };
        let intercept = mixture.coefficients.last().copied().unwrap_or(0.0);
        let mut base_bits = (intercept + mixture.offset) / std::f64::consts::LN_2;
        let mut features = Vec::with_capacity(observer.features.len());
        for (at, feature) in observer.features.iter().enumerate() {
            let weights: Vec<f64> =
                columns.of[at].iter().map(|column| weight(*column) / std::f64::consts::LN_2).collect();
            let of = |levels: &[u8]| weights.get(usize::from(levels[at])).copied().unwrap_or(0.0);
            let mean = unlabelled.iter().map(|levels| of(levels)).sum::<f64>() / unlabelled.len().max(1) as f64;
            base_bits += mean;
            let levels = (0u8..).zip(&weights).map(|(level, bits)| (observer.level_name(*feature, level), bits - mean));
            features.push(FittedFeature { name: feature.name(), levels: levels.collect() });
        }
        StratumFit {
            name: self.name,
            positives: self.positives.len() as u64,
            negatives: self.negatives.len() as u64,
            unlabelled: self.unlabelled.len() as u64,
            prior: mixture.prior,
            whole_households: mixture.views[0].share,
            base_bits,
            iterations: mixture.rounds,
            warnings: self.warnings(observer, mixture),
            features,
            redrawn: Redrawn::default(),
        }
    }

    fn warnings(&self, observer: &Observer<'_>, mixture: &Mixture) -> Vec<String> {
        let warnings = [
            (!observer.has_dates(), NO_DATES),
            (observer.has_dates_of_one_day(), "one_date"),
            (!self.has_positives(), "few_positives"),
            (!self.negatives_usable(), "few_negatives"),
            (self.negatives_usable() && mixture.by_density, "unlike_negatives"),
            (mixture.is_stated, "stated_share"),
            (mixture.rounds >= mixture::ROUNDS_MAX, "no_convergence"),
        ];
        let holds = |(holds, _): &(bool, &str)| *holds && !self.unlabelled.is_empty();
        warnings.into_iter().filter(holds).map(|(_, code)| code.to_owned()).collect()
    }
}
