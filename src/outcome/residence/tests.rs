//! A district made up here: households of three in a register, most of them on the roll.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::features::{Feature, Observer};
use super::standing::{self, Known, Part};
use super::surroundings::Surroundings;
use super::{Candidate, Material, Residence, StratumFit, drawn_with, estimate_from, persons};
use crate::intake::extract;
use crate::intake::study::{RowKind, Study, file};
use crate::linkage::blocking::Pair;
use crate::linkage::comparison::household::Households;
use crate::linkage::model::slot::{self, Slot};
use crate::linkage::resolution::Resolution;
use crate::linkage::scoring::Score;
use crate::outcome::discrepancy::DiscrepancyKind;
use crate::outcome::settled::Settled;
use crate::outcome::visit::Outcome;
use crate::person::date::Date;
use crate::person::{standardise, table::PersonTable};
use crate::progress::Silent;

const REFERENCE_DAY: i32 = 18_567;

/// What became of a person; the letter begins the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Enumerated,
    Missed,
    MissedTogether,
    Gone,
    Listed,
    ListedInArea,
    Dead,
    Unborn,
}

/// One row of an extract: record id (the person's number before the dash), kind and the other columns.
#[derive(Debug, Clone, Default)]
struct Row {
    id: String,
    kind: &'static str,
    birth: String,
    household: String,
    seen: String,
    death: String,
    address: String,
    sex: String,
}

#[derive(Debug, Clone, Default)]
struct District {
    fates: Vec<Fate>,
    roll: Vec<Row>,
    register: Vec<Row>,
}

struct Built {
    study: Study,
    table: PersonTable,
    resolution: Resolution,
    households: Households,
    pairs: Vec<Pair>,
    scores: Vec<Score>,
    slots: (Vec<Slot>, Vec<u8>),
    settled: Settled,
}

impl Candidate {
    /// A person who was as likely as not missed, and who with this probability is somebody on the roll.
    pub(crate) fn held_apart(person: u32, from: u32, linked: f64) -> Candidate {
        let linked_to = Some(from);
        Candidate { person, stratum: 0, probability: 0.5, linked, linked_to, visited: None, levels: Box::default() }
    }
}

fn day(day: i32) -> String {
    let (year, month, day) = Date::from_day(day).unwrap().parts();
    format!("{year:04}-{month:02}-{day:02}")
}

/// Households of three: a tenth missed as a whole, an eighth gone, an eighth listed elsewhere; of the others one person
/// in nine missed.
fn district(households: usize) -> District {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut district = District::default();
    for household in 0..households {
        let lot: f64 = random.random();
        for member in 0..3 {
            let fate = match lot {
                lot if lot < 0.10 => Fate::MissedTogether,
                lot if lot < 0.225 => Fate::Gone,
                lot if lot < 0.35 => Fate::Listed,
                lot if lot < 0.36 => Fate::ListedInArea,
                lot if lot < 0.37 => Fate::Dead,
                lot if lot < 0.38 => Fate::Unborn,
                _ if random.random::<f64>() < 0.11 => Fate::Missed,
                _ => Fate::Enumerated,
            };
            let away = matches!(fate, Fate::Gone | Fate::Listed);
            let ago = if away { random.random_range(200..3000) } else { random.random_range(0..500) };
            let id = format!("{}-", district.fates.len());
            let row = Row {
                kind: if fate == Fate::Dead { "death" } else { "household" },
                birth: if fate == Fate::Unborn {
                    day(REFERENCE_DAY)
                } else {
                    format!("19{:02}-03-05", 50 + member * 7)
                },
                household: format!("H{household}"),
                seen: day(REFERENCE_DAY - ago),
                death: if fate == Fate::Dead { day(REFERENCE_DAY - 100) } else { String::new() },
                address: format!("和平里小区{}号楼1单元{}室", household / 20 + 1, household % 20 + 101),
                sex: String::from("1"),
                id,
            };
            let roll = match fate {
                Fate::Enumerated => Some("1"),
                Fate::Listed => Some("5"),
                Fate::ListedInArea => Some("2"),
                _ => None,
            };
            district.roll.extend(roll.map(|kind| Row { id: format!("{}r", row.id), kind, ..row.clone() }));
            district.register.push(row);
            district.fates.push(fate);
        }
    }
    district
}

fn write(path: &std::path::Path, rows: &[Row]) {
    let column = |of: fn(&Row) -> &str| -> ArrayRef {
        Arc::new(StringArray::from(rows.iter().map(|row| Some(of(row)).filter(|t| !t.is_empty())).collect::<Vec<_>>()))
    };
    let batch = RecordBatch::try_from_iter([
        ("id", column(|row| &row.id)),
        ("kind", column(|row| row.kind)),
        ("name", column(|row| if row.id.len() % 2 == 0 { "王芳" } else { "李建国" })),
        ("birth", column(|row| &row.birth)),
        ("household", column(|row| &row.household)),
        ("seen", column(|row| &row.seen)),
        ("death", column(|row| &row.death)),
        ("address", column(|row| &row.address)),
        ("sex", column(|row| &row.sex)),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

const STUDY: &str = r#"
[study]
reference_time = "2020-11-01T00:00:00+08:00"
[[source]]
name = "police"
role = "register"
path = "register.parquet"
record_id = "id"
[source.columns]
name = "name"
birth_date = "birth"
household = "household"
last_seen = "seen"
death_date = "death"
address = "address"
sex = "sex"
[source.rows]
column = "kind"
household_registration = ["household"]
death = ["death"]
[[source]]
name = "roll"
role = "roll"
path = "roll.parquet"
record_id = "id"
[source.columns]
name = "name"
birth_date = "birth"
household = "household"
address = "address"
sex = "sex"
[source.rows]
column = "kind"
present = ["1"]
elsewhere_in_area = ["2"]
elsewhere = ["5"]
"#;

/// The table of a district; who is who is what the record ids say.
fn build(district: &District) -> Built {
    build_with(district, &[])
}

/// The same with a second register, if it has rows.
fn build_with(district: &District, second: &[Row]) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.toml");
    let (head, sources) = STUDY.split_once("[[source]]").unwrap();
    let (register, _) = sources.split_once("[[source]]").unwrap();
    let of_second = format!("[[source]]{}", register.replace("register.parquet", "second.parquet"));
    let of_second = of_second.replace("name = \"police\"", "name = \"second\"");
    let of_second = if second.is_empty() { "" } else { &of_second };
    std::fs::write(&path, format!("{head}[[source]]{sources}\n{of_second}")).unwrap();
    write(&folder.path().join("second.parquet"), second);
    write(&folder.path().join("register.parquet"), &district.register);
    write(&folder.path().join("roll.parquet"), &district.roll);
    let study = file::read(&path).unwrap();
    let extracts: Vec<_> = (0..study.sources.len()).map(|source| extract::open(&study, source).unwrap()).collect();
    let table = standardise(&study, &extracts, &Silent).unwrap().table;
    let label = |record| table.record_id(record).split('-').next().unwrap().parse().unwrap();
    let labels: Vec<u32> = (0..u32::try_from(table.len()).unwrap()).map(label).collect();
    let resolution = Resolution::from_labels(&labels);
    let households = Households::of(&table);
    let slots = slot::slots(&table, &households);
    let (pairs, scores) = (Vec::new(), Vec::new());
    Built { study, table, resolution, households, pairs, scores, slots, settled: Settled::default() }
}

impl Built {
    fn material(&self) -> Material<'_> {
        Material {
            seed: 1,
            day: REFERENCE_DAY,
            table: &self.table,
            resolution: &self.resolution,
            households: &self.households,
            pairs: &self.pairs,
            scores: &self.scores,
            slots: (&self.slots.0, &self.slots.1),
            settled: &self.settled,
        }
    }

    fn estimate(&self) -> Residence {
        estimate_from(&self.study, &self.material())
    }
}

#[test]
fn missed_residents_are_told_from_those_who_left() {
    let district = district(1500);
    let residence = build(&district).estimate();
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for candidate in &residence.candidates {
        let kind = match district.fates[candidate.person as usize] {
            Fate::Missed => "missed",
            Fate::MissedTogether => "missed together",
            Fate::Gone => "gone",
            other => panic!("{other:?} is no candidate"),
        };
        let sum = sums.entry(kind).or_default();
        *sum = (sum.0 + candidate.probability, sum.1 + 1.0);
    }
    let mean = |kind: &str| sums[kind].0 / sums[kind].1;
    assert!(mean("missed") > 0.85 && mean("missed together") > 0.7 && mean("gone") < 0.2, "{sums:?}");
    let expected: f64 = sums.values().map(|sum| sum.0).sum();
    let missed = sums["missed"].1 + sums["missed together"].1;
    assert!((expected / missed - 1.0).abs() < 0.1, "{expected} should be {missed}");
    assert!(residence.candidates.is_sorted_by_key(|candidate| candidate.person));
    assert_eq!(residence.strata[0].warnings, Vec::<String>::new());
}

#[test]
fn a_collective_household_leaves_families_alone() {
    leaves_families_alone("JT0009", "人才大厦1号楼201室");
}

#[test]
fn a_collective_household_may_have_no_number_but_be_called_so() {
    leaves_families_alone("", "理工学院学生集体户");
}

/// Families expect as many missed as they do without a collective household beside them, registered so.
fn leaves_families_alone(number: &str, address: &str) {
    let mut district = district(900);
    let families = build(&district).estimate();
    let persons = u32::try_from(district.fates.len()).unwrap();
    // Many who live elsewhere are registered in it, and some who live at other addresses here.
    for member in 0..600 {
        let is_here = member % 10 == 0;
        let row = Row {
            id: format!("{}-", district.fates.len()),
            kind: "household",
            birth: format!("19{}-{:02}-11", 80 + member % 15, member % 12 + 1),
            household: number.to_owned(),
            seen: day(REFERENCE_DAY - if is_here { member } else { 1000 + member }),
            address: address.to_owned(),
            sex: String::from("1"),
            ..Row::default()
        };
        if is_here {
            let address = format!("和平里小区{}号楼2单元{}室", member / 20 + 1, member % 20 + 101);
            let household = format!("C{member}");
            district.roll.push(Row { id: format!("{}r", row.id), kind: "1", household, address, ..row.clone() });
        }
        district.register.push(row);
        district.fates.push(if is_here { Fate::Enumerated } else { Fate::Gone });
    }
    let beside = build(&district).estimate();
    let of_families = |residence: &Residence| -> f64 {
        residence.candidates.iter().filter(|of| of.person < persons).map(|of| of.probability).sum()
    };
    let (alone, beside_them) = (of_families(&families), of_families(&beside));
    assert!((beside_them / alone - 1.0).abs() < 0.02, "{beside_them} should be {alone}");
    let of = |residence: &Residence, stratum: usize| {
        let fit = &residence.strata[stratum];
        (fit.name, fit.positives, fit.unlabelled)
    };
    assert_eq!(of(&beside, 0), of(&families, 0));
    assert_eq!(of(&beside, 3), ("collective_household", 60, 540));
    let collective: f64 = beside.candidates.iter().map(|of| of.probability).sum::<f64>() - beside_them;
    assert!(collective < 54.0, "{collective}: hardly anybody of them lives here");
}

#[test]
fn the_dead_the_unborn_and_the_listed_are_no_candidates() {
    let district = district(1500);
    let built = build(&district);
    let candidates: Vec<u32> = built.estimate().candidates.iter().map(|candidate| candidate.person).collect();
    for (person, fate) in (0u32..).zip(&district.fates) {
        let wanted = matches!(fate, Fate::Missed | Fate::MissedTogether | Fate::Gone);
        assert_eq!(candidates.binary_search(&person).is_ok(), wanted, "{fate:?}");
    }
    let parts: Vec<Part> =
        standing::statuses(&built.material(), &built.study).0.iter().map(|status| status.part).collect();
    for (part, fate) in parts.iter().zip(&district.fates) {
        assert_eq!(*part == Part::Outside, matches!(fate, Fate::Dead | Fate::Unborn | Fate::ListedInArea), "{fate:?}");
    }
}

#[test]
fn whom_registers_know_in_another_area_only_is_no_candidate() {
    let mut built = build(&district(300));
    let here = built.table.divisions.intern("120106001001");
    let there = built.table.divisions.intern("120104001001");
    let records: Vec<u32> = (0..u32::try_from(built.table.len()).unwrap()).collect();
    let candidates = |built: &Built, area: &str| {
        let study = Study { area: area.to_owned(), ..built.study.clone() };
        let (statuses, _) = standing::statuses(&built.material(), &study);
        persons(&statuses, Part::Candidate, Known::Registered)
    };
    let all = candidates(&built, "120106");
    // Of every other one whom the roll does not have the register says that they live in the next district.
    let is_elsewhere = |person: u32| person.is_multiple_of(2) && all.contains(&person);
    for &record in &records {
        let person = built.resolution.person_of[record as usize];
        built.table.division.set(record as usize, if is_elsewhere(person) { there } else { here });
    }
    assert_eq!(candidates(&built, ""), all);
    let expected: Vec<u32> = all.iter().copied().filter(|person| !is_elsewhere(*person)).collect();
    assert!(expected.len() > 10 && expected.len() < all.len());
    assert_eq!(candidates(&built, "120106"), expected);
    // Codes by which even those whom the roll has live elsewhere are no such codes.
    records.iter().for_each(|record| built.table.division.set(*record as usize, there));
    assert_eq!(candidates(&built, "120106"), all);
}

#[test]
fn a_number_of_a_household_registers_where_no_row_is_said_to_be_a_registration() {
    use crate::intake::study::RowKind::{HouseholdRegistration, Permit, Residence as File};
    let mut built = build(&district(300));
    let records: Vec<u32> = built.table.records(0).collect();
    let registered = |built: &mut Built, kind_of: &dyn Fn(u32) -> RowKind| {
        records.iter().for_each(|record| built.table.kind.set(*record as usize, kind_of(*record)));
        let (statuses, _) = standing::statuses(&built.material(), &built.study);
        [Known::Registered, Known::Other].map(|known| persons(&statuses, Part::Candidate, known).len())
    };
    let [all, others] = registered(&mut built, &|_| HouseholdRegistration);
    assert!(all > 10 && others == 0);
    assert_eq!(registered(&mut built, &|_| File), [all, 0], "the number of a resident's file tells");
    assert_eq!(registered(&mut built, &|_| Permit), [0, all], "a landlord's number is no registration");
    let [few, rest] = registered(&mut built, &|at| if at % 2 == 0 { HouseholdRegistration } else { File });
    assert!(few > 0 && rest > 0 && few + rest == all, "beside registrations it is a clinic's own");
}

#[test]
fn only_registered_persons_tell_how_many_of_the_others_were_missed() {
    let residence = |registered: u64| {
        let fit = |positives| StratumFit { positives, ..StratumFit::default() };
        Residence { strata: vec![fit(registered), fit(500)], ..Residence::default() }
    };
    assert_eq!(residence(0).missed_odds(), None);
    assert_eq!(residence(500).missed_odds(), Some(0.0));
}

#[test]
fn other_codes_of_one_register_hide_nobody_and_leave_those_of_the_others_alone() {
    let mut district = district(300);
    let second = district.register.split_off(district.register.len() / 2);
    let mut built = build_with(&district, &second);
    let [here, there, old_code] =
        ["120106001001", "120104001001", "120222001001"].map(|code| built.table.divisions.intern(code));
    built.study.area = String::from("120106");
    let all: Vec<u32> = candidates_of(&built);
    // Of some candidates the register says that they live in the next district.
    let is_elsewhere = |person: u32| person.is_multiple_of(3) && all.contains(&person);
    let records: Vec<u32> = (0..u32::try_from(built.table.len()).unwrap()).collect();
    for &record in &records {
        let person = built.resolution.person_of[record as usize];
        let code = if is_elsewhere(person) { there } else { here };
        built.table.division.set(record as usize, code);
    }
    let some: Vec<u32> = all.iter().copied().filter(|person| !is_elsewhere(*person)).collect();
    assert_eq!(candidates_of(&built), some);
    // The codes of the second register are those of another time.
    for record in built.table.records(2) {
        built.table.division.set(record as usize, old_code);
    }
    let found = candidates_of(&built);
    let is_of_second = |person: &u32| {
        built.resolution.records_of(*person).iter().any(|record| built.table.division[*record as usize] == old_code)
    };
    let (of_second, of_first): (Vec<u32>, Vec<u32>) = all.iter().copied().partition(is_of_second);
    assert!(of_second.len() > 10 && of_second.iter().all(|person| found.contains(person)));
    let hidden = of_first.iter().filter(|person| !found.contains(person)).count();
    let expected = of_first.iter().filter(|person| is_elsewhere(**person)).count();
    assert_eq!(hidden, expected, "the codes of the first register still count");
    assert_eq!(standing::statuses(&built.material(), &built.study).1, expected as u64);
}

fn candidates_of(built: &Built) -> Vec<u32> {
    let (statuses, _) = standing::statuses(&built.material(), &built.study);
    persons(&statuses, Part::Candidate, Known::Registered)
}

/// The levels of one person, all others showing where the limits of the bins are.
fn levels_of(built: &Built, person: u32, hidden: &[u32]) -> (Vec<Feature>, Vec<u8>) {
    let material = built.material();
    let (statuses, _) = standing::statuses(&material, &built.study);
    let surroundings = Surroundings::of(&material, &statuses);
    let mut residents = persons(&statuses, Part::Positive, Known::Registered);
    residents.retain(|resident| *resident != person);
    let observer = Observer::learn(&built.study, &material, &surroundings, &residents, &residents);
    let mut levels = Vec::new();
    observer.observe(person, hidden, &mut levels);
    (observer.features.clone(), levels)
}

#[test]
fn a_hidden_resident_looks_as_if_the_roll_had_never_had_the_row() {
    let district = district(300);
    let built = build(&district);
    let enumerated = |person: usize| district.fates[person] == Fate::Enumerated;
    let households: Vec<usize> = (0..300).filter(|at| (0..3).all(|member| enumerated(at * 3 + member))).collect();
    for household in households.into_iter().take(12) {
        let all: Vec<u32> = (0..3).map(|member| u32::try_from(household * 3 + member).unwrap()).collect();
        for hidden in [&all[1..2], &all[..]] {
            let mut without = district.clone();
            without.roll.retain(|row| !hidden.iter().any(|person| row.id == format!("{person}-r")));
            let (features, levels) = levels_of(&built, all[1], hidden);
            let (_, expected) = levels_of(&build(&without), all[1], &[]);
            for (at, feature) in features.iter().enumerate() {
                // Bins move with the residents that are left; every other level must be the same.
                if !matches!(feature, Feature::LastSeen(_) | Feature::Companions(_)) {
                    assert_eq!(levels[at], expected[at], "{feature:?}");
                }
            }
            let seen = levels_of(&built, all[1], &[]).1;
            assert_eq!(seen == levels, hidden.len() == 1, "only own rows never count");
        }
    }
}

#[test]
fn of_a_door_with_several_households_one_is_missed_or_the_whole_house() {
    let mut shared = district(40);
    for row in shared.roll.iter_mut().chain(&mut shared.register) {
        let person: usize = row.id.split('-').next().unwrap().parse().unwrap();
        row.address = format!("和平里小区{}号楼1单元101室", person / 6 + 1);
    }
    let houses = |district: &District| {
        let built = build(district);
        let material = built.material();
        let (statuses, _) = standing::statuses(&material, &built.study);
        let surroundings = Surroundings::of(&material, &statuses);
        let house = |person: u32| surroundings.missed_house(person);
        let persons = u32::try_from(district.fates.len()).unwrap();
        (0..persons).filter_map(house).collect::<Vec<_>>()
    };
    let found = houses(&shared);
    let enumerated = |person: u32| shared.fates[person as usize] == Fate::Enumerated;
    for house in &found {
        let at_door = |person: &u32| person / 6 == house[0] / 6 && enumerated(*person);
        assert_eq!(*house, (0..120).filter(at_door).collect::<Vec<u32>>());
    }
    // Of the doors where both households were enumerated, one of the two hides the other.
    let both = |door: &u32| [0, 3].iter().all(|of| (0..3).any(|member| enumerated(door * 6 + of + member)));
    assert!(!found.is_empty() && found.iter().all(|house| both(&(house[0] / 6))));
    let of_one = |person: &u32| found.iter().any(|house| house.contains(person));
    assert!((0..20).filter(both).all(|door| (0..6).any(|at| of_one(&(door * 6 + at)))));
    assert!(houses(&district(40)).is_empty(), "a door of one household hides nobody else");
}

#[test]
fn members_are_drawn_together_whichever_source_comes_first() {
    let district = district(60);
    let without = |row: &Row| Row { household: String::new(), address: String::new(), ..row.clone() };
    let first = District { register: district.register.iter().map(without).collect(), ..district.clone() };
    let built = build_with(&first, &district.register);
    for person in (0..180).step_by(3).filter(|person| district.fates[*person as usize] == Fate::Gone) {
        let drawn = |person| drawn_with(&built.table, &built.households, &built.resolution, person);
        assert_eq!([drawn(person), drawn(person + 1)], [drawn(person + 2); 2]);
    }
}

#[test]
fn a_likely_link_to_a_free_row_lowers_the_probability() {
    let district = district(600);
    let mut built = build(&district);
    let before = built.estimate();
    let missed = before.candidates.iter().position(|candidate| candidate.probability > 0.5).unwrap();
    let person = before.candidates[missed].person;
    let record = built.resolution.records_of(person)[0];
    let mut labels = built.resolution.person_of.clone();
    let row = (0..built.table.len()).find(|at| built.table.is_present(u32::try_from(*at).unwrap())).unwrap();
    labels[row] = u32::MAX;
    built.resolution = Resolution::from_labels(&labels);
    let alone = built.estimate();
    built.pairs = vec![(record, u32::try_from(row).unwrap())];
    built.scores = vec![Score { weight: 0.0, log2_odds: -1.0 }];
    let after = built.estimate();
    let of = |residence: &Residence| {
        residence.candidates.iter().find(|candidate| candidate.person == person).cloned().unwrap()
    };
    assert!((of(&after).linked - 1.0 / 3.0).abs() < 1e-9);
    assert!(of(&after).probability < of(&alone).probability * 0.75, "{:?} {:?}", of(&after), of(&alone));
    let contributions = after.contributions(&of(&after));
    let bits: f64 = contributions.iter().map(|contribution| contribution.bits).sum();
    let log2_odds = (of(&after).probability / (1.0 - of(&after).probability)).log2();
    assert!((after.strata[of(&after).stratum].base_bits + bits - log2_odds).abs() < 1e-6);
    assert!(contributions.iter().any(|contribution| contribution.feature == "rejected_link"));
    assert!(contributions.is_sorted_by(|a, b| a.bits.abs() >= b.bits.abs()));
}

#[test]
fn what_visits_found_is_certain_and_teaches_of_the_others() {
    let district = district(900);
    let mut built = build(&district);
    let before = built.estimate();
    let candidates: Vec<u32> = before.candidates.iter().map(|candidate| candidate.person).collect();
    let visited = |person: &u32| (person / 3).is_multiple_of(2);
    let open = |residence: &Residence| {
        let open: Vec<f64> =
            residence.candidates.iter().filter(|c| c.visited.is_none()).map(|c| c.probability).collect();
        (open.iter().sum::<f64>(), open.len())
    };
    let mut after = |outcome: &dyn Fn(u32) -> Outcome| {
        let answers = candidates.iter().filter(|person| visited(person));
        built.settled =
            Settled::of_persons(answers.map(|person| (DiscrepancyKind::MissedPerson, *person, outcome(*person))));
        built.estimate()
    };
    let truth = |person: u32| {
        let missed = matches!(district.fates[person as usize], Fate::Missed | Fate::MissedTogether);
        if missed { Outcome::Added } else { Outcome::MovedOutBefore }
    };
    let told = after(&truth);
    for candidate in told.candidates.iter().filter(|candidate| visited(&candidate.person)) {
        assert_eq!(candidate.probability, f64::from(u8::from(truth(candidate.person) == Outcome::Added)));
        assert_eq!(told.redrawn(candidate, 7), candidate.probability);
    }
    let others = before.candidates.iter().filter(|candidate| !visited(&candidate.person));
    let expected: f64 = others.map(|candidate| candidate.probability).sum();
    assert!((open(&told).0 / expected - 1.0).abs() < 0.15, "the truth confirms: {:?}, {expected}", open(&told));
    let (none, all) = (open(&after(&|_| Outcome::NeverLivedHere)), open(&after(&|_| Outcome::Added)));
    assert!(none.0 < 0.5 * expected && all.0 > 1.5 * expected, "{none:?} {all:?} {expected}");
}

#[test]
fn whom_visits_found_teaches_the_same_once_written_on_the_roll() {
    let mut district = district(900);
    let missed = |district: &District, person: u32| {
        matches!(district.fates[person as usize], Fate::Missed | Fate::MissedTogether)
    };
    let mut likeliest = build(&district).estimate().candidates;
    likeliest.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    // Visits go to the likeliest: four in five are found, and who is not looks just like them.
    let visited: Vec<(u32, bool)> =
        likeliest.iter().take(120).map(|of| (of.person, missed(&district, of.person) && of.person % 5 != 0)).collect();
    let outcome = |found: bool| if found { Outcome::Added } else { Outcome::MovedOutBefore };
    let settled = || {
        let answers = visited.iter();
        Settled::of_persons(answers.map(|(person, found)| (DiscrepancyKind::MissedPerson, *person, outcome(*found))))
    };
    let open = |district: &District, settled: Settled| {
        let residence = Built { settled, ..build(district) }.estimate();
        let open = residence.candidates.iter().filter(|of| visited.iter().all(|(person, _)| *person != of.person));
        (open.map(|of| of.probability).sum::<f64>(), residence.found)
    };
    let (before, none) = open(&district, settled());
    assert!(none.is_empty());
    let mut found: Vec<u32> = visited.iter().filter(|(_, found)| *found).map(|(person, _)| *person).collect();
    found.sort_unstable();
    for person in &found {
        let row = district.register[*person as usize].clone();
        // A form of its own for each, as they are written on the roll one by one.
        let (id, household) = (format!("{}r", row.id), format!("B{person}"));
        district.roll.push(Row { id, household, kind: "1", ..row });
    }
    let (after, on_roll) = open(&district, settled());
    assert_eq!(on_roll, found);
    assert!((after / before - 1.0).abs() < 0.1, "{after} expected of the others, {before} before");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let built = build(&district(900));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| built.estimate().candidates)
    };
    let one = on(1);
    assert!(one.len() > 100);
    assert_eq!(one, on(3));
}

#[test]
fn nothing_in_gives_nothing_out() {
    let mut district = district(30);
    district.register.clear();
    assert_eq!(build(&district).estimate().candidates, []);
    district.roll.clear();
    assert_eq!(build(&district).estimate().candidates, []);
}

#[test]
fn of_dates_that_are_nearly_all_one_day_there_is_a_warning() {
    let mut district = district(300);
    let warnings = |district: &District| build(district).estimate().strata[0].warnings.clone();
    assert!(!warnings(&district).contains(&String::from("one_date")));
    for (at, row) in district.register.iter_mut().enumerate() {
        row.seen = String::from(if at % 40 == 0 { "2019-03-01" } else { "2020-12-15" });
    }
    let warnings = warnings(&district);
    assert!(["no_dates", "one_date"].iter().all(|code| warnings.contains(&String::from(*code))), "{warnings:?}");
}

#[test]
fn without_dates_or_roll_there_is_a_warning() {
    let mut district = district(300);
    district.register.iter_mut().for_each(|row| row.seen.clear());
    let residence = build(&district).estimate();
    assert!(residence.strata[0].warnings.contains(&String::from("no_dates")));
    assert!(!residence.candidates.is_empty());
    district.roll.clear();
    let residence = build(&district).estimate();
    assert!(residence.strata[0].warnings.contains(&String::from("few_positives")));
    assert!(residence.candidates.iter().all(|candidate| (candidate.probability - 0.3).abs() < 1e-9));
}
