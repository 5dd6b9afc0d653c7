//! Who is in it, in comparable form?
//!
//! Takes the [`Extract`]s, gives a [`PersonTable`] and a [`Tally`] per source; [`standardise`] never fails on a dirty
//! value: it keeps what can be known, notes what it mended, and sets aside only rows by which nobody could be found.
//! Nothing after this room sees text as it was typed.

pub mod address;
pub mod bearer;
mod before;
mod cell;
pub mod code;
pub mod column;
pub mod date;
mod filled;
pub mod han;
mod house_number;
mod household_numbers;
pub mod id_number;
pub mod lexicon;
mod mask;
pub mod members;
pub mod name;
pub mod name_table;
mod namesake_estates;
mod numbers_of_others;
mod order;
pub mod plausibility;
#[cfg(test)]
pub(crate) mod practice;
pub mod profile;
pub mod row;
mod seen;
pub mod table;
mod taken_over;
mod text;
mod written;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::intake::extract::Extract;
use crate::intake::study::{Field, Study};
use crate::progress::{Progress, Silent};
use crate::tally::Tally;
use address::EstateDirectory;
use column::Column;
use lexicon::{Lexicon, Symbol};
use row::{ChunkTable, RowReader};
use table::{PersonTable, RecordId, TextField, TextRows, flag};

/// A row that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Index of the source.
    pub source: usize,
    /// Index of the file within the source.
    pub file: usize,
    /// Data row within the file, from 1.
    pub row: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// Reason code.
    pub reason: &'static str,
}

/// What comes out of standardising.
#[derive(Debug)]
pub struct Standardised {
    /// The records.
    pub table: PersonTable,
    /// One tally per source.
    pub tallies: Vec<Tally>,
    /// The rows set aside.
    pub rejected: Vec<Rejected>,
    /// By extract, the columns without one filled cell.
    pub empty_columns: Vec<Vec<String>>,
}

/// Brings all sources to comparable form.
///
/// # Errors
/// Only what the reader says of a file that cannot be used.
pub fn standardise(study: &Study, extracts: &[Extract], progress: &dyn Progress) -> Result<Standardised> {
    Ok(standardise_and_note(study, extracts, progress)?.0)
}

/// The same, with the records whose number was taken off because it is another's.
fn standardise_and_note(
    study: &Study,
    extracts: &[Extract],
    progress: &dyn Progress,
) -> Result<(Standardised, Vec<RecordId>)> {
    let rows = extracts.iter().map(|extract| extract.rows).sum();
    taken_over::check_rows(study, rows)?;
    progress.begin("standardise", rows);
    let mut table = PersonTable { starts: vec![0], text_fields: row::text_fields(study), ..PersonTable::default() };
    table.texts = TextRows::new(table.text_fields.len(), 0);
    table.written = written::Written::keeping(study);
    table.parents.push(table::Parent::default());
    table.reserve(rows);
    let mut tallies = vec![Tally::default(); extracts.len()];
    let mut rejected = Vec::new();
    let readers: Vec<RowReader<'_>> =
        extracts.iter().map(|extract| RowReader::new(study, extract, &table.text_fields)).collect();
    let jobs: Vec<(usize, usize)> = (0..extracts.len())
        .flat_map(|source| (0..extracts[source].chunk_count()).map(move |chunk| (source, chunk)))
        .collect();
    let filled: Vec<filled::Filled> = extracts.iter().map(filled::Filled::of).collect();
    // A few chunks at a time: memory stays bounded, and the order of symbols does not depend on the threads.
    let at_once = rayon::current_num_threads();
    let mut source = taken_over::TakenOver::default();
    let decode = |jobs: &[(usize, usize)]| -> Vec<Result<Vec<ChunkTable>>> {
        jobs.par_iter()
            .with_max_len(1)
            .map(|(source, chunk)| {
                let chunk = extracts[*source].read(study, *chunk)?;
                filled[*source].see(&chunk);
                progress.advance(chunk.rows as u64);
                Ok(readers[*source].read(&chunk))
            })
            .collect()
    };
    let mut windows = jobs.chunks(at_once.max(1));
    let mut window = windows.next().unwrap_or(&[]);
    let mut chunks = decode(window);
    while !window.is_empty() {
        // The next chunks are decoded while these are taken over.
        let next = windows.next().unwrap_or(&[]);
        let mut append = || -> Result<()> {
            for ((at, number), chunk) in window.iter().zip(std::mem::take(&mut chunks)) {
                if *number == 0 {
                    close_sources(&mut table, *at);
                    source.next_source(u32::try_from(table.len()).unwrap_or(u32::MAX));
                }
                for rows in chunk? {
                    table.append(rows, &mut source, &mut tallies[*at], &mut rejected);
                }
            }
            Ok(())
        };
        let (decoded, appended) = rayon::join(|| decode(next), &mut append);
        appended?;
        (window, chunks) = (next, decoded);
    }
    drop(source);
    close_sources(&mut table, extracts.len());
    let has_ids = |at: &usize| study.sources[extracts[*at].source].record_id.is_some();
    order::bring_about(&mut table, (0..extracts.len()).filter(has_ids));
    let of_others = numbers_of_others::take_off(&mut table);
    of_others.iter().for_each(|record| tallies[table.source(*record)].note(numbers_of_others::NOTE, 1));
    resolve_estates(&mut table);
    house_number::resolve(&mut table);
    namesake_estates::tell_apart(&mut table);
    fill_divisions(&mut table);
    let names: Vec<&str> = extracts.iter().map(|extract| study.sources[extract.source].name.as_str()).collect();
    household_numbers::tell_apart(&mut table, &names);
    count_values(&mut table);
    progress.finish(&format!("{} records", table.len()));
    rejected.sort_by_key(|rejected| (rejected.source, rejected.file, rejected.row));
    let empty_columns = filled.iter().zip(extracts).map(|(filled, extract)| filled.empty(extract)).collect();
    Ok((Standardised { table, tallies, rejected, empty_columns }, of_others))
}

/// The rows of a source of which something was noted: file within the source, data row within the file (from 1).
/// A row of which it was noted twice is there twice.
///
/// # Errors
/// Only what the reader says of a file that cannot be used.
pub fn noted(study: &Study, extracts: &[Extract], source: usize, what: &str) -> Result<Vec<(usize, u64)>> {
    let fields = row::text_fields(study);
    let Some(at) = extracts.iter().position(|extract| extract.source == source) else { return Ok(Vec::new()) };
    let extract = &extracts[at];
    let reader = RowReader::new(study, extract, &fields);
    if what == numbers_of_others::NOTE {
        // What no row says alone.
        let (standardised, of_others) = standardise_and_note(study, extracts, &Silent)?;
        let table = &standardised.table;
        let rows = of_others.into_iter().filter(|record| table.source(*record) == at);
        let mut places: Vec<(usize, u64)> =
            rows.map(|record| reader.place(u64::from(table.row[record as usize]))).collect();
        places.sort_unstable();
        return Ok(places);
    }
    let of_chunk = |chunk: usize| -> Result<Vec<(usize, u64)>> {
        let chunk = extract.read(study, chunk)?;
        let noted = reader.noted(&chunk).into_iter().filter(|(code, _)| *code == what);
        Ok(noted.map(|(_, row)| (chunk.file, row)).collect())
    };
    let chunks = (0..extract.chunk_count()).into_par_iter().map(of_chunk).collect::<Result<Vec<_>>>()?;
    Ok(chunks.into_iter().flatten().collect())
}

/// Says that the records of all sources before this one are complete (a source without rows has no records).
fn close_sources(table: &mut PersonTable, source: usize) {
    let end = u32::try_from(table.len()).unwrap_or(u32::MAX);
    while table.starts.len() <= source {
        table.starts.push(end);
    }
}

/// Turns place texts into estates, now that all clear addresses are known.
fn resolve_estates(table: &mut PersonTable) {
    let mut counts = vec![0u32; table.estates.len()];
    for place in table.estate.iter().copied() {
        if let Some(count) = counts.get_mut(place as usize) {
            *count += 1;
        }
    }
    let places = (1..table.estates.len()).map(|symbol| (table.estates.text(symbol as Symbol), counts[symbol]));
    let directory = EstateDirectory::learn(places);
    let mut estates = Lexicon::default();
    let resolved: Vec<Symbol> = (0..table.estates.len())
        .map(|symbol| match directory.resolve(table.estates.text(symbol as Symbol)) {
            "" => 0,
            estate => estates.intern(estate),
        })
        .collect();
    table.written.resolve((&table.estates, &table.estate), &resolved, &counts, &estates);
    table.estate.translate(|place| resolved[place as usize]);
    table.estates = estates;
}

/// Gives records without a division code the code that nearly all other records of their estate have.
fn fill_divisions(table: &mut PersonTable) {
    let mut votes: FxHashMap<(Symbol, Symbol), u32> = FxHashMap::default();
    let mut totals: FxHashMap<Symbol, u32> = FxHashMap::default();
    for (&estate, &division) in table.estate.iter().zip(table.division.iter()) {
        if estate != 0 && division != 0 {
            *votes.entry((estate, division)).or_default() += 1;
            *totals.entry(estate).or_default() += 1;
        }
    }
    let mut home: FxHashMap<Symbol, Symbol> = FxHashMap::default();
    for (&(estate, division), &count) in &votes {
        let total = totals.get(&estate).copied().unwrap_or(0);
        if count >= 3 && f64::from(count) > 0.8 * f64::from(total) {
            home.insert(estate, division);
        }
    }
    for at in 0..table.len() {
        if table.division[at] == 0
            && let Some(division) = home.get(&table.estate[at])
        {
            table.division.set(at, *division);
            table.flags.set(at, table.flags[at] | flag::DIVISION_TOLD);
        }
    }
}

fn count_values(table: &mut PersonTable) {
    table.names.counts = counts(&table.name, table.names.texts.len());
    let fields = &mut table.text_fields;
    fields.iter_mut().for_each(|field| field.counts = vec![0; field.values.len()]);
    for row in table.texts.rows() {
        fields.iter_mut().zip(row).for_each(|(field, symbol)| field.counts[*symbol as usize] += 1);
    }
}

fn counts(column: &Column<Symbol>, symbols: usize) -> Vec<u32> {
    let mut counts = vec![0u32; symbols];
    for symbol in column.iter().copied() {
        counts[symbol as usize] += 1;
    }
    counts
}

/// Do the sources write names in one column (or in Han, where family and given name join without loss)?
fn joins_names(study: &Study) -> bool {
    study.sources.iter().any(|source| source.binding(Field::Name).is_some())
}

/// A fresh text field.
fn text_field(field: Field, values: Lexicon) -> TextField {
    TextField { field, values, counts: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::date::Date;
    use super::practice::Practice;
    use super::{Standardised, plausibility, standardise};
    use crate::error::Result;
    use crate::intake::extract;
    use crate::intake::study::file;
    use crate::progress::Silent;

    /// The records of a register of one file, judged as a run judges them; `more` stands at the end of the study file.
    fn records_of(text: &str, columns: &str, more: &str) -> Result<Standardised> {
        let study = format!(
            "[study]\nname = \"s\"\nreference_time = \"2020-11-01T00:00:00+08:00\"\n[[source]]\nname = \"a\"\n\
             role = \"register\"\npath = \"a.csv\"\n[source.columns]\nname = \"n\"\n{columns}\n{more}\n"
        );
        let practice = Practice::of(&[("a.csv", text)], &study);
        let standardised = practice.standardised();
        plausibility::check(&practice.study, &practice.extracts, &standardised)?;
        Ok(standardised)
    }

    #[test]
    fn declared_dates_are_read_by_their_own_form() {
        let field = "[[field]]\nname = \"moved_in\"\ncomparator = \"date\"";
        let read = |dates: &[&str], format: &str| {
            let rows: String = dates.iter().map(|date| format!("王丽,{date}\n")).collect();
            let columns = format!("moved_in = {{ column = \"d\"{format} }}");
            let found = records_of(&format!("n,d\n{rows}"), &columns, field).unwrap();
            let texts = |at: usize| found.table.text_fields[0].values.text(found.table.texts.row(at)[0]).to_owned();
            ((0..dates.len()).map(texts).collect::<Vec<_>>(), found.tallies[0].noted.get("date_unreadable").copied())
        };
        let (american, unreadable) = read(&["03/04/1990", "04/1990"], ", format = \"%m/%d/%Y\"");
        assert_eq!((american, unreadable), (vec![String::from("1990-03-04"), String::new()], Some(1)));
        assert_eq!(read(&["1990-03-04", "4/3/1990", "199003"], "").0, ["1990-03-04", "1990-03-04", "1990-03"]);
        assert_eq!(read(&["04/03/90", "04/03/21"], ", format = \"%d/%m/%y\"").0, ["1990-03-04", "1921-03-04"]);
    }

    #[test]
    fn dates_without_a_century_or_a_month_are_not_made_up() {
        let columns = "birth_date = { column = \"b\", format = \"%d/%m/%y\" }\n\
                       death_date = { columns = [\"y\", \"m\", \"d\"], joiner = \"-\" }\n\
                       last_seen = { column = \"s\", format = \"%d/%m/%y\" }";
        let found = records_of("n,b,y,m,d,s\n王丽,31/12/68,1990.0,,7,15/01/21\n", columns, "").unwrap();
        let table = &found.table;
        assert_eq!(table.birth[0], Date::from_parts(1968, 12, 31).unwrap());
        assert_eq!(table.death[0], Date::from_parts(1990, 0, 0).unwrap());
        assert_eq!(Date::from_day(table.last_seen[0]), Date::from_parts(2021, 1, 15));
    }

    #[test]
    fn parts_of_a_date_and_days_of_a_spreadsheet_are_no_other_days() {
        let births = |columns: &str, rows: &[&str]| {
            let rows: String = rows.iter().map(|row| format!("王丽,{row}\n")).collect();
            let found = records_of(&format!("n,年,月,日\n{rows}"), columns, "").unwrap();
            found.table.birth.iter().map(Date::to_string).collect::<Vec<_>>()
        };
        for joiner in ["[\"年\", \"月\", \"日\"]", "{ columns = [\"年\", \"月\", \"日\"], joiner = \"\" }"] {
            let rows = ["1990,3,", "1990,1,2", "1990,12,31", "1990,,5", "199003,,"];
            let expected = ["1990-03", "1990-01-02", "1990-12-31", "1990", "1990-03"];
            assert_eq!(births(&format!("birth_date = {joiner}"), &rows), expected);
        }
        assert_eq!(
            births("birth_date = [\"年\", \"月\"]", &["199003,06,", "1990,0306,"]),
            ["1990-03-06", "1990-03-06"]
        );
        let form = "birth_date = { columns = [\"年\", \"月\"], format = \"%Y%m\" }";
        assert_eq!(births(form, &["1990,03,"]), ["1990-03"]);
        // Alone nothing tells 1990 and 3 from 28 June 1954.
        for (numbers, expected) in [
            (["19903,,", "29221,,", "1990-12,,"], ["1954-06-28", "1980-01-01", "1990-12"]),
            (["19903,,", "19900,,", "199012,,"], ["", "", "1990-12"]),
            (["19903,,", "29221,,", "199012,,"], ["", "1980-01-01", "1990-12"]),
            (["19903,,", "20209,,", "1990-03,,"], ["", "", "1990-03"]),
        ] {
            assert_eq!(births("birth_date = \"年\"", &numbers), expected);
        }
    }

    #[test]
    fn nobody_has_died_before_being_born_or_longer_ago_than_anybody_lives() {
        let columns = "id_number = \"i\"\nbirth_date = \"b\"\ndeath_date = \"d\"";
        let text = "n,i,b,d\n王丽,,1950-03-04,1900-01-01\n李明,110101195003040017,,1949\n张伟,,,1899-12-30\n\
                    刘洋,,1950,1950-01-01\n赵敏,,,1930-05-06\n";
        let found = records_of(text, columns, "").unwrap();
        let died: Vec<bool> = (0..5).map(|at| found.table.death[at].is_some()).collect();
        assert_eq!(died, [false, false, false, true, true]);
        assert_eq!(found.tallies[0].noted["death_before_birth"], 3);
        let rows = |unreadable: usize| {
            let cell = |at: usize| if at < unreadable { format!("红桥区{at}号") } else { "2020-01-02".into() };
            let row = |text: String, at: usize| format!("{text}王丽,,1950,{}\n", cell(at));
            records_of(&(0..45).fold(String::from("n,i,b,d\n"), row), columns, "")
        };
        assert!(rows(22).is_ok());
        assert!(rows(23).unwrap_err().to_string().contains("cannot be read as dates of death"));
    }

    #[test]
    fn declared_numbers_are_compared_as_numbers_and_items_have_one_digit() {
        let columns = "size = \"d\"\nregistration = \"r\"";
        let field = "[[field]]\nname = \"size\"\ncomparator = \"numeric\"";
        let text = "n,d,r\n王丽,75389,4\n李明,\"75,389.00\",04\n张伟,many,４\n刘洋,,四\n";
        let found = records_of(text, columns, field).unwrap();
        let (table, noted) = (&found.table, &found.tallies[0].noted);
        let sizes: Vec<u32> = (0..4).map(|at| table.texts.row(at)[0]).collect();
        assert!(sizes[0] != 0 && sizes[0] == sizes[1] && sizes[2..] == [0, 0], "{sizes:?}");
        assert_eq!((0..4).map(|at| table.registration[at]).collect::<Vec<_>>(), [4, 4, 4, 0]);
        assert_eq!((noted["number_unreadable"], noted["registration_unknown"]), (1, 1));
    }

    #[test]
    fn a_number_masked_behind_the_birth_date_tells_it() {
        let columns = "id_number = \"i\"\nmother_id_number = \"m\"";
        let found = records_of("n,i,m\n王丽,12010619900304****,12010619680304****\n", columns, "").unwrap();
        let table = &found.table;
        assert_eq!(table.birth[0], Date::from_parts(1990, 3, 4).unwrap());
        assert_eq!((table.parent[0], found.tallies[0].noted["id_masked"]), (0, 1));
    }

    #[test]
    fn codes_that_a_spreadsheet_has_rounded_are_nothing_and_most_of_a_column_is_refused() {
        let columns = "household = \"h\"\ndivision = \"v\"\nsex = \"s\"\nrelationship = \"r\"\ntelephone = \"t\"";
        let rows = |rounded: usize| {
            let row = |at: usize| match at {
                at if at < rounded => String::from("王丽,1.20106E+14,1.20106E+11,1.0,0.0,138****5678\n"),
                at => format!("王丽,h{at},120106001004,1.0,0.0,13812345678.0\n"),
            };
            (0..30).map(row).fold(String::from("n,h,v,s,r,t\n"), |text, row| text + &row)
        };
        let found = records_of(&rows(1), columns, "").unwrap();
        let (table, noted) = (&found.table, &found.tallies[0].noted);
        assert_eq!((table.household[0], table.division[0], table.telephone[0]), (0, 0, 0));
        assert_eq!((table.sex[0], table.relationship[0] as u8, table.telephone[1]), (1, 1, 13_812_345_678));
        for what in ["household_float_damage", "division_float_damage", "telephone_unusable"] {
            assert_eq!(noted[what], 1, "{what}");
        }
        let refused = records_of(&rows(20), columns, "").unwrap_err().to_string();
        assert!(refused.contains("rounded numbers by a spreadsheet"), "{refused}");
    }

    #[test]
    fn names_of_places_are_no_divisions_and_are_noted() {
        let columns = "division = \"v\"\nethnicity = \"e\"";
        let text = "n,v,e\n王丽,第10社区,01-汉族\n李明,120106001010 某社区,汉族\n张伟,,99\n";
        let found = records_of(text, columns, "").unwrap();
        let (table, noted) = (&found.table, &found.tallies[0].noted);
        let divisions: Vec<&str> = (0..3).map(|at| table.divisions.text(table.division[at])).collect();
        assert_eq!(divisions, ["", "120106001010", ""]);
        assert_eq!((0..3).map(|at| table.ethnicity[at]).collect::<Vec<_>>(), [1, 1, 0]);
        assert_eq!((noted["division_unusable"], noted["ethnicity_unknown"]), (1, 1));
    }

    #[test]
    fn a_code_that_comes_again_says_the_same_again() {
        let columns = "division = \"v\"\nenumeration_area = \"a\"";
        let text = "n,v,a\n王丽,第10社区,120106199001011234\n李明,第10社区,120106199001011234\n张伟,,120106001004002\n\
                    刘洋,120106001010,120106001004002\n赵敏,,120106001004002\n";
        let found = records_of(text, columns, "").unwrap();
        let (table, noted) = (&found.table, &found.tallies[0].noted);
        let texts = |symbols: [u32; 5]| symbols.map(|symbol| table.divisions.text(symbol).to_owned());
        let divisions = texts([0, 1, 2, 3, 4].map(|at| table.division[at]));
        assert_eq!(divisions, ["", "", "120106001004", "120106001010", "120106001004"]);
        let areas = texts([0, 1, 2, 3, 4].map(|at| table.area[at]));
        assert_eq!((&areas[0], areas[2].as_str()), (&areas[1], "120106001004002"));
        assert!(areas[0].starts_with("area-"));
        assert_eq!((noted["division_unusable"], noted["area_number_of_a_person"]), (2, 2));
    }

    #[test]
    fn organisations_of_a_register_are_set_aside() {
        let columns = "id_number = \"i\"\nsex = \"s\"\nbirth_date = \"b\"";
        let text = "n,i,s,b\n王丽,,,\n天津华瑞置业有限公司,,,\n光明里便民服务站,91120106MA05XA1B2C,,\n李明,91120106MA05XA1B2C,,\n\
                    任雅彤红桥医院,,女,\n赵敏红桥区丁字沽小学,,,2012-05-01\n";
        let found = records_of(text, columns, "").unwrap();
        let rows: Vec<u64> = found.rejected.iter().map(|rejected| rejected.row).collect();
        assert_eq!((rows, found.tallies[0].set_aside["organisation"]), (vec![2, 3], 2));
        assert_eq!(
            found.table.len(),
            4,
            "whoever has a sex or a birth date is a person, and so is who has a person's name"
        );
    }

    #[test]
    fn what_a_row_means_is_told_with_and_without_a_point() {
        use crate::intake::study::RowKind::{Birth, Death, Residence};
        let columns = "[source.rows]\ncolumn = \"k\"\nbirth = [\"1\"]\ndeath = [\"2.0\"]";
        let found = records_of("n,k\n王丽,1.0\n李明,1\n张伟,2.0\n刘洋,2\n", columns, "").unwrap();
        let kinds: Vec<_> = (0..4).map(|at| found.table.kind[at]).collect();
        assert_eq!(kinds, [Birth, Birth, Death, Death]);
        assert!(found.tallies[0].noted.is_empty(), "what else there is means a residence");
        let columns = columns.replace("[source.rows]", "[source.rows]\nresidence = [\"0\"]");
        let found = records_of("n,k\n王丽,３\n李明,０２\n张伟,\n刘洋,00\n", &columns, "").unwrap();
        let kinds: Vec<_> = (0..4).map(|at| found.table.kind[at]).collect();
        assert_eq!(kinds, [Residence, Death, Residence, Residence]);
        assert_eq!(found.tallies[0].noted["other_value"], 1);
    }

    #[test]
    fn rows_of_workbooks_with_blank_rows_keep_their_numbers_over_several_files() {
        let folder = tempfile::tempdir().unwrap();
        for (name, rows) in [("r1.xlsx", [1, 2, 5]), ("r2.xlsx", [1, 2, 3])] {
            let mut book = rust_xlsxwriter::Workbook::new();
            let sheet = book.add_worksheet();
            sheet.write_string(0, 0, "name").unwrap();
            for row in rows {
                sheet.write_string(row, 0, format!("person {name} {row}")).unwrap();
            }
            book.save(folder.path().join(name)).unwrap();
        }
        let text = "[study]\nname = \"s\"\n[[source]]\nname = \"a\"\nrole = \"register\"\npath = \"r*.xlsx\"\n[source.columns]\nname = \"name\"\n";
        std::fs::write(folder.path().join("study.toml"), text).unwrap();
        let study = file::read(&folder.path().join("study.toml")).unwrap();
        let extract = extract::open(&study, 0).unwrap();
        let standardised = standardise(&study, &[extract], &Silent).unwrap();
        assert!(standardised.rejected.is_empty(), "{:?}", standardised.tallies);
        let ids: Vec<&str> = (0..6).map(|record| standardised.table.record_id(record)).collect();
        assert_eq!(ids, ["1", "2", "5", "6", "7", "8"]);
        let rows: Vec<u32> = (0..6).map(|at| standardised.table.row.get(at).copied().unwrap()).collect();
        assert_eq!(rows, [0, 1, 4, 5, 6, 7]);
    }
}
