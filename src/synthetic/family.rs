//! How is a household made up?
//!
//! Takes a kind of household, gives its [`Member`]s: who they are to the head, when they were born, and through which
//! line their family name comes. Ages follow from each other: mothers are about 27 when a child is born, couples are
//! two years apart, grown children mostly have left.

use super::calendar::{REFERENCE, YEAR};
use super::chance::{Dice, bell, between, happens, weighted};
use super::person::Relation;

/// One member of a household, before name and papers.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Relation to the head.
    pub relation: Relation,
    /// Day of birth.
    pub birth: i32,
    /// Sex.
    pub male: bool,
    /// Position of the mother among the members.
    pub mother: Option<usize>,
    /// Which family name: members of one line share it.
    pub line: usize,
}

/// A household as it forms.
#[derive(Debug, Default)]
struct Family {
    members: Vec<Member>,
    lines: usize,
}

/// The people of a family household: settled families, or those of people who came for work.
pub fn family(dice: &mut Dice, migrant: bool) -> Vec<Member> {
    let mut family = Family::default();
    let kinds: [f64; 8] =
        if migrant { [22.0, 24.0, 34.0, 2.0, 5.0, 1.0, 1.0, 9.0] } else { [22.0, 28.0, 32.0, 6.0, 7.0, 3.0, 1.5, 0.5] };
    match weighted(dice, &kinds) {
        0 => family.single(dice, migrant),
        1 => family.couple_alone(dice, migrant),
        2 => family.couple_with_children(dice, migrant),
        3 => family.one_parent(dice),
        4 => family.three_generations(dice),
        5 => family.couple_with_parent(dice),
        6 => family.grandparent_and_child(dice),
        _ => family.flatmates(dice),
    }
    family.members
}

/// People of a collective household: students, workers, the old of a home.
pub fn collective(dice: &mut Dice) -> Vec<Member> {
    let mut family = Family::default();
    let kind = weighted(dice, &[0.35, 0.50, 0.15]);
    let ages = [(17, 24), (18, 55), (70, 93)][kind];
    let men = [0.5, 0.8, 0.4][kind];
    for _ in 0..between(dice, 5, 28) {
        let (male, line) = (happens(dice, men), family.new_line());
        let age = between(dice, ages.0, ages.1);
        let birth = born(dice, age);
        family.members.push(Member { relation: Relation::Collective, birth, male, mother: None, line });
    }
    family.members
}

/// A day of birth that makes somebody this old, in whole years, at the reference time.
pub fn born(dice: &mut Dice, age: i32) -> i32 {
    REFERENCE - 1 - (f64::from(age) * YEAR) as i32 - between(dice, 0, 364)
}

impl Family {
    fn new_line(&mut self) -> usize {
        self.lines += 1;
        self.lines - 1
    }

    fn add(&mut self, relation: Relation, birth: i32, male: bool, line: usize) -> usize {
        self.members.push(Member { relation, birth, male, mother: None, line });
        self.members.len() - 1
    }

    fn single(&mut self, dice: &mut Dice, migrant: bool) {
        let weights = if migrant { [0.45, 0.45, 0.10] } else { [0.22, 0.30, 0.48] };
        let age = match weighted(dice, &weights) {
            0 => between(dice, 20, 33),
            1 => between(dice, 34, 58),
            _ => between(dice, 59, if migrant { 68 } else { 91 }),
        };
        let male = happens(dice, if age > 60 { 0.35 } else { 0.55 });
        let (birth, line) = (born(dice, age), self.new_line());
        self.add(Relation::Head, birth, male, line);
    }

    /// Head and spouse; gives the position of the wife and the line of the husband.
    fn couple(&mut self, dice: &mut Dice, wife_age: i32) -> (usize, usize) {
        let wife_birth = born(dice, wife_age);
        let husband_birth = wife_birth - (bell(dice, 2.0, 2.5) * YEAR) as i32;
        let husband_heads = happens(dice, 0.76);
        let (own, other) = (self.new_line(), self.new_line());
        if husband_heads {
            self.add(Relation::Head, husband_birth, true, own);
            (self.add(Relation::Spouse, wife_birth, false, other), own)
        } else {
            let wife = self.add(Relation::Head, wife_birth, false, own);
            self.add(Relation::Spouse, husband_birth, true, other);
            (wife, other)
        }
    }

    fn couple_alone(&mut self, dice: &mut Dice, migrant: bool) {
        let weights = if migrant { [0.45, 0.45, 0.10] } else { [0.14, 0.18, 0.68] };
        let age = match weighted(dice, &weights) {
            0 => between(dice, 22, 34),
            1 => between(dice, 35, 53),
            _ => between(dice, 54, if migrant { 66 } else { 86 }),
        };
        self.couple(dice, age);
    }

    fn couple_with_children(&mut self, dice: &mut Dice, migrant: bool) {
        let age = between(dice, 24, if migrant { 49 } else { 60 });
        let (wife, line) = self.couple(dice, age);
        self.children(dice, wife, line, Relation::Child);
    }

    fn one_parent(&mut self, dice: &mut Dice) {
        let (age, male) = (between(dice, 26, 66), happens(dice, 0.3));
        let (birth, line) = (born(dice, age), self.new_line());
        let head = self.add(Relation::Head, birth, male, line);
        let child_line = if male { line } else { self.new_line() };
        self.children(dice, head, child_line, Relation::Child);
        if male {
            self.members.iter_mut().for_each(|member| member.mother = None);
        }
    }

    fn three_generations(&mut self, dice: &mut Dice) {
        let age = between(dice, 25, 46);
        let (wife, line) = self.couple(dice, age);
        self.children(dice, wife, line, Relation::Child);
        let both = happens(dice, 0.55);
        self.parents(dice, both);
    }

    fn couple_with_parent(&mut self, dice: &mut Dice) {
        let age = between(dice, 38, 62);
        self.couple(dice, age);
        let both = happens(dice, 0.25);
        self.parents(dice, both);
    }

    /// The head's or the spouse's mother, or both parents.
    fn parents(&mut self, dice: &mut Dice, both: bool) {
        let own = happens(dice, 0.7);
        let (child, relation) = if own { (0, Relation::Parent) } else { (1, Relation::ParentInLaw) };
        let Some(&grown) = self.members.get(child) else { return };
        let mother_birth = grown.birth - (mother_age(dice) * YEAR) as i32;
        let line = self.new_line();
        let mother = self.add(relation, mother_birth, false, line);
        if both {
            self.add(relation, mother_birth - (bell(dice, 2.0, 2.5) * YEAR) as i32, true, grown.line);
        }
        self.members[child].mother = Some(mother);
    }

    fn grandparent_and_child(&mut self, dice: &mut Dice) {
        let (age, line) = (between(dice, 55, 78), self.new_line());
        let birth = born(dice, age);
        self.add(Relation::Head, birth, happens(dice, 0.3), line);
        let grandchild = between(dice, 2, 16);
        let (birth, other) = (born(dice, grandchild), self.new_line());
        self.add(Relation::Grandchild, birth, happens(dice, 0.52), other);
    }

    fn flatmates(&mut self, dice: &mut Dice) {
        let men = happens(dice, 0.55);
        for position in 0..between(dice, 2, 5) {
            let line = self.new_line();
            let age = between(dice, 20, 38);
            let birth = born(dice, age);
            let relation = if position == 0 { Relation::Head } else { Relation::Other };
            let male = happens(dice, if men { 0.9 } else { 0.1 });
            self.add(relation, birth, male, line);
        }
    }

    /// One to three children of this mother, twins among them; grown ones mostly live elsewhere.
    fn children(&mut self, dice: &mut Dice, mother: usize, line: usize, relation: Relation) {
        let mother_birth = self.members[mother].birth;
        let count = [1, 2, 3][weighted(dice, &[0.79, 0.20, 0.01])];
        let mut birth = mother_birth + (mother_age(dice) * YEAR) as i32;
        for _ in 0..count {
            if birth >= REFERENCE {
                // Most of these couples have no child yet.
                if happens(dice, 0.6) {
                    break;
                }
                birth = REFERENCE - 1 - between(dice, 0, (5.0 * YEAR) as i32);
            }
            let years = (f64::from(REFERENCE - birth) / YEAR) as i32;
            let stays = if years < 24 { 0.99 } else { 0.62 - f64::from(years - 24) * 0.04 };
            let mother_years = f64::from(birth - mother_birth) / YEAR;
            if (17.0..46.0).contains(&mother_years) && happens(dice, stays) {
                let twins = if happens(dice, 0.012) { 2 } else { 1 };
                for _ in 0..twins {
                    let male = happens(dice, 0.525);
                    let child = self.add(relation, birth, male, line);
                    self.members[child].mother = Some(mother);
                }
            }
            birth += (bell(dice, 4.5, 2.0).max(1.2) * YEAR) as i32;
        }
    }
}

fn mother_age(dice: &mut Dice) -> f64 {
    bell(dice, 27.0, 4.3).clamp(18.0, 43.0)
}

#[cfg(test)]
mod tests {
    use super::{born, family};
    use crate::synthetic::calendar::{REFERENCE, YEAR, age};
    use crate::synthetic::chance::dice;

    #[test]
    fn mothers_are_older_than_their_children_and_nobody_is_born_too_late() {
        let mut dice = dice(2, 0);
        let mut children = 0;
        for turn in 0..5_000 {
            let members = family(&mut dice, turn % 2 == 0);
            assert!(!members.is_empty());
            for member in &members {
                assert!(member.birth < REFERENCE);
                if let Some(mother) = member.mother {
                    children += 1;
                    let gap = f64::from(member.birth - members[mother].birth) / YEAR;
                    assert!((16.9..46.0).contains(&gap), "{gap}");
                    assert!(!members[mother].male);
                }
            }
        }
        assert!(children > 1_000);
        let newborn = born(&mut dice, 0);
        assert_eq!(age(newborn), 0);
    }
}
