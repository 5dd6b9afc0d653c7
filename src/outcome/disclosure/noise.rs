//! By how much is a count moved?
//!
//! The cell-key method: each person has a key, the keys of a cell's persons are added (wrapping, so in any order), and
//! the sum chooses the noise from the row of a table that belongs to the count. The table is of maximum entropy: no
//! bias, a fixed variance, a largest step, and no small counts among the results; a count of 0 stays 0. Sources: G.
//! Thompson, S. Broadfoot, D. Elazar, *Methodology for the automatic confidentialisation of statistical outputs from
//! remote servers at the Australian Bureau of Statistics*, UNECE 2013; S. Giessing, R. Tent, *Concepts for generalising
//! tools implementing the cell key method to the case of continuous variables*, UNECE 2019 (and their R packages
//! `ptable`, `cellKey`).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How noise is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// The largest step up or down.
    pub most: i64,
    /// The variance.
    pub variance: f64,
    /// Counts from 1 up to this never appear.
    pub hidden: i64,
}

impl Design {
    /// The design that is used unless another is asked for.
    pub const USUAL: Design = Design { most: 5, variance: 3.0, hidden: 2 };
}

/// The noise of every count: for each row the results possible and their cumulative thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseTable {
    rows: Vec<Row>,
}

/// One count's noise.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    noise: Vec<i64>,
    thresholds: Vec<u32>,
}

/// The key of a person: the first 32 bits of HMAC-SHA-256 of a handle that stays the same from run to run.
#[must_use]
pub fn person_key(secret: &[u8; 32], handle: &str) -> u32 {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return 0 };
    mac.update(handle.as_bytes());
    let bytes = mac.finalize().into_bytes();
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A count with the sum of its persons' keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Persons.
    pub count: u64,
    /// The sum of their keys.
    pub key: u32,
}

impl Cell {
    /// Adds a person.
    pub fn add(&mut self, key: u32) {
        self.count += 1;
        self.key = self.key.wrapping_add(key);
    }
}

impl NoiseTable {
    /// Makes the table of a design; nothing if there is none (a variance that cannot be had with these steps).
    #[must_use]
    pub fn new(design: Design) -> Option<NoiseTable> {
        // From this count on no result is out of reach: all rows are alike.
        let last = design.most + design.hidden + 1;
        let rows = (0..=last).map(|count| row(design, count));
        Some(NoiseTable { rows: rows.collect::<Option<_>>()? })
    }

    /// The count that is published.
    #[must_use]
    pub fn published(&self, cell: Cell) -> u64 {
        let at = usize::try_from(cell.count).unwrap_or(usize::MAX).min(self.rows.len() - 1);
        let row = &self.rows[at];
        let place = row.thresholds.iter().position(|threshold| cell.key < *threshold);
        let noise = row.noise.get(place.unwrap_or(row.thresholds.len())).copied().unwrap_or(0);
        cell.count.saturating_add_signed(noise)
    }
}

fn row(design: Design, count: i64) -> Option<Row> {
    if count == 0 {
        return Some(Row { noise: vec![0], thresholds: Vec::new() });
    }
    let allowed = |noise: &i64| count + noise == 0 || count + noise > design.hidden;
    let noise: Vec<i64> = (-design.most..=design.most).filter(|noise| count + noise >= 0).filter(allowed).collect();
    let thresholds = thresholds(&greatest_entropy(&noise, design.variance)?);
    Some(Row { noise, thresholds })
}

/// Cumulative probabilities in units of 2⁻³², all but the last.
fn thresholds(probability: &[f64]) -> Vec<u32> {
    let mut sum = 0.0;
    let cumulative = probability.iter().map(|share| {
        sum += share;
        (sum * 4_294_967_296.0).floor().min(4_294_967_295.0) as u32
    });
    let mut all: Vec<u32> = cumulative.collect();
    all.pop();
    all
}

/// The distribution of greatest entropy on these values with mean 0 and this variance: p ∝ exp(λ₁v + λ₂v²), by Newton's
/// method on its two multipliers, the steps halved where they overshoot.
fn greatest_entropy(values: &[i64], variance: f64) -> Option<Vec<f64>> {
    let target = [0.0, variance];
    let distribution = |multipliers: [f64; 2]| -> Vec<f64> {
        let exponent = |value: &i64| multipliers[0] * *value as f64 + multipliers[1] * (*value * *value) as f64;
        let most = values.iter().map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = values.iter().map(|value| (exponent(value) - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    let moment =
        |p: &[f64], power: i32| -> f64 { values.iter().zip(p).map(|(v, p)| p * (*v as f64).powi(power)).sum() };
    let miss = |p: &[f64]| [moment(p, 1) - target[0], moment(p, 2) - target[1]];
    let size = |miss: [f64; 2]| miss[0].abs() + miss[1].abs();
    let mut multipliers = [0.0, 0.0];
    let mut p = distribution(multipliers);
    for _ in 0..500 {
        let missed = miss(&p);
        if size(missed) < 1e-12 {
            return Some(p);
        }
        let [first, second, third, fourth] = [1, 2, 3, 4].map(|power| moment(&p, power));
        let (a, b, c) = (second - first * first, third - first * second, fourth - second * second);
        let determinant = a * c - b * b;
        if determinant.abs() < 1e-300 {
            break;
        }
        let step = [(c * missed[0] - b * missed[1]) / determinant, (a * missed[1] - b * missed[0]) / determinant];
        let mut share = 1.0;
        loop {
            let tried = [multipliers[0] - share * step[0], multipliers[1] - share * step[1]];
            let there = distribution(tried);
            if size(miss(&there)) < size(missed) || share < 1e-9 {
                (multipliers, p) = (tried, there);
                break;
            }
            share /= 2.0;
        }
    }
    (size(miss(&p)) < 1e-9).then_some(p)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{Cell, Design, NoiseTable, Row, person_key, thresholds};

    /// Results of a count with their probabilities, as the thresholds give them.
    fn results(table: &NoiseTable, count: u64) -> Vec<(u64, f64)> {
        let row = &table.rows[usize::try_from(count).unwrap().min(table.rows.len() - 1)];
        let ends = row.thresholds.iter().copied().map(f64::from).chain([4_294_967_296.0]);
        let mut before = 0.0;
        let shares = ends.map(|end| (end - std::mem::replace(&mut before, end)) / 4_294_967_296.0);
        row.noise.iter().zip(shares).map(|(noise, share)| (count.saturating_add_signed(*noise), share)).collect()
    }

    fn near(found: &[(u64, f64)], expected: &[(u64, f64)], digits: f64) {
        for (result, probability) in expected {
            let of = found.iter().find(|(value, _)| value == result).map_or(0.0, |(_, p)| *p);
            assert!((of - probability).abs() < digits, "{result}: {of} for {probability}");
        }
    }

    #[test]
    fn the_usual_table() {
        let table = NoiseTable::new(Design::USUAL).unwrap();
        near(
            &results(&table, 1),
            &[(0, 0.734_470), (3, 0.136_720), (4, 0.072_796), (5, 0.037_430), (6, 0.018_584)],
            1e-6,
        );
        let two = [(0, 0.408_807), (3, 0.406_644), (4, 0.147_624), (5, 0.032_319), (6, 0.004_267), (7, 0.000_340)];
        near(&results(&table, 2), &two, 1e-6);
        let three = [
            (0, 0.203_986),
            (3, 0.393_663),
            (4, 0.247_492),
            (5, 0.110_568),
            (6, 0.035_102),
            (7, 0.007_919),
            (8, 0.001_269),
        ];
        near(&results(&table, 3), &three, 1e-6);
        let many =
            [(95, 0.003_792), (96, 0.016_591), (97, 0.052_293), (98, 0.118_730), (99, 0.194_193), (100, 0.228_801)];
        near(&results(&table, 100), &many, 1e-6);
        near(&results(&table, 100), &[(101, 0.194_193), (105, 0.003_792)], 1e-6);
    }

    #[test]
    fn the_tables_of_the_vignette() {
        let table = NoiseTable::new(Design { most: 2, variance: 1.08, hidden: 1 }).unwrap();
        near(&results(&table, 1), &[(0, 0.513_333), (2, 0.46), (3, 0.026_667)], 1e-6);
        near(&results(&table, 2), &[(0, 0.165_608), (2, 0.546_350), (3, 0.244_867), (4, 0.043_175)], 1e-6);
        let table = NoiseTable::new(Design { most: 2, variance: 0.9, hidden: 0 }).unwrap();
        near(
            &results(&table, 9),
            &[(7, 0.051_546), (8, 0.243_816), (9, 0.409_277), (10, 0.243_816), (11, 0.051_546)],
            1e-6,
        );
        assert!(NoiseTable::new(Design { most: 1, variance: 4.0, hidden: 0 }).is_none(), "no such variance");
    }

    #[test]
    fn no_bias_and_the_variance_asked_for() {
        for design in [Design::USUAL, Design { most: 4, variance: 2.0, hidden: 1 }] {
            let table = NoiseTable::new(design).unwrap();
            for count in 1..30u64 {
                let results = results(&table, count);
                let mean: f64 = results.iter().map(|(result, p)| p * (*result as f64 - count as f64)).sum();
                let square: f64 = results.iter().map(|(result, p)| p * (*result as f64 - count as f64).powi(2)).sum();
                assert!(mean.abs() < 1e-8 && (square - design.variance).abs() < 1e-7, "{count}: {mean} {square}");
                let hidden = |result: u64| (1..=design.hidden as u64).contains(&result);
                assert!(results.iter().all(|(result, _)| !hidden(*result)), "{count}");
            }
            assert_eq!(table.published(Cell { count: 0, key: 77 }), 0);
        }
    }

    #[test]
    fn the_example_of_the_handbook() {
        // Keys .9, .3 and .6 add up to .8 of the circle; thresholds .3 and .7: the third noise, one up.
        let unit = |share: f64| (share * 4_294_967_296.0) as u32;
        let mut cell = Cell::default();
        [0.9, 0.3, 0.6].into_iter().for_each(|key| cell.add(unit(key)));
        assert!((f64::from(cell.key) / 4_294_967_296.0 - 0.8).abs() < 1e-6);
        let probability = vec![0.3, 0.4, 0.3];
        assert_eq!(thresholds(&probability), [1_288_490_188, 3_006_477_107]);
        let row = || Row { noise: vec![-1, 0, 1], thresholds: thresholds(&probability) };
        let table = NoiseTable { rows: vec![row(), row(), row(), row()] };
        assert_eq!(table.published(cell), 4);
    }

    #[test]
    fn a_million_cells_follow_the_table() {
        let table = NoiseTable::new(Design::USUAL).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(4);
        for count in [1u64, 3, 20] {
            let results = results(&table, count);
            let mut seen = vec![0u32; results.len()];
            let cells = 300_000;
            for _ in 0..cells {
                let published = table.published(Cell { count, key: random.random() });
                let at = results.iter().position(|(result, _)| *result == published).expect("a result of the table");
                seen[at] += 1;
            }
            let square: f64 = results
                .iter()
                .zip(&seen)
                .map(|((_, p), seen)| (f64::from(*seen) - p * f64::from(cells)).powi(2) / (p * f64::from(cells)))
                .sum();
            // 99.9 % point of chi square with ten degrees of freedom.
            assert!(square < 29.6, "{count}: {square}");
        }
    }

    #[test]
    fn order_and_partition_do_not_matter_and_one_person_more_is_hidden() {
        let secret = [9; 32];
        let keys: Vec<u32> = (0..400).map(|person| person_key(&secret, &format!("roll:R{person}"))).collect();
        let table = NoiseTable::new(Design::USUAL).unwrap();
        let cell = |keys: &mut dyn Iterator<Item = &u32>| {
            keys.fold(Cell::default(), |mut cell, key| {
                cell.add(*key);
                cell
            })
        };
        let (whole, backward) = (cell(&mut keys.iter()), cell(&mut keys.iter().rev()));
        assert_eq!(whole, backward);
        let (one, other) = (cell(&mut keys[..150].iter()), cell(&mut keys[150..].iter()));
        assert_eq!(Cell { count: one.count + other.count, key: one.key.wrapping_add(other.key) }, whole);
        // Tables that differ by one person: how often does the difference show it?
        let shown = (1..keys.len())
            .filter(|end| {
                let (less, more) = (cell(&mut keys[..*end].iter()), cell(&mut keys[..=*end].iter()));
                table.published(more) == table.published(less) + 1
            })
            .count();
        let share = shown as f64 / (keys.len() - 1) as f64;
        let stays = results(&table, 100).iter().find(|(result, _)| *result == 100).unwrap().1;
        assert!(share <= stays, "{share} against {stays}");
        assert_ne!(person_key(&secret, "a"), person_key(&[8; 32], "a"));
    }
}
