//! How is a list filled in on a computer?
//!
//! A workbook of three sheets: instructions with the counts, the cases with a drop-down list of outcomes, a date and
//! room for notes, and the outcome codes that the drop-down list offers; A4 landscape, headings repeated on every page.
//! All cells are texts; one that a spreadsheet could take for a formula carries the quote prefix, so that it stays a
//! text when somebody edits it. Nothing in the file depends on the clock: it is dated to the reference time.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula,
    Workbook, Worksheet, XlsxError,
};

use super::super::cases::{AreaList, Case, DwellingCases};
use super::super::words::{self, Words, field};
use super::super::workbook::{self, A4, footer, height, line_count};
use super::{Heading, area_code, area_words};
use crate::error::{Error, Kind, Result};
use crate::intake::study::Language;
use crate::outcome::visit::Outcome;

/// Width of each column of the cases sheet, in characters.
const WIDTHS: [f64; 12] = [5.0, 11.0, 11.0, 21.0, 12.0, 5.0, 10.0, 18.5, 38.0, 21.0, 12.0, 26.0];
/// Width of the widest column of questions, in characters.
const ASK_WIDTH_MAX: f64 = 190.0;
/// Width of the cover's column of texts, in characters.
const COVER_WIDTH: f64 = 62.0;
const OUTCOME: u16 = 9;
const NOTE: u16 = 11;
/// Height of a row of cases beyond that of its lines, in points.
const MARGIN: f64 = 6.0;

fn titles() -> impl Iterator<Item = Words> {
    field::COLUMNS.into_iter().chain([field::OUTCOME, field::VISITED_ON, field::NOTE])
}

/// The width of the column with this heading, in characters, if lists have one.
#[must_use]
pub fn column_width(heading: &str) -> Option<f64> {
    titles().zip(WIDTHS).find(|(title, _)| [title.zh, title.en].contains(&heading)).map(|(_, width)| width)
}

/// The widths of the columns of cases that ask this: what a supervisor is told of many calls takes a wider column, as
/// rows are only so high.
fn widths(asked: &[&str]) -> [f64; WIDTHS.len()] {
    let mut widths = WIDTHS;
    let are_whole =
        |width: f64| asked.iter().all(|text| height(line_count(text, width), MARGIN) < workbook::ROW_POINTS_MAX);
    while widths[field::ASK] < ASK_WIDTH_MAX && !are_whole(widths[field::ASK]) {
        widths[field::ASK] += WIDTHS[field::ASK];
    }
    widths
}

/// The workbook of an area.
///
/// # Errors
/// If the workbook cannot be put together.
pub fn workbook(heading: &Heading, list: &AreaList) -> Result<Vec<u8>> {
    build(heading, list).map_err(|_| Error::new(Kind::Environment, "a follow-up workbook cannot be put together"))
}

fn build(heading: &Heading, list: &AreaList) -> std::result::Result<Vec<u8>, XlsxError> {
    let language = heading.language;
    let mut workbook = Workbook::new();
    let (year, month, day) = heading.reference;
    // The file format's calendar begins in 1900.
    let dated = ExcelDateTime::from_ymd(year.max(1900), month.max(1), day.max(1))?;
    let properties =
        DocProperties::new().set_title(field::TITLE.of(language)).set_author("rollcall").set_creation_datetime(&dated);
    workbook.set_properties(&properties);
    let styles = Styles::new();
    let cover = workbook.add_worksheet();
    cover.set_name(field::COVER.of(language))?;
    write_cover(cover, &styles, heading, list)?;
    let sheet = workbook.add_worksheet();
    sheet.set_name(field::CASES.of(language))?;
    write_cases(sheet, &styles, heading, list)?;
    sheet.set_active(true);
    let codes = workbook.add_worksheet();
    codes.set_name(field::CODES.of(language))?;
    write_codes(codes, &styles, language)?;
    workbook::bytes(&mut workbook)
}

struct Styles {
    title: Format,
    label: Format,
    plain: Format,
    head: Format,
    cell: Format,
    quoted: Format,
    centre: Format,
    fill: Format,
}

impl Styles {
    fn new() -> Styles {
        let font = || Format::new().set_font_name("Microsoft YaHei").set_font_size(11);
        let boxed = || font().set_border(FormatBorder::Thin).set_border_color(0x99A1AD);
        let wrapped = || boxed().set_text_wrap().set_align(FormatAlign::VerticalCenter);
        Styles {
            title: font().set_font_size(18).set_bold(),
            label: font().set_bold().set_align(FormatAlign::Top),
            plain: font().set_text_wrap().set_align(FormatAlign::Top).set_align(FormatAlign::Left),
            head: wrapped().set_bold().set_background_color(0xE8ECF1).set_align(FormatAlign::Center),
            cell: wrapped(),
            quoted: wrapped().set_quote_prefix(),
            centre: wrapped().set_align(FormatAlign::Center),
            // Texts, so that no program makes a number of `01` or turns a date about.
            fill: wrapped().set_background_color(0xFFFBEA).set_num_format("@"),
        }
    }

    /// The format of a text cell: with the quote prefix if a spreadsheet could read the text as a formula.
    fn of(&self, text: &str) -> &Format {
        if looks_like_formula(text) { &self.quoted } else { &self.cell }
    }
}

/// Would a spreadsheet, asked to edit this text, take it for a formula?
fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '|', '%'])
}

/// Longest text of a header: the whole may have 255 characters.
const HEADER_CHARACTERS_MAX: usize = 40;

/// A text in a header or footer, where `&` is a command; with a mark where it is cut, or it might name something else.
fn header_text(text: &str) -> String {
    let is_whole = text.chars().count() <= HEADER_CHARACTERS_MAX;
    let kept = if is_whole { HEADER_CHARACTERS_MAX } else { HEADER_CHARACTERS_MAX - 1 };
    let shown: String = text.chars().take(kept).chain((!is_whole).then_some('…')).collect();
    shown.replace('&', "&&")
}

fn write_cover(
    sheet: &mut Worksheet,
    styles: &Styles,
    heading: &Heading,
    list: &AreaList,
) -> std::result::Result<(), XlsxError> {
    let language = heading.language;
    sheet.set_paper_size(A4).set_portrait().set_margins(0.7, 0.7, 0.8, 0.8, 0.3, 0.3).set_print_fit_to_pages(1, 0);
    sheet.set_header(header(heading, list)).set_footer(footer(language));
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, COVER_WIDTH)?;
    sheet.set_row_height(0, 34)?;
    sheet.write_string_with_format(0, 0, field::TITLE.of(language), &styles.title)?;
    let matters = list.by_matter();
    let mut rows = vec![
        (area_words(list).of(language).to_owned(), area_code(list).to_owned()),
        (field::STUDY.of(language).to_owned(), heading.study.clone()),
        (field::REFERENCE.of(language).to_owned(), words::day(language, heading.reference)),
        (field::CASES_COUNT.of(language).to_owned(), words::count(list.cases().count() as u64)),
        (field::DWELLINGS_COUNT.of(language).to_owned(), words::count(list.doors() as u64)),
    ];
    let counted = |(matter, count): &(field::Matter, usize)| {
        (format!("  {}", matter.words().of(language)), words::count(*count as u64))
    };
    rows.extend(matters.iter().map(counted));
    rows.push((String::new(), String::new()));
    for (at, line) in field::PROTOCOL_LINES.iter().enumerate() {
        let label = if at == 0 { field::PROTOCOL.of(language) } else { "" };
        rows.push((label.to_owned(), format!("{}. {}", at + 1, line.of(language))));
    }
    rows.push((String::new(), String::new()));
    if !heading.team.is_empty() {
        rows.push((field::TEAM.of(language).to_owned(), heading.team.clone()));
    }
    for label in [field::VISITOR, field::VISIT_DATE, field::SUPERVISOR] {
        rows.push((label.of(language).to_owned(), "________________________".to_owned()));
    }
    for (row, (label, text)) in (2u32..).zip(&rows) {
        sheet.write_string_with_format(row, 0, label, &styles.label)?;
        let quoted = styles.plain.clone().set_quote_prefix();
        sheet.set_row_height(row, height(line_count(text, COVER_WIDTH), 4.0))?;
        sheet.write_string_with_format(row, 1, text, if looks_like_formula(text) { &quoted } else { &styles.plain })?;
    }
    Ok(())
}

fn header(heading: &Heading, list: &AreaList) -> String {
    let language = heading.language;
    format!(
        "&L&\"Microsoft YaHei\"&9{} {}&C&\"Microsoft YaHei,Bold\"&11{}&R&\"Microsoft YaHei\"&9{} · {}",
        area_words(list).of(language),
        // Without the space the digits of the code would be read as a font size.
        header_text(area_code(list)),
        field::TITLE.of(language),
        header_text(&heading.study),
        words::day(language, heading.reference),
    )
}

fn write_cases(
    sheet: &mut Worksheet,
    styles: &Styles,
    heading: &Heading,
    list: &AreaList,
) -> std::result::Result<(), XlsxError> {
    let language = heading.language;
    sheet.set_paper_size(A4).set_landscape().set_margins(0.3, 0.3, 0.6, 0.5, 0.25, 0.25);
    sheet.set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    sheet.set_header(header(heading, list)).set_footer(footer(language));
    sheet.set_freeze_panes(1, 2)?;
    let asked: Vec<&str> = list.cases().map(|(_, case)| case.ask.as_str()).collect();
    let widths = widths(&asked);
    for (column, width) in (0u16..).zip(widths) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_row_height(0, if language == Language::Zh { 38.0 } else { 40.0 })?;
    for (column, name) in (0u16..).zip(titles()) {
        sheet.write_string_with_format(0, column, name.of(language), &styles.head)?;
    }
    let mut last = 0;
    for (row, (dwelling, case)) in (1u32..).zip(list.cases()) {
        write_case(sheet, styles, (row, &widths), dwelling, case)?;
        last = row;
    }
    if last > 0 {
        // From a sheet: seventeen choices are longer than a list within the rule may be. What is not on the list is let
        // through with a warning, because a code alone is good enough.
        let range = format!("='{}'!$A$2:$A${}", field::CODES.of(language), Outcome::ALL.len() + 1);
        let choices = DataValidation::new()
            .allow_list_formula(Formula::new(range))
            .set_error_style(DataValidationErrorStyle::Warning);
        sheet.add_data_validation(1, OUTCOME, last, OUTCOME, &choices)?;
        sheet.set_print_area(0, 0, last, NOTE)?;
    }
    Ok(())
}

fn write_codes(sheet: &mut Worksheet, styles: &Styles, language: Language) -> std::result::Result<(), XlsxError> {
    sheet.set_paper_size(A4).set_portrait();
    sheet.set_column_width(0, 44)?;
    sheet.write_string_with_format(0, 0, field::CODES.of(language), &styles.head)?;
    for (row, outcome) in (1u32..).zip(Outcome::ALL) {
        sheet.write_string_with_format(row, 0, field::choice(outcome, language), &styles.cell)?;
    }
    Ok(())
}

fn write_case(
    sheet: &mut Worksheet,
    styles: &Styles,
    (row, widths): (u32, &[f64]),
    dwelling: &DwellingCases,
    case: &Case,
) -> std::result::Result<(), XlsxError> {
    let name =
        if case.relationship.is_empty() { case.name.clone() } else { format!("{}\n{}", case.name, case.relationship) };
    sheet.write_string_with_format(row, 0, row.to_string(), &styles.centre)?;
    let matter = case.matter.words().of(case.language);
    let texts = [&case.number, matter, &dwelling.dwelling, &name, &case.sex, &case.birth, &case.id_number, &case.ask];
    let mut lines = 2;
    for (column, text) in (1u16..).zip(texts) {
        sheet.write_string_with_format(row, column, text, styles.of(text))?;
        lines = lines.max(line_count(text, widths.get(usize::from(column)).copied().unwrap_or(10.0)));
    }
    sheet.set_row_height(row, height(lines, MARGIN))?;
    for column in OUTCOME..NOTE {
        sheet.write_blank(row, column, &styles.fill)?;
    }
    sheet.write_blank(row, NOTE, &styles.fill)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ASK_WIDTH_MAX, WIDTHS, field, header_text, line_count, looks_like_formula, widths};

    #[test]
    fn what_is_asked_stands_in_a_row_that_a_spreadsheet_can_show() {
        for (characters, lines_max) in [(50, 24), (900, 24), (1_800, 24), (20_000, u32::MAX)] {
            let text = "问".repeat(characters);
            let widths = widths(&["问", &text]);
            assert!(
                line_count(&text, widths[field::ASK]) <= lines_max && widths[field::ASK] <= ASK_WIDTH_MAX,
                "{characters}"
            );
            assert_eq!(widths == WIDTHS, characters == 50, "{characters}");
        }
    }

    #[test]
    fn texts_that_look_like_formulas_are_known() {
        for text in ["=1+1", "+86", "-1", "@SUM", "＝1", "＋1", "－1", "＠x"] {
            assert!(looks_like_formula(text), "{text}");
        }
        assert!(!looks_like_formula("王=1"));
        assert_eq!(header_text("A&P"), "A&&P");
        let name = format!("{} of seed 7", "district ".repeat(3).trim_end());
        assert_eq!(header_text(&format!("{name:>40}")), format!("{name:>40}"));
        assert_eq!(header_text(&format!("{name:>40}7")), format!("{}…", &format!("{name:>40}")[..39]));
    }
}
