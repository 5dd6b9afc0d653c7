//! What do clerks, time and machines make of a true value?
//!
//! A [`Clerk`] copies the true values of one row into a department's form. Each department has its own [`Care`]: how
//! often each kind of error happens there. A clerk may have a bad day, so errors come in clusters within a row. Takes
//! true values, gives written ones; nothing here knows which register it writes for.

mod date;
mod name;
mod number;

pub use name::Errata;

use super::calendar::year_month;
use super::chance::{Dice, happens, pick, weighted};
use super::names::Names;
use super::person::Person;

/// How often each kind of error happens in a department, before the clerk's day and the study's multiplier.
#[derive(Debug, Clone, Copy)]
pub struct Care {
    /// A name is written wrongly.
    pub name: f64,
    /// An ID number is not there.
    pub number_missing: f64,
    /// An ID number is written wrongly.
    pub number_wrong: f64,
    /// An ID number is a relative's.
    pub number_of_relative: f64,
    /// A birth date is wrong.
    pub birth: f64,
    /// A birth date is not there.
    pub birth_missing: f64,
    /// A sex is wrong.
    pub sex: f64,
    /// A nationality is wrong.
    pub ethnicity: f64,
    /// A telephone number is not there.
    pub telephone_missing: f64,
    /// A telephone number is another's or mistyped.
    pub telephone_wrong: f64,
    /// The former name is still used, where there is one.
    pub former_name: f64,
}

/// One clerk at one row.
pub struct Clerk<'a> {
    dice: &'a mut Dice,
    names: &'a Names,
    errata: &'a Errata,
    care: &'a Care,
    /// Multiplier of every error rate of this row.
    pub errors: f64,
}

impl<'a> Clerk<'a> {
    /// A clerk for the next row; `errors` multiplies all rates.
    pub fn new(dice: &'a mut Dice, names: &'a Names, errata: &'a Errata, care: &'a Care, errors: f64) -> Clerk<'a> {
        let day = [0.6, 2.0, 7.0][weighted(dice, &[0.84, 0.125, 0.035])];
        Clerk { dice, names, errata, care, errors: errors * day }
    }

    fn errs(&mut self, rate: f64) -> bool {
        happens(self.dice, rate * self.errors)
    }

    /// The name, as written.
    pub fn name(&mut self, person: &Person) -> String {
        let name = match &person.former_name {
            Some(former) if happens(self.dice, self.care.former_name) => former,
            _ => &person.name,
        };
        if self.errs(self.care.name) {
            return self.errata.spoil_name(self.dice, self.names, name);
        }
        name.text.clone()
    }

    /// The ID number, as written; a relative's if the lines of a form were mixed up.
    pub fn number(&mut self, person: &Person, relatives: &[&Person]) -> Option<String> {
        if !person.numbered || self.errs(self.care.number_missing) {
            return None;
        }
        if self.errs(self.care.number_of_relative)
            && let Some(relative) = (!relatives.is_empty()).then(|| *pick(self.dice, relatives))
            && relative.numbered
        {
            return Some(relative.number.clone());
        }
        if self.errs(self.care.number_wrong) {
            return Some(number::spoil(self.dice, &person.number));
        }
        Some(person.number.clone())
    }

    /// The day of birth, as written.
    pub fn birth(&mut self, person: &Person) -> Option<i32> {
        if self.errs(self.care.birth_missing) {
            return None;
        }
        Some(if self.errs(self.care.birth) { date::spoil(self.dice, person.birth) } else { person.birth })
    }

    /// Year and month of birth, as written.
    pub fn birth_month(&mut self, person: &Person) -> String {
        if self.errs(self.care.birth) {
            return date::spoil_month(self.dice, person.birth);
        }
        year_month(person.birth)
    }

    /// The code of the sex, as written.
    pub fn sex(&mut self, person: &Person) -> &'static str {
        if person.male == self.errs(self.care.sex) { "2" } else { "1" }
    }

    /// The code of the nationality, as written: errors are mostly "Han".
    pub fn ethnicity(&mut self, person: &Person) -> &'static str {
        if !self.errs(self.care.ethnicity) {
            return person.people.code;
        }
        if person.people.code == "01" { ["03", "11", "02"][weighted(self.dice, &[0.5, 0.3, 0.2])] } else { "01" }
    }

    /// The telephone number, as written.
    pub fn telephone(&mut self, person: &Person) -> Option<String> {
        if person.telephone.is_empty() || happens(self.dice, self.care.telephone_missing) {
            return None;
        }
        let wrong = self.errs(self.care.telephone_wrong);
        Some(if wrong { number::slip(self.dice, &person.telephone) } else { person.telephone.clone() })
    }

    /// The clerk's own dice, for what is no error.
    pub fn dice(&mut self) -> &mut Dice {
        self.dice
    }
}
