//! What may a child ask of the system?
//!
//! Takes a process that holds everything it needs (its pipes and its file), and leaves it memory, threads and time:
//! after [`enter`] it can open no file, no connection and no other process, whatever code runs in it. That is a list of
//! the system calls that are allowed (seccomp), enforced by the kernel; all others answer that there is no such call.

use std::fs::File;
use std::net::UdpSocket;
use std::path::Path;

/// Gives up all else for good, and says whether it is gone: it is tried out. Where it is not (another system than Linux
/// on x86-64 or ARM64, a kernel without seccomp), the process goes on, and whoever started it is told.
pub(super) fn enter() -> bool {
    system::give_up();
    let opens_files = File::open(Path::new("/")).is_ok() || File::open(Path::new(".")).is_ok();
    let opens_sockets = UdpSocket::bind(("127.0.0.1", 0)).is_ok();
    system::IS_KNOWN && !opens_files && !opens_sockets
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod system {
    use std::collections::BTreeMap;

    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        apply_filter_all_threads,
    };

    pub(super) const IS_KNOWN: bool = true;

    /// Reading and writing what is open; memory; threads; time; the end.
    const ALLOWED: [i64; 34] = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_pread64,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_lseek,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_nanosleep,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_getuid,
        libc::SYS_geteuid,
        libc::SYS_membarrier,
        libc::SYS_set_tid_address,
    ];

    pub(super) fn give_up() {
        // What cannot be had is found out by trying.
        let _ = filter().map(|filter| apply_filter_all_threads(&filter));
    }

    fn filter() -> Option<BpfProgram> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
        let argument = |number: u8, operator: SeccompCmpOp, value: u64| {
            let condition = SeccompCondition::new(number, SeccompCmpArgLen::Dword, operator, value).ok()?;
            SeccompRule::new(vec![condition]).ok()
        };
        // Memory, but never code; threads, but no processes; signals and limits of this process alone.
        let no_code = SeccompCmpOp::MaskedEq(u64::from(libc::PROT_EXEC.unsigned_abs()));
        let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
        let this = u64::from(std::process::id());
        let name = u64::from(libc::PR_SET_NAME.unsigned_abs());
        for (call, number, operator, value) in [
            (libc::SYS_mmap, 2, no_code.clone(), 0),
            (libc::SYS_mprotect, 2, no_code, 0),
            (libc::SYS_clone, 0, SeccompCmpOp::MaskedEq(thread), thread),
            (libc::SYS_tgkill, 0, SeccompCmpOp::Eq, this),
            (libc::SYS_prlimit64, 0, SeccompCmpOp::Eq, 0),
            (libc::SYS_prctl, 0, SeccompCmpOp::Eq, name),
        ] {
            rules.insert(call, vec![argument(number, operator, value)?]);
        }
        // Handles may be copied and asked about. To have signals sent when something can be read from one (F_SETOWN,
        // F_SETSIG) would reach other processes of this user.
        let about_handles = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC];
        let rule = |command: &i32| argument(1, SeccompCmpOp::Eq, u64::from(command.unsigned_abs()));
        rules.insert(libc::SYS_fcntl, about_handles.iter().map(rule).collect::<Option<Vec<SeccompRule>>>()?);
        // "No such call" is what libraries know a way around: they then count threads, for one, as they did before.
        let otherwise = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
        let machine = std::env::consts::ARCH.try_into().ok()?;
        SeccompFilter::new(rules, otherwise, SeccompAction::Allow, machine).ok()?.try_into().ok()
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod system {
    pub(super) const IS_KNOWN: bool = false;

    pub(super) fn give_up() {}
}

#[cfg(all(test, target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use std::process::Command;

    /// Says that a process is to be confined.
    const CONFINE: &str = "ROLLCALL_TEST_CONFINE";

    /// What a handle does when something happens to it may not be changed: signals could be sent by it. Tried out by
    /// this very test in a process of its own, as nobody gets out again.
    #[test]
    fn handles_can_be_copied_and_not_be_made_to_send_signals() {
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        if std::env::var_os(CONFINE).is_none() {
            let name =
                "intake::extract::decoder::confinement::tests::handles_can_be_copied_and_not_be_made_to_send_signals";
            let mut child = Command::new(std::env::current_exe().unwrap());
            let status = child.args(["--exact", name]).env(CONFINE, "1").status().unwrap();
            assert_eq!(status.code(), Some(0));
            return;
        }
        let (read, _write) = std::io::pipe().unwrap();
        let flags = fcntl_getfl(&read).unwrap();
        assert!(fcntl_setfl(&read, flags | OFlags::NONBLOCK).is_ok());
        if super::enter() {
            assert!(fcntl_setfl(&read, flags).is_err() && fcntl_getfl(&read).is_ok() && read.try_clone().is_ok());
        }
    }
}
