//! Which files came twice?
//!
//! Takes the files of a folder, gives one of each content and of each list, and the others with the one that stays for
//! them: a delivery that came twice is no second register, and an older one is not the roll. Where it is not plain that
//! two are one list, both stay, and somebody is asked.

use std::path::PathBuf;

use super::parts::{are_called_alike, have_others, holds_numbers, holds_record_ids};
use super::{Surveyed, headers};

/// Share of the ID numbers of a file from which it is a copy of the file that has them, too.
const COPIED_MIN: f64 = 0.5;

/// Files that stay, and those that do not with the file that stays for each.
pub(super) type Sorted = (Vec<Surveyed>, Vec<(PathBuf, PathBuf)>);

/// One file of each content. One in the folder itself stays, and the shorter name, as copies are called `roll (1).csv`
/// or `roll copy.csv`.
pub(super) fn without_twins(surveyed: Vec<Surveyed>) -> Sorted {
    let order = |file: &Surveyed| (file.is_below, file.stem.chars().count(), file.path.clone());
    let stays = |file: &Surveyed| {
        let twins = surveyed.iter().filter(|other| file.rows > 0 && other.digest == file.digest);
        twins.min_by_key(|twin| order(twin)).map_or_else(|| file.path.clone(), |twin| twin.path.clone())
    };
    let kept: Vec<PathBuf> = surveyed.iter().map(stays).collect();
    sorted(surveyed, kept)
}

/// No file of a folder below that is called as one in the folder itself and has mostly the same persons.
pub(super) fn without_older(surveyed: Vec<Surveyed>) -> Sorted {
    let stays = |file: &Surveyed| {
        let mut above = surveyed.iter().filter(|other| file.is_below && !other.is_below);
        above.find(|other| is_copy(file, other)).map_or_else(|| file.path.clone(), |other| other.path.clone())
    };
    let kept: Vec<PathBuf> = surveyed.iter().map(stays).collect();
    sorted(surveyed, kept)
}

fn is_copy(file: &Surveyed, above: &Surveyed) -> bool {
    let mut columns = file.profiles.iter().zip(&above.profiles).filter(|(own, _)| holds_numbers(own)).peekable();
    let is_held = |(own, others): (&super::Profile, &super::Profile)| {
        let seen = others.rows as f64 / above.rows.max(1) as f64;
        own.share_in(others) > COPIED_MIN * seen
    };
    file.headers == above.headers
        && are_called_alike(&file.stem, &above.stem)
        && columns.peek().is_some()
        && columns.all(is_held)
}

/// Notes of each file which one before it may be the same list.
pub(super) fn note_copies(files: &mut [Surveyed]) {
    let copied = |at: usize| {
        let (before, rest) = files.split_at(at);
        let file = rest.first()?;
        before.iter().find(|other| may_be_copies(other, file)).map(|other| other.path.clone())
    };
    let copied: Vec<_> = (0..files.len()).map(copied).collect();
    files.iter_mut().zip(copied).for_each(|(file, copied)| file.copy_of = copied);
}

/// Have both the same columns and mostly the same persons? Two departments that fill in one form number their records
/// for themselves, and their files are called after them.
fn may_be_copies(one: &Surveyed, other: &Surveyed) -> bool {
    let department = |file: &Surveyed| file.says(|name| headers::kind_of(name, &[]));
    let are_of_two = department(one).zip(department(other)).is_some_and(|(one, other)| one != other);
    one.headers == other.headers
        && !are_of_two
        && have_others(one, other, holds_numbers, COPIED_MIN) == Some(false)
        && have_others(one, other, holds_record_ids, COPIED_MIN) != Some(true)
}

fn sorted(surveyed: Vec<Surveyed>, kept: Vec<PathBuf>) -> Sorted {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for (file, kept) in surveyed.into_iter().zip(kept) {
        if file.path == kept { files.push(file) } else { others.push((file.path, kept)) }
    }
    (files, others)
}
