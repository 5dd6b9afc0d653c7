//! What weighs how much, level by level, step by step, area by area?

use super::curve::legend;
use super::{Anchor, Canvas, colour, draw, fitted, text_width, ticks};
use crate::intake::study::Language;
use crate::outcome::coverage::Counts;
use crate::outcome::report::cases::shown_area;
use crate::outcome::report::words::{self, code, page};
use crate::outcome::weights::{ComparisonWeights, Waterfall};

const WIDTH: i32 = 760;
const ROW: i32 = 22;
const LABELS: i32 = 285;
const RIGHT: i32 = WIDTH - 60;

/// Weights beyond this many bits are drawn cut off, with their figure beside them.
const BITS_MAX: f64 = 24.0;

/// The match weight of every level of every comparison.
#[must_use]
pub fn levels(language: Language, comparisons: &[ComparisonWeights]) -> String {
    let rows: i32 = comparisons.iter().map(|c| c.levels.len() as i32 + 1).sum();
    let all = comparisons.iter().flat_map(|c| c.levels.iter().map(|level| level.1.clamp(-BITS_MAX, BITS_MAX)));
    let (least, most) = all.fold((-1.0f64, 1.0f64), |(least, most), bits| (least.min(bits), most.max(bits)));
    // Room for the figures at both ends.
    let (left, right) = (LABELS + 56, RIGHT - 10);
    let x = |bits: f64| left + (f64::from(right - left) * (bits - least) / (most - least)).round() as i32;
    draw(WIDTH, rows * ROW + 16, page::LEVELS_CHART.of(language), |canvas| {
        let mut y = 8;
        for comparison in comparisons {
            canvas.text((0, y + ROW / 2), Anchor::Start, colour::INK, &code::field(language, &comparison.name));
            canvas.line(vec![(0, y + ROW - 2), (WIDTH, y + ROW - 2)], colour::GRID, 1);
            y += ROW;
            for (level, bits) in &comparison.levels {
                let name = fitted(&code::level(language, level), LABELS - 16);
                canvas.text((16, y + ROW / 2), Anchor::Start, colour::QUIET, &name);
                bar(canvas, (x(0.0), x(bits.clamp(-BITS_MAX, BITS_MAX))), y, *bits);
                y += ROW;
            }
        }
        canvas.line(vec![(x(0.0), 8 + ROW), (x(0.0), y)], colour::QUIET, 1);
    })
}

/// A bar from zero, its figure beyond its end.
fn bar(canvas: &Canvas<'_>, (zero, end): (i32, i32), y: i32, bits: f64) {
    let colour = if bits < 0.0 { colour::AGAINST } else { colour::FOR };
    canvas.rectangle((zero.min(end), y + 4), (zero.max(end), y + ROW - 4), colour);
    let (at, anchor) = if bits < 0.0 { (end - 6, Anchor::End) } else { (end + 6, Anchor::Start) };
    canvas.text((at, y + ROW / 2), anchor, colour::INK, &words::bits(bits));
}

/// How the weights of one pattern add up from the prior to the total.
#[must_use]
pub fn waterfall(language: Language, example: &Waterfall) -> String {
    let mut rows: Vec<(String, f64, f64)> = vec![(page::PRIOR.of(language).to_owned(), 0.0, example.prior)];
    let mut sum = example.prior;
    for (comparison, level, bits) in &example.steps {
        let separator = if language == Language::Zh { "：" } else { ": " };
        let name = format!("{}{separator}{}", code::field(language, comparison), code::level(language, level));
        rows.push((name, sum, sum + bits));
        sum += bits;
    }
    rows.push((page::TOTAL.of(language).to_owned(), 0.0, sum));
    let ends = rows.iter().flat_map(|row| [row.1, row.2]);
    let (least, most) = ends.fold((0.0f64, 1.0f64), |(least, most), bits| (least.min(bits), most.max(bits)));
    let (left, right) = (LABELS + 56, RIGHT - 10);
    let x = |bits: f64| left + (f64::from(right - left) * (bits - least) / (most - least)).round() as i32;
    let last = rows.len().saturating_sub(1);
    draw(WIDTH, (rows.len() as i32) * ROW + 16, page::WATERFALL_CHART.of(language), |canvas| {
        canvas.line(vec![(x(0.0), 4), (x(0.0), rows.len() as i32 * ROW + 10)], colour::GRID, 1);
        for (at, (name, from, to)) in rows.iter().enumerate() {
            let y = 8 + at as i32 * ROW;
            let name = fitted(name, LABELS);
            canvas.text((0, y + ROW / 2), Anchor::Start, colour::INK, &name);
            let colour = match to - from {
                _ if at == 0 || at == last => colour::REST,
                bits if bits < 0.0 => colour::AGAINST,
                _ => colour::FOR,
            };
            let (low, high) = (x(from.min(*to)), x(from.max(*to)).max(x(from.min(*to)) + 1));
            canvas.rectangle((low, y + 4), (high, y + ROW - 4), colour);
            let (place, anchor) = if to < from { (low - 6, Anchor::End) } else { (high + 6, Anchor::Start) };
            canvas.text((place, y + ROW / 2), anchor, colour::INK, &words::bits(to - from));
            if at < last {
                canvas.line(vec![(x(*to), y + ROW - 4), (x(*to), y + ROW + 4)], colour::QUIET, 1);
            }
        }
    })
}

/// Persons in both, on the roll only and in registers only, area by area.
#[must_use]
pub fn coverage(language: Language, areas: &[(String, Counts)]) -> String {
    let total = |counts: &Counts| counts.in_both + counts.only_roll + counts.only_register;
    let most = areas.iter().map(|area| total(&area.1)).max().unwrap_or(0);
    let scale = ticks(most as f64);
    let largest = scale.last().copied().unwrap_or(1.0);
    let left = areas.iter().map(|area| text_width(&area_name(language, &area.0))).max().unwrap_or(60).min(LABELS) + 10;
    let x = |persons: f64| left + (f64::from(RIGHT - left) * persons / largest).round() as i32;
    let (top, bottom) = (34, 34 + areas.len() as i32 * ROW);
    draw(WIDTH, bottom + 30, page::COVERAGE_CHART.of(language), |canvas| {
        for value in &scale {
            canvas.line(vec![(x(*value), top), (x(*value), bottom)], colour::GRID, 1);
            canvas.text((x(*value), bottom + 14), Anchor::Middle, colour::QUIET, &words::count(*value as u64));
        }
        for (at, (area, counts)) in areas.iter().enumerate() {
            let y = top + at as i32 * ROW;
            canvas.text((0, y + ROW / 2), Anchor::Start, colour::INK, &area_name(language, area));
            let parts = [
                (counts.in_both, colour::FOR),
                (counts.only_roll, colour::REST),
                (counts.only_register, colour::AGAINST),
            ];
            let mut sum = 0.0;
            for (persons, colour) in parts {
                let next = sum + persons as f64;
                if persons > 0 {
                    canvas.rectangle((x(sum), y + 4), (x(next).max(x(sum) + 1), y + ROW - 4), colour);
                }
                sum = next;
            }
        }
        let names = [page::COVERAGE[4], page::COVERAGE[5], page::COVERAGE[6]];
        let colours = [colour::FOR, colour::REST, colour::AGAINST];
        let series: Vec<_> = names.into_iter().zip(colours).collect();
        legend(canvas, language, RIGHT, &series);
    })
}

/// The code of an area, or that it is unknown.
#[must_use]
pub fn area_name(language: Language, code: &str) -> String {
    if code == crate::outcome::coverage::UNKNOWN_AREA {
        page::UNKNOWN.of(language).to_owned()
    } else {
        shown_area(code)
    }
}
