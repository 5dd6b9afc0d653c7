//! How do clerks judge pairs in a spreadsheet?
//!
//! One row a pair: its number, what is to be filled in, then the values of the two records (甲 and 乙) field by field;
//! where they differ, both are coloured. Takes the pairs, gives a workbook; takes a filled one back, gives judgements
//! and the rows that cannot be used. Columns may be moved, rows sorted, notes added; the file may have been saved again
//! by another program, or as a text table.

use std::path::Path;

use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, XlsxError,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::record::{self, Row};
use super::{Judgement, ReviewPair, Said};
use crate::casework::incoming::{self, Spot};
use crate::error::{Error, Kind, Result};
use crate::intake::extract::filled::{self, FilledSheet};
use crate::intake::study::Language;
use crate::outcome::report::words::{Words, words};
use crate::outcome::report::workbook::{self, A4, footer, height, line_count};

const NUMBER: Words = words("编号", "Pair");
const JUDGEMENT: Words = words("是否同一人", "Same person?");
const NOTE: Words = words("备注", "Notes");
const ONE: Words = words("（甲）", " (A)");
const OTHER: Words = words("（乙）", " (B)");
const SHEET: Words = words("链接复核", "Review of links");
const COVER: Words = words("说明", "Instructions");
const LINES: [Words; 7] = [
    words(
        "每行是两条记录（甲、乙）。请判断它们是不是同一个人，在“是否同一人”一栏选择。",
        "Each row shows two records, A and B. Say in the column “Same person?” whether they are one human being.",
    ),
    words(
        "只根据所列内容判断，各自独立填写，不与他人商量。",
        "Judge from what is shown, by yourself, without asking another reviewer.",
    ),
    words(
        "空白表示没有登记，不表示不一致；颜色标出两边写法不同之处。",
        "Empty means not recorded, it is no disagreement; colour marks what is written differently.",
    ),
    words(
        "想想常见的差错：同音字、形近字、农历生日、身份号码错一位、改名、孪生子女、同名的祖孙。",
        "Think of usual errors: homophones, look-alike characters, lunar birth dates, a wrong digit, a changed name; and of \
         twins and namesakes in one family.",
    ),
    words(
        "身份号码只显示末两位；后面的（≠ 2）表示两个号码有两位不同。",
        "Of ID numbers the last two characters are shown; (≠ 2) behind one says that the two differ in two places.",
    ),
    words("判断不了就选“不能确定”，不要猜。", "If it cannot be told, choose “unsure”; do not guess."),
    words("内部资料，仅限人口普查使用，用后收回。", "Confidential: for the census only, to be handed back."),
];

/// Width of the column of instructions, in characters.
const COVER_WIDTH: f64 = 90.0;
/// Widths of number, judgement and notes.
const OWN_WIDTHS: [f64; 3] = [11.0, 12.0, 14.0];
/// Widths between which the columns of values are.
const WIDTH_MIN: f64 = 6.0;
const WIDTH_ONE_LINE_MAX: f64 = 14.0;
const WIDTH_MAX: f64 = 26.0;
/// Widths of all columns that one page of A4 holds so that they can be read.
const PAGE_WIDTH_MAX: f64 = 260.0;

/// The width of a column of these values: long ones (addresses) take several lines.
fn width_of<'a>(values: impl Iterator<Item = &'a str>) -> f64 {
    let longest = values.map(workbook::width).fold(0.0, f64::max) + 1.5;
    if longest <= WIDTH_ONE_LINE_MAX {
        longest.max(WIDTH_MIN)
    } else {
        (longest / 2.0).clamp(WIDTH_ONE_LINE_MAX, WIDTH_MAX)
    }
}

/// The width of a column of these values under a heading that may be broken between its words, and before the side.
fn column_width<'a>(label: &'a str, values: impl Iterator<Item = &'a str>, language: Language) -> f64 {
    width_of(values.chain(label.split(' ')).chain([ONE, OTHER].map(|side| side.of(language))))
}

/// A judgement in words.
#[must_use]
pub fn in_words(judgement: Judgement) -> Words {
    match judgement {
        Judgement::Same => words("是", "yes"),
        Judgement::Different => words("否", "no"),
        Judgement::Unsure => words("不能确定", "unsure"),
    }
}

/// A judgement from what people write: 是/否/不能确定, yes/no/unsure, y/n/u, 1/0.
#[must_use]
pub fn judgement_of(text: &str) -> Option<Judgement> {
    let text = normal(text).to_lowercase();
    let text = text.strip_suffix(".0").unwrap_or(&text);
    match text {
        "是" | "同一人" | "yes" | "y" | "same" | "1" | "√" => Some(Judgement::Same),
        "否" | "不是" | "no" | "n" | "different" | "0" | "×" => Some(Judgement::Different),
        "不能确定" | "不确定" | "unsure" | "u" | "?" => Some(Judgement::Unsure),
        _ => None,
    }
}

/// The digest of what a row shows of its pair. Only letters count: programs write dates and numbers anew.
#[must_use]
pub fn content(rows: &[Row], language: Language) -> String {
    let cells = rows.iter().flat_map(|row| {
        [(&row.label, ONE, &row.one), (&row.label, OTHER, &row.other)]
            .map(|(label, side, value)| (format!("{label}{}", side.of(language)), value.clone()))
    });
    content_of(cells)
}

fn content_of(cells: impl Iterator<Item = (String, String)>) -> String {
    let letters = |text: &str| normal(text).chars().filter(|c| c.is_alphabetic()).collect::<String>();
    let mut all: Vec<String> = cells
        .map(|(heading, value)| (letters(&heading), letters(&value)))
        .filter(|(_, value)| !value.is_empty())
        .map(|(heading, value)| format!("{heading}\u{1e}{value}"))
        .collect();
    all.sort_unstable();
    record::content(all.into_iter())
}

/// The workbook of a sample.
///
/// # Errors
/// If it cannot be put together.
pub fn workbook(
    pairs: &[(String, Vec<Row>)],
    language: Language,
    (year, month, day): (u16, u8, u8),
) -> Result<Vec<u8>> {
    let build = || -> std::result::Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let dated = ExcelDateTime::from_ymd(year.max(1900), month.max(1), day.max(1))?;
        let title = SHEET.of(language);
        workbook.set_properties(
            &DocProperties::new().set_title(title).set_author("rollcall").set_creation_datetime(&dated),
        );
        write_cover(&mut workbook, language)?;
        write_pairs(&mut workbook, pairs, language)?;
        workbook::bytes(&mut workbook)
    };
    build().map_err(|_| Error::new(Kind::Environment, "the workbook for review cannot be put together"))
}

fn font() -> Format {
    Format::new().set_font_name("Microsoft YaHei").set_font_size(11)
}

fn write_cover(workbook: &mut Workbook, language: Language) -> std::result::Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(COVER.of(language))?;
    sheet.set_paper_size(A4).set_portrait().set_print_fit_to_pages(1, 0).set_footer(footer(language));
    sheet.set_column_width(0, COVER_WIDTH)?;
    sheet.write_string_with_format(0, 0, SHEET.of(language), &font().set_bold().set_font_size(18))?;
    for (row, line) in (2u32..).zip(LINES) {
        let line = line.of(language);
        sheet.write_string_with_format(row, 0, line, &font().set_text_wrap())?;
        sheet.set_row_height(row, height(line_count(line, COVER_WIDTH), 4.0))?;
    }
    Ok(())
}

fn write_pairs(
    workbook: &mut Workbook,
    pairs: &[(String, Vec<Row>)],
    language: Language,
) -> std::result::Result<(), XlsxError> {
    let bordered = || font().set_border(FormatBorder::Thin).set_border_color(0x99A1AD);
    let boxed = || bordered().set_align(FormatAlign::VerticalCenter).set_text_wrap();
    let head = boxed().set_bold().set_background_color(0xE8ECF1);
    // Texts, so that no program makes a number or a date of them, and none takes one for a formula.
    let cell = boxed().set_num_format("@").set_quote_prefix();
    let differing = boxed().set_num_format("@").set_quote_prefix().set_background_color(0xFDE9D9);
    let fill = boxed().set_num_format("@").set_background_color(0xFFFBEA);
    let sheet = workbook.add_worksheet();
    sheet.set_name(SHEET.of(language))?.set_active(true);
    let mut labels: Vec<&str> = Vec::new();
    for label in pairs.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.label.as_str())) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let titles = [NUMBER, JUDGEMENT, NOTE].map(|title| title.of(language).to_owned());
    let sides = labels.iter().flat_map(|label| [ONE, OTHER].map(|side| format!("{label}{}", side.of(language))));
    let values = labels.iter().map(|label| {
        let of_label = pairs.iter().flat_map(|(_, rows)| rows).filter(|row| row.label == *label);
        column_width(label, of_label.flat_map(|row| [row.one.as_str(), &row.other]), language)
    });
    let widths: Vec<f64> = OWN_WIDTHS.into_iter().chain(values.flat_map(|width| [width; 2])).collect();
    let mut heading_lines = 1;
    for (column, (title, width)) in (0u16..).zip(titles.into_iter().chain(sides).zip(&widths)) {
        heading_lines = heading_lines.max(line_count(&title, *width));
        sheet.write_string_with_format(0, column, title, &head)?;
        sheet.set_column_width(column, *width)?;
    }
    sheet.set_row_height(0, height(heading_lines, 6.0))?;
    let last = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
    let choices = Judgement::ALL.map(|judgement| in_words(judgement).of(language));
    sheet.add_data_validation(1, 1, last.max(1), 1, &DataValidation::new().allow_list_strings(&choices)?)?;
    for (row, (number, values)) in (1u32..).zip(pairs) {
        sheet.write_string_with_format(row, 0, number, &cell)?;
        sheet.write_blank(row, 1, &fill)?;
        sheet.write_blank(row, 2, &fill)?;
        let mut lines = 1;
        for ((column, label), width) in (3u16..).step_by(2).zip(&labels).zip(widths.iter().skip(3).step_by(2)) {
            let shown = values.iter().find(|value| value.label == *label);
            let style = if shown.is_some_and(|row| row.differs) { &differing } else { &cell };
            let (one, other) = shown.map_or(("", ""), |value| (&value.one, &value.other));
            sheet.write_string_with_format(row, column, one, style)?;
            sheet.write_string_with_format(row, column + 1, other, style)?;
            lines = lines.max(line_count(one, *width)).max(line_count(other, *width));
        }
        sheet.set_row_height(row, height(lines, 6.0))?;
    }
    sheet.set_freeze_panes(1, 3)?.set_landscape().set_paper_size(A4).set_margins(0.3, 0.3, 0.4, 0.5, 0.25, 0.25);
    // Where a pair takes two pages, its number stands on both.
    let pages = (widths.iter().sum::<f64>() / PAGE_WIDTH_MAX).ceil() as u16;
    sheet.set_print_fit_to_pages(pages, 0).set_footer(footer(language)).set_repeat_rows(0, 0)?;
    sheet.set_repeat_columns(0, 0)?;
    Ok(())
}

/// What a filled workbook said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// The judgements.
    pub said: Vec<Said>,
    /// Rows that were not filled in.
    pub blank: u64,
    /// Rows that cannot be used: where they stand, and why.
    pub wrong: Vec<(String, Words)>,
}

/// Reads a filled workbook against pairs that were drawn; every sheet of pairs counts.
///
/// # Errors
/// If the file has no sheet of pairs.
pub fn read(path: &Path, pairs: &[ReviewPair]) -> Result<Returned> {
    let sheets = filled::sheets(path)?;
    let is = |cell: &str, of: Words| {
        let cell = normal(cell).to_lowercase();
        [of.zh, of.en].iter().any(|name| normal(name).to_lowercase() == cell)
    };
    let heading = |sheet: &FilledSheet| {
        let mut rows = sheet.rows.iter().take(30).enumerate();
        let has = |cells: &[String], title: Words| cells.iter().any(|cell| is(cell, title));
        rows.find(|(_, (_, cells))| has(cells, NUMBER) && has(cells, JUDGEMENT)).map(|(at, _)| at)
    };
    let lists: Vec<(&FilledSheet, usize)> = sheets.iter().filter_map(|sheet| Some((sheet, heading(sheet)?))).collect();
    filled::check_read(&sheets, &lists.iter().map(|(sheet, _)| *sheet).collect::<Vec<_>>())?;
    if lists.is_empty() {
        let error = Error::input("no sheet has the columns 编号 (Pair) and 是否同一人 (Same person?)").at_file(path);
        return Err(error.hint("send back the workbook itself, with its heading row"));
    }
    let mut known: FxHashMap<&str, Vec<&ReviewPair>> = FxHashMap::default();
    pairs.iter().for_each(|pair| known.entry(pair.number.as_str()).or_default().push(pair));
    let mut blank = 0;
    let mut said: Vec<(Spot, Said)> = Vec::new();
    let mut wrong: Vec<(Spot, Words)> = Vec::new();
    for (list, (sheet, at)) in lists.iter().enumerate() {
        let heading: &[String] = sheet.rows.get(*at).map_or(&[], |(_, cells)| cells);
        let column = |of: Words| heading.iter().position(|cell| is(cell, of));
        let (number, judgement, note) = (column(NUMBER), column(JUDGEMENT), column(NOTE));
        for (row, cells) in sheet.rows.iter().skip(at + 1).filter(|(_, cells)| cells != heading) {
            let cell = |column: Option<usize>| column.and_then(|at| cells.get(at)).map_or("", |text| text.trim());
            let spot = Spot { list, row: *row };
            match read_row(cell(number), cell(judgement), heading, cells, &known) {
                Ok(None) => blank += 1,
                Ok(Some(_)) if cell(note).chars().count() > filled::CELL_CHARACTERS_MAX => {
                    wrong.push((
                        spot,
                        words(
                            "备注过长（超过 4000 字）：请缩短",
                            "the note is longer than 4,000 characters: make it shorter",
                        ),
                    ));
                }
                Ok(Some((id, judgement))) => {
                    said.push((spot, Said { id, judgement, note: crate::privacy::mask::plain(cell(note)) }));
                }
                Err(why) => wrong.push((spot, why)),
            }
        }
    }
    let said = agreed(said, &mut wrong);
    wrong.sort_by_key(|(spot, _)| *spot);
    let place = |spot: Spot| match lists.get(spot.list).filter(|_| lists.len() > 1) {
        // A name that somebody typed: control characters and escapes stay inert.
        Some((sheet, _)) => format!("sheet {}, row {}", sheet.name.escape_debug(), spot.row),
        None => format!("row {}", spot.row),
    };
    Ok(Returned { said, blank, wrong: wrong.into_iter().map(|(spot, why)| (place(spot), why)).collect() })
}

/// Rows about one pair: the same is once, a contradiction is none, or else the order of sorting would decide.
fn agreed(said: Vec<(Spot, Said)>, wrong: &mut Vec<(Spot, Words)>) -> Vec<Said> {
    let mut first: FxHashMap<i64, Judgement> = FxHashMap::default();
    let differs = said.iter().filter(|(_, one)| *first.entry(one.id).or_insert(one.judgement) != one.judgement);
    let disputed: FxHashSet<i64> = differs.map(|(_, one)| one.id).collect();
    let mut good: Vec<Said> = Vec::new();
    for (spot, one) in said {
        if disputed.contains(&one.id) {
            wrong.push((spot, words("同一编号出现两次且判断不同", "this pair stands twice, judged differently")));
        } else if first.remove(&one.id).is_some() {
            good.push(one);
        }
    }
    good
}

fn read_row(
    number: &str,
    judgement: &str,
    heading: &[String],
    cells: &[String],
    known: &FxHashMap<&str, Vec<&ReviewPair>>,
) -> std::result::Result<Option<(i64, Judgement)>, Words> {
    if normal(judgement).is_empty() {
        return Ok(None);
    }
    let number = normal(number).to_uppercase();
    let Some(pairs) = known.get(number.as_str()) else {
        return Err(words("编号不在本项目的抽样中", "no sample that was drawn here has such a pair"));
    };
    let Some(judgement) = judgement_of(judgement) else {
        return Err(words("判断看不懂：应为 是、否 或 不能确定", "expected yes, no or unsure"));
    };
    let sides = |title: &str| {
        let title = normal(title);
        [ONE, OTHER].iter().any(|side| title.ends_with(&normal(side.zh)) || title.ends_with(normal(side.en).trim()))
    };
    let shown = heading.iter().zip(cells).filter(|(title, _)| sides(title));
    let content = content_of(shown.map(|(title, cell)| (title.clone(), cell.clone())));
    let pair = pairs.iter().find(|pair| pair.content == content).ok_or(words(
        "此行内容与下发时不符：可能只排序了部分列",
        "what stands beside the number is not what was sent out: perhaps one column was sorted without the others",
    ))?;
    Ok(Some((pair.id, judgement)))
}

/// As everywhere in returned files; here without the mark by which some programs say that a cell is a text, too.
fn normal(text: &str) -> String {
    incoming::normal(text).trim_start_matches('\'').to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::{Judgement, column_width, content, in_words, judgement_of, line_count, read, width_of, workbook};
    use crate::casework::review::ReviewPair;
    use crate::casework::review::record::Row;
    use crate::intake::study::Language;

    fn rows(at: usize) -> Vec<Row> {
        let row = |label: &str, one: &str, other: &str| Row {
            label: label.to_owned(),
            one: one.to_owned(),
            other: other.to_owned(),
            differs: one != other,
        };
        let name = ["甲子", "乙丑", "丙寅"][at];
        vec![row("姓名", name, "=甲子"), row("出生日期", "1990-01-02", "1990-01-03")]
    }

    fn pair(at: usize) -> ReviewPair {
        let end = (String::from("a"), at.to_string());
        ReviewPair {
            id: at as i64,
            number: format!("AAAA-000{at}"),
            ends: [end.clone(), end],
            marks: [String::new(), String::new()],
            stratum: String::new(),
            content: content(&rows(at), Language::Zh),
            judged: Vec::new(),
        }
    }

    #[test]
    fn judgements_are_read_as_people_write_them() {
        for judgement in Judgement::ALL {
            for language in [Language::Zh, Language::En] {
                assert_eq!(judgement_of(in_words(judgement).of(language)), Some(judgement));
            }
        }
        assert_eq!(judgement_of(" Ｙ "), Some(Judgement::Same));
        assert_eq!(judgement_of("0.0"), Some(Judgement::Different));
        assert_eq!(judgement_of("maybe"), None);
    }

    #[test]
    fn long_values_take_several_lines_and_none_is_hidden() {
        let address = "甲苑小区十二号楼三单元一千四百零一室东侧";
        let width = width_of([address, "甲苑"].into_iter());
        assert!((14.0..=26.0).contains(&width) && line_count(address, width) >= 2, "{width}");
        // Under a short label, none of the side's brackets stands on a line of its own.
        for label in ["性别", "民族", "户籍性质"] {
            let width = column_width(label, ["男", "女"].into_iter(), Language::Zh);
            assert_eq!((line_count(label, width), line_count("（甲）", width)), (1, 1), "{label}: {width}");
        }
        assert_eq!(line_count("1990-01-02", width_of(["1990-01-02"].into_iter())), 1);
        // The file says so itself: cells are wrapped, and rows are as high as their longest value.
        let long = Row { label: String::from("住址"), one: address.to_owned(), other: String::new(), differs: false };
        let bytes =
            workbook(&[(String::from("AAAA-0000"), vec![long])], Language::Zh, (2020, 11, 1)).expect("workbook");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("archive");
        let mut text = String::new();
        archive.by_name("xl/worksheets/sheet2.xml").expect("sheet").read_to_string(&mut text).expect("read");
        for part in ["customHeight=\"1\"", "内部资料"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_workbook_sent_out_comes_back_empty() {
        let pairs: Vec<ReviewPair> = (0..3).map(pair).collect();
        let shown: Vec<_> = (0..3).map(|at| (pairs[at].number.clone(), rows(at))).collect();
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("pairs.xlsx");
        std::fs::write(&path, workbook(&shown, Language::Zh, (2020, 11, 1)).expect("workbook")).expect("written");
        let returned = read(&path, &pairs).expect("read");
        assert_eq!((returned.said.len(), returned.blank, returned.wrong.len()), (0, 3, 0));
    }

    #[test]
    fn rows_may_be_sorted_but_not_torn_apart() {
        let pairs: Vec<ReviewPair> = (0..3).map(pair).collect();
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("pairs.csv");
        let text = "备注,姓名（乙）,姓名（甲）,是否同一人,编号\n\
                    ,=甲子,丙寅,否,aaaa-0002\n,=甲子,甲子,是,AAAA-0000\n,=甲子,甲子,是,AAAA-0001\n,=甲子,乙丑,也许,AAAA-0001\n\
                    ,=甲子,甲子,否,AAAA-0000\n,,,是,BBBB-0000\n";
        std::fs::write(&path, text).expect("written");
        let returned = read(&path, &pairs).expect("read");
        let said: Vec<_> = returned.said.iter().map(|said| (said.id, said.judgement)).collect();
        assert_eq!(said, [(2, Judgement::Different)]);
        let places: Vec<&str> = returned.wrong.iter().map(|wrong| wrong.0.as_str()).collect();
        assert_eq!(places, ["row 3", "row 4", "row 5", "row 6", "row 7"], "of a contradiction neither is taken");
    }

    #[test]
    fn every_sheet_of_pairs_counts() {
        let pairs: Vec<ReviewPair> = (0..3).map(pair).collect();
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("two.xlsx");
        let mut book = rust_xlsxwriter::Workbook::new();
        let heading = ["编号", "是否同一人", "姓名（甲）", "姓名（乙）", "出生日期（甲）", "出生日期（乙）"];
        let [born, other] = ["1990-01-02", "1990-01-03"];
        for (name, rows) in [
            ("east", vec![["AAAA-0000", "是", "甲子", "=甲子", born, other]]),
            ("notes", Vec::new()),
            (
                "west",
                vec![["AAAA-0001", "否", "乙丑", "=甲子", born, other], ["AAAA-0002", "否", "x", "=甲子", born, other]],
            ),
        ] {
            let sheet = book.add_worksheet();
            sheet.set_name(name).expect("name");
            if name != "notes" {
                sheet.write_row(0, 0, heading).expect("heading");
                sheet.write_row_matrix(1, 0, rows).expect("rows");
            }
        }
        book.save(&path).expect("saved");
        let returned = read(&path, &pairs).expect("read");
        let said: Vec<_> = returned.said.iter().map(|said| (said.id, said.judgement)).collect();
        assert_eq!(said, [(0, Judgement::Same), (1, Judgement::Different)]);
        assert_eq!(returned.wrong[0].0, "sheet west, row 3");
    }
}
