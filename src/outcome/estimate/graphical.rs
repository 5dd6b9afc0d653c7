//! How many are there by three lists, if no single model of their dependence is certain?
//!
//! Takes the counts of the seven patterns, gives the posterior of the number of persons, averaged over the eight
//! decomposable graphs of dependence between three lists. The counts are multinomial with a hyper-Dirichlet prior, the
//! number itself is negative binomial. Sources: D. Madigan, J. York, *Bayesian methods for estimation of the size of a
//! closed population*, Biometrika 84 (1997); the R package `dga`.

use statrs::function::gamma::ln_gamma;

/// What is believed before the lists are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Weight of each pattern.
    pub delta: f64,
    /// Shape of the number of persons: Poisson, its mean gamma.
    pub shape: f64,
    /// Scale of it.
    pub scale: f64,
    /// Most persons on no list.
    pub unseen_max: u32,
}

/// A graph and what the lists make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// Its cliques, as sets of lists (bit i is list i).
    pub cliques: &'static [u32],
    /// Its posterior probability.
    pub probability: f64,
    /// The number of persons if it holds: the estimate that is best for relative squared error.
    pub persons: f64,
    /// The most probable number.
    pub mode: f64,
}

/// The posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// The graphs, most probable first.
    pub graphs: Vec<Graph>,
    /// The number of persons over all graphs: best for relative squared error.
    pub persons: f64,
    /// The most probable number.
    pub mode: f64,
    /// The mean.
    pub mean: f64,
    /// The 95 % interval, equal tails.
    pub interval: super::Interval,
}

/// Cliques and separators of the decomposable graphs of three lists; an empty separator is none.
const GRAPHS: [(&[u32], &[u32]); 8] = [
    (&[0b001, 0b010, 0b100], &[]),
    (&[0b001, 0b110], &[]),
    (&[0b010, 0b101], &[]),
    (&[0b100, 0b011], &[]),
    (&[0b011, 0b110], &[0b010]),
    (&[0b011, 0b101], &[0b001]),
    (&[0b101, 0b110], &[0b100]),
    (&[0b111], &[]),
];

/// The posterior from the counts of patterns 1 to 7 (bit i: on list i).
#[must_use]
pub fn posterior(counts: &[f64; 7], prior: &Prior) -> Posterior {
    let seen: f64 = counts.iter().sum();
    let numbers: Vec<f64> = (1..=prior.unseen_max).map(|unseen| seen + f64::from(unseen)).collect();
    let log = |graph: &(&[u32], &[u32]), persons: f64| {
        let table = |lists: &u32| marginal(counts, persons, *lists, prior.delta);
        let unseen = persons - seen;
        number(prior, persons) + ln_gamma(persons + 1.0) - ln_gamma(unseen + 1.0)
            + graph.0.iter().map(table).sum::<f64>()
            - graph.1.iter().map(table).sum::<f64>()
    };
    let logs: Vec<Vec<f64>> =
        GRAPHS.iter().map(|graph| numbers.iter().map(|persons| log(graph, *persons)).collect()).collect();
    let most = logs.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logs.iter().flatten().map(|log| (log - most).exp()).sum();
    let weights: Vec<Vec<f64>> =
        logs.iter().map(|of| of.iter().map(|log| (log - most).exp() / total).collect()).collect();
    let mut graphs: Vec<Graph> = GRAPHS
        .iter()
        .zip(&weights)
        .map(|((cliques, _), weights)| Graph {
            cliques,
            probability: weights.iter().sum(),
            persons: best(&numbers, weights),
            mode: mode(&numbers, weights),
        })
        .collect();
    graphs.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    let all: Vec<f64> = (0..numbers.len()).map(|at| weights.iter().map(|of| of[at]).sum()).collect();
    Posterior {
        graphs,
        persons: best(&numbers, &all),
        mode: mode(&numbers, &all),
        mean: numbers.iter().zip(&all).map(|(number, weight)| number * weight).sum(),
        interval: super::Interval { low: quantile(&numbers, &all, 0.025), high: quantile(&numbers, &all, 0.975) },
    }
}

/// Logarithm of the prior of the number of persons.
fn number(prior: &Prior, persons: f64) -> f64 {
    persons * prior.scale.ln() - (persons + prior.shape) * prior.scale.ln_1p() + ln_gamma(persons + prior.shape)
        - ln_gamma(persons + 1.0)
        - ln_gamma(prior.shape)
}

/// Logarithm of the marginal likelihood of the table of a set of lists.
fn marginal(counts: &[f64; 7], persons: f64, lists: u32, delta: f64) -> f64 {
    let mut cells = [0.0; 8];
    cells[0] = persons - counts.iter().sum::<f64>();
    (1u32..).zip(counts).for_each(|(pattern, count)| cells[(pattern & lists) as usize] += count);
    let of_set = (0u32..8).filter(|pattern| pattern & !lists == 0);
    let weight = delta * f64::from(1u32 << (3 - lists.count_ones()));
    let whole = 8.0 * delta;
    ln_gamma(whole) - ln_gamma(whole + persons)
        + of_set.map(|pattern| ln_gamma(weight + cells[pattern as usize]) - ln_gamma(weight)).sum::<f64>()
}

/// E(1/N) / E(1/N²).
fn best(numbers: &[f64], weights: &[f64]) -> f64 {
    let moment = |power: i32| -> f64 { numbers.iter().zip(weights).map(|(n, weight)| weight / n.powi(power)).sum() };
    moment(1) / moment(2)
}

fn mode(numbers: &[f64], weights: &[f64]) -> f64 {
    let most = numbers.iter().zip(weights).max_by(|one, other| one.1.total_cmp(other.1));
    most.map_or(0.0, |(number, _)| *number)
}

fn quantile(numbers: &[f64], weights: &[f64], share: f64) -> f64 {
    let mut sum = 0.0;
    let reached = numbers.iter().zip(weights).find(|(_, weight)| {
        sum += **weight;
        sum >= share
    });
    reached.or(numbers.last().zip(weights.last())).map_or(0.0, |(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::{Prior, posterior};

    #[test]
    fn spina_bifida_as_in_dga() {
        // Lists 1, 2, 3 are bits 0, 1, 2; patterns 1 to 7.
        let counts = [247.0, 49.0, 142.0, 60.0, 112.0, 4.0, 12.0];
        let found = posterior(&counts, &Prior { delta: 1.0, shape: 13.14, scale: 55.17, unseen_max: 300 });
        let top = &found.graphs[0];
        assert_eq!(top.cliques, [0b001, 0b110]);
        assert_eq!((top.persons.round(), top.mode), (731.0, 729.0));
        assert_eq!((found.persons.round(), found.mode), (731.0, 728.0));
        let shares: Vec<f64> = found.graphs.iter().map(|graph| graph.probability).collect();
        for (share, expected) in shares.iter().zip([0.3738, 0.3099, 0.2818, 0.0345]) {
            assert!((share - expected).abs() < 5e-5, "{shares:?}");
        }
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((top.persons - 731.07).abs() < 5e-3 && (found.persons - 731.10).abs() < 5e-3);
        assert!((found.mean - 733.45).abs() < 5e-3);
        assert_eq!((found.interval.low, found.interval.high), (682.0, 797.0));
    }
}
