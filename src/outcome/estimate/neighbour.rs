//! How many matches did blocking never show?
//!
//! Takes how many records of one file have 0, 1, 2, … accepted pairs with a complete file without duplicates, gives the
//! rates of false negatives and false positives (Dasylva and Goussanou 2021): a record's own match is among them with
//! one probability, and strangers come as a mixture of Poisson numbers.

/// The fitted mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourModel {
    /// Probability that a record's match is found; one less it is the rate of false negatives.
    pub found: f64,
    /// Expected strangers of each class of records, ascending.
    pub strangers: Vec<f64>,
    /// Share of each class.
    pub shares: Vec<f64>,
    /// Log likelihood.
    pub log_likelihood: f64,
}

impl NeighbourModel {
    /// Expected strangers of a record.
    #[must_use]
    pub fn strangers_expected(&self) -> f64 {
        self.strangers.iter().zip(&self.shares).map(|(strangers, share)| strangers * share).sum()
    }
}

/// Rounds of the EM at most, and the gain of log likelihood at which it ends.
const ROUNDS_MAX: usize = 200_000;
const GAIN_MIN: f64 = 1e-10;

/// Fits it by EM with this many classes; `counts[n]` records have n accepted pairs. Nothing without records or classes.
#[must_use]
pub fn fit(counts: &[f64], classes: usize) -> Option<NeighbourModel> {
    let total: f64 = counts.iter().sum();
    if total <= 0.0 || classes == 0 {
        return None;
    }
    let mean = counts.iter().enumerate().map(|(n, count)| n as f64 * count).sum::<f64>() / total;
    let start = (mean - 0.9).max(0.05);
    let mut model = NeighbourModel {
        found: 0.9,
        strangers: (0..classes).map(|class| start * (class + 1) as f64).collect(),
        shares: vec![1.0 / classes as f64; classes],
        log_likelihood: f64::NEG_INFINITY,
    };
    for _ in 0..ROUNDS_MAX {
        let before = model.log_likelihood;
        model = step(&model, counts, total);
        if model.log_likelihood - before < GAIN_MIN {
            break;
        }
    }
    Some(model)
}

fn step(model: &NeighbourModel, counts: &[f64], total: f64) -> NeighbourModel {
    let classes = model.shares.len();
    let (mut found, mut log_likelihood) = (0.0, 0.0);
    let (mut members, mut strangers) = (vec![0.0; classes], vec![0.0; classes]);
    for (n, count) in counts.iter().enumerate() {
        let parts: Vec<[f64; 2]> = (0..classes)
            .map(|class| {
                let rate = model.strangers[class];
                let with = if n > 0 { model.found * poisson(rate, n - 1) } else { 0.0 };
                [with * model.shares[class], (1.0 - model.found) * poisson(rate, n) * model.shares[class]]
            })
            .collect();
        let sum: f64 = parts.iter().flatten().sum();
        if *count <= 0.0 || sum <= 0.0 {
            continue;
        }
        log_likelihood += count * sum.ln();
        for (class, [with, without]) in parts.iter().enumerate() {
            found += count * with / sum;
            members[class] += count * (with + without) / sum;
            strangers[class] += count * (with * (n as f64 - 1.0) + without * n as f64) / sum;
        }
    }
    NeighbourModel {
        found: found / total,
        strangers: strangers.iter().zip(&members).map(|(sum, members)| sum / members.max(f64::MIN_POSITIVE)).collect(),
        shares: members.iter().map(|members| members / total).collect(),
        log_likelihood,
    }
}

fn poisson(rate: f64, n: usize) -> f64 {
    (1..=n).fold((-rate).exp(), |probability, k| probability * rate / k as f64)
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn the_published_example() {
        let counts = [1659.0, 53951.0, 6875.0, 603.0, 62.0, 5.0];
        let one = fit(&counts, 1).unwrap();
        assert!((one.found - 0.969_928).abs() < 1e-6 && (one.strangers[0] - 0.135_020).abs() < 1e-6, "{one:?}");
        assert!((one.log_likelihood + 33_115.887).abs() < 1e-3, "{one:?}");
        let two = fit(&counts, 2).unwrap();
        assert!((two.log_likelihood + 33_064.749).abs() < 1e-3, "{two:?}");
        assert!((two.found - 0.970_054).abs() < 2e-6 && (two.strangers_expected() - 0.134_894).abs() < 2e-6, "{two:?}");
        assert!((two.strangers[0] - 0.107_608).abs() < 5e-5 && (two.strangers[1] - 0.448_038).abs() < 5e-4, "{two:?}");
        // The rate of false positives among the other 63 154 records.
        assert!((two.strangers_expected() / 63_154.0 - 2.1359e-6).abs() < 6e-11, "{two:?}");
        assert!((1.0 - two.found - 0.029_946).abs() < 2e-6, "{two:?}");
        assert!((two.shares[0] - 0.919_849).abs() < 5e-4, "{two:?}");
    }
}
