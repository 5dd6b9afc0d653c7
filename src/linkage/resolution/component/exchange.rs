//! Does it gain to move a record from one person to another?
//!
//! Takes the persons of a component, gives better ones: the second step for components too large to be resolved
//! exactly.

use super::Component;

/// Persons as they would be after a record has moved: position and members; a position past the end is a new person.
type Exchange = Vec<(usize, Vec<u32>)>;

/// Rounds of improvement after which a component is left as it is.
const IMPROVEMENT_ROUNDS_MAX: u32 = 8;

impl Component<'_> {
    /// Moves single records between persons while the total evidence grows; leaves them as they are if there are more
    /// likely pairs than so many.
    pub(super) fn improve(&mut self, persons: &mut Vec<Vec<u32>>, links_max: usize) {
        let held = self.edges.iter().filter(|(_, score)| score.log2_odds >= self.terms.minimum);
        let mut links: Vec<(u32, u32)> = held.map(|(pair, _)| *pair).collect();
        if links.len() > links_max {
            return;
        }
        links.sort_unstable();
        let mut neighbours: Vec<Vec<u32>> = vec![Vec::new(); self.records.len()];
        for (one, other) in &links {
            neighbours[*one as usize].push(*other);
            neighbours[*other as usize].push(*one);
        }
        let mut person_of = vec![0usize; self.records.len()];
        for (at, person) in persons.iter().enumerate() {
            person.iter().for_each(|record| person_of[*record as usize] = at);
        }
        for _ in 0..IMPROVEMENT_ROUNDS_MAX {
            let mut changed = false;
            for (one, other) in &links {
                if person_of[*one as usize] != person_of[*other as usize] {
                    changed |= self.bring_together(persons, &mut person_of, &neighbours, *one, *other);
                }
            }
            if !changed {
                break;
            }
        }
        persons.retain(|person| !person.is_empty());
    }

    /// Tries the rearrangements that bring two records of different persons together; carries out the one that gains
    /// most, if any does.
    fn bring_together(
        &mut self,
        persons: &mut Vec<Vec<u32>>,
        person_of: &mut [usize],
        neighbours: &[Vec<u32>],
        one: u32,
        other: u32,
    ) -> bool {
        let mut exchanges = self.exchanges(persons, person_of, neighbours, one, person_of[other as usize]);
        exchanges.extend(self.exchanges(persons, person_of, neighbours, other, person_of[one as usize]));
        let mut best: Option<(f64, Exchange)> = None;
        for exchange in exchanges {
            let gain: f64 = exchange
                .iter()
                .map(|(at, after)| self.evidence(after) - persons.get(*at).map_or(0.0, |before| self.evidence(before)))
                .sum();
            if gain > 1e-9 && best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, exchange));
            }
        }
        let Some((_, exchange)) = best else { return false };
        for (at, person) in exchange {
            if at == persons.len() {
                persons.push(Vec::new());
            }
            person.iter().for_each(|record| person_of[*record as usize] = at);
            persons[at] = person;
        }
        true
    }

    /// The ways a record may join a person: it comes alone, or drives out the one record of its slot, which then takes
    /// its place, stands alone, or joins a third person that it has a link to.
    fn exchanges(
        &self,
        persons: &[Vec<u32>],
        person_of: &[usize],
        neighbours: &[Vec<u32>],
        mover: u32,
        target: usize,
    ) -> Vec<Exchange> {
        let source = person_of[mover as usize];
        let slot = |at: u32| self.terms.scorer.slot_of[self.records[at as usize] as usize];
        let without = |person: usize, record: u32| -> Vec<u32> {
            persons[person].iter().copied().filter(|at| *at != record).collect()
        };
        let with = |mut person: Vec<u32>, record: u32| {
            person.push(record);
            person.sort_unstable();
            person
        };
        let left = without(source, mover);
        let mut exchanges = vec![vec![(source, left.clone()), (target, with(persons[target].clone(), mover))]];
        let rivals: Vec<u32> = persons[target].iter().copied().filter(|rival| slot(*rival) == slot(mover)).collect();
        let &[rival] = rivals.as_slice() else { return exchanges };
        let joined = with(without(target, rival), mover);
        exchanges.push(vec![(source, with(left.clone(), rival)), (target, joined.clone())]);
        let left_and_joined = vec![(source, left), (target, joined)];
        let mut thirds: Vec<usize> =
            neighbours[rival as usize].iter().map(|record| person_of[*record as usize]).collect();
        thirds.sort_unstable();
        thirds.dedup();
        for third in thirds.into_iter().filter(|third| *third != source && *third != target) {
            let mut exchange = left_and_joined.clone();
            exchange.push((third, with(persons[third].clone(), rival)));
            exchanges.push(exchange);
        }
        let mut alone = left_and_joined;
        alone.push((persons.len(), vec![rival]));
        exchanges.push(alone);
        exchanges
    }
}
