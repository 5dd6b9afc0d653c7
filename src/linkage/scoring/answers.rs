//! What is known of pairs that have given the same answers so far?
//!
//! A tree. Each answer (the level of the comparison that is asked next) leads from what was known before to what is
//! known then. There are far fewer paths through the tree than pairs, so odds are added up and held against the
//! threshold once for each path, and a pair only moves along it. For the pairs that are let go, a node keeps the most
//! that rare values could add to the odds of one of them, so that another model can say whether any was let go wrongly.

use crate::linkage::comparison::{LEVEL_MASK, LEVELS, Pattern, UNSETTLED};

/// The level, in a partial pattern, of a comparison that was not made.
pub(super) const UNKNOWN: u8 = LEVEL_MASK as u8;

/// What is seen of pairs, and has its places together.
const PAGE: usize = 256;

/// Whatever answers led here, they are the same for all pairs that come by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The class of the pairs.
    pub(super) class: u32,
    /// What they have shown.
    pub(super) partial: Pattern,
    /// log2 odds but for rarity and parts of the place.
    pub(super) odds: f64,
    /// Bits of the parts of the place.
    pub(super) place: f64,
    /// The bits that the rarity of values must have added for a pair that may yet matter.
    pub(super) needed: f32,
}

impl Known {
    /// Adds what a comparison weighs, of a part of the place or of another.
    pub(super) fn add(&mut self, bits: f64, is_place: bool) {
        *(if is_place { &mut self.place } else { &mut self.odds }) += bits;
    }
}

/// The tree of answers, as far as pairs have gone. What every pair asks lies apart from what only the first one does.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: Vec<Known>,
    /// As in [`Known`].
    needed: Vec<f32>,
    /// The most that rarity could add to pairs that were let go at a place.
    let_go: Vec<LetGo>,
    /// By place and answer, where it leads; 0 where nobody went yet.
    next: Vec<[u32; LEVELS]>,
    /// By class and what is seen of a pair at first sight. In pages, of which most stay empty.
    seen: Vec<Vec<Vec<SeenPlace>>>,
}

/// Where pairs are of which the same is seen at first sight.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenPlace {
    /// In the tree; 0 where nobody went yet.
    pub(super) place: u32,
    /// As in [`Known`].
    pub(super) needed: f32,
    /// The most that rarity could add to one that was let go.
    pub(super) let_go: f32,
}

impl SeenPlace {
    const NONE: SeenPlace = SeenPlace { place: 0, needed: 0.0, let_go: f32::NEG_INFINITY };
}

/// The most that the rarity of values could add to pairs that were let go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LetGo {
    /// To any of them.
    pub(super) any: f32,
    /// To one that not even households could lift.
    pub(super) beyond: f32,
}

impl LetGo {
    pub(super) const NONE: LetGo = LetGo { any: f32::NEG_INFINITY, beyond: f32::NEG_INFINITY };

    pub(super) fn and(self, other: LetGo) -> LetGo {
        LetGo { any: self.any.max(other.any), beyond: self.beyond.max(other.beyond) }
    }
}

impl Answers {
    /// Nothing is asked yet; `priors` are log2 odds by class.
    pub(super) fn new(priors: &[f64]) -> Answers {
        let root = |(class, odds): (u32, &f64)| Known {
            class,
            partial: Pattern::MAX,
            odds: *odds,
            place: 0.0,
            needed: f32::NEG_INFINITY,
        };
        let mut answers = Answers::default();
        (0..).zip(priors).map(root).for_each(|known| answers.push(known));
        answers
    }

    fn push(&mut self, known: Known) {
        self.needed.push(known.needed);
        self.let_go.push(LetGo::NONE);
        self.next.push([0; LEVELS]);
        self.known.push(known);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What is known at a place of the tree; the places of classes are their numbers.
    pub(super) fn at(&self, place: u32) -> &Known {
        &self.known[place as usize]
    }

    /// The bits that rarity must have added to a pair at this place which may yet matter.
    #[inline]
    pub(super) fn needed(&self, place: u32) -> f32 {
        self.needed[place as usize]
    }

    /// Where the answer to the comparison at `shift` leads; `weigh` sets the odds and what is needed of who comes by
    /// first.
    #[inline]
    pub(super) fn next(&mut self, place: u32, shift: u32, level: u8, weigh: impl FnOnce(&mut Known)) -> u32 {
        let next = self.next[place as usize][usize::from(level & UNKNOWN)];
        if next != 0 { next } else { self.first(place, shift, level, weigh) }
    }

    #[cold]
    fn first(&mut self, place: u32, shift: u32, level: u8, weigh: impl FnOnce(&mut Known)) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let mut known = self.known[place as usize];
        known.partial = known.partial & !(LEVEL_MASK << shift) | Pattern::from(level) << shift;
        weigh(&mut known);
        self.push(known);
        self.next[place as usize][usize::from(level & UNKNOWN)] = next;
        next
    }

    /// Where pairs of a class are of which this is seen; `known` says what is known of who comes by first.
    #[inline]
    pub(super) fn seen(&mut self, class: u32, seen: u32, known: impl FnOnce() -> Known) -> &mut SeenPlace {
        let (class, page, at) = (class as usize, seen as usize / PAGE, seen as usize % PAGE);
        let place = self.seen.get(class).and_then(|pages| pages.get(page)?.get(at)).map_or(0, |seen| seen.place);
        if place == 0 {
            self.first_seen((class, page, at), known());
        }
        &mut self.seen[class][page][at]
    }

    #[cold]
    fn first_seen(&mut self, (class, page, at): (usize, usize, usize), known: Known) {
        let place = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.push(known);
        self.seen.resize_with(self.seen.len().max(class + 1), Vec::new);
        let pages = &mut self.seen[class];
        pages.resize_with(pages.len().max(page + 1), Vec::new);
        pages[page].resize(PAGE, SeenPlace::NONE);
        pages[page][at] = SeenPlace { place, needed: known.needed, ..SeenPlace::NONE };
    }

    /// Remembers what rarity could add to a pair that is let go.
    #[inline]
    pub(super) fn remember(&mut self, place: u32, let_go: LetGo) {
        let known = &mut self.let_go[place as usize];
        // Seldom: what is not written need not be waited for.
        if let_go.any > known.any || let_go.beyond > known.beyond {
            *known = known.and(let_go);
        }
    }

    /// Is the comparison at `shift` yet to be settled?
    pub(super) fn is_unsettled(&self, place: u32, shift: u32) -> bool {
        self.at(place).partial >> shift & LEVEL_MASK == Pattern::from(UNSETTLED)
    }

    /// What pairs that were let go had shown, with the most that rarity could add to one of them.
    pub(super) fn let_go(&self) -> impl Iterator<Item = ((u32, Pattern), LetGo)> {
        let at_first_sight = self.seen.iter().flatten().flatten().filter(|seen| seen.let_go > f32::NEG_INFINITY);
        let at_first_sight =
            at_first_sight.map(|seen| (self.at(seen.place), LetGo { any: seen.let_go, beyond: seen.let_go }));
        let let_go = self.known.iter().zip(self.let_go.iter().copied()).filter(|(_, let_go)| *let_go != LetGo::NONE);
        let_go.chain(at_first_sight).map(|(known, let_go)| ((known.class, known.partial), let_go))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, LetGo};

    #[test]
    fn pairs_that_answer_alike_come_to_one_place_and_the_rarest_let_go_is_remembered() {
        let mut answers = Answers::new(&[-3.0, -5.0]);
        let weigh = |known: &mut super::Known| {
            known.odds += 2.0;
            known.needed = 4.0;
        };
        let place = answers.next(1, 4, 7, weigh);
        assert_eq!(answers.next(1, 4, 7, |_| unreachable!()), place);
        assert_ne!(answers.next(0, 4, 7, weigh), place);
        assert_eq!(
            (answers.at(place).class, answers.at(place).odds, answers.at(place).partial),
            (1, -3.0, !0 << 8 | 0x7f)
        );
        let known = |needed| super::Known { needed, ..*answers.at(place) };
        let first = known(1.0);
        let seen = *answers.seen(3, 700, || first);
        assert_eq!((answers.seen(3, 700, || unreachable!()).place, seen.needed), (seen.place, 1.0));
        let others = [(3, 701), (2, 700)].map(|(class, seen)| answers.seen(class, seen, || first).place);
        assert!(others[0] != others[1] && !others.contains(&seen.place));
        let rare = |any, beyond| LetGo { any, beyond };
        [rare(1.0, 1.0), rare(3.0, 0.0), rare(2.0, 2.0)].into_iter().for_each(|rare| answers.remember(place, rare));
        let came_by = (1, !0 << 8 | 0x7f);
        assert_eq!(answers.let_go().collect::<Vec<_>>(), [(came_by, rare(3.0, 2.0))]);
        answers.seen(3, 700, || unreachable!()).let_go = 4.0;
        assert_eq!(answers.let_go().collect::<Vec<_>>(), [(came_by, rare(3.0, 2.0)), (came_by, rare(4.0, 4.0))]);
    }
}
