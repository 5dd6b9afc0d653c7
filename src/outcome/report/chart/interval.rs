//! How sure is each area's estimate, and at which ages are persons missing?

use super::bars::area_name;
use super::{Anchor, colour, draw, text_width, ticks};
use crate::intake::study::Language;
use crate::outcome::coverage::estimated::Estimate;
use crate::outcome::report::words::{self, completeness};

const WIDTH: i32 = 760;
const ROW: i32 = 22;
const RIGHT: i32 = WIDTH - 40;
/// Half of the room in the middle of the pyramid, for the ages.
const AGES: i32 = 34;

/// Ages and both sexes, men first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pyramid {
    /// The age group.
    pub age: String,
    /// Enumerated rightly.
    pub enumerated: [f64; 2],
    /// Estimated.
    pub estimated: [f64; 2],
}

/// The omission rate of each area with its interval.
#[must_use]
pub fn omitted(language: Language, areas: &[(String, Estimate)]) -> String {
    let rate = |estimate: &Estimate, persons: f64| 100.0 * (1.0 - estimate.enumerated / persons.max(1e-9)).max(0.0);
    let most = areas.iter().map(|(_, estimate)| rate(estimate, estimate.high)).fold(0.0, f64::max);
    let scale = ticks(most);
    let largest = scale.last().copied().unwrap_or(1.0);
    let left = areas.iter().map(|area| text_width(&area_name(language, &area.0))).max().unwrap_or(60) + 14;
    let x = |value: f64| left + (f64::from(RIGHT - left) * value / largest).round() as i32;
    let (top, bottom) = (8, 8 + areas.len() as i32 * ROW);
    draw(WIDTH, bottom + 30, completeness::INTERVALS.of(language), |canvas| {
        for value in &scale {
            canvas.line(vec![(x(*value), top), (x(*value), bottom)], colour::GRID, 1);
            canvas.text((x(*value), bottom + 14), Anchor::Middle, colour::QUIET, &format!("{value} %"));
        }
        for (at, (area, estimate)) in areas.iter().enumerate() {
            let middle = top + at as i32 * ROW + ROW / 2;
            canvas.text((0, middle), Anchor::Start, colour::INK, &area_name(language, area));
            let [low, high] = [estimate.low, estimate.high].map(|persons| x(rate(estimate, persons)));
            canvas.line(vec![(low, middle), (high, middle)], colour::FOR, 2);
            for end in [low, high] {
                canvas.line(vec![(end, middle - 4), (end, middle + 4)], colour::FOR, 2);
            }
            let dot = x(rate(estimate, estimate.persons));
            canvas.rectangle((dot - 3, middle - 3), (dot + 3, middle + 3), colour::AGAINST);
        }
    })
}

/// Enumerated (filled) against estimated (outline), men left, women right, the old on top.
#[must_use]
pub fn pyramid(language: Language, rows: &[Pyramid]) -> String {
    let most = rows.iter().flat_map(|row| row.estimated.into_iter().chain(row.enumerated)).fold(0.0, f64::max);
    let scale = ticks(most);
    let largest = scale.last().copied().unwrap_or(1.0);
    let (middle, half) = (WIDTH / 2, WIDTH / 2 - AGES - 30);
    let long = |persons: f64| (f64::from(half) * persons / largest).round() as i32;
    let side = |sex: usize, length: i32| if sex == 0 { middle - AGES - length } else { middle + AGES + length };
    let (top, bottom) = (28, 28 + rows.len() as i32 * ROW);
    draw(WIDTH, bottom + 30, completeness::PYRAMID.of(language), |canvas| {
        for (sex, name) in completeness::SEXES.iter().enumerate() {
            canvas.text((side(sex, half / 2), 12), Anchor::Middle, colour::INK, name.of(language));
            for value in &scale {
                let at = side(sex, long(*value));
                canvas.line(vec![(at, top), (at, bottom)], colour::GRID, 1);
                canvas.text((at, bottom + 14), Anchor::Middle, colour::QUIET, &words::count(*value as u64));
            }
        }
        for (at, row) in rows.iter().rev().enumerate() {
            let y = top + at as i32 * ROW;
            canvas.text((middle, y + ROW / 2), Anchor::Middle, colour::INK, &row.age);
            for sex in 0..2 {
                let (zero, filled) = (side(sex, 0), side(sex, long(row.enumerated[sex])));
                canvas.rectangle((zero.min(filled), y + 4), (zero.max(filled), y + ROW - 4), colour::FOR);
                let outline = side(sex, long(row.estimated[sex]));
                let corners = vec![(zero, y + 2), (outline, y + 2), (outline, y + ROW - 2), (zero, y + ROW - 2)];
                canvas.line(corners, colour::AGAINST, 2);
            }
        }
    })
}
