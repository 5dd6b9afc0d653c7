//! How many are there, if two lists each have some?
//!
//! Takes the sizes of two lists and of their overlap, gives estimates of the number of persons: Lincoln–Petersen,
//! Chapman (1951), corrected for errors of linkage (Ding and Fienberg 1994; Di Consiglio and Tuoto 2015), trimmed for
//! erroneous records (Zhang and Dunne 2017), and what becomes of them if the lists are not independent. Counts are real
//! numbers, because corrected counts are.

use super::{Interval, NORMAL_95};

/// Sizes of the first and second list and of their overlap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TwoLists {
    /// Persons on the first list.
    pub first: f64,
    /// Persons on the second list.
    pub second: f64,
    /// Persons on both.
    pub both: f64,
}

impl TwoLists {
    /// Persons on at least one list.
    #[must_use]
    pub fn seen(self) -> f64 {
        self.first + self.second - self.both
    }

    /// First times second by both; infinite without an overlap.
    #[must_use]
    pub fn lincoln_petersen(self) -> f64 {
        self.first * self.second / self.both
    }

    /// Its variance if both lists are random (Sekar and Deming 1949).
    #[must_use]
    pub fn variance_multinomial(self) -> f64 {
        self.first * self.second * (self.first - self.both) * (self.second - self.both) / self.both.powi(3)
    }

    /// Its variance if the first list is fixed.
    #[must_use]
    pub fn variance_fixed_first(self) -> f64 {
        self.first.powi(2) * self.second * (self.second - self.both) / self.both.powi(3)
    }

    /// Chapman's estimator: finite without an overlap, and without bias where the lists together exceed the population.
    #[must_use]
    pub fn chapman(self) -> f64 {
        (self.first + 1.0) * (self.second + 1.0) / (self.both + 1.0) - 1.0
    }

    /// Its variance (Seber 1982, p. 60).
    #[must_use]
    pub fn variance_chapman(self) -> f64 {
        (self.first + 1.0) * (self.second + 1.0) * (self.first - self.both) * (self.second - self.both)
            / ((self.both + 1.0).powi(2) * (self.both + 2.0))
    }

    /// The number if being on the one list makes being on the other `odds` times as likely, in odds; 1 is independence.
    #[must_use]
    pub fn dependent(self, odds: f64) -> f64 {
        self.seen() + odds * (self.first - self.both) * (self.second - self.both) / self.both
    }

    /// The overlap if of the links this share is right and of the true matches this share was linked.
    #[must_use]
    pub fn relinked(self, precision: f64, recall: f64) -> TwoLists {
        TwoLists { both: self.both * precision / recall, ..self }
    }

    /// The overlap if a match is linked with probability `matches`, and who is on the first (second) list only is
    /// falsely linked with probability `first_only` (`second_only`), each false link counted once. With the same
    /// probability for both it is the two-sided form; with zero for the first the one-way form of Ding and Fienberg.
    #[must_use]
    pub fn unerring(self, matches: f64, first_only: f64, second_only: f64) -> TwoLists {
        let both =
            (self.both - first_only * self.first - second_only * self.second) / (matches - first_only - second_only);
        TwoLists { both, ..self }
    }

    /// Without `removed` suspicious records of the first list, of which `matched` were on both.
    #[must_use]
    pub fn trimmed(self, removed: f64, matched: f64) -> TwoLists {
        TwoLists { first: self.first - removed, both: self.both - matched, ..self }
    }
}

/// Variance of an estimate that was corrected by precision and recall, which are themselves uncertain (delta method).
#[must_use]
pub fn variance_relinked(estimate: f64, variance: f64, precision: (f64, f64), recall: (f64, f64)) -> f64 {
    let relative = |(value, variance): (f64, f64)| variance / (value * value);
    estimate * estimate * (relative((estimate, variance)) + relative(precision) + relative(recall))
}

/// The 95 % interval that is log-normal in the unseen (Chao 1987): never below those who were seen.
#[must_use]
pub fn log_normal(estimate: f64, variance: f64, seen: f64) -> Interval {
    let unseen = estimate - seen;
    if unseen <= 0.0 || variance <= 0.0 {
        return Interval { low: estimate, high: estimate };
    }
    let factor = (NORMAL_95 * (variance / (unseen * unseen)).ln_1p().sqrt()).exp();
    Interval { low: seen + unseen / factor, high: seen + unseen * factor }
}

/// The 95 % interval that is normal in the square root of the unseen: for sums of single doubts, whose variance grows
/// with the unseen as that of a Poisson number does (Bartlett 1936); the log-normal one takes it to grow with their
/// square, and its lower end lies too high where it does not. Never below those who were seen.
///
/// Where the standard error is greater than the unseen, the curvature of the root is taken no greater than at the
/// standard error: of nobody expected unseen, few may be.
#[must_use]
pub fn square_root(estimate: f64, variance: f64, seen: f64) -> Interval {
    let unseen = (estimate - seen).max(0.0);
    if variance <= 0.0 {
        return Interval { low: estimate, high: estimate };
    }
    let half = NORMAL_95 * variance.sqrt();
    let low = if unseen > 0.0 { (unseen.sqrt() - half / (2.0 * unseen.sqrt())).max(0.0).powi(2) } else { 0.0 };
    let high = unseen + half + half * half / (4.0 * unseen.max(variance.sqrt()));
    Interval { low: seen + low, high: seen + high }
}

/// Errors of a two-by-two table of the same yes-or-no question asked twice: census yes and check yes, census yes and
/// check no, census no and check yes, both no. Gives gross difference rate, net difference rate (check less census) and
/// index of inconsistency.
#[must_use]
pub fn content_error(table: [f64; 4]) -> [f64; 3] {
    let [both, census_only, check_only, neither] = table;
    let asked: f64 = table.iter().sum();
    let gross = census_only + check_only;
    let [census_yes, census_no] = [both + census_only, check_only + neither];
    let [check_yes, check_no] = [both + check_only, census_only + neither];
    let inconsistency = asked * gross / (census_yes * check_no + check_yes * census_no);
    [gross / asked, (check_only - census_only) / asked, inconsistency]
}

/// The estimate of a post-enumeration survey: persons enumerated with sufficient information (count less insufficient),
/// times the share of the sampled enumerations that is correct, over the share of the sampled persons that was matched.
#[must_use]
pub fn dual_system(count: f64, insufficient: f64, correct: TwoCounts, matched: TwoCounts) -> f64 {
    (count - insufficient) * (correct.part / correct.whole) * (matched.whole / matched.part)
}

/// A part of a sample and the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoCounts {
    /// The part.
    pub part: f64,
    /// The sample.
    pub whole: f64,
}

/// The components of error of a census: count, of which correct and erroneous (duplicates included), and the persons
/// who should have been counted. Gives omissions, and the count less the persons: positive if too many.
#[must_use]
pub fn components(count: f64, correct: f64, persons: f64) -> [f64; 2] {
    [persons - correct, count - persons]
}

/// Chao's lower bound, from how many persons are on just one list and on just two: persons and the variance of the
/// bound.
#[must_use]
pub fn chao_lower_bound(seen: f64, once: f64, twice: f64) -> (f64, f64) {
    let ratio = once / twice;
    let variance = twice * (0.5 * ratio.powi(2) + ratio.powi(3) + 0.25 * ratio.powi(4));
    (seen + once * ratio / 2.0, variance)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Binomial, Distribution, Poisson};

    use super::{
        Interval, TwoCounts, TwoLists, chao_lower_bound, components, content_error, dual_system, log_normal,
        square_root, variance_relinked,
    };

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} for {expected}");
    }

    fn lists(first: f64, second: f64, both: f64) -> TwoLists {
        TwoLists { first, second, both }
    }

    #[test]
    fn the_root_of_a_poisson_number_is_stable() {
        // 25 unseen, Poisson: (5 ± 0.98)². Twice the standard error below 4 is nobody.
        let poisson = square_root(1_025.0, 25.0, 1_000.0);
        assert!((poisson.low - 1_016.160_6).abs() < 1e-3 && (poisson.high - 1_035.760_2).abs() < 1e-3, "{poisson:?}");
        assert_eq!(square_root(1_004.0, 25.0, 1_000.0).low, 1_000.0);
        assert_eq!(square_root(1_004.0, 0.0, 1_000.0).high, 1_004.0);
        // However few are expected, no more may be than the standard error allows, and the ends do not jump.
        let none = square_root(1_000.0, 1.0, 1_000.0);
        assert!(none.low == 1_000.0 && (1_002.91..1_002.93).contains(&none.high), "{none:?}");
        let [just_below, just_above] =
            [0.999_999, 1.000_001].map(|unseen| square_root(1_000.0 + unseen, 1.0, 1_000.0).high);
        assert!((just_below - just_above).abs() < 1e-5);
        // Of numbers drawn with mean 30, the interval misses the mean as often on either side.
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let poisson = Poisson::new(30.0).unwrap();
        let draws: Vec<f64> = (0..20_000).map(|_| poisson.sample(&mut random)).collect();
        let missed = |interval: fn(f64, f64, f64) -> Interval| {
            let ends: Vec<Interval> = draws.iter().map(|drawn| interval(500.0 + drawn, *drawn, 500.0)).collect();
            let count = |misses: fn(&Interval) -> bool| ends.iter().filter(|ends| misses(ends)).count();
            [count(|ends| 530.0 < ends.low), count(|ends| 530.0 > ends.high)]
        };
        let [below, above] = missed(square_root).map(|missed| missed as f64 / 20_000.0);
        assert!((0.015..0.035).contains(&below) && (0.015..0.035).contains(&above), "{below} {above}");
    }

    #[test]
    fn the_fictional_census_of_the_essnet() {
        // 25,343 rows of the census, 24,613 of the customer register, 24,043 true pairs, as the ESSnet on data
        // integration made them up and R's `blocking` ships them.
        assert_eq!(format!("{:.2}", lists(25_343.0, 24_613.0, 24_043.0).lincoln_petersen()), "25943.82");
    }

    #[test]
    fn published_and_textbook_lists() {
        // Seber p. 107 and two round examples: LP, its two standard errors, Chapman and its standard error, intervals.
        let examples = [
            (
                lists(948.0, 421.0, 167.0),
                [
                    2389.868263473054,
                    130.38057292700108,
                    143.64533842557069,
                    2382.7976190476193,
                    129.05625929910178,
                    2160.5574437939877,
                    2674.03594370057,
                    2155.7115272646374,
                    2663.9546658385293,
                ],
            ),
            (
                lists(100.0, 100.0, 20.0),
                [
                    500.0,
                    89.44271909999159,
                    100.0,
                    484.76190476190476,
                    82.03151372158726,
                    366.93369491695773,
                    727.7878134570097,
                    361.48328835606907,
                    691.7816600935437,
                ],
            ),
            (
                lists(200.0, 300.0, 50.0),
                [
                    1200.0,
                    134.16407864998737,
                    154.91933384829667,
                    1185.2941176470588,
                    129.51648888975714,
                    979.6492925912938,
                    1512.0235085144454,
                    971.9987546230965,
                    1485.744692220085,
                ],
            ),
        ];
        for (lists, expected) in examples {
            let (petersen, chapman) = (lists.lincoln_petersen(), lists.chapman());
            let of_petersen = log_normal(petersen, lists.variance_multinomial(), lists.seen());
            let of_chapman = log_normal(chapman, lists.variance_chapman(), lists.seen());
            let found = [
                petersen,
                lists.variance_multinomial().sqrt(),
                lists.variance_fixed_first().sqrt(),
                chapman,
                lists.variance_chapman().sqrt(),
            ];
            found.iter().zip(expected).for_each(|(found, expected)| near(*found, expected));
            for (found, expected) in
                [of_petersen.low, of_petersen.high, of_chapman.low, of_chapman.high].iter().zip(&expected[5..])
            {
                // The oracles took 1.96 for the normal point.
                assert!((found / expected - 1.0).abs() < 2e-5, "{found} for {expected}");
            }
        }
        for ((first, second, both), petersen, chapman) in [
            ((513.0, 207.0, 154.0), 689.552, 688.755),
            ((513.0, 188.0, 124.0), 777.774, 776.168),
            ((207.0, 188.0, 16.0), 2432.250, 2311.471),
        ] {
            let lists = lists(first, second, both);
            assert!((lists.lincoln_petersen() - petersen).abs() < 5e-4 && (lists.chapman() - chapman).abs() < 5e-4);
        }
    }

    #[test]
    fn pooling_unlike_strata_underestimates() {
        let stratum = |persons: f64, one: f64, other: f64| lists(persons * one, persons * other, persons * one * other);
        let (a, b) = (stratum(10_000.0, 0.99, 0.95), stratum(10_000.0, 0.8, 0.6));
        near(a.lincoln_petersen() + b.lincoln_petersen(), 20_000.0);
        near(lists(a.first + b.first, a.second + b.second, a.both + b.both).lincoln_petersen(), 19_531.854_980_640_62);
    }

    #[test]
    fn dependence_moves_the_unseen() {
        for (odds, expected) in [(0.5, 991.0), (1.0, 992.0), (2.0, 994.0), (5.0, 1000.0)] {
            near(lists(960.0, 930.0, 900.0).dependent(odds), expected);
        }
    }

    #[test]
    fn errors_of_linkage_are_taken_out() {
        let linked = lists(95_000.0, 90_000.0, 84_000.0);
        near(linked.lincoln_petersen(), 101_785.714_285_714_29);
        near(linked.relinked(0.995, 0.98).both, 85_285.714_285_714_29);
        near(linked.relinked(0.995, 0.98).lincoln_petersen(), 100_251.256_281_407_03);
        near(linked.unerring(0.98, 0.0, 0.02).both, 85_625.0);
        near(linked.unerring(0.98, 0.0, 0.02).lincoln_petersen(), 99_854.014_598_540_15);
        near(linked.relinked(0.97, 0.97).lincoln_petersen(), linked.lincoln_petersen());
        let variance = variance_relinked(100.0, 25.0, (0.5, 0.01), (0.8, 0.0));
        near(variance, 10_000.0 * (0.0025 + 0.04));
    }

    #[test]
    fn errors_of_linkage_are_taken_out_of_lists_drawn_at_random() {
        // 100 000 persons on the lists with probability .95 and .90, 200 times; mean of the estimates as they are and
        // corrected. Links found with the first probability; of those on the second list alone, wrongly linked with the
        // second.
        let persons = 100_000u64;
        for (found, wrong, uncorrected) in [(0.98, 0.0, 102_034.0), (0.9, 0.05, 110_772.0), (0.98, 0.02, 101_933.0)] {
            let mut random = ChaCha8Rng::seed_from_u64(8);
            let mut draw = |of: u64, share: f64| Binomial::new(of, share).unwrap().sample(&mut random);
            let (mut raw, mut corrected) = (0.0, 0.0);
            for _ in 0..200 {
                let first = draw(persons, 0.95);
                let both = draw(first, 0.9);
                let second_only = draw(persons - first, 0.9);
                let linked = draw(both, found) + draw(second_only, wrong);
                let lists = lists(first as f64, (both + second_only) as f64, linked as f64);
                raw += lists.lincoln_petersen() / 200.0;
                corrected += lists.unerring(found, 0.0, wrong).lincoln_petersen() / 200.0;
            }
            assert!((raw - uncorrected).abs() < 25.0, "{raw} for {uncorrected}");
            assert!((corrected - 100_000.0).abs() < 25.0, "{corrected}");
        }
    }

    #[test]
    fn trimming_lets_overcoverage_fall_away() {
        let whole = lists(990_000.0, 300_000.0, 285_000.0);
        for (removed, matched, expected) in [
            (0.0, 0.0, 1_042_105.263_157_894_7),
            (10_000.0, 1200.0, 1_035_940.803_382_663_9),
            (20_000.0, 2400.0, 1_029_723.991_507_431),
            (40_000.0, 4800.0, 1_017_130.620_985_010_8),
            (60_000.0, 7200.0, 1_004_319.654_427_645_8),
            (80_000.0, 12_000.0, 1_000_000.0),
        ] {
            near(whole.trimmed(removed, matched).lincoln_petersen(), expected);
        }
    }

    #[test]
    fn surveys_and_their_accounts() {
        let (correct, matched) =
            (TwoCounts { part: 9400.0, whole: 10_000.0 }, TwoCounts { part: 9016.0, whole: 9800.0 });
        near(dual_system(1_000_000.0, 15_000.0, correct, matched), 1_006_413.043_478_260_9);
        // United States 2010 in thousands; Canada and Australia 2021.
        assert_eq!(components(300_703.0, 284_668.0, 300_667.0), [15_999.0, 36.0]);
        near(-components(25_417_978.0, 25_417_978.0, 25_608_022.0)[1], 190_044.0);
        let (under, over) = (1_897_876.0, 755_635.0);
        let (count, persons) = (36_000_000.0, 36_000_000.0 + under - over);
        let [omitted, net] = components(count, count - over, persons);
        near(omitted, under);
        near(-net, 1_142_241.0);
    }

    #[test]
    fn persons_on_one_and_two_lists_bound_the_rest() {
        let (persons, variance) = chao_lower_bound(1880.0, 1645.0, 183.0);
        near(persons, 9_273.510_928_961_749);
        let interval = log_normal(persons, variance, 1880.0);
        assert!((interval.low - 8084.7).abs() < 0.1 && (interval.high - 10_690.1).abs() < 0.2, "{interval:?}");
    }

    #[test]
    fn content_errors_of_a_question() {
        let found = content_error([480.0, 20.0, 30.0, 470.0]);
        [0.05, 0.01, 0.10].iter().zip(found).for_each(|(expected, found)| near(found, *expected));
    }
}
