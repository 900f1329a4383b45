//! A network namespace of its own for a command: nothing but loopback, so that whoever wants out fails.

use std::process::Command;
use std::sync::OnceLock;

/// Brings loopback up, makes sure that it is all there is, and becomes the command.
const ALONE: &str = "ip link set lo up && test \"$(ip -o link | wc -l)\" = 1 && exec \"$@\"";

/// Whether this machine allows it; says so once if it does not.
pub(crate) fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        let tried = alone(&Command::new("true")).output();
        let is_possible = tried.is_ok_and(|output| output.status.success());
        if !is_possible {
            println!(
                "NOT ISOLATED: this machine allows no network namespace of one's own (unshare -rn, ip link)"
            );
        }
        is_possible
    })
}

/// `command` where there is no network but loopback, if this machine allows that; otherwise as it is.
pub(crate) fn without_network(command: Command) -> Command {
    if is_possible() { alone(&command) } else { command }
}

fn alone(command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["-rn", "sh", "-c", ALONE, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        unshare.current_dir(folder);
    }
    unshare
}
