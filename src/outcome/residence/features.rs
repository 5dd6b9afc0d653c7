//! What is there to see of a person, in levels?
//!
//! Steps: 1. [`Observer::learn`] sets the limits of the time bins at the quantiles of residents on the roll; 2.
//! [`Observer::observe`] gives the level of every feature for one person, some persons being hidden from the roll;
//! 3. [`Observer::level_name`] says in words what a level is.
//!
//! Features: for each kind of register record how long ago it was last touched; age; sex; where the ID number was
//! issued; how the mates stand to the roll; who was enumerated at the dwelling and how many companions are missing too;
//! whether somebody is listed there as living elsewhere; for each kind the latest sign of life of missing companions;
//! whether somebody enumerated at the dwelling could be this person (`twin`); and how nearly a record matched the
//! present row of somebody who has no record of these kinds (`near_unregistered_row`) or has one
//! (`near_registered_row`).

use super::Material;
use super::standing::Standing;
use super::surroundings::{Around, NEAR_MIN, Surroundings};
use crate::intake::study::Study;
use crate::linkage::model::probability;
use crate::linkage::model::slot::Slot;
use crate::person::table::{NO_DAY, RecordId};

const OWN_QUANTILES: [f64; 9] = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.95, 0.995];
const COMPANION_QUANTILES: [f64; 5] = [0.25, 0.5, 0.75, 0.95, 0.995];
const AGES: [i32; 10] = [1, 6, 15, 20, 25, 30, 40, 50, 65, 80];
const NEAR: [f64; 4] = [NEAR_MIN, -5.0, -2.0, 0.0];

/// A pair that resolution rejected is at most this likely a match.
const REJECTED_PROBABILITY_MAX: f64 = 0.5;

/// Fewer dates than this give no quantiles.
const DATES_MIN: usize = 30;

/// Of at least so many dates a share as large as this on one day is the day of an extraction or of a migration: no sign
/// of life.
const ONE_DAY_DATES_MIN: usize = 50;
const ONE_DAY_SHARE: f64 = 0.95;

/// Levels of a time bin before the bins themselves: 0 no record or no companions, then no date.
const UNDATED: u8 = 1;
const FIRST_BIN: u8 = 2;

/// The name of the feature *dwelling* in outputs, and how its levels begin where nobody was enumerated: what follow-up
/// learns of buildings asks for these words.
pub const DWELLING: &str = "dwelling";
/// See [`DWELLING`].
pub const NOBODY_ENUMERATED: &str = "nobody enumerated";

/// A feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// Last sign of life in a kind of register record.
    LastSeen(usize),
    /// Age.
    Age,
    /// Sex.
    Sex,
    /// Where the ID number was issued.
    Region,
    /// How mates stand to the roll.
    Mates,
    /// Who was enumerated at the dwelling, and how many companions were not.
    Dwelling,
    /// Is somebody listed at the dwelling as living elsewhere?
    ListedElsewhere,
    /// Latest sign of life of missing companions in a kind of register record.
    Companions(usize),
    /// Could somebody enumerated at the dwelling be this person?
    Twin,
    /// Nearest present row of a person without a record of these kinds.
    NearFree,
    /// Nearest present row of a person with one.
    NearTaken,
}

impl Feature {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Feature::LastSeen(_) => "last_seen",
            Feature::Age => "age",
            Feature::Sex => "sex",
            Feature::Region => "id_region",
            Feature::Mates => "household_members",
            Feature::Dwelling => DWELLING,
            Feature::ListedElsewhere => "listed_elsewhere",
            Feature::Companions(_) => "companions_last_seen",
            Feature::Twin => "twin",
            Feature::NearFree => "near_unregistered_row",
            Feature::NearTaken => "near_registered_row",
        }
    }

    /// Is it something that being enumerated, or the household's being enumerated, cannot change?
    pub fn is_trace(self) -> bool {
        matches!(self, Feature::LastSeen(_))
    }
}

/// A kind of register record: what a source holds.
#[derive(Debug, Clone)]
struct Register {
    label: String,
    /// Its dates are nearly all one day: what they say is that there is one.
    is_of_one_day: bool,
    own: Vec<f64>,
    companion: Vec<f64>,
}

/// Sees persons in levels.
pub(super) struct Observer<'a> {
    material: &'a Material<'a>,
    surroundings: &'a Surroundings<'a>,
    /// Register number of each slot of [`Observer::slot_of`].
    register_of: Vec<Option<u8>>,
    slot_of: &'a [u8],
    registers: Vec<Register>,
    home: Option<u32>,
    /// The features, in the order of the levels.
    pub features: Vec<Feature>,
}

/// Which slots are kinds of register records, and what they are called.
fn registers(study: &Study, slots: &[Slot]) -> (Vec<Option<u8>>, Vec<Register>) {
    let mut registers = Vec::new();
    let register_of = slots
        .iter()
        .map(|slot| {
            if slot.kind.is_of_roll() || registers.len() >= 64 {
                return None;
            }
            let source = study.sources.get(slot.source).map_or("register", |source| source.name.as_str());
            let label = format!("{source} {}", slot.kind.name().replace('_', " "));
            registers.push(Register { label, is_of_one_day: false, own: Vec::new(), companion: Vec::new() });
            u8::try_from(registers.len() - 1).ok()
        })
        .collect();
    (register_of, registers)
}

impl<'a> Observer<'a> {
    /// An observer with bins at the quantiles of these residents; `locals` show where locals' numbers are issued.
    pub fn learn(
        study: &Study,
        material: &'a Material<'a>,
        surroundings: &'a Surroundings<'a>,
        residents: &[u32],
        locals: &[u32],
    ) -> Observer<'a> {
        let (slots, slot_of) = material.slots;
        let (register_of, registers) = registers(study, slots);
        let count = registers.len();
        let mut features: Vec<Feature> = (0..count).map(Feature::LastSeen).collect();
        features.extend([Feature::Age, Feature::Sex, Feature::Region, Feature::Mates, Feature::Dwelling]);
        features.push(Feature::ListedElsewhere);
        features.extend((0..count).map(Feature::Companions));
        features.extend([Feature::Twin, Feature::NearFree, Feature::NearTaken]);
        let mut observer = Observer { material, surroundings, register_of, slot_of, registers, home: None, features };
        let mut days: Vec<Vec<f64>> = vec![Vec::new(); count];
        for &resident in residents {
            for (register, last) in observer.last_seen(resident).into_iter().enumerate() {
                days[register].extend(last.flatten().map(f64::from));
            }
        }
        for (register, mut days) in observer.registers.iter_mut().zip(days) {
            days.sort_unstable_by(f64::total_cmp);
            register.is_of_one_day = are_of_one_day(&days);
            if days.len() >= DATES_MIN {
                register.own = OWN_QUANTILES.map(|q| quantile(&days, q)).to_vec();
                register.companion = COMPANION_QUANTILES.map(|q| quantile(&days, q)).to_vec();
            }
        }
        observer.home = observer.commonest_region(locals);
        observer
    }

    /// Is there a kind of register record with dates that tell one person from another?
    pub fn has_dates(&self) -> bool {
        self.registers.iter().any(|register| !register.own.is_empty() && !register.is_of_one_day)
    }

    /// Is there a kind of register record whose dates are nearly all one day?
    pub fn has_dates_of_one_day(&self) -> bool {
        self.registers.iter().any(|register| register.is_of_one_day)
    }

    fn commonest_region(&self, persons: &[u32]) -> Option<u32> {
        let mut regions: Vec<u32> = persons.iter().filter_map(|person| self.region(*person)).collect();
        regions.sort_unstable();
        let runs = regions.chunk_by(|a, b| a == b);
        runs.max_by_key(|run| (run.len(), std::cmp::Reverse(run[0]))).map(|run| run[0])
    }

    fn register(&self, record: RecordId) -> Option<usize> {
        let slot = self.slot_of.get(record as usize)?;
        self.register_of.get(usize::from(*slot)).copied().flatten().map(usize::from)
    }

    /// For each kind of register record: `None` no record, `Some(None)` no date, else days before the reference day.
    fn last_seen(&self, person: u32) -> Vec<Option<Option<i32>>> {
        let mut last: Vec<Option<Option<i32>>> = vec![None; self.registers.len()];
        for record in self.surroundings.register_records(person) {
            let Some(register) = self.register(record) else { continue };
            let seen = self.material.table.last_seen[record as usize];
            let days = (seen != NO_DAY).then(|| self.material.day.saturating_sub(seen));
            let known = last[register].flatten();
            last[register] = Some(match (known, days) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            });
        }
        last
    }

    fn first<T>(&self, person: u32, of: impl Fn(usize) -> Option<T>) -> Option<T> {
        self.surroundings.register_records(person).find_map(|record| of(record as usize))
    }

    fn region(&self, person: u32) -> Option<u32> {
        self.first(person, |at| self.material.table.id_number[at].region())
    }

    /// The levels of a person when some are hidden.
    pub fn levels(&self, person: u32, hidden: &[u32]) -> Box<[u8]> {
        let mut levels = Vec::with_capacity(self.features.len());
        self.observe(person, hidden, &mut levels);
        levels.into()
    }

    /// The level of each feature, written over `levels`.
    pub fn observe(&self, person: u32, hidden: &[u32], levels: &mut Vec<u8>) {
        levels.clear();
        let around = self.surroundings.around(person, hidden);
        let table = self.material.table;
        let last = self.last_seen(person);
        for (register, days) in self.registers.iter().zip(&last) {
            levels.push(time_level(*days, &register.own));
        }
        let age = self.first(person, |at| table.birth[at].age_on(self.material.day));
        levels.push(age.map_or(0, |age| bin(AGES.iter().filter(|limit| **limit <= age).count() + 1)));
        levels.push(self.first(person, |at| (table.sex[at] != 0).then_some(table.sex[at])).unwrap_or(0).min(2));
        levels.push(self.region_level(person));
        levels.push(self.mates_level(&around, hidden));
        levels.push(dwelling_level(&around));
        levels.push(u8::from(around.listed_elsewhere));
        let mut companions: Vec<Option<Option<i32>>> = vec![None; self.registers.len()];
        for companion in &around.companions {
            for (best, days) in companions.iter_mut().zip(self.last_seen(*companion)) {
                *best = Some(match (best.flatten(), days.flatten()) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                });
            }
        }
        for (register, days) in self.registers.iter().zip(companions) {
            levels.push(time_level(days, &register.companion));
        }
        levels.push(u8::from(around.occupants.iter().any(|other| self.could_be(person, *other))));
        let (free, taken) = self.near_levels(person, hidden);
        levels.extend([free, taken]);
    }

    fn region_level(&self, person: u32) -> u8 {
        match (self.region(person), self.home) {
            (Some(region), Some(home)) if region == home => 1,
            (Some(region), Some(home)) if region / 10_000 == home / 10_000 => 2,
            (Some(_), _) => 3,
            (None, _) => {
                let document = |at: usize| self.material.table.id_number[at].is_document().then_some(4);
                self.first(person, document).unwrap_or(0)
            }
        }
    }

    fn mates_level(&self, around: &Around, hidden: &[u32]) -> u8 {
        around.mates.iter().fold(0, |level, mate| {
            level
                | match self.surroundings.standing(*mate) {
                    Standing::Present if !hidden.contains(mate) => 1,
                    Standing::Elsewhere if !hidden.contains(mate) => 2,
                    Standing::Present | Standing::Elsewhere | Standing::Unknown => 4,
                    Standing::Gone => 0,
                }
        })
    }

    /// The kinds of register record a person has, as bits.
    fn kinds(&self, person: u32) -> u64 {
        self.surroundings.register_records(person).filter_map(|record| self.register(record)).fold(0, |a, b| a | 1 << b)
    }

    /// Could an occupant be this person, wrongly held apart: no kind of register record in common, of one sex and age?
    fn could_be(&self, person: u32, other: u32) -> bool {
        let table = self.material.table;
        let of = |person: u32| {
            let records = self.material.resolution.records_of(person);
            let month = records.iter().map(|record| table.birth[*record as usize]).find(|birth| birth.has_month());
            let sex = records.iter().map(|record| table.sex[*record as usize]).find(|sex| *sex != 0);
            (month.map(|birth| i32::from(birth.parts().0) * 12 + i32::from(birth.parts().1)), sex)
        };
        let ((Some(month), sex), (Some(other_month), other_sex)) = (of(person), of(other)) else { return false };
        sex == other_sex && (month - other_month).abs() <= 1 && self.kinds(person) & self.kinds(other) == 0
    }

    /// Whom on the roll the person may be, wrongly held apart, and how probably: the owner of the present row of the
    /// best rejected pair, of owners who have no record of these kinds. A rejected pair is at most as likely as not.
    pub fn held_apart(&self, person: u32) -> Option<(u32, f64)> {
        let near = self.surroundings.near(person);
        let kinds = if near.is_empty() { 0 } else { self.kinds(person) };
        let free = near.iter().filter(|near| kinds & self.kinds(near.owner) == 0);
        let best =
            free.max_by(|one, other| one.log2_odds.total_cmp(&other.log2_odds).then(other.owner.cmp(&one.owner)));
        best.map(|near| (near.owner, probability(near.log2_odds).min(REJECTED_PROBABILITY_MAX)))
    }

    fn near_levels(&self, person: u32, hidden: &[u32]) -> (u8, u8) {
        let mut best = [f64::NEG_INFINITY; 2];
        let near = self.surroundings.near(person);
        let kinds = if near.is_empty() { 0 } else { self.kinds(person) };
        for near in near.iter().filter(|near| !hidden.contains(&near.owner)) {
            let taken = usize::from(kinds & self.kinds(near.owner) != 0);
            best[taken] = best[taken].max(near.log2_odds);
        }
        let [free, taken] = best.map(|log2_odds| bin(NEAR.iter().filter(|limit| **limit <= log2_odds).count()));
        (free, taken)
    }

    /// What a level is, as a readable code.
    pub fn level_name(&self, feature: Feature, level: u8) -> String {
        let pick = |names: &[&str]| names.get(usize::from(level)).copied().unwrap_or("unknown").to_owned();
        match feature {
            Feature::LastSeen(register) => {
                let register = &self.registers[register];
                format!("{} record, {}", register.label, time_name(level, &register.own, "none", "without date"))
            }
            Feature::Companions(register) => {
                let register = &self.registers[register];
                format!(
                    "{} record, {}",
                    register.label,
                    time_name(level, &register.companion, "no companions", "none seen")
                )
            }
            Feature::Age => match usize::from(level) {
                0 => String::from("unknown"),
                1 => String::from("under 1"),
                level if level > AGES.len() => String::from("80 or more"),
                level => format!("{}-{}", AGES[level - 2], AGES[level - 1] - 1),
            },
            Feature::Sex => pick(&["unknown", "male", "female"]),
            Feature::Region => pick(&["no ID number", "local", "same province", "other province", "document"]),
            Feature::Mates => match level {
                0 => String::from("none"),
                level => {
                    let names = [(1, "present"), (2, "elsewhere"), (4, "not on the roll")];
                    let held: Vec<&str> = names.iter().filter(|name| level & name.0 != 0).map(|name| name.1).collect();
                    held.join(" and ")
                }
            },
            Feature::Dwelling => dwelling_words(level),
            Feature::ListedElsewhere | Feature::Twin => pick(&["no", "yes"]),
            Feature::NearFree | Feature::NearTaken => {
                pick(&["none", "log2 odds -10 to -5", "log2 odds -5 to -2", "log2 odds -2 to 0", "log2 odds above 0"])
            }
        }
    }
}

/// What a level of [`DWELLING`] is: who was enumerated there, and how many companions were not.
pub(crate) fn dwelling_words(level: u8) -> String {
    let states = [
        "none",
        NOBODY_ENUMERATED,
        "mates enumerated",
        "co-registered enumerated",
        "strangers enumerated",
        "institution",
    ];
    let state = states.get(usize::from(level / 4)).copied().unwrap_or("unknown");
    format!("{state}, companions not on the roll: {}{}", level % 4, if level % 4 == 3 { "+" } else { "" })
}

fn bin(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}

fn dwelling_level(around: &Around) -> u8 {
    let among = |others: &[u32]| around.occupants.iter().any(|other| others.binary_search(other).is_ok());
    let state = if !around.has_dwelling {
        0
    } else if around.crowded {
        5
    } else if around.occupants.is_empty() {
        1
    } else if among(&around.mates) {
        2
    } else if among(&around.co_registered) {
        3
    } else {
        4
    };
    state * 4 + bin(around.companions.len().min(3))
}

/// Level of a time: nothing, no date, or the bin.
fn time_level(days: Option<Option<i32>>, limits: &[f64]) -> u8 {
    match days {
        None => 0,
        Some(Some(days)) if !limits.is_empty() => {
            FIRST_BIN + bin(limits.iter().filter(|limit| **limit < f64::from(days)).count())
        }
        Some(_) => UNDATED,
    }
}

fn time_name(level: u8, limits: &[f64], nothing: &str, undated: &str) -> String {
    let Some(at) = level.checked_sub(FIRST_BIN).map(usize::from) else {
        return if level == UNDATED { undated } else { nothing }.to_owned();
    };
    let below = at.checked_sub(1).and_then(|at| limits.get(at)).map(|limit| limit.floor() + 1.0);
    let day = |days: f64| if days < 0.0 { format!("{} days after", -days) } else { format!("{days} days before") };
    match (below, limits.get(at).map(|limit| limit.floor())) {
        (None, Some(to)) => format!("last seen {} or later", day(to)),
        (Some(from), Some(to)) if from >= 0.0 => format!("last seen {from} to {to} days before"),
        (Some(from), Some(to)) => format!("last seen {} to {}", day(from), day(to)),
        (Some(from), None) => format!("last seen {} or earlier", day(from)),
        (None, None) => undated.to_owned(),
    }
}

/// Are nearly all of these sorted dates one day?
fn are_of_one_day(sorted: &[f64]) -> bool {
    let most = sorted.chunk_by(|one, other| one == other).map(<[f64]>::len).max().unwrap_or(0);
    sorted.len() >= ONE_DAY_DATES_MIN && most as f64 >= ONE_DAY_SHARE * sorted.len() as f64
}

/// Quantile of sorted values, interpolated.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor();
    let at = below as usize;
    let (Some(low), Some(high)) = (sorted.get(at), sorted.get(at + 1).or(sorted.last())) else { return 0.0 };
    low + (high - low) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::{FIRST_BIN, time_name};

    #[test]
    fn days_after_the_reference_time_are_called_so() {
        let limits = [-2.5, 10.0, 40.0];
        let names: Vec<String> = (0..4).map(|at| time_name(FIRST_BIN + at, &limits, "none", "undated")).collect();
        assert_eq!(
            names,
            [
                "last seen 3 days after or later",
                "last seen 2 days after to 10 days before",
                "last seen 11 to 40 days before",
                "last seen 41 days before or earlier"
            ]
        );
        assert_eq!(time_name(FIRST_BIN + 1, &[-9.0], "none", "undated"), "last seen 8 days after or earlier");
    }
}
