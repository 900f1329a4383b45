//! `satchel completions`: the command line as a script for a shell. It knows no flag itself.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{generate, shells};

use crate::Failed;
use crate::cli::{Cli, Shell};

/// Prints the script.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failed> {
    let (mut script, mut cli) = (Vec::new(), Cli::command());
    let name = cli.get_name().to_owned();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut cli, name, &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut cli, name, &mut script),
        Shell::Fish => generate(shells::Fish, &mut cli, name, &mut script),
    }
    crate::console::say(std::str::from_utf8(&script)?.trim_end());
    Ok(ExitCode::SUCCESS)
}
