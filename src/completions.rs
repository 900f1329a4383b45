//! `satchel completions`: the command line as a script for a shell. It knows no flag itself.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{generate, shells};

use crate::Failed;
use crate::cli::{Cli, Shell};

/// What the command is called in the PATH.
const NAME: &str = "satchel";

/// Prints the script.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failed> {
    let (mut script, whole) = (Vec::new(), Cli::command());
    // What people do not call is not offered to them; clap hides it from its help only.
    let offered = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let mut cli = clap::Command::new(NAME).version(env!("CARGO_PKG_VERSION")).subcommands(offered);
    match shell {
        Shell::Bash => generate(shells::Bash, &mut cli, NAME, &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut cli, NAME, &mut script),
        Shell::Fish => generate(shells::Fish, &mut cli, NAME, &mut script),
    }
    crate::console::say(std::str::from_utf8(&script)?.trim_end());
    Ok(ExitCode::SUCCESS)
}
