//! What would a district look like of which the truth is known?
//!
//! Takes a [`Plan`] (how many residents, which seed, how many errors), writes a folder with four extracts as
//! departments would send them, the study file that cross-checks them, and two tables of truth. The people do not
//! exist: names are drawn from public frequencies, places are invented, numbers are random (see `identity`).
//!
//! 1. `place` lays out streets, communities, estates and doors; a dwelling is two numbers.
//! 2. `population` peoples one community at a time, with the people around it who must not be counted.
//! 3. `registers` and `roll` write what departments and enumerators have on file, through the clerks of `damage`.
//! 4. This room mixes the rows of some communities, numbers them and writes them through `sheet`.
//!
//! Every community has its own streams of the seed's generator, and communities are written in an order drawn from the
//! seed. The same plan therefore gives the same bytes on any number of threads, and memory does not grow with the
//! district: at most two groups of communities are held at a time.

mod address;
mod calendar;
mod chance;
mod damage;
mod family;
pub(crate) mod identity;
mod names;
mod person;
mod place;
mod population;
mod registers;
mod roll;
mod sheet;
mod study;
mod truth;
mod uneven;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::chance::{dice, position};
use self::damage::Errata;
use self::identity::Regions;
use self::names::Names;
use self::person::Block;
use self::place::District;
use self::sheet::{Cell, Row, Sheet};
use self::study::EXTRACTS;
use self::truth::Traces;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::whole_file;

pub use self::truth::{PERSONS_FILE, RECORDS_FILE};

/// Persons in the group of communities that is held at a time, about.
const GROUP_PERSONS: usize = 24_000;

/// What is to be made.
pub struct Plan<'a> {
    /// Usual residents of the district.
    pub persons: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Multiplier of all error rates of clerks; 1.0 is usual.
    pub errors: f64,
    /// How unevenly enumerators work from place to place: 0 alike everywhere, 1 as in a bad district.
    pub uneven: f64,
    /// Who is told how far it has got.
    pub progress: &'a dyn Progress,
}

/// What has been made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The files: extracts, study file, tables of truth.
    pub files: Vec<PathBuf>,
    /// The study file.
    pub study: PathBuf,
    /// Rows of each extract, by source name.
    pub rows: BTreeMap<String, u64>,
    /// Persons, of whatever status.
    pub persons: u64,
    /// Usual residents.
    pub residents: u64,
    /// Residents without a row by which they are counted.
    pub missed: u64,
    /// Those of them who are in at least one register.
    pub missed_in_register: u64,
    /// How many of each kind of thing to find were planted.
    pub planted: BTreeMap<String, u64>,
}

/// Is this the hidden name of a file of a district that somebody has stopped the program from finishing? Nothing is
/// lost with it.
#[must_use]
pub fn is_unfinished(name: &OsStr) -> bool {
    let files = EXTRACTS.iter().map(|extract| extract.file).chain([RECORDS_FILE, PERSONS_FILE, study::STUDY_FILE]);
    files.map(|file| whole_file::hidden(Path::new(file))).any(|hidden| hidden.as_os_str() == name)
}

/// Everything that all communities share.
struct World {
    seed: u64,
    errors: f64,
    uneven: f64,
    district: District,
    names: Names,
    regions: Regions,
    errata: Errata,
}

/// The rows of some communities, persons numbered within the group.
#[derive(Default)]
struct Group {
    extracts: [Vec<Row>; 4],
    persons: Vec<Row>,
    count: u64,
    residents: u64,
    missed: u64,
    missed_in_register: u64,
    planted: BTreeMap<&'static str, u64>,
}

/// Makes a district with its truth.
///
/// # Errors
/// The plan cannot be carried out (no persons, too many, a multiplier that is none), or a file cannot be written.
pub fn write_district(folder: &Path, plan: &Plan<'_>) -> Result<Made> {
    check(plan)?;
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, &error))?;
    let district = District::new(plan.seed, plan.persons);
    let regions = Regions::new(district.communities.len());
    let (names, errata) = (Names::new(), Errata::new());
    let world = World { seed: plan.seed, errors: plan.errors, uneven: plan.uneven, district, names, regions, errata };
    let mut writer = Writer::create(folder, plan.seed)?;
    let order = shuffled_communities(&world);
    let size = plan.persons / order.len().max(1);
    let mut groups = order.chunks((GROUP_PERSONS / size.max(1)).max(1));
    plan.progress.begin("synth", plan.persons as u64);
    let mut ready = groups.next().map(|communities| gather(&world, communities));
    while let Some(group) = ready {
        let (residents, next) = (group.residents, groups.next());
        let (written, following) =
            rayon::join(|| writer.write(group), || next.map(|communities| gather(&world, communities)));
        written?;
        ready = following;
        plan.progress.advance(residents);
    }
    let mut made = writer.finish()?;
    made.study = study::write_study(folder, plan)?;
    made.files.push(made.study.clone());
    plan.progress.finish(&format!("{} residents, {} missed", made.residents, made.missed));
    Ok(made)
}

fn check(plan: &Plan<'_>) -> Result<()> {
    let usage = |what: &str| Err(Error::new(crate::error::Kind::Usage, what));
    if !(1..=100_000_000).contains(&plan.persons) {
        return usage("a district has between 1 and 100,000,000 persons");
    }
    // Beyond this, a clerk with a bad day would err in more than every case.
    if !(0.0..=10.0).contains(&plan.errors) {
        return usage("the multiplier of errors lies between 0 and 10");
    }
    if !(0.0..=2.0).contains(&plan.uneven) {
        return usage("the unevenness lies between 0 and 2");
    }
    Ok(())
}

/// The stream of one kind of work in one community.
fn stream(community: usize, work: u64) -> u64 {
    8 * community as u64 + work
}

fn shuffled_communities(world: &World) -> Vec<usize> {
    let mut order: Vec<usize> = (0..world.district.communities.len()).collect();
    shuffle(&mut order, world.seed, u64::MAX - 1);
    order
}

fn shuffle<T>(items: &mut [T], seed: u64, stream: u64) {
    let mut dice = dice(seed, stream);
    for last in (1..items.len()).rev() {
        items.swap(last, position(&mut dice, last + 1));
    }
}

/// Peoples some communities and writes their rows.
fn gather(world: &World, communities: &[usize]) -> Group {
    let parts: Vec<Group> = communities.par_iter().map(|&community| one_community(world, community)).collect();
    let mut group = Group::default();
    for part in parts {
        let shift = |row: Row| Row { person: row.person + group.count, cells: row.cells };
        for (all, rows) in group.extracts.iter_mut().zip(part.extracts) {
            all.extend(rows.into_iter().map(shift));
        }
        group.persons.extend(part.persons.into_iter().map(shift));
        group.count += part.count;
        group.residents += part.residents;
        group.missed += part.missed;
        group.missed_in_register += part.missed_in_register;
        for (kind, count) in part.planted {
            *group.planted.entry(kind).or_default() += count;
        }
    }
    group
}

fn one_community(world: &World, community: usize) -> Group {
    let block = population::people(world, community);
    let enumeration = roll::enumerate(world, &block, community);
    let registers = registers::register(world, &block, community);
    let mut group = Group { count: block.persons.len() as u64, planted: enumeration.planted, ..Group::default() };
    group.planted.insert("newborn_placeholder", registers.placeholders);
    group.extracts = [enumeration.rows, registers.public_security, registers.housing, registers.health];
    let traces = traces(&block, &group.extracts, &enumeration.counted);
    for (person, traces) in block.persons.iter().zip(&traces) {
        group.residents += u64::from(person.status.is_resident());
        group.missed += u64::from(traces.is_missed(person));
        group.missed_in_register += u64::from(traces.is_missed(person) && traces.registers > 0);
    }
    group.persons = truth::persons(&world.district, &block, &traces);
    group
}

fn traces(block: &Block, extracts: &[Vec<Row>; 4], counted: &[bool]) -> Vec<Traces> {
    let mut traces: Vec<Traces> = counted.iter().map(|&counted| Traces { counted, ..Traces::default() }).collect();
    traces.resize(block.persons.len(), Traces::default());
    for (source, rows) in extracts.iter().enumerate() {
        for row in rows {
            if let Some(traces) = traces.get_mut(row.person as usize) {
                if source == 0 { traces.roll += 1 } else { traces.registers += 1 }
            }
        }
    }
    traces
}

/// The files of a district while they are written.
struct Writer {
    seed: u64,
    sheets: Vec<Sheet>,
    records: Sheet,
    persons: Sheet,
    groups: u64,
    made: Made,
}

impl Writer {
    fn create(folder: &Path, seed: u64) -> Result<Writer> {
        let sheets = EXTRACTS.iter().map(|extract| Sheet::create(folder, extract.file, extract.columns));
        Ok(Writer {
            seed,
            sheets: sheets.collect::<Result<_>>()?,
            records: Sheet::create(folder, RECORDS_FILE, truth::RECORDS)?,
            persons: Sheet::create(folder, PERSONS_FILE, truth::PERSONS)?,
            groups: 0,
            made: Made::default(),
        })
    }

    /// Mixes the rows of a group, gives them record ids, and writes them with their truth.
    fn write(&mut self, mut group: Group) -> Result<()> {
        let (seed, base) = (self.seed, self.made.persons);
        let first_stream = u64::MAX - 16 - 8 * self.groups;
        let written: Vec<Result<Vec<Row>>> = self
            .sheets
            .par_iter_mut()
            .zip(group.extracts.par_iter_mut())
            .enumerate()
            .map(|(source, (sheet, rows))| {
                shuffle(rows, seed, first_stream + source as u64);
                let truth = number_rows(source, sheet.rows(), base, rows);
                sheet.write(rows)?;
                Ok(truth)
            })
            .collect();
        for truth in written {
            self.records.write(&truth?)?;
        }
        for row in &mut group.persons {
            row.person += base;
            let person = Cell::Count(row.person);
            row.cells.first_mut().into_iter().for_each(|cell| *cell = person.clone());
        }
        self.persons.write(&group.persons)?;
        self.groups += 1;
        self.made.persons += group.count;
        self.made.residents += group.residents;
        self.made.missed += group.missed;
        self.made.missed_in_register += group.missed_in_register;
        for (kind, count) in group.planted {
            *self.made.planted.entry(kind.to_owned()).or_default() += count;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Made> {
        for (sheet, extract) in self.sheets.iter().zip(&EXTRACTS) {
            self.made.rows.insert(extract.source.to_owned(), sheet.rows());
        }
        // First all of them are whole: one that has its name already would be somebody's own to the next try, should
        // the disk be full at another.
        let sheets = self.sheets.into_iter().chain([self.records, self.persons]);
        let closed = sheets.map(Sheet::close).collect::<Result<Vec<_>>>()?;
        self.made.files = closed.into_iter().map(sheet::Closed::publish).collect::<Result<_>>()?;
        Ok(self.made)
    }
}

/// Gives the rows of an extract their record ids; returns whose they are.
fn number_rows(source: usize, first: u64, base: u64, rows: &mut [Row]) -> Vec<Row> {
    let extract = &EXTRACTS[source];
    let mut truth = Vec::with_capacity(rows.len());
    for (row, number) in rows.iter_mut().zip(first + 1..) {
        let record = format!("{}{number:09}", extract.prefix);
        if let Some(cell) = row.cells.first_mut() {
            *cell = Cell::Text(record.clone());
        }
        let person = row.person + base;
        truth.push(Row { person, cells: vec![Cell::Code(extract.source), Cell::Text(record), Cell::Count(person)] });
    }
    truth
}

#[cfg(test)]
mod tests;
