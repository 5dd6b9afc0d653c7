//! Which files came twice?
//!
//! Takes the files of a folder, gives one of each content and of each list, and the others with the one that stays for
//! them: a delivery that came twice is no second register, and an older one is not the roll.

use std::path::PathBuf;

use super::Surveyed;
use super::parts::{are_called_alike, holds_numbers};

/// Share of the ID numbers of a file below from which it is a copy of the file that has them, too.
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

fn sorted(surveyed: Vec<Surveyed>, kept: Vec<PathBuf>) -> Sorted {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for (file, kept) in surveyed.into_iter().zip(kept) {
        if file.path == kept { files.push(file) } else { others.push((file.path, kept)) }
    }
    (files, others)
}
