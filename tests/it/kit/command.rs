//! The `satchel` command line: run to its end with a deadline.
//!
//! Settings in the environment of whoever runs the tests do not reach it.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// No command that ends by itself takes longer, `mail wait` with its default of 10 s included.
const COMMAND_MAX: Duration = Duration::from_mins(1);
/// What the product reads from the environment, as the original and DESIGN.md §3 name it.
const SETTINGS: [&str; 17] = [
    "JWT_SECRET",
    "JWT_EXPIRES_IN",
    "CLIENT_URL",
    "AUTH_SERVICE_URL",
    "USER_SERVICE_URL",
    "NOTES_SERVICE_URL",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_USER",
    "EMAIL_PASS",
    "EMAIL_FROM",
    "SATCHEL_ADMIN_EMAIL",
    "SATCHEL_ADMIN_PASSWORD",
    "SATCHEL_LIMITS",
    "SATCHEL_TRUSTED_PROXIES",
    "SATCHEL_LOG",
    "SATCHEL_DATA_DIR",
];

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; -1 after a signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// The binary under test with `args`, free of inherited settings.
pub(crate) fn satchel<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_satchel"));
    command.args(args);
    for name in SETTINGS {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Finished {
    run_within(COMMAND_MAX, command)
}

/// Runs a command that may take as long as `limit` to its end.
pub(crate) fn run_within(limit: Duration, command: &mut Command) -> Finished {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, outputs) = sync_channel(2);
    let errors = sender.clone();
    let named = || std::thread::Builder::new().name("command output".into());
    named().spawn(move || sender.send((true, text(&mut stdout)))).unwrap();
    named().spawn(move || errors.send((false, text(&mut stderr)))).unwrap();
    let mut finished = Finished { code: -1, stdout: String::new(), stderr: String::new() };
    for _ in 0..2 {
        match outputs.recv_timeout(limit) {
            Ok((true, text)) => finished.stdout = text,
            Ok((false, text)) => finished.stderr = text,
            Err(error) => {
                let _gone = child.kill();
                panic!("{command:?} did not end: {error}");
            }
        }
    }
    finished.code = child.wait().unwrap().code().unwrap_or(-1);
    finished
}

fn text(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
