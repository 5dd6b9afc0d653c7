//! What are two files of persons like, of whom most are in both?
//!
//! Takes a number of persons, writes `a.parquet`, `b.parquet`, the truth and a study: names of Zipf frequencies,
//! households that share family name and address, and in the second file typing errors, missing values, removals and
//! changed names. Nobody in them exists.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Zipf};

/// Columns besides the id.
const COLUMNS: [&str; 7] = ["given_name", "surname", "dob", "sex", "postcode", "address", "id_no"];

/// Share of the persons of the second file who are in the first one.
const SHARED: f64 = 0.7;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
type Person = [Option<String>; 7];

/// Writes the files; gives the path of the study.
pub fn write(folder: &Path, persons: usize, seed: u64) -> Outcome<PathBuf> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let people = people(persons * 13 / 10 + 100, &mut dice)?;
    let mut order: Vec<usize> = (0..people.len()).collect();
    order.shuffle(&mut dice);
    let (first, rest) = order.split_at(persons);
    let shared = (persons as f64 * SHARED) as usize;
    let mut second: Vec<usize> = first[..shared].iter().chain(&rest[..persons - shared]).copied().collect();
    second.shuffle(&mut dice);
    let files = [("a", first, 0.25), ("b", second.as_slice(), 1.0)];
    for (name, chosen, errors) in files {
        let rows: Vec<Person> = chosen.iter().map(|at| damaged(&people, *at, errors, &mut dice)).collect();
        write_rows(&folder.join(format!("{name}.parquet")), &rows)?;
    }
    let study = folder.join("study.toml");
    std::fs::write(&study, STUDY)?;
    Ok(study)
}

fn people(count: usize, dice: &mut ChaCha8Rng) -> Outcome<Vec<Person>> {
    let (given, family) = (Zipf::new(5_000.0, 0.9)?, Zipf::new(80_000.0, 0.75)?);
    let (street, suburb) = (Zipf::new(9_000.0, 0.6)?, Zipf::new(2_000.0, 0.5)?);
    let mut people: Vec<Person> = Vec::with_capacity(count);
    while people.len() < count {
        let surname = word(family.sample(dice) as u64, 1);
        let address = format!("{} {} street", dice.random_range(1..200), word(street.sample(dice) as u64, 2));
        let postcode = format!("{:04}", 2_000 + suburb.sample(dice) as u64);
        let size = [1, 1, 2, 2, 2, 3, 3, 4, 5][dice.random_range(0..9)];
        for _ in 0..size {
            let (year, month, day) =
                (dice.random_range(1930..2024), dice.random_range(1..13), dice.random_range(1..29));
            people.push([
                Some(word(given.sample(dice) as u64, 3)),
                Some(surname.clone()),
                Some(format!("{year}-{month:02}-{day:02}")),
                Some(String::from(if dice.random_bool(0.5) { "F" } else { "M" })),
                Some(postcode.clone()),
                Some(address.clone()),
                Some(format!("{:09}", dice.random_range(100_000_000u64..1_000_000_000))),
            ]);
        }
    }
    Ok(people)
}

/// A pronounceable word for a number.
fn word(number: u64, kind: u64) -> String {
    let mut dice = ChaCha8Rng::seed_from_u64(number * 4 + kind);
    let syllables = dice.random_range(2..4);
    let letter = |letters: &[u8], dice: &mut ChaCha8Rng| char::from(letters[dice.random_range(0..letters.len())]);
    let mut text = String::new();
    for _ in 0..syllables {
        text.push(letter(b"bcdfghjklmnprstvwz", &mut dice));
        text.push(letter(b"aeiouy", &mut dice));
        if dice.random_bool(0.4) {
            text.push(letter(b"lmnrst", &mut dice));
        }
    }
    text
}

fn damaged(people: &[Person], at: usize, errors: f64, dice: &mut ChaCha8Rng) -> Person {
    let mut person = people[at].clone();
    if errors >= 1.0 && dice.random_bool(0.15) {
        // Has moved to where somebody else lives.
        let there = &people[dice.random_range(0..people.len())];
        person[4].clone_from(&there[4]);
        person[5].clone_from(&there[5]);
    }
    if errors >= 1.0 && dice.random_bool(0.03) {
        person[1].clone_from(&people[dice.random_range(0..people.len())][1]);
    }
    let slips = [0.08, 0.06, 0.03, 0.0, 0.02, 0.1, 0.02];
    let missing = [0.0, 0.0, 0.02, 0.01, 0.02, 0.05, 0.2];
    for (value, (slip, missing)) in person.iter_mut().zip(slips.into_iter().zip(missing)) {
        if dice.random_bool(missing * errors) {
            *value = None;
        } else if dice.random_bool(slip * errors)
            && let Some(text) = value
        {
            let mut letters: Vec<char> = text.chars().collect();
            let place = dice.random_range(0..letters.len() - 1);
            match dice.random_range(0..3) {
                0 => letters.swap(place, place + 1),
                1 => _ = letters.remove(place),
                _ => letters[place] = if letters[place].is_ascii_digit() { '7' } else { 'e' },
            }
            *text = letters.into_iter().collect();
        }
    }
    person
}

fn write_rows(path: &Path, rows: &[Person]) -> Outcome<()> {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..i64::try_from(rows.len())?));
    let texts = COLUMNS.iter().enumerate().map(|(column, name)| {
        let values: StringArray = rows.iter().map(|row| row[column].as_deref()).collect();
        (*name, Arc::new(values) as ArrayRef, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(std::iter::once(("id", ids, false)).chain(texts))?;
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// Five loose rules, seven comparisons, one to one.
const STUDY: &str = include_str!("study.toml");
