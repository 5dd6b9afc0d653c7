//! How are the personal data of a run removed?

use std::process::ExitCode;

use super::args::custody::Purge;
use super::screen::{Table, count, show};
use crate::audit::purge::{self, Order, Purged};
use crate::casework;
use crate::error::{Result, inert};
use crate::outcome::files;
use crate::outcome::report::cases::table::CASES;
use crate::outcome::report::follow_up;

/// Removes what names persons; with `--tables` also what names their records.
pub(super) fn purge(asked: &Purge) -> Result<ExitCode> {
    let tables = [files::LINKS, files::PERSONS, files::DISCREPANCIES, files::REJECTED];
    let is_personal = |name: &str| name == CASES || (asked.tables && tables.contains(&name));
    let order = Order {
        actor: asked.actor.clone(),
        reason: asked.reason.clone(),
        older_than: asked.older_than,
        sign_key: asked.sign_key.clone(),
    };
    match purge::purge(&asked.run, is_personal, &[casework::FOLDER, follow_up::FOLDER], &order)? {
        Purged::TooYoung(days) => show(&format!("nothing removed: the run is {days} days old\n"))?,
        Purged::Leftovers(left) if left.is_empty() => {
            show("nothing removed: the run in this folder never was whole, and nothing is left of it\n")?;
        }
        Purged::Leftovers(left) => {
            show(&format!("removed what a run had left that never was whole: {}\n", inert(&left.join(", "))))?;
        }
        Purged::Removed(removed, strangers) => {
            let mut table = Table::new(&["removed", ""]);
            table.row(vec![String::from("files"), count(removed.len() as u64)]);
            table.row(vec![String::from("bytes"), count(removed.iter().map(|file| file.bytes).sum())]);
            let kept = "their digests are in the log; copies, backups and what was sent out are yours to remove\n";
            let mut text = table.text() + kept;
            for name in strangers {
                text += &format!("no run wrote {}: it stays; remove it if it names persons\n", inert(&name));
            }
            show(&text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
