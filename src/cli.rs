//! The command line: what can be asked for, and the help that explains it.

use std::net::IpAddr;
use std::path::PathBuf;

use chassis::clock::Timestamp;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::profile::Profile;

mod help;

/// A whole notes platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "satchel", version, about, max_term_width = 100, after_help = help::FIRST)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the services and serve until SIGTERM or Ctrl-C
    #[command(after_help = help::UP, after_long_help = format!("{}\n\n{}", help::UP, help::SETTINGS))]
    Up(UpArgs),
    /// Run everything with demo data, and print addresses and log-ins
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Run a command against a fresh world that is gone afterwards
    #[command(after_help = help::EXEC, override_usage = "satchel exec [OPTIONS] -- <CMD>...")]
    Exec(ExecArgs),
    /// What `exec` puts between itself and its command
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Guard(GuardArgs),
    /// What the guard puts there
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Guarded(GuardArgs),
    /// Make someone an administrator, or undo it
    #[command(after_help = help::ADMIN)]
    Admin(AdminArgs),
    /// Hold the services' records against each other
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Write everything that the services keep into one file
    #[command(after_help = help::EXPORT)]
    Export(BundleArgs),
    /// Put everything in a file into a world: what `export` wrote, or a fixture
    #[command(after_help = help::IMPORT)]
    Import(BundleArgs),
    /// Look at captured mail
    #[command(after_help = help::MAIL)]
    Mail(MailArgs),
    /// Print what makes a shell complete this command line
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the description of the public and the control API (OpenAPI 3.1, JSON)
    #[command(after_help = help::OPENAPI)]
    Openapi,
}

#[derive(Args, Debug)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ExecArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<std::ffi::OsString>,
}

/// A place in the bounds of `exec`.
#[cfg(target_os = "linux")]
#[derive(Args, Debug)]
pub(crate) struct GuardArgs {
    /// The process that starts this one, for which it is no use to be started by another
    #[arg(long, value_name = "PID")]
    pub(crate) below: i32,
    /// The umask of whoever started `exec`, as a number
    #[arg(long, value_name = "MODE")]
    pub(crate) umask: u32,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<std::ffi::OsString>,
}

/// How a world is set up.
#[derive(Args, Debug)]
pub(crate) struct WorldArgs {
    /// Where the databases live [default: data; `exec`: a temporary folder]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep nothing: a folder in memory where there is one, removed at the end
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Ports of gateway, auth, user and notes, or `auto` for free ones
    #[arg(long, value_name = "G,A,U,N|auto", value_parser = Ports::parse)]
    pub(crate) ports: Option<Ports>,
    /// The address to listen on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Run only these services in this process
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) only: Vec<ServiceName>,
    /// Load this fixture or bundle before serving; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) fixtures: Vec<PathBuf>,
    /// Limits and costs [default: original; `demo`: dev; `exec`: ci]
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// Let tests steer the world: reset, clock, mail, faults, on a port of its own on loopback
    /// [default port: 8001, or a free one with `--ports auto`; on in `demo`, `exec` and the profile ci]
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "not asked for, asked for, asked for with a port")]
    pub(crate) control: Option<Option<u16>>,
    /// Catch the mail that other programs send to this port of loopback, 0 for a free one; they find it as
    /// `SATCHEL_SMTP_URL`, `EMAIL_HOST` and `EMAIL_PORT`
    #[arg(long, value_name = "PORT")]
    pub(crate) smtp_capture: Option<u16>,
    /// Write addresses and pid to this file as JSON once everything is ready
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// How to log
    #[arg(long, value_enum, default_value_t = LogForm::Pretty)]
    pub(crate) log: LogForm,
    /// Read settings from this TOML file; flags and environment win over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Ask for more: passwords of at least 15 characters; notes serve nobody after a minute without news of accounts
    #[arg(long)]
    pub(crate) strict: bool,
    /// Go on with a database that lost its end: what is missing from it stays lost
    #[arg(long)]
    pub(crate) accept_loss: bool,
    /// Let the calendar stand still at this time from the start (profile ci only)
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) clock: Option<Timestamp>,
    /// Draw all randomness from this number, so that runs repeat (profile ci only)
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("a time such as 2026-01-01T00:00:00.000Z")
}

/// The four ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) gateway: u16,
    pub(crate) auth: u16,
    pub(crate) user: u16,
    pub(crate) notes: u16,
}

impl Ports {
    /// The ports that the original used.
    pub(crate) const DEFAULT: Self = Self { gateway: 8000, auth: 3001, user: 3002, notes: 3003 };
    /// Free ports, chosen by the system while binding.
    pub(crate) const AUTO: Self = Self { gateway: 0, auth: 0, user: 0, notes: 0 };

    fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::AUTO);
        }
        let ports: Result<Vec<u16>, _> = text.split(',').map(|port| port.trim().parse()).collect();
        match ports.as_deref() {
            Ok([gateway, auth, user, notes]) => {
                Ok(Self { gateway: *gateway, auth: *auth, user: *user, notes: *notes })
            }
            _ => Err("four ports for gateway,auth,user,notes, or auto".to_owned()),
        }
    }

    /// The port of one service.
    pub(crate) const fn of(self, name: ServiceName) -> u16 {
        match name {
            ServiceName::Gateway => self.gateway,
            ServiceName::Auth => self.auth,
            ServiceName::User => self.user,
            ServiceName::Notes => self.notes,
        }
    }
}

/// One of the four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ServiceName {
    Gateway,
    Auth,
    User,
    Notes,
}

impl ServiceName {
    /// All four, outermost first.
    pub(crate) const ALL: [Self; 4] = [Self::Gateway, Self::Auth, Self::User, Self::Notes];
    /// Those that keep something, in the order in which one builds on the other: accounts, profiles, notes.
    pub(crate) const KEEPERS: [Self; 3] = [Self::Auth, Self::User, Self::Notes];

    /// The service's name as others call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::User => "user",
            Self::Notes => "notes",
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people, on standard error
    Pretty,
    /// One JSON object a line on standard error; readiness as one on standard output
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    pub(crate) change: AdminChange,
    #[command(flatten)]
    pub(crate) home: HomeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminChange {
    /// Give the account with this e-mail the role admin
    Grant { email: String },
    /// Give it the role user again
    Revoke { email: String },
}

/// Which world a command is about.
#[derive(Args, Debug)]
pub(crate) struct HomeArgs {
    /// The world's data directory [default: `SATCHEL_DATA_DIR` or data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// The TOML file that the world was started with
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Repair what can be repaired
    #[arg(long)]
    pub(crate) fix: bool,
    /// Print one JSON object: {"clean":…,"findings":[…]}
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(crate) struct BundleArgs {
    /// The bundle
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(crate) struct MailArgs {
    #[command(subcommand)]
    pub(crate) look: MailLook,
    #[command(flatten)]
    pub(crate) home: HomeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MailLook {
    /// List captured mails, oldest first
    List,
    /// Print one mail
    Show {
        /// Its id, from `satchel mail list`
        id: String,
    },
    /// Wait for a mail to this address, then print it; one that is there already counts
    Wait {
        /// The recipient
        #[arg(long, value_name = "EMAIL")]
        to: String,
        /// Only a mail newer than the one with this id counts
        #[arg(long, value_name = "ID", default_value_t = 0, hide_default_value = true)]
        after: u64,
        /// Give up after this many seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        timeout: u32,
    },
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// The shells that most people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn ports_are_four_numbers_or_auto() {
        assert_eq!(Ports::parse("auto"), Ok(Ports::AUTO));
        assert_eq!(Ports::parse("8000,3001,3002,3003"), Ok(Ports::DEFAULT));
        for text in ["", "8000", "1,2,3", "1,2,3,4,5", "a,b,c,d", "70000,1,2,3"] {
            assert!(Ports::parse(text).is_err(), "{text}");
        }
    }
}
