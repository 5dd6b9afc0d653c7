//! How is a figure drawn?
//!
//! Charts as inline SVG, drawn with plotters in plain pixels: a [`Canvas`] knows rectangles, lines and texts, the
//! charts place them. Text widths are reckoned here (a Han character is as wide as it is high), because an SVG's fonts
//! are chosen by the reader's machine.

pub mod bars;
pub mod curve;
pub mod interval;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, TextStyle};

/// Colours, told apart in grey print and by colour-blind readers.
pub mod colour {
    use plotters::style::RGBColor;

    /// Text.
    pub const INK: RGBColor = RGBColor(34, 40, 49);
    /// Axis labels.
    pub const QUIET: RGBColor = RGBColor(96, 106, 120);
    /// Grid lines.
    pub const GRID: RGBColor = RGBColor(222, 226, 232);
    /// Links, evidence for.
    pub const FOR: RGBColor = RGBColor(31, 99, 164);
    /// Evidence against.
    pub const AGAINST: RGBColor = RGBColor(201, 104, 43);
    /// Pairs not linked, totals.
    pub const REST: RGBColor = RGBColor(160, 169, 181);
}

/// Size of the texts of a chart, in pixels.
const TEXT_PIXELS: i32 = 12;
/// Size of the texts as plotters counts it: from the top of the highest to the foot of the lowest letter.
const TEXT_SIZE: i32 = 15;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// A drawing under way. A drawing into a text cannot fail; what plotters might still refuse is left out.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a figure of that many pixels; gives its SVG, to stand inside a page.
pub fn draw(width: i32, height: i32, label: &str, figure: impl FnOnce(&Canvas<'_>)) -> String {
    let mut svg = String::new();
    {
        let size = (u32::try_from(width).unwrap_or(1), u32::try_from(height).unwrap_or(1));
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
        figure(&canvas);
        let _ = canvas.area.present();
    }
    // Inside a page an SVG needs no namespace; the label is read out to those who cannot see it.
    let label: String = label.chars().filter(|c| !matches!(c, '"' | '<' | '>' | '&')).collect();
    svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", &format!(" role=\"img\" aria-label=\"{label}\""), 1)
}

impl Canvas<'_> {
    /// A filled rectangle between two corners.
    pub fn rectangle(&self, from: (i32, i32), to: (i32, i32), colour: RGBColor) {
        let _ = self.area.draw(&Rectangle::new([from, to], colour.filled()));
    }

    /// A line through points.
    pub fn line(&self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) {
        let _ = self.area.draw(&PathElement::new(points, colour.stroke_width(width)));
    }

    /// A filled polygon, lightly coloured.
    pub fn surface(&self, points: Vec<(i32, i32)>, colour: RGBColor) {
        let _ = self.area.draw(&Polygon::new(points, colour.mix(0.15)));
    }

    /// A text at half its height.
    pub fn text(&self, at: (i32, i32), anchor: Anchor, colour: RGBColor, text: &str) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle::from(("sans-serif", TEXT_SIZE)).color(&colour).pos(Pos::new(horizontal, VPos::Center));
        let _ = self.area.draw(&Text::new(text.to_owned(), at, style));
    }
}

/// Pixels that a text takes, reckoned generously.
#[must_use]
pub fn text_width(text: &str) -> i32 {
    let tenths: i32 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ' ' | '\'' | '|' | '(' | ')' => 40,
            c if c.is_ascii_uppercase() || matches!(c, 'm' | 'w') => 80,
            c if c.is_ascii() => 62,
            _ => 102,
        })
        .sum();
    tenths * TEXT_PIXELS / 100 + 2
}

/// The text, cut to fit into so many pixels.
#[must_use]
pub fn fitted(text: &str, pixels: i32) -> String {
    if text_width(text) <= pixels {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while !cut.is_empty() && text_width(&cut) + text_width("…") > pixels {
        cut.pop();
    }
    cut + "…"
}

/// Round figures from 0 to at least `most`, about five of them.
#[must_use]
pub fn ticks(most: f64) -> Vec<f64> {
    if most.is_nan() || most <= 0.0 {
        return vec![0.0, 1.0];
    }
    let rough = most / 5.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let step = factors.into_iter().map(|factor| factor * magnitude).find(|step| *step >= rough).unwrap_or(rough);
    let count = (most / step).ceil() as usize;
    (0..=count).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::{fitted, text_width, ticks};

    #[test]
    fn ticks_are_round_and_reach_the_largest_value() {
        assert_eq!(ticks(7.0), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(493.0), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
        assert_eq!(ticks(0.0), [0.0, 1.0]);
        for most in [0.003, 1.0, 12.0, 99.0, 480_000.0] {
            assert!(ticks(most).last().is_some_and(|last| *last >= most) && ticks(most).len() <= 7, "{most}");
        }
    }

    #[test]
    fn a_label_is_cut_to_its_place() {
        assert_eq!(fitted("相同", 100), "相同");
        let cut = fitted("相同相同相同相同相同相同相同", 60);
        assert!(cut.ends_with('…') && text_width(&cut) <= 60, "{cut}");
    }
}
