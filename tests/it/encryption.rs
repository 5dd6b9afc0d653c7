//! Do lists leave the office so that only those can read them whom they are for?

use std::process::Command;

use crate::cli::{argument, check, district};

#[test]
#[cfg(not(feature = "encryption"))]
fn a_program_without_encryption_writes_no_list_that_should_be_encrypted() {
    let folder = district();
    let (study, run) = (folder.path().join("study.toml"), folder.path().join("run"));
    check(&["-q", "run", argument(&study), "--out", argument(&run)], 0);
    let out = folder.path().join("lists");
    let asked = ["follow-up", "export", argument(&run), "--recipient", "age1x", "--out", argument(&out)];
    let output = Command::new(env!("CARGO_BIN_EXE_rollcall")).args(asked).output().expect("starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--features encryption"));
    assert!(!out.exists() && !run.join("casework").exists());
}

#[cfg(feature = "encryption")]
mod built_in {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Read;
    use std::path::{Path, PathBuf};

    use age::x25519::Identity;

    use super::{Command, argument, check, district};
    use crate::durability::contents;

    fn files(folder: &Path) -> BTreeSet<PathBuf> {
        std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect()
    }

    /// What this person reads of a file.
    fn opened(path: &Path, identity: &Identity) -> Option<Vec<u8>> {
        let bytes = std::fs::read(path).expect("file");
        let mut list = Vec::new();
        let decryptor = age::Decryptor::new(&bytes[..]).ok()?;
        decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).ok()?.read_to_end(&mut list).ok()?;
        Some(list)
    }

    #[test]
    fn lists_are_encrypted_on_the_way_out_and_again_for_others() {
        let folder = district();
        let (study, run) = (folder.path().join("study.toml"), folder.path().join("run"));
        check(&["-q", "run", argument(&study), "--out", argument(&run)], 0);
        // The same lists in the clear, from the same run elsewhere.
        let (twin, plain) = (folder.path().join("twin"), folder.path().join("plain"));
        check(&["-q", "run", argument(&study), "--out", argument(&twin)], 0);
        check(&["follow-up", "export", argument(&twin), "--out", argument(&plain)], 0);
        let name = |path: &Path| path.file_name().expect("name").to_str().expect("UTF-8").to_owned();
        let plain: BTreeMap<String, Vec<u8>> =
            files(&plain).iter().map(|path| (name(path), std::fs::read(path).expect("list"))).collect();
        let areas: Vec<&str> = plain.keys().filter_map(|name| name.strip_suffix(".html")).collect();
        let [east, west, new, stranger] = [(); 4].map(|()| Identity::generate());
        let teams = [&east, &west];
        let recipients = folder.path().join("recipients.txt");
        let of_areas = areas.iter().enumerate().map(|(at, area)| format!("{area} {}\n", teams[at % 2].to_public()));
        std::fs::write(&recipients, format!("# two teams\n{}", of_areas.collect::<String>())).expect("written");
        // Whoever may read the lists of a community reads those of its areas.
        let may_read = |team: usize, name: &str| areas.iter().skip(team).step_by(2).any(|area| name.starts_with(area));
        for (team, other) in [(0, 1), (1, 0)] {
            assert!(areas.iter().any(|area| may_read(team, area) && !may_read(other, area)), "{areas:?}");
        }
        let (lists, again) = (folder.path().join("lists"), folder.path().join("again"));
        let (before, within) = (files(folder.path()), contents(&run));
        // Nothing needs a place for temporary files, so nothing of a list can be left in one.
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["follow-up", "export", argument(&run), "--recipients", argument(&recipients), "--actor", "office"])
            .args(["--out", argument(&lists)])
            .env("TMPDIR", "/nonexistent")
            .output()
            .expect("starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(files(folder.path()).difference(&before).collect::<Vec<_>>(), [&lists]);
        let locked = |lists: &Path, name: &str| lists.join(format!("{name}.age"));
        assert_eq!(files(&lists), plain.keys().map(|name| locked(&lists, name)).collect(), "nothing beside them");
        for (name, list) in &plain {
            let path = locked(&lists, name);
            assert!(std::fs::read(&path).expect("file").starts_with(b"age-encryption.org/v1\n"), "{name}");
            for (team, identity) in teams.iter().enumerate() {
                assert!(opened(&path, identity).as_ref() == may_read(team, name).then_some(list), "{name}, {team}");
            }
            assert_eq!(opened(&path, &stranger), None, "{name}");
        }
        // Somebody else takes over: the same cases, for the new key alone.
        let key = new.to_public().to_string();
        let rekey = ["follow-up", "rekey", argument(&run), "--recipient", &key, "--out", argument(&again)];
        check(&rekey, 0);
        assert_eq!(files(&again), plain.keys().map(|name| locked(&again, name)).collect(), "nothing beside them");
        for (name, list) in &plain {
            let path = locked(&again, name);
            assert!(opened(&path, &new).as_ref() == Some(list), "the same list: {name}");
            assert!(teams.iter().all(|identity| opened(&path, identity).is_none()), "{name}");
        }
        let added: Vec<PathBuf> = contents(&run).into_keys().filter(|path| !within.contains_key(path)).collect();
        assert!(added.iter().all(|path| argument(path).starts_with("casework/cases.sqlite")), "{added:?}");
        // The log says what went to whom, and the run still holds.
        let log = rollcall::audit::log::read(&run).expect("log");
        let [send, rekey] = &log[log.len() - 2..] else { panic!("two entries") };
        assert_eq!((send.action.as_str(), send.actor.as_str(), rekey.action.as_str()), ("send", "office", "rekey"));
        for (team, identity) in teams.iter().enumerate() {
            let read = areas.iter().filter(|area| may_read(team, area)).count();
            assert_eq!(send.object["areas_by_recipient"][identity.to_public().to_string()], read);
        }
        assert_eq!(rekey.object["areas_by_recipient"][&key], areas.len());
        check(&["verify", argument(&run)], 0);
    }

    #[test]
    fn an_area_that_nobody_may_read_stops_the_export_before_it_begins() {
        use age::secrecy::ExposeSecret;
        let folder = district();
        let (study, run) = (folder.path().join("study.toml"), folder.path().join("run"));
        check(&["-q", "run", argument(&study), "--out", argument(&run)], 0);
        let recipients = folder.path().join("recipients.txt");
        std::fs::write(&recipients, format!("000000 {}\n", Identity::generate().to_public())).expect("written");
        let out = folder.path().join("lists");
        let asked = ["follow-up", "export", argument(&run), "--out", argument(&out), "--recipients"];
        let (_, said) = check(&[&asked[..], &[argument(&recipients)]].concat(), 2);
        assert!(said.contains("nobody may read the lists of area"), "{said}");
        assert!(!out.exists());
        let log = rollcall::audit::log::read(&run).expect("log");
        assert_eq!(log.last().expect("entry").action, "publish", "nothing went out");
        // A team that was sent nothing has nothing to be encrypted anew.
        let key = Identity::generate().to_public().to_string();
        check(&["follow-up", "rekey", argument(&run), "--recipient", &key], 2);
        check(&["follow-up", "rekey", argument(&run)], 2);
        let secret = Identity::generate().to_string();
        let (_, said) = check(&["follow-up", "rekey", argument(&run), "--recipient", secret.expose_secret()], 2);
        assert!(said.contains("secret key") && !said.contains(secret.expose_secret()), "{said}");
    }
}
