//! How much memory may this process take?
//!
//! Takes what the command line says, else the system's own limits, gives the least of each kind in bytes: a run that
//! needs more works over a file or is refused before it begins, instead of being ended in the middle by the system, to
//! which nobody can object.

use std::path::Path;

use crate::memory::plan::Allowance;

/// Where the system's limits on groups of processes stand, and in which group this process is.
const GROUPS: &str = "/sys/fs/cgroup";
const OWN_GROUP: &str = "/proc/self/cgroup";

/// What was asked for, alone; else what the system allows.
pub(super) fn memory(asked: Option<u64>) -> Allowance {
    if asked.is_some() {
        return Allowance { held: asked, addressed: None };
    }
    let own = std::fs::read_to_string(OWN_GROUP).unwrap_or_default();
    Allowance { held: of_groups(&own, Path::new(GROUPS)), addressed: of_process() }
}

#[cfg(unix)]
fn of_process() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    [Resource::As, Resource::Data].into_iter().filter_map(|resource| getrlimit(resource).current).min()
}

#[cfg(not(unix))]
fn of_process() -> Option<u64> {
    None
}

/// The least limit of a group (a container, a service) and of those that it is in.
fn of_groups(own: &str, groups: &Path) -> Option<u64> {
    let group = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let limits = Path::new(group.trim_start_matches('/')).ancestors().map(|part| groups.join(part).join("memory.max"));
    limits.filter_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::{Allowance, memory, of_groups};

    #[test]
    fn the_least_limit_of_all_groups_counts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("office/census")).unwrap();
        let limit =
            |group: &str, text: &str| std::fs::write(folder.path().join(group).join("memory.max"), text).unwrap();
        let of = |own: &str| of_groups(own, folder.path());
        assert_eq!(of("0::/office/census\n"), None);
        limit("office/census", "max\n");
        assert_eq!(of("0::/office/census\n"), None);
        limit("office", "3000\n");
        assert_eq!(of("0::/office/census\n"), Some(3000));
        limit("office/census", "5000\n");
        assert_eq!(of("0::/office/census\n"), Some(3000));
        assert_eq!(of("0::/\n"), None);
        limit("", "2000\n");
        assert_eq!(of("12:memory:/office\n0::/office/census\n"), Some(2000));
        assert_eq!(of("12:memory:/office\n"), None);
    }

    #[test]
    fn what_was_asked_for_counts_alone() {
        assert_eq!(memory(Some(7)), Allowance { held: Some(7), addressed: None });
    }
}
