//! Are the links right, as clerks see them?
//!
//! [`sample`] draws pairs of a run by band of probability, [`record`] shows two records side by side, masked, [`sheet`]
//! sends them out as a workbook and takes it back, `store` keeps every judgement beside the cases (history is only
//! added to), [`quality`] makes of judgements the precision and recall of the run, and says how far two clerks agree.
//!
//! What a clerk sees: the two records in random order of pairs, only what is compared, ID numbers and telephone numbers
//! masked. What a clerk does not see: which source a record is from, the probability, what another clerk has judged.

pub mod quality;
pub mod record;
pub mod sample;
pub mod sheet;
mod store;

pub use store::{Clerk, Draw, Noted, Said, Shown};

/// What a clerk says of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// The two records are one person.
    Same,
    /// They are two persons.
    Different,
    /// It cannot be told from what is shown.
    Unsure,
}

impl Judgement {
    /// All of them.
    pub const ALL: [Judgement; 3] = [Judgement::Same, Judgement::Different, Judgement::Unsure];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Judgement::Same => "same",
            Judgement::Different => "different",
            Judgement::Unsure => "unsure",
        }
    }

    /// The judgement of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Judgement> {
        Judgement::ALL.into_iter().find(|judgement| judgement.name() == name)
    }

    /// Are they one person, if that is said?
    #[must_use]
    pub fn said(self) -> Option<bool> {
        match self {
            Judgement::Same => Some(true),
            Judgement::Different => Some(false),
            Judgement::Unsure => None,
        }
    }
}

/// Source and record id.
pub type RecordName = (String, String);

/// A pair that was drawn for review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewPair {
    /// Its number in the store.
    pub id: i64,
    /// The number by which office and clerks speak of it.
    pub number: String,
    /// The two records.
    pub ends: [RecordName; 2],
    /// Marks of the persons whose records they were; empty in samples that were drawn before there were marks.
    pub marks: [String; 2],
    /// The stratum it was drawn from.
    pub stratum: String,
    /// Digest of what was shown of the two records.
    pub content: String,
    /// All that was judged, oldest first.
    pub judged: Vec<Judged>,
}

/// A judgement by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The clerk.
    pub reviewer: String,
    /// Does it settle what others dispute?
    pub supervisor: bool,
    /// What was said.
    pub judgement: Judgement,
}

impl ReviewPair {
    /// What a clerk said last, if anything.
    #[must_use]
    pub fn last_of(&self, reviewer: &str) -> Option<Judgement> {
        self.judged.iter().rev().find(|judged| judged.reviewer == reviewer).map(|judged| judged.judgement)
    }

    /// What somebody said last as a clerk: what a supervisor rules in view of others is no judgement beside theirs.
    #[must_use]
    pub fn last_as_clerk(&self, reviewer: &str) -> Option<Judgement> {
        let mut latest = self.judged.iter().rev();
        latest.find(|judged| !judged.supervisor && judged.reviewer == reviewer).map(|judged| judged.judgement)
    }

    /// Each clerk's last word.
    #[must_use]
    pub fn last_words(&self) -> Vec<&Judged> {
        let is_last = |(at, judged): &(usize, &Judged)| {
            !self.judged[at + 1..].iter().any(|later| later.reviewer == judged.reviewer)
        };
        self.judged.iter().enumerate().filter(is_last).map(|(_, judged)| judged).collect()
    }

    /// Are they one person? The last word of a supervisor stands, whatever anybody has said since as a clerk, also
    /// under the same name; otherwise all who said yes or no must have said the same.
    #[must_use]
    pub fn settled(&self) -> Option<bool> {
        let supervisor = self.judged.iter().rev().find(|judged| judged.supervisor);
        if let Some(said) = supervisor.and_then(|judged| judged.judgement.said()) {
            return Some(said);
        }
        let words = self.last_words();
        let mut said = words.iter().filter_map(|judged| judged.judgement.said());
        let first = said.next()?;
        said.all(|other| other == first).then_some(first)
    }

    /// Do clerks contradict each other, with nobody to settle it?
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.settled().is_none() && self.last_words().iter().any(|judged| judged.judgement.said().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::{Judged, Judgement, ReviewPair};

    fn pair(judged: &[(&str, bool, Judgement)]) -> ReviewPair {
        let judged = judged.iter().map(|(reviewer, supervisor, judgement)| Judged {
            reviewer: (*reviewer).to_owned(),
            supervisor: *supervisor,
            judgement: *judgement,
        });
        let end = (String::from("a"), String::from("1"));
        ReviewPair {
            id: 1,
            number: String::new(),
            ends: [end.clone(), end],
            marks: [String::new(), String::new()],
            stratum: String::new(),
            content: String::new(),
            judged: judged.collect(),
        }
    }

    #[test]
    fn the_last_word_of_each_clerk_counts_and_a_supervisor_settles() {
        use Judgement::{Different, Same, Unsure};
        assert_eq!(pair(&[]).settled(), None);
        assert_eq!(pair(&[("a", false, Same)]).settled(), Some(true));
        assert_eq!(pair(&[("a", false, Same), ("b", false, Unsure)]).settled(), Some(true));
        let disputed = [("a", false, Same), ("b", false, Different)];
        assert!(pair(&disputed).settled().is_none() && pair(&disputed).is_disputed());
        let changed = [("a", false, Same), ("b", false, Different), ("a", false, Different)];
        assert_eq!(pair(&changed).settled(), Some(false));
        let ruled = [("a", false, Same), ("b", false, Different), ("chief", true, Same)];
        assert_eq!(pair(&ruled).settled(), Some(true));
        assert!(!pair(&[("a", false, Unsure)]).is_disputed());
        let as_clerk = [&ruled[..], &[("chief", false, Different)]].concat();
        assert_eq!(pair(&as_clerk).settled(), Some(true), "the ruling stands when the same name judges as a clerk");
        let ruled_anew = [&as_clerk[..], &[("other chief", true, Different)]].concat();
        assert_eq!(pair(&ruled_anew).settled(), Some(false));
        let unsure = [&as_clerk[..], &[("chief", true, Unsure)]].concat();
        assert!(pair(&unsure).is_disputed());
    }
}
