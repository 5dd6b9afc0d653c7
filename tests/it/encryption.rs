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
    use std::collections::BTreeSet;
    use std::io::Read;
    use std::path::{Path, PathBuf};

    use age::x25519::Identity;

    use super::{Command, argument, check, district};

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

    /// The pages of a folder as this person reads them, by name.
    fn pages(folder: &Path, identity: &Identity) -> Vec<(PathBuf, Option<String>)> {
        let pages = files(folder).into_iter().filter(|path| argument(path).ends_with(".html.age"));
        let read = |path: PathBuf| {
            let text = opened(&path, identity).map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
            (path.file_name().expect("name").into(), text)
        };
        pages.map(read).collect()
    }

    #[test]
    fn lists_are_encrypted_on_the_way_out_and_again_for_others() {
        let folder = district();
        let (study, run) = (folder.path().join("study.toml"), folder.path().join("run"));
        check(&["-q", "run", argument(&study), "--out", argument(&run)], 0);
        let [old, new, stranger] = [(); 3].map(|()| Identity::generate());
        let recipients = folder.path().join("recipients.txt");
        std::fs::write(&recipients, format!("# the one team\n{}\n", old.to_public())).expect("written");
        let (lists, again) = (folder.path().join("lists"), folder.path().join("again"));
        let before = files(folder.path());
        // Nothing needs a place for temporary files, so nothing of a list can be left in one.
        let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["follow-up", "export", argument(&run), "--recipients", argument(&recipients), "--actor", "office"])
            .args(["--out", argument(&lists)])
            .env("TMPDIR", "/nonexistent")
            .output()
            .expect("starts");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(files(folder.path()).difference(&before).collect::<Vec<_>>(), [&lists]);
        for path in files(&lists) {
            let name = argument(&path);
            assert!(name.ends_with(".xlsx.age") || name.ends_with(".html.age"), "{name}");
            let bytes = std::fs::read(&path).expect("file");
            assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{name}");
            let list = opened(&path, &old).expect("for this one");
            assert!(list.starts_with(b"PK") || list.starts_with(b"<!"), "{name}");
            assert_eq!(opened(&path, &stranger), None, "{name}");
        }
        let first = pages(&lists, &old);
        assert!(!first.is_empty());
        // Somebody else takes over: the same cases, for the new key alone.
        let key = new.to_public().to_string();
        let rekey = ["follow-up", "rekey", argument(&run), "--recipient", &key, "--out", argument(&again)];
        check(&rekey, 0);
        assert_eq!(pages(&again, &new), first, "the same lists");
        assert!(pages(&again, &old).iter().all(|(_, page)| page.is_none()));
        // The log says what went to whom, and the run still holds.
        let log = rollcall::audit::log::read(&run).expect("log");
        let [send, rekey] = &log[log.len() - 2..] else { panic!("two entries") };
        assert_eq!((send.action.as_str(), send.actor.as_str(), rekey.action.as_str()), ("send", "office", "rekey"));
        assert_eq!(send.object["areas_by_recipient"][old.to_public().to_string()], first.len());
        assert_eq!(rekey.object["areas_by_recipient"][&key], first.len());
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
