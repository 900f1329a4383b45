//! The command line: what can be asked for, and the help that explains it.

use std::net::IpAddr;
use std::path::PathBuf;

use chassis::clock::Timestamp;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::profile::Profile;

/// What `satchel up` is mostly run as.
const UP_EXAMPLES: &str = "Examples:
  satchel up                                  gateway on 8000, data in ./data
  satchel up --ephemeral --ports auto         a throw-away world on free ports
  satchel up --only notes --ports 8000,3001,3002,3003
                                              one service, its peers expected on these ports";

/// What the end of `satchel doctor` tells.
const DOCTOR_CODES: &str =
    "It works on a running world and on a stopped one. What changed within the last 30 seconds is left out.
Exit codes: 0 clean, 1 all repaired, 2 somebody has to look; 1 also when the world cannot be reached";

/// The settings that have no flag.
const SETTINGS: &str = "Settings, as variables or as keys of the --config file; an empty one counts as unset:
  JWT_SECRET               signs tokens [default: made once, kept in the data directory]
  JWT_EXPIRES_IN           how long a token is good, such as 12h [default: 1d]
  CLIENT_URL               the front end's origin [default: http://localhost:5173]
  AUTH_SERVICE_URL         where auth is when it runs in another process; likewise:
  USER_SERVICE_URL
  NOTES_SERVICE_URL
  EMAIL_HOST               sends mail through this server instead of keeping it
  EMAIL_PORT               its port [default: 587]
  EMAIL_USER, EMAIL_PASS   the log-in there
  EMAIL_FROM               the sender's address
  SATCHEL_ADMIN_EMAIL      makes this account an administrator on start, with
  SATCHEL_ADMIN_PASSWORD   this password if it has to be made first
  SATCHEL_LIMITS           off: no request limits [default: on]
  SATCHEL_TRUSTED_PROXIES  addresses, by commas, whose X-Forwarded-For is believed
  SATCHEL_LOG              what is logged, such as warn,auth=debug [default: info]
  SATCHEL_DATA_DIR         the same as --data-dir";

/// A whole notes platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "satchel", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the services and serve until SIGTERM or Ctrl-C
    #[command(after_help = UP_EXAMPLES, after_long_help = format!("{UP_EXAMPLES}\n\n{SETTINGS}"))]
    Up(UpArgs),
    /// Run everything with demo data, and print addresses and log-ins
    Demo(DemoArgs),
    /// Run a command against a fresh world that is gone afterwards
    #[command(after_help = "Example:
  satchel exec -- npm test                    SATCHEL_URL and friends are in the environment")]
    Exec(ExecArgs),
    /// Make someone an administrator, or undo it
    Admin(AdminArgs),
    /// Hold the services' records against each other
    #[command(after_help = DOCTOR_CODES)]
    Doctor(DoctorArgs),
    /// Look at captured mail
    Mail(MailArgs),
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
    /// The command and its arguments, after `--`
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
    /// Load this fixture before serving; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) fixtures: Vec<PathBuf>,
    /// Limits and costs [default: original; `demo`: dev; `exec`: ci]
    #[arg(long, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// Let tests steer the world: reset, clock, mail, faults, on a port of its own on loopback
    /// [default port: 8001, or a free one with `--ports auto`; on in `demo`, `exec` and the profile ci]
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    pub(crate) control: Option<Option<u16>>,
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
