//! The processes below this one, orphans among them included, and their end. It does not know what they run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use rustix::process::{self, Pid, Signal, WaitOptions};
use tokio::time::Instant;

/// Between two looks whether they are gone.
const LOOK: Duration = Duration::from_millis(5);
/// How long a killed process may take to be gone: one that waits for a disk ends only after that.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// From now on an orphan among the processes below this one belongs to this one, not to the system's first.
pub(crate) fn adopt() -> std::io::Result<()> {
    Ok(process::set_child_subreaper(Some(process::getpid()))?)
}

/// Ends all processes below this one: each is asked once with SIGTERM, and killed after `grace`.
///
/// Returns when they are gone, or have had their time; nobody else may be waiting for them any more.
pub(crate) fn end(grace: Duration) {
    let asked_until = Instant::now() + grace;
    let mut asked = BTreeSet::new();
    while are_left() && Instant::now() < asked_until + KILLED_WITHIN {
        let is_over = Instant::now() >= asked_until;
        for pid in below(process::getpid()) {
            let signal = if is_over { Signal::KILL } else { Signal::TERM };
            if is_over || asked.insert(pid.as_raw_pid()) {
                // It may have ended meanwhile.
                let _gone = process::kill_process(pid, signal);
            }
        }
        std::thread::park_timeout(LOOK);
    }
}

/// Takes the last word of every child that has ended; tells whether there are others.
fn are_left() -> bool {
    loop {
        match process::wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_no_child) => return false,
        }
    }
}

/// The processes below `root`, at any depth.
fn below(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let stat = fs::read_to_string(entry.path().join("stat"));
        if let (Some(pid), Some(parent)) = (pid, stat.ok().as_deref().and_then(parent)) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let (mut found, mut open) = (Vec::new(), vec![root.as_raw_pid()]);
    while let Some(pid) = open.pop() {
        let pids = children.remove(&pid).unwrap_or_default();
        found.extend(pids.iter().copied().filter_map(Pid::from_raw));
        open.extend(pids);
    }
    found
}

/// The parent in a line of `/proc/PID/stat`: the second field after the name, which may hold anything.
fn parent(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent("17 (sh) S 4 17 17 0"), Some(4));
        assert_eq!(parent("17 (a) R 9 (b)) S 4 17 17 0"), Some(4));
        assert_eq!(parent("17"), None);
    }

    #[test]
    fn this_process_is_below_its_parent() {
        let parent = process::getppid().unwrap();
        assert!(below(parent).contains(&process::getpid()));
    }
}
