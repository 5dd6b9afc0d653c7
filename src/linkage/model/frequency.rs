//! How much rarer than the average is the value that both records share?
//!
//! Agreement on a full name is worth what the name is rare: a shared 张伟 is worth less than a shared 乜瑾. The
//! frequency of a name is smoothed by the product of its family and given name's frequencies, so that a name seen once
//! is not taken as rarer than its parts allow.

use rustc_hash::FxHashMap;

use crate::linkage::comparison::Variable;
use crate::person::date::Date;
use crate::person::lexicon::Symbol;
use crate::person::table::PersonTable;

/// The chance that two random records that have a value have the same one (Σ f²), for variables whose best level is
/// equality of whole values.
#[must_use]
pub fn collision(table: &PersonTable, variable: Variable) -> Option<f64> {
    let own = own_records(table);
    let of_sorted = |values: Vec<u64>| of_sorted(values, own);
    match variable {
        Variable::Name => Some(of_counts(table.names.counts.iter().skip(1).map(|count| u64::from(*count)))),
        Variable::IdNumber => {
            let numbers = table.id_number.iter().filter(|id| id.is_some() && !id.is_tail_masked());
            Some(of_sorted(numbers.map(|id| id.packed()).collect()))
        }
        Variable::Telephone => {
            Some(of_sorted(table.telephone.iter().filter(|number| **number != 0).copied().collect()))
        }
        Variable::BirthDate => {
            let dates = || table.birth.iter().filter(|date| date.has_day());
            if !table.text_fields.is_empty() {
                // The fit frees it of matches.
                let mut days: Vec<u32> = dates().map(|date| date.packed()).collect();
                days.sort_unstable();
                return Some(of_counts(days.chunk_by(|a, b| a == b).map(|run| run.len() as u64)));
            }
            let days = of_sorted(dates().map(|date| u64::from(date.packed())).collect());
            // Few records share a day, many a month: where no day is shared beyond one person's own records, the months
            // tell how often strangers are born on one.
            let months = of_sorted(dates().map(|date| u64::from(date.month().packed())).collect());
            Some(days.max(months / DAYS_OF_MONTH))
        }
        Variable::Text(at) => {
            let counts = &table.text_fields.get(usize::from(at))?.counts;
            Some(of_counts(counts.iter().skip(1).map(|count| u64::from(*count))))
        }
        Variable::Address => {
            let dwellings = (0u32..).take(table.len()).filter_map(|record| table.dwelling(record));
            let packed = dwellings.map(|d| {
                (u64::from(d.estate) << 40)
                    ^ (u64::from(d.building) << 26)
                    ^ (u64::from(d.unit) << 16)
                    ^ u64::from(d.room)
            });
            Some(of_sorted(packed.collect()))
        }
        _ => None,
    }
}

/// Σ c(c−1) / n(n−1). A person in several sources makes true collisions; the fit frees texts, and birth dates in a
/// study of text fields, of matches, and among names they are few.
fn of_counts(counts: impl Iterator<Item = u64>) -> f64 {
    let (mut pairs, mut total) = (0.0, 0.0);
    for count in counts {
        pairs += count as f64 * (count as f64 - 1.0);
        total += count as f64;
    }
    if total < 2.0 { 0.5 } else { (pairs / (total * (total - 1.0))).max(0.5 / (total * total)) }
}

/// Strangers who share a value where none are seen to: so many pairs for each root of the records, a judgement between
/// none and as many as there are records.
const COLLISIONS_MIN: f64 = 0.1;
/// A value that nearly all share still tells somebody apart.
const SHARED_MAX: f64 = 0.9;

/// How often strangers share a value, where a person has up to `own` records that do.
fn of_sorted(mut values: Vec<u64>, own: f64) -> f64 {
    use rayon::prelude::*;
    values.par_sort_unstable();
    let n = values.len() as f64;
    if n < 2.0 {
        return 0.5;
    }
    // Values that many share beyond one person's own records tell how often strangers collide.
    let strangers: f64 =
        values.chunk_by(|a, b| a == b).map(|run| (run.len() as f64 - own).max(0.0) * run.len() as f64).sum();
    (strangers / (n * n)).max(COLLISIONS_MIN / n.powf(1.5)).min(SHARED_MAX)
}

/// Days of a month, on average.
pub(super) const DAYS_OF_MONTH: f64 = 30.4;

/// Records of one person that may share a value without strangers meeting: no fewer than this.
const OWN_RECORDS_MIN: usize = 4;

/// Records that one person may have: one in each source, and [`OWN_RECORDS_MIN`] where there are fewer sources.
fn own_records(table: &PersonTable) -> f64 {
    table.source_count().max(OWN_RECORDS_MIN) as f64
}

/// Frequencies of full names among the records, smoothed by those of their parts; and of birth dates, where they count.
#[derive(Debug)]
pub struct NameFrequencies {
    ratios: Vec<f32>,
    /// Records born on each day (packed), in a study of text fields.
    days: FxHashMap<u32, u32>,
    /// Records with a day of birth.
    born: f64,
}

impl NameFrequencies {
    /// Measures them on a table. A person in several sources is counted in each, which leaves the shares right.
    #[must_use]
    pub fn of(table: &PersonTable) -> NameFrequencies {
        let (names, own) = (&table.names, own_records(table));
        let mut families: FxHashMap<&str, f64> = FxHashMap::default();
        let mut givens: FxHashMap<&str, f64> = FxHashMap::default();
        let mut total = 0.0;
        let parts = |symbol: usize| {
            // Where no part is known to be the family's, the whole name says nothing of how common its parts are.
            let form = names.form(symbol as Symbol).filter(|form| form.family != 0)?;
            let split: usize = form.text.chars().take(form.family).map(char::len_utf8).sum();
            Some((form.text.get(..split)?, form.text.get(split..)?))
        };
        for (symbol, count) in names.counts.iter().enumerate().skip(1) {
            let count = f64::from(*count);
            total += count;
            if let Some((family, given)) = parts(symbol) {
                *families.entry(family).or_default() += count;
                *givens.entry(given).or_default() += count;
            }
        }
        let average = of_counts(names.counts.iter().skip(1).map(|count| u64::from(*count)));
        let total = f64::max(total, 1.0);
        let ratio = |symbol: usize| {
            let count = names.counts.get(symbol).map_or(0.0, |count| f64::from(*count));
            let expected = parts(symbol).map_or(0.0, |(family, given)| {
                families.get(family).unwrap_or(&0.0) / total * givens.get(given).unwrap_or(&0.0)
            });
            // The records that both of a pair belong to are not evidence that others bear the name: those beyond a
            // person's usual number are, and so is what the parts of the name lead one to expect.
            let others = (count - own).max(0.0) + expected.min(own) + 0.1;
            let frequency = others / total;
            (frequency / average).clamp(1e-6, 1e4)
        };
        let ratios =
            (0..names.counts.len()).map(|symbol| if symbol == 0 { 1.0 } else { ratio(symbol) as f32 }).collect();
        let mut days: FxHashMap<u32, u32> = FxHashMap::default();
        if !table.text_fields.is_empty() {
            for date in table.birth.iter().filter(|date| date.has_day()) {
                *days.entry(date.packed()).or_default() += 1;
            }
        }
        let born = days.values().map(|count| f64::from(*count)).sum();
        NameFrequencies { ratios, days, born }
    }

    /// Share of the records born on this day; a person's `own` records are no evidence that others are. A day that
    /// stands for its year (the first of January, where no more is known) is shared by many strangers.
    #[must_use]
    pub fn share_of_day(&self, date: Date, own: f64) -> f64 {
        let count = self.days.get(&date.packed()).map_or(0.0, |count| f64::from(*count));
        ((count - own).max(0.0) + 0.5) / self.born.max(1.0)
    }

    /// By how much the name is more common than the average of what two random records share.
    #[must_use]
    pub fn ratio(&self, symbol: Symbol) -> f64 {
        self.ratios.get(symbol as usize).map_or(1.0, |ratio| f64::from(*ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::{NameFrequencies, collision};
    use crate::linkage::comparison::household::Households;
    use crate::linkage::comparison::{Comparer, Variable, date};
    use crate::linkage::model::{expected, measured, slot};
    use crate::linkage::scoring::Scorer;
    use crate::person::practice::{HEAD, Practice, source};
    use crate::person::table::PersonTable;
    use crate::synthetic::identity::with_check;

    /// The same rows (id, name, number) as so many registers.
    fn registers(count: usize, rows: &str) -> PersonTable {
        let file = format!("id,name,number\n{rows}");
        let names: Vec<String> = (0..count).map(|at| format!("s{at}")).collect();
        let files: Vec<(String, &str)> = names.iter().map(|name| (format!("{name}.csv"), file.as_str())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let source = |name: &String| source(name, "register", true, &[("name", "name"), ("id_number", "number")]);
        Practice::of(&files, &format!("{HEAD}{}", names.iter().map(source).collect::<String>())).table()
    }

    #[test]
    fn the_more_registers_agree_the_less_is_coincidence() {
        let row = |at: u32| format!("{at},王{at},{}\n", with_check(&format!("99999919800101{:03}", at + 1)));
        let rows: String = (0..200).map(row).collect();
        let of = |count: usize| collision(&registers(count, &rows), Variable::IdNumber).expect("a number");
        assert!(of(8) <= of(4) && of(4) <= of(2), "{} {} {}", of(2), of(4), of(8));
    }

    #[test]
    fn a_name_without_a_family_part_that_nobody_else_has_is_rare() {
        let han = ["赵一鸣", "钱二虎", "孙三多", "李四光", "周五常"];
        let latin = ["anna smith", "carl jones", "dora miller", "emil novak", "fiona reed"];
        let rows: String = han.iter().chain(&latin).enumerate().map(|(at, name)| format!("{at},{name},\n")).collect();
        let table = registers(2, &rows);
        let frequencies = NameFrequencies::of(&table);
        let ratio = |record: usize| frequencies.ratio(table.name[record]);
        assert!((0..10).all(|record| ratio(record) < 1.0), "{:?}", (0..10).map(ratio).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_of_january_that_stands_for_its_year_says_less_than_a_day() {
        let day = |at: u32| {
            if at.is_multiple_of(4) {
                String::from("1850-01-01")
            } else {
                format!("18{:02}-{:02}-17", 10 + at % 80, 1 + at % 12)
            }
        };
        let rows: String = (0..400).map(|at| format!("{at},name{at},{}\n", day(at))).collect();
        let columns = [("given_name", "given"), ("birth_date", "born")];
        let study = format!("{HEAD}{}", source("a", "roll", true, &columns));
        let practice = Practice::of(&[("a.csv", &format!("id,given,born\n{rows}"))], &study);
        let (study, table) = (&practice.study, practice.table());
        let comparer = Comparer::new(study, &table);
        let (slots, slot_of) = slot::slots(&table, &Households::of(&table));
        let model =
            expected::expected(&comparer, measured::measure(&comparer, &table, &Households::of(&table), 1), slots);
        let names = NameFrequencies::of(&table);
        let scorer = Scorer::new(&comparer, &table, &model, &slot_of, &names);
        let born = comparer.of(Variable::BirthDate).expect("compared");
        let equal = born.set(0, date::EQUAL);
        let (of_year, of_day) = (scorer.ratio(equal, 0), scorer.ratio(equal, 1));
        assert!(of_year > 1.0 && of_day < 0.2, "{of_year} {of_day}");
        // Another level is no shared value.
        assert!((scorer.ratio(born.set(0, date::DIFFERENT), 0) - 1.0).abs() < 1e-12);
    }
}
