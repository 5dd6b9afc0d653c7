//! Which entries of a log does its signer vouch for?
//!
//! Takes a log and its checkpoint, gives the entries that count: of a log that is signed, those below the signature,
//! without those that a later one disowns. Who signs the end of a log signs all that stands before it. So whoever adds
//! to a log with a key ([`open`], [`renew`]) first disowns what stands behind the last signature of that very key: a
//! command that was stopped before it signed may have written it, and so may anybody else.

use std::path::Path;

use super::checkpoint::{self, Checkpoint};
use super::log::{self, DISOWN, Entry, Log};
use super::publication::Publication;
use super::verify;
use crate::error::{Error, Kind, Result};

/// Which entries of a log count.
#[derive(Debug)]
pub(super) struct Vouched {
    signed: usize,
    disowned: Vec<bool>,
}

impl Vouched {
    /// Of a log that is not signed, all.
    pub(super) fn of(entries: &[Entry], checkpoint: Option<&Checkpoint>) -> Vouched {
        let mut disowned = vec![false; entries.len()];
        let Some(checkpoint) = checkpoint else { return Vouched { signed: entries.len(), disowned } };
        let signed = usize::try_from(checkpoint.entries).unwrap_or(usize::MAX);
        // What is disowned, or not signed, disowns nothing: the last entry that does so holds.
        for (at, entry) in entries.iter().enumerate().take(signed).rev() {
            if entry.action != DISOWN || disowned.get(at) == Some(&true) {
                continue;
            }
            let bound = |key: &str| entry.object[key].as_u64().and_then(|bound| usize::try_from(bound).ok());
            let (Some(first), Some(last)) = (bound("first"), bound("last")) else { continue };
            disowned.iter_mut().take(at).take(last.saturating_add(1)).skip(first).for_each(|is| *is = true);
        }
        Vouched { signed, disowned }
    }

    /// Is this entry signed where the log is, and does no later one disown it?
    pub(super) fn counts(&self, at: usize) -> bool {
        at < self.signed && !self.is_disowned(at)
    }

    /// Does an entry that counts disown this one?
    pub(super) fn is_disowned(&self, at: usize) -> bool {
        self.disowned.get(at) == Some(&true)
    }

    /// How many entries are disowned.
    pub(super) fn disowned(&self) -> u64 {
        self.disowned.iter().filter(|is| **is).count() as u64
    }

    /// How many entries stand behind the signature.
    pub(super) fn unsigned(&self) -> u64 {
        self.disowned.len().saturating_sub(self.signed) as u64
    }
}

/// The entries of the log of a folder that count.
///
/// # Errors
/// A verification error if log or signature do not hold.
pub fn entries(folder: &Path) -> Result<Vec<Entry>> {
    let entries = log::read_so_far(folder)?;
    let vouched = Vouched::of(&entries, checkpoint::check(folder, &entries, None)?.as_ref());
    Ok(entries.into_iter().enumerate().filter(|(at, _)| vouched.counts(*at)).map(|(_, entry)| entry).collect())
}

/// May something be added to the log of a folder? Where it is signed, what is added must be, too, or else anybody could
/// add it; and who signs must have signed the results that stand there. Gives the first entry behind that signature.
///
/// # Errors
/// A usage error if the log is signed and no key is named; a verification error if log or signature do not hold, if a
/// key is named that has not signed, or if it has signed other results.
pub fn check(folder: &Path, sign_key: Option<&Path>, what: &str) -> Result<Option<u64>> {
    let entries = log::read(folder)?;
    let Some(key) = sign_key else {
        if checkpoint::check(folder, &entries, None)?.is_none() {
            return Ok(None);
        }
        let error = Error::new(Kind::Usage, format!("the log of this run is signed, and {what} adds to it"));
        return Err(error.hint("name the key with --sign-key"));
    };
    let hint = "the key vouches for nothing that stands here: run the study again with --sign-key, or name the key \
                that has signed; to results that nobody is to sign, add without a key";
    let checkpoint = checkpoint::check(folder, &entries, Some(&checkpoint::public_key(key)?));
    let checkpoint = checkpoint.map_err(|error| error.hint(hint))?;
    let vouched = Vouched::of(&entries, checkpoint.as_ref());
    verify::standing(folder, &entries, &vouched)?;
    Ok(checkpoint.map(|signed| signed.entries))
}

/// The log of a run, for what is added to it: as [`check`] allows. What nobody has signed is disowned with the first
/// entry that is added.
///
/// # Errors
/// As [`check`] and [`Log::open`]; a usage or input error if the key cannot be used.
pub fn open(held: &Publication, actor: &str, sign_key: Option<&Path>, what: &str) -> Result<Log> {
    sign_key.map_or(Ok(()), checkpoint::check_key)?;
    let mut log = Log::open(held, actor)?;
    if let Some(first) = check(held.folder(), sign_key, what)? {
        log.disown_from(first);
    }
    Ok(log)
}

/// The log of a folder for a run into it, which makes results of its own and needs no others: all that its key has not
/// signed is disowned, the whole log if another key has, or nobody.
///
/// # Errors
/// As [`Log::open`]; a usage or input error if the key cannot be used.
pub fn renew(held: &Publication, actor: &str, sign_key: Option<&Path>) -> Result<Log> {
    let mut log = Log::open(held, actor)?;
    let Some(key) = sign_key else { return Ok(log) };
    let public_key = checkpoint::public_key(key)?;
    let signed = checkpoint::check(held.folder(), &log::read(held.folder())?, None)?;
    log.disown_from(signed.filter(|signed| signed.public_key == public_key).map_or(0, |signed| signed.entries));
    Ok(log)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Checkpoint, Vouched};
    use crate::audit::log::{DISOWN, Entry};

    fn log(actions: &[&str]) -> Vec<Entry> {
        let entry = |(at, action): (usize, &&str)| {
            let (action, object) = match action.split_once('-') {
                Some((first, last)) => {
                    (DISOWN, json!({ "first": first.parse::<u64>().unwrap(), "last": last.parse::<u64>().unwrap() }))
                }
                None => (*action, json!({})),
            };
            let text = String::new;
            let action = action.to_owned();
            Entry { entry: at as u64, time: text(), actor: text(), action, object, previous: text(), hash: text() }
        };
        actions.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn what_is_disowned_or_not_signed_does_not_count_and_disowns_nothing() {
        let text = String::new;
        let signed = |entries| Checkpoint { entries, hash: text(), public_key: text(), signature: text() };
        let counting = |actions: &[&str], checkpoint: Option<u64>| -> Vec<usize> {
            let vouched = Vouched::of(&log(actions), checkpoint.map(signed).as_ref());
            (0..actions.len()).filter(|at| vouched.counts(*at)).collect()
        };
        // A run that was stopped before it signed for the first time.
        assert_eq!(counting(&["run", "purge", "0-1", "begin"], None), [0, 1, 2, 3]);
        assert_eq!(counting(&["run", "purge", "send"], Some(1)), [0]);
        assert_eq!(counting(&["run", "purge", "1-1", "send"], Some(4)), [0, 2, 3]);
        // A forged one behind the signature, and the same once the office has disowned it.
        assert_eq!(counting(&["run", "0-0"], Some(1)), [0]);
        assert_eq!(counting(&["run", "0-0", "1-1", "send"], Some(4)), [0, 2, 3]);
        // Nothing disowns itself or what comes after it, or what no number names.
        assert_eq!(counting(&["run", "0-9", "send"], Some(3)), [1, 2]);
        assert_eq!(counting(&["run", "send", DISOWN], Some(3)), [0, 1, 2]);
        let vouched = Vouched::of(&log(&["run", "purge", "1-1", "send"]), Some(&signed(3)));
        assert_eq!((vouched.disowned(), vouched.unsigned()), (1, 1));
    }
}
