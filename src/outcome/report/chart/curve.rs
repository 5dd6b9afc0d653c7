//! How does one quantity grow with another, and how are values spread?

use super::{Anchor, Canvas, colour, draw, ticks};
use crate::intake::study::Language;
use crate::outcome::report::words::{self, page};
use crate::outcome::weights::{BIN_FIRST, BIN_LAST, BIN_WIDTH};

const WIDTH: i32 = 760;
const HEIGHT: i32 = 340;
const LEFT: i32 = 66;
const RIGHT: i32 = WIDTH - 24;
const TOP: i32 = 34;
const BOTTOM: i32 = HEIGHT - 52;

/// Expected finds against visits; a vertical line where the planned visits end.
#[must_use]
pub fn expected_finds(language: Language, points: &[(u64, f64)], planned: u64, found: f64) -> String {
    let visits = points.last().map_or(0, |point| point.0) as f64;
    let finds = points.last().map_or(0.0, |point| point.1);
    let (across, up) = (ticks(visits), ticks(finds));
    let x =
        |value: f64| LEFT + (f64::from(RIGHT - LEFT) * value / across.last().copied().unwrap_or(1.0)).round() as i32;
    let y = |value: f64| BOTTOM - (f64::from(BOTTOM - TOP) * value / up.last().copied().unwrap_or(1.0)).round() as i32;
    draw(WIDTH, HEIGHT, page::CURVE.of(language), |canvas| {
        for value in &up {
            grid_line(canvas, y(*value), &tick(*value));
        }
        for value in &across {
            canvas.text((x(*value), BOTTOM + 16), Anchor::Middle, colour::QUIET, &tick(*value));
        }
        canvas.text((i32::midpoint(LEFT, RIGHT), HEIGHT - 14), Anchor::Middle, colour::INK, page::VISITS.of(language));
        canvas.text((LEFT - 50, 14), Anchor::Start, colour::INK, page::FINDS.of(language));
        let line: Vec<(i32, i32)> = points.iter().map(|(visits, finds)| (x(*visits as f64), y(*finds))).collect();
        let mut surface = line.clone();
        surface.push((x(visits), y(0.0)));
        canvas.surface(surface, colour::FOR);
        canvas.line(line, colour::FOR, 2);
        if planned > 0 {
            let at = x(planned as f64);
            canvas.line(vec![(at, BOTTOM), (at, TOP)], colour::AGAINST, 2);
            let label = match language {
                Language::Zh => {
                    format!("计划走访 {} 人，预计找到 {} 人", words::count(planned), words::expected(found))
                }
                Language::En => format!("{} planned, {} expected", words::count(planned), words::expected(found)),
            };
            let (anchor, shift) = if at > i32::midpoint(LEFT, RIGHT) { (Anchor::End, -8) } else { (Anchor::Start, 8) };
            canvas.text((at + shift, BOTTOM - 14), anchor, colour::AGAINST, &label);
        }
    })
}

fn grid_line(canvas: &Canvas<'_>, y: i32, label: &str) {
    canvas.line(vec![(LEFT, y), (RIGHT, y)], colour::GRID, 1);
    canvas.text((LEFT - 8, y), Anchor::End, colour::QUIET, label);
}

fn tick(value: f64) -> String {
    if value.fract().abs() < 1e-9 { words::count(value as u64) } else { format!("{value:.1}") }
}

/// Pairs by match weight, on a logarithmic scale: those put into one person beside those not.
#[must_use]
pub fn weights(language: Language, bins: &[(u64, u64)]) -> String {
    let most = bins.iter().map(|bin| bin.0.max(bin.1)).max().unwrap_or(0);
    let decades = (most.max(1) as f64).log10().ceil().max(1.0) as i32;
    let height = |pairs: u64| match pairs {
        0 => 0,
        pairs => {
            // A single pair is a sliver, not nothing.
            let full = f64::from(BOTTOM - TOP) / (f64::from(decades) + 0.15);
            ((pairs as f64).log10() + 0.15).mul_add(full, 0.0).round() as i32
        }
    };
    let x =
        |weight: f64| LEFT + (f64::from(RIGHT - LEFT) * (weight - BIN_FIRST) / (BIN_LAST - BIN_FIRST)).round() as i32;
    draw(WIDTH, HEIGHT, page::WEIGHTS_CHART.of(language), |canvas| {
        for decade in 0..=decades {
            let pairs = 10u64.pow(u32::try_from(decade).unwrap_or(0));
            grid_line(canvas, BOTTOM - height(pairs), &words::count(pairs));
        }
        for (at, (together, apart)) in bins.iter().enumerate() {
            let from = BIN_FIRST + at as f64 * BIN_WIDTH;
            let (left, middle, right) = (x(from) + 1, x(from + BIN_WIDTH / 2.0), x(from + BIN_WIDTH) - 1);
            let bars = [(left, middle, *apart, colour::REST), (middle, right, *together, colour::FOR)];
            for (left, right, pairs, colour) in bars {
                if pairs > 0 {
                    canvas.rectangle((left, BOTTOM - height(pairs)), (right, BOTTOM), colour);
                }
            }
        }
        let last = (BIN_LAST / 10.0) as i32;
        for ten in (BIN_FIRST / 10.0) as i32..=last {
            let label = match ten * 10 {
                weight if f64::from(weight) <= BIN_FIRST => format!("≤ −{}", -weight),
                weight if f64::from(weight) >= BIN_LAST => format!("≥ {weight}"),
                weight if weight < 0 => format!("−{}", -weight),
                weight => weight.to_string(),
            };
            canvas.text((x(f64::from(ten) * 10.0), BOTTOM + 16), Anchor::Middle, colour::QUIET, &label);
        }
        canvas.line(vec![(x(0.0), BOTTOM), (x(0.0), TOP)], colour::QUIET, 1);
        canvas.text(
            (i32::midpoint(LEFT, RIGHT), HEIGHT - 14),
            Anchor::Middle,
            colour::INK,
            page::WEIGHT_AXIS.of(language),
        );
        canvas.text((LEFT - 56, 14), Anchor::Start, colour::INK, page::PAIRS_AXIS.of(language));
        let series = [(page::NOT_SAME, colour::REST), (page::SAME_PERSON, colour::FOR)];
        legend(canvas, language, RIGHT, &series);
    })
}

/// A legend along the top, ending at `right`.
pub(super) fn legend(
    canvas: &Canvas<'_>,
    language: Language,
    right: i32,
    series: &[(words::Words, plotters::style::RGBColor)],
) {
    let mut right = right;
    for (name, colour) in series.iter().rev() {
        let name = name.of(language);
        let left = right - super::text_width(name);
        canvas.text((left, 14), Anchor::Start, colour::INK, name);
        canvas.rectangle((left - 16, 9), (left - 6, 19), *colour);
        right = left - 34;
    }
}
