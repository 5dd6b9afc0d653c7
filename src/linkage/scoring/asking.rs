//! Which pairs of a stretch are hopeless?
//!
//! Takes the pairs of a stretch and the [`Bounds`]. Compares them step by step, and lets a pair go as soon as nothing
//! that is still open could lift it to the threshold. A batch of pairs takes each step together, because what one pair
//! needs for a step is then already at hand for the next.

use super::answers::{Answers, Known, LetGo};
use super::bounds::{Bounds, Step};
use super::first_look::{FirstLook, NearRows};
use super::near::{Near, Place};
use super::sift::{BATCH_PAIRS, Seen, Sifter, Sifting};
use crate::linkage::blocking::CandidatePairs;
use crate::linkage::comparison::level::MISSING;
use crate::linkage::comparison::{Pattern, UNSETTLED, Variable};
use crate::linkage::model::slot;
use crate::person::table::RecordId;

/// Of hopeless pairs, one in so many is compared in full and counts for all of them.
const SAMPLED: u64 = 256;

/// Records whose pairs are asked together, at most, but for those of one block.
const NEAR_RECORDS: usize = 512;

/// A pair that is being asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Where its records are.
    sides: (Place, Place),
    /// Its place in the tree of answers.
    place: u32,
    /// Bits that the rarity of its values adds, at most: as if it shared all values that it was not asked about yet.
    rare: f32,
    id_level: u8,
}

impl Asked {
    pub(super) fn new(sides: (Place, Place)) -> Asked {
        Asked { sides, place: 0, rare: 0.0, id_level: MISSING }
    }

    /// At a place of the tree of answers, with what rarity adds.
    pub(super) fn at(self, place: u32, rare: f32) -> Asked {
        Asked { place, rare, ..self }
    }
}

/// Pairs that are being asked, and what was heard.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Pairs that are looked at before they are asked.
    rows: NearRows,
    batch: Vec<Asked>,
    /// Those of the batch that are hopeless since the last step.
    hopeless: Vec<Asked>,
    /// What the pairs of the batch answered last, step after step.
    levels: Vec<u8>,
    /// Those that were let go at first sight and stand for others.
    sampled: Vec<Asked>,
    near: Near,
    answers: Answers,
    /// The answers to each order of asking that is not gone through now.
    other_answers: Vec<Answers>,
}

impl Asking {
    /// What pairs that were let go had shown, with the most that rarity could add to one of them.
    pub(super) fn let_go(&self) -> impl Iterator<Item = ((u32, Pattern), LetGo)> {
        self.other_answers.iter().flat_map(Answers::let_go)
    }
}

/// In which order pairs are asked: those of a rule last about what they are known to share.
pub(super) struct Orders {
    /// By rule, and at last that of pairs in no block.
    of_rules: Vec<Order>,
}

struct Order {
    bounds: Bounds,
    first_look: Option<FirstLook>,
    /// The first so many steps are asked in one go.
    together: usize,
}

impl Orders {
    pub(super) fn of(sifter: &Sifter<'_>, candidates: &CandidatePairs, least: f64) -> Orders {
        let (alone, slots) = (sifter.alone(least), sifter.scorer.model.slots.len());
        let of_rule = |rule: usize| {
            let bounds = Bounds::of(&sifter.scorer, true, candidates.shared(rule));
            let first_look = FirstLook::of(&bounds, sifter.scorer.comparer, slots, alone);
            Order { together: bounds.together(alone), bounds, first_look }
        };
        Orders { of_rules: (0..=candidates.rules.len()).map(of_rule).collect() }
    }

    /// By rule, whether pairs are looked at before they are asked.
    #[cfg(test)]
    pub(super) fn first_looks(&self) -> Vec<bool> {
        self.of_rules.iter().map(|order| order.first_look.is_some()).collect()
    }
}

/// Is this pair in the sample of the hopeless ones?
#[inline]
pub(super) fn is_sampled(one: RecordId, other: RecordId) -> bool {
    let mixed = (u64::from(one) << 32 | u64::from(other)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 40 & (SAMPLED - 1) == 0
}

impl Sifter<'_> {
    /// Asks the pairs of a stretch; those that may matter are sifted.
    pub(super) fn ask_stretch(
        &self,
        candidates: &CandidatePairs,
        stretch: usize,
        orders: &Orders,
        state: &mut Sifting<'_>,
    ) {
        let mut asking = std::mem::take(&mut state.asking);
        let order = candidates.rule_of(stretch).unwrap_or(candidates.rules.len());
        let (place, order) = (order, &orders.of_rules[order]);
        asking.other_answers.resize_with(orders.of_rules.len(), Answers::default);
        asking.answers = std::mem::take(&mut asking.other_answers[place]);
        if asking.answers.is_empty() {
            asking.answers = Answers::new(&order.bounds.priors);
        }
        let mut first = 0;
        candidates.each_row(stretch, |row| {
            state.pairs += row.others.len() as u64;
            if row.is_first {
                if asking.near.len() + row.block.len() > NEAR_RECORDS {
                    self.ask_near(order, &mut asking, state);
                }
                first = asking.near.add(row.block);
            }
            for others in row.others.chunks(BATCH_PAIRS) {
                asking.rows.add(first + row.one, others.iter().map(|other| first + other));
                if asking.rows.pairs() >= BATCH_PAIRS {
                    self.look(order, &mut asking, state);
                    if asking.batch.len() >= BATCH_PAIRS {
                        self.ask_batch(order, &mut asking, state);
                    }
                }
            }
        });
        self.ask_near(order, &mut asking, state);
        asking.other_answers[place] = std::mem::take(&mut asking.answers);
        state.asking = asking;
    }

    /// Looks at and asks all pairs of the records at hand, and forgets these records.
    fn ask_near(&self, order: &Order, asking: &mut Asking, state: &mut Sifting<'_>) {
        self.look(order, asking, state);
        self.ask_batch(order, asking, state);
        asking.near.clear();
    }

    /// Looks at all pairs of the rows; those that are not hopeless are to be asked.
    fn look(&self, order: &Order, asking: &mut Asking, state: &mut Sifting<'_>) {
        let Order { bounds, first_look, .. } = order;
        let Asking { rows, batch, sampled, near, answers, .. } = &mut *asking;
        near.look_up(&bounds.steps, first_look.is_some(), &self.scorer);
        match first_look {
            Some(first_look) => first_look.look(bounds, rows, (near, answers), (batch, sampled)),
            None => batch.extend(rows.all().map(Asked::new)),
        }
        rows.clear();
        for asked in sampled.drain(..) {
            self.count_sampled(bounds, asked, (near, answers), state);
        }
    }

    /// Counts for others what a pair that was let go would have shown.
    fn count_sampled(
        &self,
        bounds: &Bounds,
        asked: Asked,
        (near, answers): (&Near, &Answers),
        state: &mut Sifting<'_>,
    ) {
        let class = answers.at(asked.place).class;
        let pattern = self.in_full(&bounds.steps, asked, near);
        let seen = Seen { class, pattern, pair: near.pair(asked.sides), weight: SAMPLED };
        self.sift_asked(&bounds.steps, seen, (asked.sides.0, near), state);
    }

    /// Asks all pairs of the batch what can be told without looking at texts, step by step.
    fn ask_in_turn(&self, order: &Order, asking: &mut Asking, state: &mut Sifting<'_>) {
        let Order { bounds, together, .. } = order;
        let (alone, slots) = (self.alone(state.least), self.scorer.model.slots.len());
        for asked in &mut asking.batch {
            let (one, other) = asked.sides;
            asked.place = slot::class_of(slots, asking.near.slot(one), asking.near.slot(other));
            asked.rare = asking.near.rarest(one);
        }
        let weigh = |known: &mut Known, step: &Step, level: u8| {
            known.add(step.weights[usize::from(level)], step.place);
            known.needed = bounds.needed(alone, known.odds + step.open, known.place + step.open_place);
        };
        let mut first = 0;
        while first < bounds.steps.len() {
            let end = if first == 0 { *together } else { first + 1 };
            let steps = &bounds.steps[first..end];
            self.hear(first, steps, asking);
            let Asking { batch, hopeless, levels, near, answers, .. } = &mut *asking;
            let pairs = batch.len();
            part(batch, hopeless, answers, |at, asked, answers| {
                for (place, step) in steps.iter().enumerate() {
                    let level = levels[place * pairs + at];
                    asked.place = answers.next(asked.place, step.shift, level, |known| weigh(known, step, level));
                    if step.weighs_rarity() {
                        let bits = near.said(first + place).rarity[asked.sides.0 as usize];
                        asked.rare += if step.rare >> level & 1 == 0 { -bits.max(0.0) } else { bits.min(0.0) };
                    }
                }
            });
            self.let_go(bounds, asking, state);
            first = end;
        }
    }

    /// Asks all pairs of the batch, and lets each go as soon as it is hopeless.
    fn ask_batch(&self, order: &Order, asking: &mut Asking, state: &mut Sifting<'_>) {
        let bounds = &order.bounds;
        let alone = self.alone(state.least);
        if !order.first_look.as_ref().is_some_and(FirstLook::sees_all) {
            self.ask_in_turn(order, asking, state);
        }
        for (at, step) in bounds.steps.iter().enumerate() {
            let Variable::Text(text) = step.variable else { continue };
            let weigh = |known: &mut Known, level: u8| {
                known.add(step.weights[usize::from(level)] - step.weights[usize::from(UNSETTLED)], step.place);
                known.needed = bounds.needed(alone, known.odds, known.place);
            };
            let Asking { batch, hopeless, near, answers, .. } = &mut *asking;
            let values = &near.said(at).values;
            let open = batch.iter().filter(|asked| answers.is_unsettled(asked.place, step.shift));
            let both = |asked: &Asked| [values[asked.sides.0 as usize], values[asked.sides.1 as usize]];
            self.scorer.comparer.fetch_texts(text, open.map(both));
            part(batch, hopeless, answers, |_, asked, answers| {
                if answers.is_unsettled(asked.place, step.shift) {
                    let (one, other) = asked.sides;
                    let level = self.scorer.comparer.compare_values(text, values[one as usize], values[other as usize]);
                    asked.place = answers.next(asked.place, step.shift, level, |known| weigh(known, level));
                }
            });
            self.let_go(bounds, asking, state);
        }
        for asked in asking.batch.drain(..) {
            let (one, other) = asking.near.pair(asked.sides);
            let known = asking.answers.at(asked.place);
            let crossed = self.scorer.comparer.may_be_crossed(one, other);
            let pattern =
                if crossed { self.scorer.comparer.compare(one, other) } else { known.partial & bounds.compared };
            let seen = Seen { class: known.class, pattern, pair: (one, other), weight: 1 };
            self.sift_asked(&bounds.steps, seen, (asked.sides.0, &asking.near), state);
        }
        state.mark();
    }

    /// Sifts a pair of which it is at hand how rare the values of one record are.
    fn sift_asked(&self, steps: &[Step], seen: Seen, (one, near): (Place, &Near), state: &mut Sifting<'_>) {
        let scorer = &self.scorer;
        let (pattern, pair) = (seen.pattern, seen.pair);
        let records = |text: u16| match steps.iter().position(|step| step.variable == Variable::Text(text)) {
            Some(at) => scorer.comparer.records_of(text, &near.said(at).values[one as usize]),
            None => scorer.records_of_text(text, pair.0),
        };
        let of_name = || scorer.names.ratio(scorer.table.name[pair.0 as usize]);
        let ratio = || scorer.ratio_by(pattern, pair.0, of_name, records);
        self.sift_seen(seen, state, ratio, || self.households.may_support(pair.0, pair.1));
    }

    /// Hears what all pairs of the batch have to say at some steps, as far as can be told without looking at texts.
    #[inline]
    fn hear(&self, first: usize, steps: &[Step], asking: &mut Asking) {
        let Asking { batch, levels, near, .. } = asking;
        levels.clear();
        for (at, step) in (first..).zip(steps) {
            if let Variable::Text(text) = step.variable {
                let values = near.said(at).values.as_slice();
                let sides = |asked: &Asked| (&values[asked.sides.0 as usize], &values[asked.sides.1 as usize]);
                self.scorer.comparer.settle(text, batch.iter().map(sides), levels);
                continue;
            }
            levels.extend(batch.iter_mut().map(|asked| {
                let (one, other) = near.pair(asked.sides);
                self.scorer.comparer.level(step.variable, one, other, &mut asked.id_level)
            }));
        }
    }

    /// Lets the hopeless pairs go.
    fn let_go(&self, bounds: &Bounds, asking: &mut Asking, state: &mut Sifting<'_>) {
        let mut hopeless = std::mem::take(&mut asking.hopeless);
        for asked in hopeless.drain(..) {
            let (one, other) = asking.near.pair(asked.sides);
            if self.scorer.comparer.may_be_crossed(one, other) {
                // Names in each other's column are seen only where the texts are looked at.
                let class = asking.answers.at(asked.place).class;
                self.sift_pair(class, (one, other), self.scorer.comparer.compare(one, other), 1, state);
                continue;
            }
            let waits = asked.rare + bounds.support >= asking.answers.needed(asked.place);
            let beyond = if waits { f32::NEG_INFINITY } else { asked.rare };
            asking.answers.remember(asked.place, LetGo { any: asked.rare, beyond });
            state.unmarked.extend(waits.then_some((one, other)));
            if is_sampled(one, other) {
                self.count_sampled(bounds, asked, (&asking.near, &asking.answers), state);
            }
        }
        asking.hopeless = hopeless;
    }

    /// The pattern of a pair.
    fn in_full(&self, steps: &[Step], asked: Asked, near: &Near) -> Pattern {
        let (one, other) = near.pair(asked.sides);
        let mut id_level = MISSING;
        let level = |(at, step): (usize, &Step)| {
            let level = match step.variable {
                Variable::Text(text) => {
                    let value = |place: Place| near.said(at).values[place as usize];
                    self.scorer.comparer.compare_values(text, value(asked.sides.0), value(asked.sides.1))
                }
                variable => self.scorer.comparer.level(variable, one, other, &mut id_level),
            };
            Pattern::from(level) << step.shift
        };
        let pattern = steps.iter().enumerate().map(level).fold(0, |pattern, level| pattern | level);
        self.scorer.comparer.seen_crossed(pattern, one, other)
    }
}

/// Asks each pair of the batch, and leaves those that may yet matter; the others go to the hopeless ones. Which is
/// which nobody can foresee: both lists are written, and one of them grows.
#[inline]
fn part(
    batch: &mut Vec<Asked>,
    hopeless: &mut Vec<Asked>,
    answers: &mut Answers,
    ask: impl Fn(usize, &mut Asked, &mut Answers),
) {
    let Some(any) = batch.first().copied() else { return };
    hopeless.clear();
    hopeless.resize(batch.len(), any);
    let (mut left, mut gone) = (0, 0);
    for at in 0..batch.len() {
        let mut asked = batch[at];
        ask(at, &mut asked, answers);
        let hopeful = asked.rare >= answers.needed(asked.place);
        batch[left] = asked;
        hopeless[gone] = asked;
        left += usize::from(hopeful);
        gone += usize::from(!hopeful);
    }
    batch.truncate(left);
    hopeless.truncate(gone);
}
