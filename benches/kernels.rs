//! How fast is each hot kernel?
//!
//! Takes a synthetic district made on the spot, gives criterion's times for standardising, blocking, comparing,
//! sifting, fitting and resolving. `cargo bench --bench kernels`; figures in docs/performance.md.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use rollcall::intake::{extract, study};
use rollcall::linkage::blocking;
use rollcall::linkage::comparison::Comparer;
use rollcall::linkage::comparison::household::Households;
use rollcall::linkage::model::frequency::NameFrequencies;
use rollcall::linkage::model::{em, expected, measured, slot};
use rollcall::linkage::resolution;
use rollcall::linkage::scoring::{Scorer, Sifter};
use rollcall::person;
use rollcall::progress::Silent;
use rollcall::synthetic::{self, Plan};

/// Residents of the district.
const PERSONS: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let folder = tempfile::tempdir()?;
    let plan = Plan { persons: PERSONS, seed: 7, errors: 1.0, uneven: 0.0, progress: &Silent };
    let study = study::file::read(&synthetic::write_district(folder.path(), &plan)?.study)?;
    let extracts = (0..study.sources.len())
        .map(|source| extract::open(&study, source))
        .collect::<rollcall::error::Result<Vec<_>>>()?;
    let table = person::standardise(&study, &extracts, &Silent)?.table;
    let comparer = Comparer::new(&study, &table);
    let candidates = blocking::block(&study, &table, &comparer)?;
    let households = Households::of(&table);
    let (slots, slot_of) = slot::slots(&table, &households);
    let names = NameFrequencies::of(&table);
    let measured = measured::measure(&comparer, &table, &households, study.linkage.seed);
    let expected = expected::expected(&comparer, measured.clone(), slots.clone());
    let least = -12.0;
    let sifter =
        || Sifter { scorer: Scorer::new(&comparer, &table, &expected, &slot_of, &names), households: &households };
    let sifted = sifter().sift(&candidates, least);
    let kept = em::count_patterns(&sifted.kept.classes, &sifted.kept.patterns);
    let counts = em::add_counts(&em::add_counts(&sifted.rest, &sifted.waiting), &kept);
    let model = em::fit(&comparer, measured.clone(), slots.clone(), &counts);
    let scorer = Scorer::new(&comparer, &table, &model, &slot_of, &names);
    let scores = scorer.score_all(&sifted.kept, &counts);
    let pairs = candidates.all();

    let mut records = criterion.benchmark_group("records");
    records.throughput(Throughput::Elements(table.len() as u64));
    records.bench_function("standardise", |b| b.iter(|| person::standardise(&study, &extracts, &Silent).is_ok()));
    records.bench_function("block", |b| b.iter(|| blocking::block(&study, &table, &comparer).is_ok()));
    records.bench_function("resolve", |b| {
        b.iter(|| resolution::resolve(&scorer, &sifted.kept.pairs, &scores, 4.0, None).persons());
    });
    records.finish();
    let mut by_pair = criterion.benchmark_group("pairs");
    by_pair.throughput(Throughput::Elements(pairs.len() as u64));
    by_pair.bench_function("compare on one core", |b| {
        b.iter(|| pairs.iter().fold(0, |all, (one, other)| all ^ comparer.compare(*one, *other)));
    });
    by_pair.bench_function("sift", |b| {
        let sifter = sifter();
        b.iter(|| sifter.sift(&candidates, least).pairs);
    });
    // Only the pairs that sifting kept are scored.
    by_pair.throughput(Throughput::Elements(sifted.kept.pairs.len() as u64));
    by_pair.bench_function("score", |b| b.iter(|| black_box(scorer.score_all(&sifted.kept, &counts)).len()));
    by_pair.finish();
    criterion.bench_function("fit", |b| {
        b.iter(|| em::fit(&comparer, measured.clone(), slots.clone(), &counts).iterations);
    });
    criterion.final_summary();
    Ok(())
}
