//! What is taken back from a team?
//!
//! Takes the team, gives how many of its cases can go out with others again: a team dissolved, or its lists were lost.
//! History is only added to, as everywhere: each case is as it was before it went out.

use std::path::Path;

use super::held;
use super::outgoing::{Order, is_asked_for};
use super::store::{Store, StoredCase};
use crate::audit::vouched;
use crate::error::{Error, Kind, Result};

/// Takes back what a team has and has not brought back, and says so in the audit log; gives how many cases. Its lists
/// are void from then on, though what comes back on them is heard.
///
/// # Errors
/// If the team has nothing there, or log or store cannot be written.
pub fn recall(store: &mut Store, run: &Path, order: &Order) -> Result<u64> {
    let folder = held::hold(run)?;
    let sign_key = order.sign_key.as_deref();
    let mut log = vouched::open(&folder, order.actor(), sign_key, "the recall")?;
    let is_meant = |case: &StoredCase| {
        case.is_on_a_list() && case.team() == Some(order.team.as_str()) && is_asked_for(case, order)
    };
    // The log is told first: what it cannot be told must not happen.
    store.take_from(&order.team, is_meant, |cases| {
        if cases == 0 {
            let error = Error::new(Kind::Usage, "this team has no case there that it has not brought back");
            return Err(error.hint("`rollcall follow-up status DIR` shows which team has how many"));
        }
        log.add("recall", serde_json::json!({ "team": order.team, "cases": cases }))?;
        log.sign(sign_key)
    })
}

#[cfg(test)]
mod tests {
    use super::recall;
    use crate::audit::log;
    use crate::casework::absorb::tests::{order, say, store};
    use crate::casework::outgoing::{Order, send};
    use crate::casework::store::Store;
    use crate::error::{Error, Kind};
    use crate::intake::study::Language;
    use crate::outcome::visit::Outcome;

    #[test]
    fn what_the_log_cannot_be_told_does_not_happen() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 2);
        send(&mut store, folder.path(), &order("east", None), Language::Zh).unwrap();
        let full = |_| Err(Error::new(Kind::Environment, "no space"));
        assert_eq!(store.take_from("east", |_| true, full).unwrap_err().kind(), Kind::Environment);
        assert!(store.cases().unwrap().iter().all(|case| case.team() == Some("east")), "it has them still");
        assert_eq!(recall(&mut store, folder.path(), &order("east", None)).unwrap(), 2);
    }

    #[test]
    fn what_a_team_has_can_be_taken_back_and_given_to_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path(), 3);
        let sent = |store: &mut Store, team: &str| {
            send(store, folder.path(), &order(team, None), Language::Zh).map_or(0, |sent| sent.cases)
        };
        assert_eq!(sent(&mut store, "east"), 3);
        say(&mut store, 0, Outcome::Added, "2020-12-01", "field");
        let take_back = |store: &mut Store, order: &Order| recall(store, folder.path(), order);
        assert!(take_back(&mut store, &order("west", None)).is_err(), "another team has nothing");
        let elsewhere = Order { area: String::from("9"), ..order("east", None) };
        assert!(take_back(&mut store, &elsewhere).is_err());
        assert_eq!(take_back(&mut store, &order("east", None)).unwrap(), 2);
        assert!(take_back(&mut store, &order("east", None)).is_err(), "it has nothing any more");
        let entries = log::read(folder.path()).unwrap();
        let entry = entries.last().unwrap();
        assert_eq!(
            (entry.action.as_str(), &entry.object),
            ("recall", &serde_json::json!({"team": "east", "cases": 2}))
        );
        assert_eq!((sent(&mut store, "east"), sent(&mut store, "west")), (2, 0), "the same team may have them anew");
        take_back(&mut store, &order("east", None)).unwrap();
        assert_eq!(sent(&mut store, "west"), 2);
    }
}
