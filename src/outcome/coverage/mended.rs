//! How much of each person stands on each list, once the lists are mended?
//!
//! Takes the table, who is who, residence evidence and findings, gives a [`Mass`] per person: a link counts as far as
//! the model believes it, a register person as far as the residence evidence says *resident*, a roll person as far as
//! nothing says that the enumeration is wrong; whoever the roll has and the census counts elsewhere counts nothing.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::by_lists::Lists;
use super::{AgeGroup, Census};
use crate::intake::study::RowKind;
use crate::linkage::Linked;
use crate::linkage::scoring::Score;
use crate::outcome::discrepancy::{DiscrepancyKind, Findings};
use crate::outcome::residence::{self, Residence};
use crate::person::lexicon::Symbol;
use crate::person::table::RecordId;

/// No candidate of the residence evidence.
pub(super) const NO_CANDIDATE: u32 = u32::MAX;

/// A person, mended.
#[derive(Debug, Clone)]
pub(super) struct Mass {
    pub person: u32,
    pub place: Symbol,
    pub sex: u8,
    pub age: AgeGroup,
    /// 1 registered here, 2 registered elsewhere, 0 not asked by the roll, or in no register.
    pub registration: u8,
    pub household: u64,
    /// Counted here rightly, and in a register.
    pub both: f64,
    /// Counted here rightly, and in no register.
    pub only_roll: f64,
    /// Lived here, and only registers know.
    pub only_register: f64,
    /// Counted here wrongly.
    pub erroneous: f64,
    /// Present on the roll, and by its own items counted elsewhere.
    pub guests: f64,
    pub duplicates: f64,
    /// Position among the candidates of the residence evidence.
    pub candidate: u32,
    /// Registers that the person is in, as bits (see [`Lists`]).
    pub registers: u8,
    /// Probability that the person's records on both lists are one person's.
    pub certainty: f64,
}

impl Mass {
    /// Of a person on no list, for tests.
    #[cfg(test)]
    pub fn of_nobody(age: AgeGroup) -> Mass {
        Mass {
            person: 0,
            place: 0,
            sex: 1,
            age,
            registration: 0,
            household: 0,
            both: 0.0,
            only_roll: 0.0,
            only_register: 0.0,
            erroneous: 0.0,
            guests: 0.0,
            duplicates: 0.0,
            candidate: NO_CANDIDATE,
            registers: 0,
            certainty: 1.0,
        }
    }

    fn is_nothing(&self) -> bool {
        self.both == 0.0 && self.only_roll == 0.0 && self.only_register == 0.0 && self.erroneous + self.guests == 0.0
    }
}

/// What is known of single persons.
struct Doubts {
    certainty: Greatest,
    erroneous: FxHashMap<u32, f64>,
    /// Listed as living elsewhere in the area and nowhere present: were they not enumerated there?
    counted_elsewhere: FxHashMap<u32, f64>,
    /// Of persons on the roll, a register person who may be the same, held apart.
    held_apart: FxHashMap<u32, (u32, f64)>,
}

/// The greatest probability of each person, which all threads raise at once.
struct Greatest(Vec<AtomicU64>);

impl Greatest {
    fn raise(&self, person: u32, probability: f64) {
        // Numbers that are not negative are in the order of their bits; 0 is for nothing known.
        self.0[person as usize].fetch_max(probability.clamp(0.0, 1.0).to_bits() + 1, Relaxed);
    }

    fn get(&self, person: u32) -> Option<f64> {
        self.0[person as usize].load(Relaxed).checked_sub(1).map(f64::from_bits)
    }
}

fn raise(map: &mut FxHashMap<u32, f64>, person: u32, probability: f64) {
    let known = map.entry(person).or_default();
    *known = known.max(probability.clamp(0.0, 1.0));
}

impl Doubts {
    fn of(
        census: &Census<'_>,
        linked: &Linked,
        scores: &[Score],
        residence: &Residence,
        findings: &Findings,
    ) -> Doubts {
        let owner = &linked.resolution.person_of;
        let certainty = Greatest((0..linked.resolution.persons()).map(|_| AtomicU64::new(0)).collect());
        linked.pairs.par_iter().zip(scores).for_each(|((one, other), score)| {
            let person = owner[*one as usize];
            if person == owner[*other as usize] && census.is_roll(*one) != census.is_roll(*other) {
                certainty.raise(person, score.probability());
            }
        });
        let (mut erroneous, mut counted_elsewhere) = (FxHashMap::default(), FxHashMap::default());
        for found in &findings.discrepancies {
            let present = found.roll_record.is_some_and(|record| census.table.is_present(record));
            let wrong = matches!(
                found.kind,
                DiscrepancyKind::DeadBeforeReference
                    | DiscrepancyKind::BornAfterReference
                    | DiscrepancyKind::UnsupportedEnumeration
            ) || (found.kind == DiscrepancyKind::CountedElsewhere && present);
            if wrong {
                raise(&mut erroneous, found.person, found.probability);
            } else if found.kind == DiscrepancyKind::CountedElsewhere {
                raise(&mut counted_elsewhere, found.person, found.probability);
            }
        }
        findings.wrongly_counted.iter().for_each(|person| raise(&mut erroneous, *person, 1.0));
        let mut held_apart: FxHashMap<u32, (u32, f64)> = FxHashMap::default();
        for candidate in &residence.candidates {
            let Some(owner) = candidate.linked_to else { continue };
            let likeliest = held_apart.entry(owner).or_insert((candidate.person, candidate.linked));
            if candidate.linked > likeliest.1 {
                *likeliest = (candidate.person, candidate.linked);
            }
        }
        Doubts { certainty, erroneous, counted_elsewhere, held_apart }
    }
}

/// The masses of all persons who weigh anything. `scores` are those that are
/// [`believed`](residence::believed).
pub(super) fn mend(
    census: &Census<'_>,
    linked: &Linked,
    scores: &[Score],
    residence: &Residence,
    findings: &Findings,
    lists: Option<&Lists>,
) -> Vec<Mass> {
    if !census.roles.contains(&true) {
        return Vec::new();
    }
    let doubts = Doubts::of(census, linked, scores, residence, findings);
    // Without a register of household registrations whoever only registers have would be taken to be registered
    // elsewhere: all of them, beside the few of whom the roll says so.
    let asked = census.table.registration.iter().any(|digit| *digit != 0)
        && census.table.kind.iter().any(|kind| *kind == RowKind::HouseholdRegistration);
    let persons = 0..u32::try_from(linked.resolution.persons()).unwrap_or(u32::MAX);
    let masses = persons.into_par_iter().map(|person| mass(census, linked, residence, &doubts, asked, lists, person));
    // One piece of memory, rather than one for each part and another for the whole.
    let mut masses: Vec<Mass> = masses.collect();
    masses.retain(|mass| !mass.is_nothing());
    masses
}

fn mass(
    census: &Census<'_>,
    linked: &Linked,
    residence: &Residence,
    doubts: &Doubts,
    asked: bool,
    lists: Option<&Lists>,
    person: u32,
) -> Mass {
    let table = census.table;
    let records = linked.resolution.records_of(person);
    let counts = census.counts(records);
    let known = |map: &FxHashMap<u32, f64>, otherwise: f64| map.get(&person).copied().unwrap_or(otherwise);
    let is_counted = |record: &&RecordId| table.is_counted(**record, census.study.reference.day);
    let counted = records.iter().any(|record| is_counted(&record));
    let in_area = records.iter().any(|record| table.kind[*record as usize] == RowKind::ElsewhereInArea);
    let present = counts.roll_present > 0;
    let mut mass = Mass {
        person,
        place: census.place(records),
        sex: census.sex(records),
        age: AgeGroup::of(census.birth(records).age_on(census.study.reference.day)),
        registration: if asked { registration(census, records) } else { 0 },
        household: residence::drawn_with(table, &linked.households, &linked.resolution, person),
        both: 0.0,
        only_roll: 0.0,
        only_register: 0.0,
        erroneous: 0.0,
        guests: 0.0,
        duplicates: 0.0,
        candidate: NO_CANDIDATE,
        registers: lists.map_or(0, |lists| lists.registers(census, records)),
        certainty: doubts.certainty.get(person).unwrap_or(1.0),
    };
    if counted {
        let rows = records.iter().filter(is_counted).count() as f64;
        mass.erroneous = known(&doubts.erroneous, 0.0);
        mass.duplicates = (rows - 1.0).max(0.0);
        let right = 1.0 - mass.erroneous;
        mass.both = right * counts.register_persons as f64 * mass.certainty;
        // Of somebody in no register, a register person whom the linker held apart turns *only roll* into *both*.
        let held_apart = doubts.held_apart.get(&person).filter(|_| counts.register_persons == 0);
        if let Some((other, probability)) = held_apart {
            mass.both = right * probability;
            mass.registers = lists.map_or(0, |lists| lists.registers(census, linked.resolution.records_of(*other)));
        }
        mass.only_roll = right - mass.both;
        // Whom registers led to a visit, and the visit to the roll, the enumeration had missed: counted on both lists,
        // they would tell how well it reaches those whom registers know.
        if residence.found.binary_search(&person).is_ok() {
            mass.only_register = std::mem::take(&mut mass.both);
        }
    } else if present {
        mass.guests = 1.0;
    } else if in_area && census.lived(records) {
        // Whoever the roll places elsewhere in the area and enumerates nowhere was missed, as far as that discrepancy
        // is real.
        mass.only_register = known(&doubts.counted_elsewhere, 0.0);
    } else if let Ok(at) = residence.candidates.binary_search_by_key(&person, |candidate| candidate.person) {
        mass.candidate = u32::try_from(at).unwrap_or(NO_CANDIDATE);
        mass.only_register = residence.candidates[at].probability;
    }
    mass
}

/// Registered here or not, by the roll or, without it, by whether a register has the household registration.
fn registration(census: &Census<'_>, records: &[RecordId]) -> u8 {
    let table = census.table;
    let said = records.iter().map(|record| table.registration[*record as usize]).find(|digit| *digit != 0);
    let registered = || records.iter().any(|record| table.kind[*record as usize] == RowKind::HouseholdRegistration);
    match said {
        Some(digit) if digit <= 3 => 1,
        Some(_) => 2,
        None if registered() => 1,
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashMap;

    use super::{Mass, mend};
    use crate::intake::extract;
    use crate::intake::study::file;
    use crate::linkage;
    use crate::linkage::comparison::Comparer;
    use crate::linkage::decided::Decided;
    use crate::outcome::coverage::Census;
    use crate::outcome::discrepancy::Findings;
    use crate::outcome::residence::{Candidate, Residence, believed};
    use crate::person;
    use crate::progress::Silent;
    use crate::synthetic::identity::with_check;

    /// The masses of a roll and a register whose rows are of this kind, by the record that names the person. Of sixty
    /// persons on both every other one is registered in another county; the register has one more (p60), and `more` is
    /// added to the roll. If h1 is there, p60 may be the same, held apart.
    fn masses(kind: &str, more: &str) -> FxHashMap<String, Mass> {
        masses_of(kind, more, &Decided::default())
    }

    /// The same after what clerks have decided.
    fn masses_of(kind: &str, more: &str, decided: &Decided) -> FxHashMap<String, Mass> {
        masses_with(kind, more, decided, &[])
    }

    /// The same where visits had found some, who were written on the roll then.
    fn masses_with(kind: &str, more: &str, decided: &Decided, found: &[&str]) -> FxHashMap<String, Mass> {
        let folder = tempfile::tempdir().unwrap();
        let person = |at: u32| {
            let born = format!("{}-{:02}-{:02}", 1950 + at % 50, 1 + at % 12, 1 + at % 28);
            let number = with_check(&format!("999999{}{:03}", born.replace('-', ""), at + 11));
            let name = format!(
                "{}{}",
                ["赵建国", "钱秀英", "孙志强", "李桂兰"][at as usize % 4],
                ["", "明", "华"][at as usize % 3]
            );
            format!("{name},{number},{born}")
        };
        let roll = |at: u32| format!("r{at},{},1,{},3\n", person(at), [1, 4][at as usize % 2]);
        let register = |at: u32| format!("p{at},{},,,\n", person(at));
        let mut study = String::from("[study]\nname = \"s\"\nreference_time = \"2020-11-01T00:00:00+08:00\"\n");
        for (role, rows, of_kind) in [
            ("roll", (0..60).map(roll).collect::<String>() + more, ""),
            ("register", (0..61).map(register).collect(), kind),
        ] {
            std::fs::write(folder.path().join(format!("{role}.csv")), format!("id,name,number,born,d7,d8,d9\n{rows}"))
                .unwrap();
            let rows = if role == "roll" {
                String::from("column = \"d7\"\nelsewhere = [\"5\"]\notherwise = \"present\"")
            } else {
                format!("otherwise = \"{of_kind}\"")
            };
            study += &format!(
                "[[source]]\nname = \"{role}\"\nrole = \"{role}\"\npath = \"{role}.csv\"\nrecord_id = \"id\"\n[source.columns]\nname = \"name\"\nid_number = \"number\"\nbirth_date = \"born\"\n"
            );
            if role == "roll" {
                study += "registration = \"d8\"\nleft_registration = \"d9\"\n";
            }
            study += &format!("[source.rows]\n{rows}\n");
        }
        std::fs::write(folder.path().join("study.toml"), study).unwrap();
        let study = file::read(&folder.path().join("study.toml")).unwrap();
        let extracts = [0, 1].map(|source| extract::open(&study, source).unwrap());
        let table = person::standardise(&study, &extracts, &Silent).unwrap().table;
        let comparer = Comparer::new(&study, &table);
        let linked = linkage::link(&study, &table, &comparer, &Decided::default(), || {}, &Silent).unwrap();
        let person = |id: &str| {
            let records = 0..u32::try_from(table.len()).unwrap();
            let of_id = records.into_iter().find(|record| table.record_id(*record) == id);
            of_id.map(|record| linked.resolution.person_of[record as usize])
        };
        let held_apart = person("h1").zip(person("p60"));
        let candidates = held_apart.map(|(owner, of)| Candidate::held_apart(of, owner, 0.3)).into_iter().collect();
        let found = found.iter().filter_map(|id| person(id)).collect();
        let residence = Residence { candidates, found, ..Residence::default() };
        let findings = Findings::default();
        let masses =
            mend(&Census::of(&study, &table), &linked, &believed(decided, &linked), &residence, &findings, None);
        let named = |mass: Mass| (table.record_id(linked.resolution.records_of(mass.person)[0]).to_owned(), mass);
        masses.into_iter().map(named).collect()
    }

    #[test]
    fn what_clerks_have_decided_is_certain() {
        let both = |decided: Decided| masses_of("tenancy", "", &decided)["r0"].both;
        // The records of the register come after the sixty of the roll.
        assert_eq!(both(Decided::of_pairs([((0, 60), true)])), 1.0);
        let alone = both(Decided::default());
        assert!(alone < 1.0 && both(Decided::of_pairs([((1, 61), true)])) == alone, "{alone}");
    }

    #[test]
    fn whom_a_visit_found_the_enumeration_had_missed_though_the_roll_has_the_person_now() {
        let parts = |found: &[&str]| {
            let masses = masses_with("tenancy", "", &Decided::of_pairs([((5, 65), true)]), found);
            ["r5", "r6"].map(|id| [masses[id].both, masses[id].only_roll, masses[id].only_register])
        };
        let ([five, six], [found, other]) = (parts(&[]), parts(&["r5"]));
        assert_eq!((five, found, six), ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], other));
    }

    #[test]
    fn without_a_register_of_registrations_nobody_is_told_by_registration() {
        let registrations = |kind: &str| {
            let masses = masses(kind, "");
            ["r0", "r1"].map(|record| masses[record].registration)
        };
        assert_eq!(registrations("household_registration"), [1, 2]);
        // Whom only the register has would be registered elsewhere, beside the few of whom the roll says so.
        assert_eq!(registrations("tenancy"), [0, 0]);
    }

    #[test]
    fn who_was_perhaps_held_apart_is_on_both_lists_where_the_roll_has_the_row() {
        let masses = masses("tenancy", "h1,周小宝,,1999-05-06,1,3,\n");
        let parts = |record: &str| {
            let mass = &masses[record];
            [mass.both, mass.only_roll, mass.only_register]
        };
        assert_eq!(parts("h1"), [0.3, 0.7, 0.0]);
        assert_eq!(parts("p60"), [0.0, 0.0, 0.5]);
    }

    #[test]
    fn an_infant_who_cannot_have_left_half_a_year_ago_counts_where_it_lives() {
        let child = |at: u32, name: &str, said: &str| format!("c{at},{name},,{said},2\n");
        let more = child(1, "周小宝", "2020-05,1,4") + &child(2, "吴海涛", "2020-04,1,4");
        let more = more + &child(3, "郑安琪", "2020-09-30,5,1") + &child(4, "冯雪梅", "2019-08-12,5,1");
        let masses = masses("household_registration", &more);
        let counted = |record: &str| masses.get(record).map(|mass| (mass.only_roll, mass.guests));
        assert_eq!(["c1", "c2"].map(counted), [Some((1.0, 0.0)), Some((0.0, 1.0))]);
        // Registered here, and living with its family elsewhere.
        assert_eq!(["c3", "c4"].map(counted), [None, Some((1.0, 0.0))]);
    }
}
