//! `strace` on a running process: the system calls that it makes, and failures put in their place.
//!
//! It knows the command and its output, and nothing of what the calls mean to the process.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::kit::wait;

/// Attaching to a dozen threads takes milliseconds.
const ATTACHED_WITHIN: Duration = Duration::from_secs(20);
/// How long the trace must not grow to count as quiet.
const QUIET: Duration = Duration::from_millis(25);
/// By then a process that nobody asks anything is quiet.
const QUIET_WITHIN: Duration = Duration::from_secs(20);
/// Bytes that are shown of each buffer: enough for the head of an answer.
const SHOWN: &str = "1500";
/// What `strace` says when the system does not let it.
const FORBIDDEN: [&str; 3] = ["Operation not permitted", "PTRACE_TRACEME", "PTRACE_SEIZE"];

/// A trace that grows while the process runs.
#[derive(Debug)]
pub(crate) struct Strace {
    child: Child,
    output: PathBuf,
    /// Bytes of it that were given out.
    seen: u64,
}

/// Whether this machine forbids tracing, which is told loudly; a missing `strace` fails the test.
pub(crate) fn is_forbidden() -> bool {
    let mut version = Command::new("strace");
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    let is_there = version.status().is_ok_and(|status| status.success());
    assert!(is_there, "strace is missing: `sh .ci/setup tests` installs it");
    // The target must be no child of the tracer, like the processes of the proofs.
    let mut target = Command::new("tail").args(["-f", "/dev/null"]).spawn().unwrap();
    let place = tempfile::tempdir().unwrap();
    let attached = Strace::try_attach(target.id(), &place.path().join("trace"), &["-e", "trace=none"]);
    target.kill().unwrap();
    target.wait().unwrap();
    let Err(complaint) = attached else { return false };
    let is_proven = FORBIDDEN.iter().any(|reason| complaint.contains(reason));
    assert!(is_proven, "strace cannot attach, and not because that is forbidden: {complaint}");
    println!("NOT RUN: this machine forbids tracing another process (ptrace): {complaint}");
    true
}

impl Strace {
    /// Attaches to all threads of `pid` with further `arguments`, and writes what they do to `output`.
    pub(crate) fn attach(pid: u32, output: &Path, arguments: &[&str]) -> Self {
        Self::try_attach(pid, output, arguments).unwrap_or_else(|complaint| panic!("{complaint}"))
    }

    fn try_attach(pid: u32, output: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command.args(["-f", "-y", "-s", SHOWN, "-p", &pid.to_string(), "-o"]).arg(output).args(arguments);
        // A file and no pipe: it tells of every thread that comes, and nobody reads that.
        let told = output.with_extension("told");
        let stderr = File::create(&told).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let said = || std::fs::read_to_string(&told).ok().filter(|said| said.contains('\n'));
        let said = wait::poll(ATTACHED_WITHIN, || said().or_else(|| gone(&mut child)));
        match said {
            Ok(said) if said.contains(" attached") => Ok(Self { child, output: output.to_owned(), seen: 0 }),
            Ok(complaint) => {
                child.wait().unwrap();
                Err(complaint.trim().to_owned())
            }
            Err(looks) => panic!("strace says nothing ({looks} looks)"),
        }
    }

    /// Waits until the process does nothing any more, and gives what it did since the last time.
    pub(crate) fn quiet(&mut self) -> String {
        let length = || File::open(&self.output).and_then(|file| file.metadata()).map_or(0, |m| m.len());
        let mut before = u64::MAX;
        wait::until("the trace is quiet", QUIET_WITHIN, || {
            std::thread::park_timeout(QUIET);
            std::mem::replace(&mut before, length()) == before
        });
        self.rest()
    }

    /// Lets the process go on untraced, and gives what it did since the last time.
    pub(crate) fn detach(mut self) -> String {
        self.end();
        self.rest()
    }

    fn rest(&mut self) -> String {
        let mut file = File::open(&self.output).unwrap();
        file.seek(SeekFrom::Start(self.seen)).unwrap();
        let mut bytes = Vec::new();
        self.seen += file.read_to_end(&mut bytes).unwrap() as u64;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn end(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        // It may have ended with the process that it traced.
        if self.child.try_wait().unwrap().is_none() {
            let _gone = kill_process(pid, Signal::TERM);
            self.child.wait().unwrap();
        }
    }
}

/// What to say of a tracer that ended without a word.
fn gone(child: &mut Child) -> Option<String> {
    child.try_wait().unwrap().map(|status| status.to_string())
}

impl Drop for Strace {
    fn drop(&mut self) {
        self.end();
    }
}
