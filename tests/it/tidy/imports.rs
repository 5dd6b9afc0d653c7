//! Does every import follow the table?
//!
//! Takes the [`Rooms`] and the files under `src/`, gives a sentence for each import that the table does not allow, for
//! each that it allows and no file has, for each file that is in no room, and for each room without a file.
//!
//! A path is resolved by its first name: `crate` (or `rollcall`), `super`, `self`, a module declared in the file, or a
//! name that a `use` of the file bound. Everything else is not ours.

use std::collections::{BTreeMap, BTreeSet};

use super::rooms::Rooms;
use super::source::{self, Path, code, is_test_file, tokens};

/// Complaints about files (path from the root, text). Rooms that are announced need no file.
pub fn check(rooms: &Rooms, files: &[(String, String)], announced: &[&str]) -> Vec<String> {
    let mut complaints = BTreeSet::new();
    let mut built: BTreeSet<&str> = BTreeSet::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let tests: BTreeSet<Vec<String>> =
        files.iter().flat_map(|(name, text)| test_modules(&module(name), text)).collect();
    for (name, text) in files.iter().filter(|(name, _)| !is_test_file(name)) {
        let own = module(name);
        if tests.iter().any(|tests| own.starts_with(tests)) {
            continue;
        }
        let tokens = tokens(&code(text));
        match room_of_file(rooms, &own) {
            Some(room) => {
                built.insert(room);
                for used in imports(&own, &tokens) {
                    complaints.extend(judge(rooms, name, room, &used));
                    seen.extend(rooms.of(&used).map(|other| (room, other)));
                }
            }
            None if own.is_empty() || rooms.is_hall(&own) => {
                if !own.is_empty() && declares_more(&tokens) {
                    complaints.insert(format!("{name}: the front of a hall only declares modules"));
                }
            }
            None => {
                complaints.insert(format!("{name}: no row of the table in docs/architecture.md is its room"));
            }
        }
    }
    for room in rooms.names().filter(|room| !built.contains(room) && !announced.contains(room)) {
        complaints.insert(format!("docs/architecture.md: `{room}` has a row, but no file under src/"));
    }
    let never = |(room, other): &(&str, &str)| built.contains(room) && !seen.contains(&(*room, *other));
    for (room, other) in rooms.allowed().filter(never) {
        complaints.insert(format!("docs/architecture.md: `{room}` may use `{other}`, and does not"));
    }
    complaints.into_iter().collect()
}

/// The module path of a file: `src/a/b.rs` and `src/a/b/mod.rs` are `a::b`.
fn module(name: &str) -> Vec<String> {
    let path = name.trim_start_matches("src/").trim_end_matches(".rs");
    let path = if path == "lib" { "" } else { path.trim_end_matches("/mod") };
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The modules that a file declares under `#[cfg(test)]`, whatever they are called.
fn test_modules(own: &[String], text: &str) -> Vec<Vec<String>> {
    let code = source::without_comments(text);
    let after = code.split("#[cfg(test)]").skip(1).map(tokens);
    let declared = after.filter_map(|tokens| {
        let at = tokens.iter().position(|token| token == "mod").filter(|at| *at < 5)?;
        (tokens.get(at + 2)? == ";").then(|| tokens[at + 1].clone())
    });
    declared.map(|name| [own, &[name]].concat()).collect()
}

/// The room of a file. A room that is also a hall holds its own front file only, so that a new room beside its others
/// does not pass unseen.
fn room_of_file<'a>(rooms: &'a Rooms, own: &[String]) -> Option<&'a str> {
    let room = rooms.of(own)?;
    let path: Vec<String> = room.split('/').map(str::to_owned).collect();
    (!rooms.is_hall(&path) || own == path).then_some(room)
}

fn declares_more(tokens: &[String]) -> bool {
    tokens.iter().any(|token| matches!(token.as_str(), "fn" | "struct" | "enum" | "trait" | "impl" | "use" | "type"))
}

/// The absolute module paths that a file refers to.
fn imports(own: &[String], tokens: &[String]) -> BTreeSet<Vec<String>> {
    let paths = source::paths(tokens);
    let declared: BTreeSet<&str> =
        tokens.windows(3).filter(|w| w[0] == "mod" && w[2] == ";").map(|w| w[1].as_str()).collect();
    let mut bound: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in &paths {
        if let (Some(name), Some(absolute)) = (&path.bound, absolute(own, &declared, &bound, path)) {
            bound.insert(name, absolute);
        }
    }
    paths.iter().filter_map(|path| absolute(own, &declared, &bound, path)).collect()
}

fn absolute(
    own: &[String],
    declared: &BTreeSet<&str>,
    bound: &BTreeMap<&str, Vec<String>>,
    path: &Path,
) -> Option<Vec<String>> {
    let first = path.names.first()?.as_str();
    let rest = &path.names[1..];
    let base = match first {
        "crate" | "rollcall" => Vec::new(),
        "self" => own.to_vec(),
        "super" => {
            let ups = path.names.iter().take_while(|name| *name == "super").count();
            let base = own[..own.len().checked_sub(ups)?].to_vec();
            return Some([base, path.names[ups..].to_vec()].concat());
        }
        _ if declared.contains(first) => [own.to_vec(), vec![first.to_owned()]].concat(),
        _ => bound.get(first).filter(|_| !rest.is_empty())?.clone(),
    };
    Some([base, rest.to_vec()].concat())
}

fn judge(rooms: &Rooms, name: &str, room: &str, used: &[String]) -> Option<String> {
    let shown = format!("crate::{}", used.join("::"));
    match rooms.of(used) {
        Some(other) if other == room || rooms.allow(room, other) => None,
        // The hall itself: what is used of it is another path of the same file.
        _ if rooms.is_hall(used) => None,
        Some(other) => Some(format!("{name}: `{room}` may not use `{other}` ({shown})")),
        None => Some(format!("{name}: {shown} is in no room; import it from the room that makes it")),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::rooms::Rooms;

    const TABLE: &str = "| room | may use |\n| --- | --- |\n| `error` | |\n| `hall/one` | `error` |\n\
                         | `hall/two` | `hall/one` |\n| `hall` | `hall/one` `hall/two` |\n| `door` | `hall` |\n";

    fn complaints(changed: &[(&str, &str)]) -> Vec<String> {
        let house = [
            ("src/lib.rs", "pub mod error;\npub mod hall;"),
            ("src/error.rs", "pub struct Error;"),
            (
                "src/hall/mod.rs",
                "pub mod one;\npub mod two;\nuse one::One;\npub fn walk(one: One) -> two::Two { two::go(one) }",
            ),
            ("src/hall/one.rs", ""),
            ("src/hall/one/deep.rs", "use crate::error::Error;"),
            ("src/hall/two/mod.rs", "use super::one;\nmod deep;\nfn go(x: one::One) -> deep::X {}"),
            ("src/hall/two/deep.rs", "use super::super::one::One;\nuse super::Two;"),
            ("src/door.rs", "use crate::hall;\nfn open() { hall::walk() }"),
        ];
        let mut files: Vec<(String, String)> = house.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        for (name, text) in changed {
            files.retain(|(known, _)| known != name);
            files.push(((*name).to_owned(), (*text).to_owned()));
        }
        check(&Rooms::read(TABLE), &files, &[])
    }

    #[test]
    fn a_house_in_order_has_no_complaint() {
        assert_eq!(complaints(&[]), Vec::<String>::new());
    }

    #[track_caller]
    fn one(name: &str, text: &str, expected: &str) {
        let found = complaints(&[(name, text)]);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }

    #[test]
    fn an_import_that_is_not_in_the_table_is_found_however_it_is_written() {
        let expected = "`hall/one` may not use `hall/two`";
        for text in [
            "use crate::hall::two::Two;",
            "use crate::{error::Error, hall::two::{Two, three}};",
            "use super::two;",
            "use super::two::*;",
            "use super::two as other;",
            "fn f() -> crate::hall::two::Two {}",
            "fn f() { super::two::go() }",
            "use crate::hall;\nfn f() { hall::two::go() }",
            "use crate::hall as h;\nfn f() { h::two::go() }",
            "pub use crate::hall::two::Two;",
            "use rollcall::hall::two::Two;",
        ] {
            let found = complaints(&[("src/hall/one.rs", text)]);
            assert!(found.iter().any(|complaint| complaint.contains(expected)), "{text}: {found:?}");
        }
        one("src/error.rs", "use crate::door::open;", "`error` may not use `door`");
        one("src/hall/two/deep.rs", "use crate::error::Error;", "`hall/two` may not use `error`");
    }

    #[test]
    fn tests_comments_and_foreign_crates_may_use_what_they_like() {
        for text in [
            "#[cfg(test)]\nmod tests { use crate::hall::two::Two; }",
            "/// See [`crate::hall::two::Two`].\nfn f() {}",
            "use std::two::X; use rayon::hall::two;",
        ] {
            assert_eq!(complaints(&[("src/hall/one.rs", text)]), Vec::<String>::new(), "{text}");
        }
        assert_eq!(complaints(&[("src/hall/one/tests.rs", "use crate::hall::two::Two;")]), Vec::<String>::new());
        let made_up = ("src/hall/one/made_up.rs", "use crate::hall::two::Two;");
        let under_test = ("src/hall/one.rs", "#[cfg(test)]\npub(crate) mod made_up;");
        assert_eq!(complaints(&[under_test, made_up]), Vec::<String>::new());
        assert_eq!(complaints(&[("src/hall/one.rs", "mod made_up;"), made_up]).len(), 1);
    }

    #[test]
    fn a_room_without_a_row_is_found() {
        one("src/cellar.rs", "", "src/cellar.rs: no row");
        one("src/hall/three.rs", "", "src/hall/three.rs: no row");
        one("src/hall/two/deep.rs", "use crate::cellar::X;", "is in no room");
    }

    #[test]
    fn a_row_without_a_room_is_found_unless_it_is_announced() {
        let files = [("src/error.rs".to_owned(), String::new())];
        let rooms = Rooms::read("| room | may use |\n|---|---|\n| `error` | |\n| `attic` | |\n");
        assert_eq!(check(&rooms, &files, &[]), ["docs/architecture.md: `attic` has a row, but no file under src/"]);
        assert_eq!(check(&rooms, &files, &["attic"]), Vec::<String>::new());
    }

    #[test]
    fn what_is_allowed_and_never_done_is_found() {
        one("src/hall/one/deep.rs", "", "`hall/one` may use `error`, and does not");
        one("src/hall/one/deep.rs", "#[cfg(test)]\nmod tests { use crate::error::Error; }", "`error`, and does not");
        one("src/door.rs", "", "`door` may use `hall`, and does not");
    }

    #[test]
    fn the_front_of_a_hall_only_declares() {
        let rooms = Rooms::read("| room | may use |\n|---|---|\n| `hall/one` | |\n");
        let files = |front: &str| {
            [("src/hall/mod.rs".to_owned(), front.to_owned()), ("src/hall/one.rs".to_owned(), String::new())]
        };
        assert_eq!(check(&rooms, &files("//! A hall.\npub mod one;"), &[]), Vec::<String>::new());
        assert_eq!(check(&rooms, &files("pub mod one;\npub use one::One;"), &[]).len(), 1);
    }
}
