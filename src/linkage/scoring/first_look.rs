//! Which pairs are hopeless at first sight?
//!
//! Takes the pairs of a block row by row, and what sketches tell of their texts; lets those go that nothing could lift
//! to the threshold, whatever is open. What is seen of a pair, two bits for each text, is a number, and what the pair
//! then needs stands in a table: no pair waits for another, and a processor looks at many at once. It is made for
//! blocks of many strangers; pairs that are left are asked step by step.

use fearless_simd::{Level, Simd, dispatch};

use super::answers::{Answers, Known};
use super::asking::{Asked, is_sampled};
use super::bounds::{Bounds, Step};
use super::near::{Near, Place};
use crate::linkage::comparison::first_sight::{DIFFERENT, EQUAL, FirstSight, LANES, MISSING, OPEN, Sketches};
use crate::linkage::comparison::{Comparer, LEVEL_MASK, Pattern, UNSETTLED, Variable};
use crate::linkage::model::slot;

/// Bits of what is seen of a text.
const BITS: usize = 2;

/// Texts that are looked at, at most: the table has 4^8 places.
const TEXTS_MAX: usize = 8;

/// Set in what is seen of a pair whose names may stand in each other's column: that needs a closer look.
const CROSSED: u32 = 1 << 31;

/// How the pairs of a rule are looked at.
pub(super) struct FirstLook {
    seen: Vec<SeenStep>,
    /// The other steps at which rarity counts.
    unseen: Vec<usize>,
    /// The least log2 odds of a pair that may matter.
    least: f64,
    sees_all: bool,
    slots: usize,
    crossed: Option<Crossed>,
    processor: Level,
}

/// A step that is looked at.
struct SeenStep {
    at: usize,
    how: FirstSight,
    shift: u32,
    /// The level of what is different.
    different: u8,
    weighs_rarity: bool,
}

/// Steps of given and family names that may stand in each other's column, and how they are compared then.
struct Crossed {
    given: usize,
    family: usize,
    how: FirstSight,
}

/// Pairs that are yet to be looked at: of a record with others of its block, row by row.
#[derive(Debug, Default)]
pub(super) struct NearRows {
    /// With where the row ends among the others.
    rows: Vec<(Place, usize)>,
    others: Vec<Place>,
    /// What is seen of the pairs of a row, and the bits that rarity adds.
    seen: Vec<u32>,
    rare: Vec<f32>,
}

impl NearRows {
    pub(super) fn pairs(&self) -> usize {
        self.others.len()
    }

    /// Adds pairs of a record, the others in the order of their places.
    pub(super) fn add(&mut self, one: Place, others: impl Iterator<Item = Place>) {
        self.others.extend(others);
        self.rows.push((one, self.others.len()));
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.others.clear();
    }

    /// The pairs, row by row.
    fn rows(&self) -> impl Iterator<Item = (Place, &[Place])> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|(_, end)| *end));
        self.rows.iter().zip(starts).map(|((one, end), start)| (*one, &self.others[start..*end]))
    }

    /// All pairs.
    pub(super) fn all(&self) -> impl Iterator<Item = (Place, Place)> {
        self.rows().flat_map(|(one, others)| others.iter().map(move |other| (one, *other)))
    }
}

impl FirstLook {
    /// None if it would not let pairs go whose texts all differ, or if there are so many texts that the given or the
    /// family name is not among those looked at.
    pub(super) fn of(bounds: &Bounds, comparer: &Comparer<'_>, slots: usize, least: f64) -> Option<FirstLook> {
        let steps = (0..).zip(&bounds.steps).filter_map(|(at, step)| SeenStep::of(at, step, comparer));
        let mut seen: Vec<SeenStep> = steps.take(TEXTS_MAX).collect();
        seen.sort_unstable_by_key(|step| step.shift);
        let is_seen = |at: usize| seen.iter().any(|step| step.at == at);
        let weighs_unseen = |at: &usize| !is_seen(*at) && bounds.steps[*at].weighs_rarity();
        let unseen = (0..bounds.steps.len()).filter(weighs_unseen).collect();
        let crossed = match comparer.name_parts() {
            None => None,
            Some((given, family)) => {
                let text = |text: usize| Some(Variable::Text(u16::try_from(text).ok()?));
                let of = |part: usize| {
                    text(part).and_then(|part| bounds.steps.iter().position(|step| step.variable == part))
                };
                let (given_at, family_at) = (of(given)?, of(family)?);
                if !is_seen(given_at) || !is_seen(family_at) {
                    return None;
                }
                Some(Crossed {
                    given: given_at,
                    family: family_at,
                    how: comparer.first_sight(u16::try_from(given).ok()?),
                })
            }
        };
        let sees_all = seen.len() == bounds.steps.len();
        let look = FirstLook { seen, unseen, least, sees_all, slots, crossed, processor: Level::new() };
        let all_differ = (1 << (BITS * look.seen.len())) - 1;
        let lets_go = |class: u32| look.known(bounds, class, all_differ).needed > bounds.support.max(0.0);
        (0..).zip(&bounds.priors).all(|(class, _)| lets_go(class)).then_some(look)
    }

    /// The partial pattern of pairs of which this is seen.
    fn partial(&self, seen: u32) -> Pattern {
        self.seen.iter().enumerate().fold(Pattern::MAX, |pattern, (place, step)| {
            let level = match seen >> (BITS * place) & DIFFERENT {
                OPEN => UNSETTLED,
                DIFFERENT => step.different,
                level => level as u8,
            };
            pattern & !(LEVEL_MASK << step.shift) | Pattern::from(level) << step.shift
        })
    }

    /// Is every step looked at? Then the pairs that are left have their place in the tree of answers.
    pub(super) fn sees_all(&self) -> bool {
        self.sees_all
    }

    /// Looks at all pairs: those that may matter are added to the batch; of those that are let go, some stand for all.
    pub(super) fn look(
        &self,
        bounds: &Bounds,
        rows: &mut NearRows,
        (near, answers): (&Near, &mut Answers),
        (batch, sampled): (&mut Vec<Asked>, &mut Vec<Asked>),
    ) {
        let (mut seen, mut rare) = (std::mem::take(&mut rows.seen), std::mem::take(&mut rows.rare));
        let support = bounds.support.max(0.0);
        for (one, others) in rows.rows() {
            let unseen: f32 = self.unseen.iter().map(|at| near.rarity(*at, one).max(0.0)).sum();
            let mut left = others;
            while let Some(first) = left.first() {
                let (others, after) = left.split_at(near.side_by_side(left));
                left = after;
                let span = others.last().map_or(0, |last| (last - first) as usize + 1);
                self.see(near, one, (*first as usize, span), (&mut seen, &mut rare));
                let class = slot::class_of(self.slots, near.slot(one), near.slot(*first));
                for other in others {
                    let at = (other - first) as usize;
                    let (is_crossed, seen, rare) = (seen[at] & CROSSED != 0, seen[at] & !CROSSED, rare[at] + unseen);
                    let known = answers.seen(class, seen, || self.known(bounds, class, seen));
                    let asked = Asked::new((one, *other));
                    if is_crossed || rare + support >= known.needed {
                        batch.push(if self.sees_all { asked.at(known.place, rare) } else { asked });
                        continue;
                    }
                    known.let_go = known.let_go.max(rare);
                    let (record, other) = near.pair((one, *other));
                    if is_sampled(record, other) {
                        sampled.push(asked.at(known.place, rare));
                    }
                }
            }
        }
        (rows.seen, rows.rare) = (seen, rare);
    }

    /// What is known of pairs of a class of which this is seen.
    fn known(&self, bounds: &Bounds, class: u32, seen: u32) -> Known {
        let partial = self.partial(seen);
        let (odds, place) = bounds.sums(partial);
        let odds = odds + bounds.priors[class as usize];
        Known { class, partial, odds, place, needed: bounds.needed(self.least, odds, place) }
    }

    /// What is seen of a record's pairs with those beside one another from a place on, and the bits that the rarity of
    /// equal values adds.
    fn see(&self, near: &Near, one: Place, (first, span): (usize, usize), out: (&mut Vec<u32>, &mut Vec<f32>)) {
        let room = span.next_multiple_of(LANES);
        let (seen, rare) = out;
        seen.resize(seen.len().max(room), 0);
        rare.resize(rare.len().max(room), 0.0);
        let (seen, rare) = (&mut seen[..room], &mut rare[..room]);
        dispatch!(self.processor, simd => simd.vectorize(
            #[inline(always)]
            || self.see_lanes(near, one, first, (seen, rare))
        ));
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is compiled for the processor that it runs on")]
    fn see_lanes(&self, near: &Near, one: Place, first: usize, (seen, rare): (&mut [u32], &mut [f32])) {
        let own = one as usize;
        let chunks = seen.as_chunks_mut::<LANES>().0.iter_mut().zip(rare.as_chunks_mut::<LANES>().0);
        for ((seen, rare), first) in chunks.zip((first..).step_by(LANES)) {
            let (mut all, mut sum) = ([0; LANES], [0.0; LANES]);
            for (place, step) in self.seen.iter().enumerate() {
                let of_step = near.said(step.at).sketches.see(step.how, own, first);
                let bits = if step.weighs_rarity { near.rarity(step.at, one) } else { 0.0 };
                for lane in 0..LANES {
                    all[lane] |= of_step[lane] << (BITS * place);
                    sum[lane] += if of_step[lane] == EQUAL { bits } else { 0.0 };
                }
            }
            if let Some(crossed) = &self.crossed {
                let (given, family) = (&near.said(crossed.given).sketches, &near.said(crossed.family).sketches);
                let there = Sketches::see_across(crossed.how, (given, own), (family, first));
                let back = Sketches::see_across(crossed.how, (family, own), (given, first));
                for lane in 0..LANES {
                    all[lane] |= if there[lane] == OPEN && back[lane] == OPEN { CROSSED } else { 0 };
                }
            }
            (*seen, *rare) = (all, sum);
        }
    }
}

impl SeenStep {
    /// None of a step that cannot be looked at so.
    fn of(at: usize, step: &Step, comparer: &Comparer<'_>) -> Option<SeenStep> {
        let Variable::Text(text) = step.variable else { return None };
        // Rarity may only count where two texts are equal.
        if step.rare & !(1 << EQUAL) != 0 {
            return None;
        }
        let different = u8::try_from(comparer.usual_levels(comparer.of(step.variable)?) - 1).ok()?;
        let (how, shift, weighs_rarity) = (comparer.first_sight(text), step.shift, step.weighs_rarity());
        Some(SeenStep { at, how, shift, different, weighs_rarity })
    }
}

// What is seen of a text is the level that it has, unless it is open or different.
const _: () = assert!(MISSING == 0 && EQUAL == 1);
