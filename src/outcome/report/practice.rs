//! What does a small made-up district look like to the tests?
//!
//! Forty households in two communities, a roll that misses some persons, two registers that miss others; findings of
//! every kind, made by hand. No person here exists: the region code 999999 is given to nobody.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

use super::cases::CaseBook;
use super::{Report, ReportInput, compose};
use crate::intake::extract::{self, Extract};
use crate::intake::study::{Language, Study, file};
use crate::linkage::comparison::Comparer;
use crate::linkage::decided::Decided;
use crate::linkage::{self, Linked};
use crate::outcome::coverage::{self, Coverage};
use crate::outcome::discrepancy::{Discrepancy, DiscrepancyKind, Evidence, Findings};
use crate::outcome::reliability;
use crate::outcome::residence::Residence;
use crate::person::table::{PersonTable, RecordId};
use crate::person::{self, Standardised};
use crate::progress::Silent;
use crate::synthetic::identity::with_check;

/// Names of the registers: words that nothing else in an output may hold.
pub const REGISTERS: [&str; 2] = ["police_zq", "hospital_zq"];

/// Planned visits to missed persons.
pub const VISITS: u64 = 5;

const STUDY: &str = r#"
[study]
name = "practice & drill"
reference_time = "2020-11-01T00:00:00+08:00"
area = "999999"

[[source]]
name = "roll"
role = "roll"
kind = "census"
path = "roll.parquet"
record_id = "id"
[source.columns]
name = "name"
id_number = "number"
sex = "sex"
birth_date = "birth"
address = "address"
enumeration_area = "area"
household = "household"
[source.rows]
column = "meaning"
present = ["1"]
elsewhere = ["5"]

[[source]]
name = "police_zq"
role = "register"
kind = "police_zq"
path = "police.parquet"
record_id = "id"
[source.columns]
name = "name"
id_number = "number"
sex = "sex"
birth_date = "birth"
address = "address"
division = "area"
household = "household"

[[source]]
name = "hospital_zq"
role = "register"
kind = "hospital_zq"
path = "hospital.parquet"
record_id = "id"
[source.columns]
name = "name"
id_number = "number"
sex = "sex"
birth_date = "birth"
address = "address"
division = "area"
"#;

/// A made-up person.
pub struct Resident {
    /// Full name.
    pub name: String,
    /// Full ID number.
    pub number: String,
    sex: &'static str,
    birth: String,
    address: String,
    area: String,
    household: String,
}

fn residents() -> Vec<Resident> {
    const FAMILIES: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黃", "周", "吴"];
    const GIVEN: [&str; 12] = ["伟", "芳", "敏", "静", "强", "磊", "军", "洋", "勇", "艳", "杰", "涛"];
    (0..120usize)
        .map(|at| {
            let household = at / 3;
            let birth = format!("{}{:02}{:02}", 1940 + at * 7 % 75, at % 12 + 1, at * 5 % 28 + 1);
            Resident {
                name: format!("{}{}{}", FAMILIES[household % 10], GIVEN[at % 12], GIVEN[(at / 12 + at * 5) % 12]),
                number: with_check(&format!("999999{birth}{:03}", 100 + at)),
                sex: if at.is_multiple_of(2) { "2" } else { "1" },
                birth,
                address: format!("幸福小区{}号楼{}单元{}01室", household / 8 + 1, household % 2 + 1, household % 8 + 1),
                area: format!("99999900100{}00{}", household / 20 + 1, household / 10 % 2 + 1),
                household: format!("h{household}"),
            }
        })
        .collect()
}

fn write(path: &Path, prefix: &str, residents: &[(usize, &Resident)], digits: usize) {
    let column = |of: &dyn Fn(usize, &Resident) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(residents.iter().map(|(at, resident)| of(*at, resident))))
    };
    let batch = RecordBatch::try_from_iter([
        ("id", column(&|at, _| format!("{prefix}{at:04}"))),
        ("name", column(&|_, r| r.name.clone())),
        ("number", column(&|_, r| r.number.clone())),
        ("sex", column(&|_, r| r.sex.to_owned())),
        ("birth", column(&|_, r| r.birth.clone())),
        ("address", column(&|_, r| r.address.clone())),
        ("area", column(&|_, r| r.area[..digits].to_owned())),
        ("household", column(&|_, r| r.household.clone())),
        ("meaning", column(&|at, _| if at % 11 == 3 { "5" } else { "1" }.to_owned())),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The district with everything a report is made of.
pub struct District {
    /// Where its files are.
    pub folder: tempfile::TempDir,
    /// The study.
    pub study: Study,
    /// Who lives there.
    pub residents: Vec<Resident>,
    /// The records.
    pub table: PersonTable,
    /// Who is who.
    pub linked: Linked,
    /// No residence evidence.
    pub residence: Residence,
    /// The findings.
    pub findings: Findings,
    /// The counts.
    pub coverage: Coverage,
    extracts: Vec<Extract>,
    tallies: Vec<crate::tally::Tally>,
}

impl District {
    /// Reads, links and finds.
    pub fn new(language: Language) -> District {
        let folder = tempfile::tempdir().unwrap();
        let residents = residents();
        let some = |left_out: usize, rest: usize| -> Vec<(usize, &Resident)> {
            residents.iter().enumerate().filter(|(at, _)| at % left_out != rest).collect()
        };
        write(&folder.path().join("roll.parquet"), "R", &some(6, 2), 15);
        write(&folder.path().join("police.parquet"), "P", &some(7, 3), 12);
        write(&folder.path().join("hospital.parquet"), "H", &some(5, 1), 12);
        let path = folder.path().join("study.toml");
        std::fs::write(&path, STUDY).unwrap();
        let mut study = file::read(&path).unwrap();
        study.language = language;
        let extracts: Vec<Extract> = (0..3).map(|source| extract::open(&study, source).unwrap()).collect();
        let Standardised { table, tallies, .. } = person::standardise(&study, &extracts, &Silent).unwrap();
        let linked =
            linkage::link(&study, &table, &Comparer::new(&study, &table), &Decided::default(), || {}, &Silent).unwrap();
        let findings = findings(&table, &linked);
        let coverage = coverage::count(&study, &table, &linked);
        District {
            folder,
            study,
            residents,
            table,
            linked,
            residence: Residence::default(),
            findings,
            coverage,
            extracts,
            tallies,
        }
    }

    /// The report of the district.
    pub fn report(&self) -> Report {
        let comparer = Comparer::new(&self.study, &self.table);
        let scorer = self.linked.scorer(&comparer, &self.table);
        let input = ReportInput {
            study: &self.study,
            extracts: &self.extracts,
            table: &self.table,
            tallies: &self.tallies,
            linked: &self.linked,
            links: &[],
            residence: &self.residence,
            findings: &self.findings,
            coverage: &self.coverage,
            reliability: &reliability::appraise(&self.study, &scorer, &self.linked, &[], &Decided::default()),
        };
        compose(&input, &CaseBook::of(&input))
    }

    /// A folder of its own to write into.
    pub fn out(&self, name: &str) -> PathBuf {
        let out = self.folder.path().join(name);
        std::fs::create_dir_all(&out).unwrap();
        out
    }
}

/// Every kind of finding: eight missed persons of different certainty, and three of each other kind.
fn findings(table: &PersonTable, linked: &Linked) -> Findings {
    let person_of = |record: RecordId| linked.resolution.person_of[record as usize];
    let on_roll = |person: u32| linked.resolution.records_of(person).iter().any(|record| table.source(*record) == 0);
    let mut missed: Vec<RecordId> = table.records(1).filter(|record| !on_roll(person_of(*record))).collect();
    missed.sort_unstable();
    let mut roll = table.records(0).step_by(4);
    let mut discrepancies = Vec::new();
    for kind in DiscrepancyKind::ALL {
        let count = if kind == DiscrepancyKind::MissedPerson { 8 } else { 3 };
        for priority in 1..=count {
            let found = matches!(
                kind,
                DiscrepancyKind::MissedPerson | DiscrepancyKind::MissedNewborn | DiscrepancyKind::MissedHousehold
            );
            let record = if found { missed.pop() } else { roll.next() }.unwrap();
            let code = if found { table.division[record as usize] } else { table.area[record as usize] };
            let area = if priority == 3 { "999999" } else { table.divisions.text(code) };
            discrepancies.push(Discrepancy {
                kind,
                person: person_of(record),
                members: vec![person_of(record); if kind == DiscrepancyKind::MissedHousehold { 3 } else { 1 }],
                roll_record: (!found).then_some(record),
                shown_record: record,
                addressed_record: record,
                at_house: false,
                area: area.to_owned(),
                probability: 0.9 / f64::from(priority),
                priority,
                listed: kind != DiscrepancyKind::MissedPerson || u64::from(priority) <= VISITS,
                evidence: vec![evidence(kind)],
            });
        }
    }
    let expected_found = (1..=5).map(|priority| 0.9 / f64::from(priority)).sum();
    Findings { discrepancies, visits: VISITS, expected_found, ..Findings::default() }
}

/// As `find` words it.
fn evidence(kind: DiscrepancyKind) -> Evidence {
    let (what, found) = match kind {
        DiscrepancyKind::AttributeConflict => ("id_number", "1 of 2 register records differ"),
        _ => ("record", REGISTERS[0]),
    };
    Evidence { what: what.into(), found: found.into(), bits: None }
}
