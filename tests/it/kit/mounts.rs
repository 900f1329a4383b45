//! Mounts of its own for a command: folders that are small, read-only or somebody else's, in a user namespace that ends
//! with it.

use std::process::Command;
use std::sync::OnceLock;

/// Whether this machine allows it; says so once if it does not.
pub(crate) fn are_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let script = format!("mount -t tmpfs -o size=1m none {}", place.path().display());
        let tried = with(&script, &Command::new("true")).output();
        let are_possible = tried.is_ok_and(|output| output.status.success());
        if !are_possible {
            println!("NOT RUN: this machine allows no mounts of one's own (unshare -rm, mount -t tmpfs)");
        }
        are_possible
    })
}

/// `command` after `script` has mounted what it needs, as the same process.
pub(crate) fn with(script: &str, command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", &format!("{script} && exec \"$@\""), "sh"]);
    unshare.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    unshare
}
