//! Which pairs are worth looking at?
//!
//! Takes a [`PersonTable`], gives [`CandidatePairs`]: every pair of records that agrees on the key of at least one
//! named rule, each pair once. Each rule covers one way a record goes wrong: no ID number, a slip in it, a wrong birth
//! date, a homophone, a changed name, only name and address. A block that would give too many pairs is divided by
//! further keys, never dropped in silence; [`RuleReport`] says what each rule brought and cost.
//!
//! Pairs are not kept: [`CandidatePairs`] holds blocks and gives their pairs stretch by stretch, as often as asked.
//! Each record knows the number of its block under every rule, so a pair that an earlier rule gives is known by
//! comparing numbers. Only pairs of rules with several keys per record, and of divided blocks, lie in memory: the
//! *loose* ones.

mod choice;
mod group;
mod key;
mod repairs;
mod rules;
pub mod traced;
mod within;

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::group::Gathered;
use self::key::{Entry, Keyer, hash};
use self::rules::{Rule, rules};
use super::comparison::Comparer;
use crate::error::{Error, Kind, Result};
use crate::intake::study::Study;
use crate::person::table::{PersonTable, RecordId};

pub use self::group::{CandidatePairs, Row};
pub use self::within::PairsInBlocks;

/// A pair of records; the first id is the smaller one.
pub type Pair = (RecordId, RecordId);

/// What a blocking rule brought and cost.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct RuleReport {
    /// The rule's name.
    pub rule: String,
    /// Keys given to records.
    pub keys: u64,
    /// Blocks of two records or more, one of which at least seeks the others.
    pub blocks: u64,
    /// Records in the largest block.
    pub largest_block: u64,
    /// Blocks that were divided by further keys because they were too large.
    pub divided: u64,
    /// Pairs in blocks that even then were too large, and were left out.
    pub pairs_left_out: u64,
    /// Pairs given.
    pub pairs: u64,
    /// Pairs that no other rule gives first: of rules with one key per record, in order, then of the others.
    pub new_pairs: u64,
}

/// Finds the candidate pairs.
///
/// # Errors
/// If the rules would give more pairs than the study allows.
pub fn block(study: &Study, table: &PersonTable, comparer: &Comparer<'_>) -> Result<CandidatePairs> {
    let keyer = Keyer::new(table, comparer);
    let mut rules = rules(study, &keyer);
    rules.iter_mut().for_each(|rule| rule.across_sources |= study.linkage.one_to_one);
    let mut gathered = Gathered::new(table, rules.iter().filter(|rule| rule.keys.is_single()).count());
    let mut pairs = 0;
    let mut entries = Vec::with_capacity(table.len());
    for rule in &rules {
        pairs += keyer.apply(rule, study, &mut entries, &mut gathered);
        if pairs > study.linkage.pairs_max {
            let what =
                format!("the blocking rules up to '{}' give more than {} pairs", rule.name, study.linkage.pairs_max);
            let hint = "make the rule tighter, or raise the limit";
            return Err(Error::new(Kind::Study, what).at_file(&study.file).at_column("linkage.pairs_max").hint(hint));
        }
    }
    Ok(gathered.finish())
}

/// The blocks among sorted entries: records with the same key, one of which at least seeks the others.
fn blocks_of(entries: &[Entry]) -> Vec<&[Entry]> {
    let starts = |at: &usize| *at == 0 || *at == entries.len() || entries[at - 1].key != entries[*at].key;
    let parts = rayon::current_num_threads();
    let cut = |part: usize| (part * entries.len() / parts..=entries.len()).find(starts).unwrap_or(entries.len());
    let met = |block: &&[Entry]| block.len() > 1 && block.iter().any(|entry| entry.seeks);
    let of_part = |part: usize| -> Vec<&[Entry]> {
        entries[cut(part)..cut(part + 1)].chunk_by(|a, b| a.key == b.key).filter(met).collect()
    };
    let of_parts: Vec<Vec<&[Entry]>> = (0..parts).into_par_iter().map(of_part).collect();
    of_parts.concat()
}

impl RuleReport {
    fn of(rule: &str) -> RuleReport {
        let rule = rule.to_owned();
        RuleReport { rule, keys: 0, blocks: 0, largest_block: 0, divided: 0, pairs_left_out: 0, pairs: 0, new_pairs: 0 }
    }
}

impl Keyer<'_> {
    /// Adds the blocks of a rule; the pairs of blocks that had to be divided, and of a rule with several keys per
    /// record, as loose ones, with duplicates. Gives the number of pairs; if the loose ones of the rule alone are more
    /// than the study allows, no more of them are made: they lie in memory.
    fn apply(&self, rule: &Rule, study: &Study, entries: &mut Vec<Entry>, gathered: &mut Gathered<'_>) -> u64 {
        let mut report = RuleReport::of(&rule.name);
        let mut loose = Vec::new();
        report.keys = self.entries_that_meet(&rule.keys, entries);
        entries.par_sort_unstable_by_key(|entry| (entry.key, entry.record));
        let mut blocks = blocks_of(entries);
        report.blocks = blocks.len() as u64;
        report.largest_block = blocks.iter().map(|block| block.len() as u64).max().unwrap_or(0);
        let maximum = study.linkage.block_pairs_max.max(rule.block_pairs);
        let small = |block: &[Entry]| (block.len() * block.len() / 2) as u64 <= maximum;
        let single = rule.keys.is_single();
        let made = AtomicU64::new(0);
        let results: Vec<(Vec<Pair>, u64, u64)> = blocks
            .par_chunks(1024)
            .map(|blocks| {
                let (mut pairs, mut divided, mut left_out) = (Vec::new(), 0, 0);
                for block in blocks {
                    if made.load(Relaxed) > study.linkage.pairs_max {
                        break;
                    }
                    let before = pairs.len();
                    if !small(block) {
                        divided += 1;
                        left_out += self.divide(block, rule.across_sources, maximum, &mut pairs);
                    } else if !single {
                        self.pairs(block, rule.across_sources, &mut pairs);
                    }
                    made.fetch_add((pairs.len() - before) as u64, Relaxed);
                }
                (pairs, divided, left_out)
            })
            .collect();
        for (pairs, divided, left_out) in results {
            loose.extend(pairs);
            report.divided += divided;
            report.pairs_left_out += left_out;
        }
        let pairs = loose.len() as u64;
        let number = gathered.add_rule(report, rule.keys.shared(), loose);
        if !single {
            return pairs;
        }
        blocks.retain(|block| small(block));
        pairs + gathered.add_blocks(number, rule.across_sources, &blocks)
    }

    fn pairs(&self, block: &[Entry], across_sources: bool, pairs: &mut Vec<Pair>) {
        for (at, one) in block.iter().enumerate() {
            let source = across_sources.then(|| self.table.source(one.record));
            for other in block.iter().skip(at + 1) {
                if one.wants(other) && source.is_none_or(|source| self.table.source(other.record) != source) {
                    pairs.push((one.record.min(other.record), one.record.max(other.record)));
                }
            }
        }
    }

    /// The pairs that a block would give, were it not divided.
    fn count_pairs(&self, block: &[Entry], across_sources: bool) -> u64 {
        let count = |source: Option<usize>| {
            let of_source = |entry: &&Entry| source.is_none_or(|source| self.table.source(entry.record) == source);
            let of = |counts: &dyn Fn(&Entry) -> bool| {
                let count = block.iter().filter(of_source).filter(|entry| counts(entry)).count() as u64;
                count * count.saturating_sub(1) / 2
            };
            of(&|_| true) - of(&|entry| !entry.seeks) - of(&|entry| entry.seeks && entry.met_seekers)
        };
        let within =
            if across_sources { (0..self.table.source_count()).map(|source| count(Some(source))).sum() } else { 0 };
        count(None) - within
    }

    /// Divides a block that is too large by birth month, by estate, by community and sex, by name, and by each declared
    /// text: a pair that agrees on any of them is kept, unless too many do. Gives the number of pairs that are not.
    fn divide(&self, block: &[Entry], across_sources: bool, maximum: u64, pairs: &mut Vec<Pair>) -> u64 {
        let table = self.table;
        let first = pairs.len();
        let built_in: [&dyn Fn(usize) -> u64; 4] = [
            &|at| if table.birth[at].has_month() { hash(table.birth[at].month()) } else { 0 },
            &|at| if table.estate[at] == 0 { 0 } else { hash(table.estate[at]) },
            &|at| if table.division[at] == 0 { 0 } else { hash((table.division[at], table.sex[at])) },
            &|at| if table.name[at] == 0 { 0 } else { hash(table.name[at]) },
        ];
        let mut by = |divider: &dyn Fn(usize) -> u64| {
            let mut parts: Vec<Entry> =
                block.iter().map(|entry| Entry { key: divider(entry.record as usize), ..*entry }).collect();
            parts.retain(|entry| entry.key != 0);
            parts.sort_unstable_by_key(|entry| (entry.key, entry.record));
            for part in parts.chunk_by(|a, b| a.key == b.key) {
                if (part.len() * part.len().saturating_sub(1) / 2) as u64 <= maximum {
                    self.pairs(part, across_sources, pairs);
                }
            }
        };
        built_in.into_iter().for_each(&mut by);
        for text in 0..table.text_fields.len() {
            by(&|at| u64::from(table.texts.row(at)[text]));
        }
        let mut given = pairs.split_off(first);
        given.sort_unstable();
        given.dedup();
        let left_out = self.count_pairs(block, across_sources).saturating_sub(given.len() as u64);
        pairs.append(&mut given);
        left_out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CandidatePairs, Gathered, Keyer, Pair, RuleReport, block, rules};
    use crate::intake::study::file;
    use crate::linkage::comparison::Comparer;
    use crate::person::practice::{HEAD, Practice, field, source, table_of};
    use crate::person::table::PersonTable;
    use crate::progress::Silent;
    use crate::synthetic::{self, Plan};

    #[test]
    fn all_rules_together_give_what_each_gives_alone() {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan { persons: 1_000, seed: 5, errors: 2.0, uneven: 0.0, progress: &Silent };
        let study = file::read(&synthetic::write_district(folder.path(), &plan).unwrap().study).unwrap();
        let table = table_of(&study);
        let comparer = Comparer::new(&study, &table);
        let together = block(&study, &table, &comparer).unwrap();
        let keyer = Keyer::new(&table, &comparer);
        let mut alone: BTreeSet<Pair> = BTreeSet::new();
        for (rule, report) in rules(&study, &keyer).iter().zip(&together.rules) {
            let mut gathered = Gathered::new(&table, 1);
            keyer.apply(rule, &study, &mut Vec::new(), &mut gathered);
            let one = gathered.finish();
            assert_eq!(one.rules[0].pairs, report.pairs, "{}", rule.name);
            alone.extend(one.all());
        }
        assert_eq!(together.all(), alone.into_iter().collect::<Vec<_>>());
        let kept = together.pairs_at_most();
        let given: u64 = together.rules.iter().map(|rule| rule.pairs).sum();
        assert!(kept < given / 2, "blocks with nothing new are not kept: {kept} of {given}");
    }

    /// What a study of two files gives; of their fields, those named are declared with their comparators.
    fn blocked(files: [&str; 2], fields: &[(&str, &str)], linkage: &str) -> CandidatePairs {
        let mut text = String::from(HEAD);
        for (name, rows) in ["a", "b"].into_iter().zip(files) {
            let columns = rows.lines().next().unwrap().split(',').skip(1);
            let columns: Vec<(&str, &str)> = columns.map(|column| (column, column)).collect();
            text += &source(name, "register", true, &columns);
        }
        fields.iter().for_each(|(name, comparator)| text += &field(name, comparator));
        let practice = Practice::of(&[("a.csv", files[0]), ("b.csv", files[1])], &(text + linkage));
        let (study, table) = (&practice.study, practice.table());
        block(study, &table, &Comparer::new(study, &table)).unwrap()
    }

    /// Do two records meet by a key, each in a file of its own, of the columns named?
    fn meet(key: &str, columns: &str, one: &str, other: &str) -> bool {
        // A row that says nothing of a person would be set aside.
        let has_name = columns.contains("name");
        let columns = if has_name { columns.to_owned() } else { format!("{columns},name") };
        let file = |row: &str, person: &str| {
            let row = if has_name { row.to_owned() } else { format!("{row},{person}") };
            format!("id,{columns}\n1,{row}\n")
        };
        let mut fields = vec![("word", "exact"), ("moved", "date")];
        fields.retain(|(name, _)| columns.contains(name));
        let linkage = format!("[[linkage.blocking]]\nkeys = [\"{key}\"]\n");
        !blocked([&file(one, "赵一"), &file(other, "钱二")], &fields, &linkage).all().is_empty()
    }

    #[test]
    fn births_that_name_one_mother_are_brought_together_once_and_not_in_the_households_of_all_her_namesakes() {
        // Three births of a month name each; the first has two households, with a child of that month in one.
        let mother = |at: usize, many: usize| if at < many { "王丽" } else { "李红" };
        let births: String = (0..6).map(|at| format!("{at},2020-03-01,{},999999001001\n", mother(at, 3))).collect();
        let woman = |at: usize| format!("{at},{},1980-01-01,h{at},999999001001\n", mother(at, 2));
        let women: String = (0..80).map(woman).collect();
        let children = "c01,钱一,2020-03-09,h1,999999001001\nd01,钱二,2020-03-09,h9,999999001001\n";
        let (birth, place) = (("birth_date", "birth"), ("division", "place"));
        let roll = [("name", "name"), birth, ("household", "house"), place];
        let practice = Practice::of(
            &[
                ("births.csv", &format!("id,birth,mother,place\n{births}")),
                ("roll.csv", &format!("id,name,birth,house,place\n{women}{children}")),
            ],
            &[
                HEAD,
                &source("births", "register", true, &[birth, ("mother_name", "mother"), place]),
                &source("roll", "roll", true, &roll),
            ]
            .concat(),
        );
        let (study, table) = (&practice.study, practice.table());
        let comparer = Comparer::new(study, &table);
        let keyer = Keyer::new(&table, &comparer);
        let rules = rules(study, &keyer);
        let rule = rules.iter().find(|rule| rule.name.starts_with("mother")).unwrap();
        let mut gathered = Gathered::new(&table, 0);
        let made = keyer.apply(rule, study, &mut Vec::new(), &mut gathered);
        let child = 6 + 80;
        let expected = [(0, 1), (0, 2), (0, child), (1, 2), (1, child), (2, child)];
        assert_eq!(gathered.finish().all(), expected);
        assert_eq!(made, expected.len() as u64, "each once");
    }

    #[test]
    fn records_that_share_what_a_key_takes_meet_and_others_do_not() {
        for (key, columns, one, same, different) in [
            ("name", "name", "王芳", "王芳", "王方"),
            ("sound(name)", "name", "王芳", "王方", "王丽"),
            ("sound(name)", "name", "梁志强", "Liang Zhiqiang", "Liang Zhigang"),
            ("sound(name)", "name", "欧阳修文", "Xiuwen Ouyang", "Xiu Ouyang"),
            ("prefix(name, 2)", "name", "王小芳", "王小明", "王大明"),
            ("family_name(name)", "name", "王小芳", "王明", "李明"),
            ("family_name(name)", "name", "Anna Smith", "Zoe Smith", "Anna Jones"),
            ("prefix(family_name, 1)", "name", "Anna Smith", "Zoe Stone", "Anna Jones"),
            ("given_name", "name", "王小芳", "李小芳", "王小明"),
            ("prefix(given_name, 1)", "name", "王小芳", "李小明", "王大明"),
            ("sound(given_name)", "name", "王小芳", "李晓方", "王小明"),
            ("given_name", "name", "Anna Smith", "Anna Jones", "Zoe Smith"),
            ("family_name", "family_name,given_name", "smith,anna", "smith,zoe", "jones,anna"),
            ("family_name(name)", "family_name,given_name", "smith,anna", "smith,zoe", "jones,anna"),
            ("prefix(family_name, 3)", "family_name,given_name", "smith,anna", "smithers,zoe", "jones,anna"),
            ("suffix(family_name, 2)", "family_name,given_name", "smith,anna", "keith,zoe", "jones,anna"),
            ("family_name", "family_name,given_name", "王,小芳", "王,明", "李,小芳"),
            ("id_number", "id_number", "120106198001010014", "120106198001010014", "120106198001010030"),
            ("prefix(id_number, 6)", "id_number", "120106198001010014", "120106198001010030", "110105194912310021"),
            ("suffix(id_number, 4)", "id_number", "120106198001010014", "120106199001010014", "120106198001010030"),
            ("telephone", "telephone", "13812345678", "138 1234 5678", "13812345679"),
            ("prefix(telephone, 7)", "telephone", "13812345678", "13812340000", "13912345678"),
            ("division", "division", "120106001001", "120106001001", "120106001002"),
            ("prefix(division, 9)", "division", "120106001001", "120106001002", "120106002001"),
            ("birth_date", "birth_date", "1980-02-03", "1980-02-03", "1980-02-04"),
            ("month(birth_date)", "birth_date", "1980-02-03", "1980-02-28", "1980-03-03"),
            ("year(birth_date)", "birth_date", "1980-02-03", "1980-12-03", "1981-02-03"),
            ("sex", "sex", "男", "1", "女"),
            ("word", "word", "alpha", "alpha", "alphb"),
            ("prefix(word, 3)", "word", "alpha", "alpine", "beta"),
            ("suffix(word, 2)", "word", "alpha", "delpha", "beta"),
            ("sound(word)", "word", "王芳", "王方", "李芳"),
            ("year(moved)", "moved", "01/11/2020", "2020-03-05", "2021-11-01"),
            ("month(moved)", "moved", "15/11/2020", "2020-11-05", "2020-12-15"),
        ] {
            assert!(meet(key, columns, one, same), "{key}: {one} and {same}");
            assert!(!meet(key, columns, one, different), "{key}: {one} and {different}");
        }
    }

    /// Does the record meet the other by the default rules, with so many others in the second file?
    fn meet_by_default(one: &str, other: &str, others: usize) -> bool {
        const HEAD: &str = "id,name,birth_date,sex,address\n";
        let others = (0..others).map(|at| format!("o{at},赵一,1950-01-0{},男,和平里{at}号楼1单元101室\n", at + 1));
        let second = format!("{HEAD}1,{other}\n{}", others.collect::<String>());
        let given = blocked([&format!("{HEAD}1,{one}\n"), &second], &[], "").all();
        given.contains(&(0, 1))
    }

    #[test]
    fn records_without_a_room_or_a_readable_name_are_found_by_birth_month_sex_and_estate() {
        const PLACED: &str = "王丽,1980-03-06,女,幸福小区3号楼1单元101室";
        for others in [0, 8] {
            for (one, expected) in [
                ("*红,1980-03-05,女,幸福小区4号楼2单元202室", true),
                ("李红,1980-03,女,幸福小区", true),
                ("李红,1980-03-05,女,幸福小区4号楼2单元202室", false),
                ("*红,1980-04-05,女,幸福小区4号楼2单元202室", false),
                ("*红,1980-03-05,男,幸福小区4号楼2单元202室", false),
                ("*红,1980-03-05,女,和平里4号楼2单元202室", false),
            ] {
                assert_eq!(meet_by_default(one, PLACED, others), expected, "{one}, {others} others");
            }
        }
    }

    #[test]
    fn births_that_end_at_the_year_and_addresses_that_end_at_the_estate_have_rules_of_their_own() {
        const PLACED: &str = "王丽,1980-03-06,女,幸福小区3号楼1单元101室";
        for (one, expected) in [
            ("王莉,1980,女,和平里4号楼2单元202室", true),
            ("王莉,,女,幸福小区", true),
            ("李红,1980,女,幸福小区", true),
            ("李红,1981,女,幸福小区", false),
            ("李红,1980,女,幸福小区4号楼2单元202室", false),
            // A source that says more needs them not.
            ("王莉,1980-05-06,女,和平里4号楼2单元202室", false),
        ] {
            assert_eq!(meet_by_default(one, PLACED, 8), expected, "{one}");
        }
    }

    #[test]
    fn a_widely_masked_number_meets_whole_ones_by_birth_year_or_one_end_of_the_name() {
        const WHOLE: &str = "120106198001010014,刘福庆,";
        for (masked, expected) in [
            ("1201**********0014,刘福庆,", true),
            ("1201**********0014,刘**,", true),
            ("1201**********0014,*福庆,", true),
            ("1201**********0014,李**,1980", true),
            ("1201**********0014,李**,", false),
            ("1201**********0014,李**,1981", false),
            ("1201**********0030,刘**,1980", false),
        ] {
            let file = |row: &str| format!("id,id_number,name,birth_date\n1,{row}\n");
            let met = !blocked([&file(masked), &file(WHOLE)], &[], "").all().is_empty();
            assert_eq!(met, expected, "{masked}");
        }
    }

    #[test]
    fn a_birth_finds_children_of_its_month_in_the_household_of_the_mother_by_her_number_or_name() {
        const NUMBER: &str = "99999919900102002X";
        for (birth, number, expected) in [
            ("2020-03-05,王丽,120106001001,", "", true),
            ("2020-04-05,王丽,120106001001,", "", false),
            ("2020-03-05,王莉,120106001001,", "", false),
            ("2020-03-05,王丽,120106001002,", "", false),
            ("2020-03-05,张伟,120106001001,", "", false),
            ("2020-03-05,,120106001002,99999919900102002X", NUMBER, true),
            // The number is left out on the roll, masked, or wrong.
            ("2020-03-05,王丽,120106001001,99999919900102002X", "", true),
            ("2020-03-05,王丽,120106001001,999999********002X", NUMBER, true),
            ("2020-03-05,王丽,120106001001,99999919900102003X", NUMBER, true),
            ("2020-03-05,王莉,120106001001,999999********002X", NUMBER, false),
        ] {
            let births = format!("id,birth_date,mother_name,division,mother_id_number\n1,{birth}\n");
            let roll = format!(
                "id,name,birth_date,sex,household,division,id_number\n\
                 1,张小宝,2020-03-08,女,h1,120106001001,\n\
                 2,王丽,1990-01-02,女,h1,120106001001,{number}\n\
                 3,张伟,1988-05-06,男,h1,120106001001,\n"
            );
            let met = blocked([&births, &roll], &[], "").all().contains(&(0, 1));
            assert_eq!(met, expected, "{birth}");
        }
    }

    #[test]
    fn pairs_count_with_their_own_rule_however_many_there_are() {
        const RULES: usize = 300;
        let table = PersonTable::default();
        let mut gathered = Gathered::new(&table, 0);
        for rule in 0..RULES as u32 {
            gathered.add_rule(RuleReport::of(&rule.to_string()), Vec::new(), vec![(rule, RULES as u32)]);
        }
        let given = gathered.finish();
        assert!(given.rules.iter().all(|rule| (rule.pairs, rule.new_pairs) == (1, 1)));
        assert!((0..RULES).all(|rule| given.loose_of(rule).eq([(rule as u32, RULES as u32)])));
    }

    #[test]
    fn pairs_of_blocks_that_are_too_large_are_given_or_counted() {
        const ROWS: usize = 120;
        let rows = (0..ROWS).map(|row| format!("{row},one city,name{}\n", row % 40));
        let rows = format!("id,city,given\n{}", rows.collect::<String>());
        for one_to_one in [true, false] {
            let linkage = format!(
                "[[linkage.blocking]]\nkeys = [\"city\"]\n[linkage]\none_to_one = {one_to_one}\nblock_pairs_max = 1000\n"
            );
            let given = blocked([&rows, &rows], &[("city", "exact"), ("given", "exact")], &linkage);
            let across = |one: usize, other: usize| (one < ROWS) != (other < ROWS);
            let all = (0..2 * ROWS).flat_map(|one| (one + 1..2 * ROWS).map(move |other| (one, other)));
            let all: Vec<_> = all.filter(|(one, other)| across(*one, *other) || !one_to_one).collect();
            let of_one_name = all.iter().filter(|(one, other)| one % 40 == other % 40).count() as u64;
            let rule = &given.rules[0];
            assert_eq!((rule.divided, rule.pairs), (1, of_one_name), "one to one: {one_to_one}");
            assert_eq!(rule.pairs_left_out, all.len() as u64 - of_one_name);
        }
    }

    #[test]
    fn pairs_of_large_blocks_are_given_once() {
        const ROWS: usize = 200;
        let rows = (0..ROWS).map(|row| format!("{row},1990-01-{:02},name{}\n", row % 20 + 1, row % 7));
        let rows = format!("id,dob,given\n{}", rows.collect::<String>());
        for one_to_one in [true, false] {
            let linkage = format!(
                "[[linkage.blocking]]\nkeys = [\"dob\"]\n[[linkage.blocking]]\nkeys = [\"given\"]\n[linkage]\none_to_one = {one_to_one}\n"
            );
            let given = blocked([&rows, &rows], &[("dob", "date"), ("given", "exact")], &linkage).all();
            let meet = |one: usize, other: usize| {
                let (a, b) = (one % ROWS, other % ROWS);
                let across = (one < ROWS) != (other < ROWS);
                (across || !one_to_one) && (a % 20 == b % 20 || a % 7 == b % 7)
            };
            let pairs = (0..2 * ROWS).flat_map(|one| (one + 1..2 * ROWS).map(move |other| (one, other)));
            let expected: Vec<Pair> = pairs.filter(|(a, b)| meet(*a, *b)).map(|(a, b)| (a as u32, b as u32)).collect();
            assert_eq!(given, expected, "one to one: {one_to_one}");
        }
    }
}
