//! What `satchel exec` leaves behind: no process and no folder, however it ends and whoever is killed.
//!
//! A run is a shell that starts a process in a session of its own and then does what its kind says; it is watched
//! through `/proc`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use crate::kit::command::{run, satchel};
use crate::kit::process::Process;
use crate::kit::{proof, wait};

/// Runs at a time.
const AT_ONCE: u32 = 16;
/// How long a killed run may take to be gone while nothing else goes on; with [`AT_ONCE`] others on two cores, half of
/// them take less.
const GONE_WITHIN: Duration = Duration::from_secs(1);
/// No run takes longer, however busy the machine is.
const GONE_MAX: Duration = Duration::from_secs(20);
/// Starts of a world on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_mins(1);

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// By itself, with exit code 7 and something left running.
    ByItself,
    /// Asked to, by a signal to Satchel that the command has to hear of.
    Asked,
    /// Satchel is killed.
    Killed,
    /// Whoever started Satchel is killed.
    StarterKilled,
    /// The guard between Satchel and the command is killed.
    GuardKilled,
    /// Satchel is killed while it starts.
    KilledEarly,
}

const KINDS: [Kind; 6] =
    [Kind::ByItself, Kind::Asked, Kind::Killed, Kind::StarterKilled, Kind::GuardKilled, Kind::KilledEarly];

impl Kind {
    /// What the shell does after it has told where it is.
    fn rest(self) -> &'static str {
        if self == Self::ByItself { "exit 7" } else { "wait" }
    }
}

/// A run under way: its processes by number, and its folder.
struct Run {
    process: Process,
    name: String,
    satchel: i32,
    guard: i32,
    others: Vec<i32>,
    folder: PathBuf,
}

impl Run {
    /// Starts one that keeps its log in `place`, and waits until it has told where it is.
    fn start(kind: Kind, name: &str, place: &Path) -> Self {
        let mut process = Self::spawn(kind, name, place);
        let line = process.line().unwrap_or_else(|| panic!("{name}: {}", process.stderr()));
        let mut words = line.split(' ');
        let folder = PathBuf::from(words.next().unwrap());
        let mut pids = words.map(|pid| pid.parse().unwrap());
        let guard = pids.next().unwrap();
        let satchel = parent(guard).unwrap_or_default();
        Self { process, name: name.to_owned(), satchel, guard, others: pids.collect(), folder }
    }

    /// Starts `satchel exec` below a shell that can be killed instead of it.
    fn spawn(kind: Kind, name: &str, place: &Path) -> Process {
        let tell = "trap 'exit 42' TERM; setsid tail -f /dev/null & \
                    echo \"$SATCHEL_DATA_DIR $PPID $$ $!\"";
        let exec = satchel(["exec", "--", "sh", "-c", &format!("{tell}; {}", kind.rest())]);
        let mut command = if kind == Kind::StarterKilled {
            let mut shell = Command::new("sh");
            shell.args(["-c", "\"$@\"; exit $?", "sh"]).arg(exec.get_program()).args(exec.get_args());
            shell
        } else {
            exec
        };
        command.env("HYGIENE_RUN", name);
        Process::spawn(&mut command, place.join(name))
    }

    fn is_gone(&self) -> bool {
        let pids = self.others.iter().chain([&self.satchel, &self.guard]);
        pids.copied().all(|pid| !belongs(pid, &self.name)) && !self.folder.exists()
    }

    /// What is left of it, for whoever wonders why it is not gone.
    fn left(&self) -> String {
        let pids = self.others.iter().chain([&self.satchel, &self.guard]);
        let pids: Vec<&i32> = pids.filter(|pid| belongs(**pid, &self.name)).collect();
        format!("processes {pids:?}, folder {} is there: {}", self.folder.display(), self.folder.exists())
    }
}

/// Whether the process `pid` lives and is one of the run `name`: what it inherited says so.
fn belongs(pid: i32, name: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|&byte| byte == 0).any(|entry| entry == format!("HYGIENE_RUN={name}").as_bytes())
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Makes one run and tells how long it took to be gone.
fn one(kind: Kind, number: u32, place: &Path) -> Duration {
    let name = format!("{}-{number}", std::process::id());
    if kind == Kind::KilledEarly {
        return killed_early(&name, number, place);
    }
    let mut run = Run::start(kind, &name, place);
    let code = match kind {
        Kind::ByItself => Some(7),
        Kind::Asked => {
            kill(run.satchel, Signal::TERM);
            Some(42)
        }
        Kind::Killed | Kind::StarterKilled => None,
        Kind::GuardKilled => {
            kill(run.guard, Signal::KILL);
            Some(128 + 9)
        }
        Kind::KilledEarly => unreachable!(),
    };
    let began = Instant::now();
    match code {
        Some(code) => assert_eq!(run.process.ended(GONE_MAX).code(), Some(code), "{kind:?}"),
        None => run.process.kill(),
    }
    let is_gone = wait::poll(GONE_MAX, || run.is_gone().then_some(())).is_ok();
    assert!(is_gone, "{kind:?} {name}: {}\n{}", run.left(), run.process.stderr());
    began.elapsed()
}

/// Satchel is killed at some moment of its start; then nothing that inherited the name of the run lives on.
fn killed_early(name: &str, number: u32, place: &Path) -> Duration {
    let mut process = Run::spawn(Kind::KilledEarly, name, place);
    std::thread::park_timeout(Duration::from_millis(u64::from(number * 7 % 200)));
    process.kill();
    let began = Instant::now();
    wait::until("nothing of a run that was killed early lives on", GONE_MAX, || {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.into_iter().all(|pid| !belongs(pid, name))
    });
    began.elapsed()
}

#[test]
fn whoever_is_killed_nothing_is_left() {
    let (runs, place) = (proof::size(96, 1_000), tempfile::tempdir().unwrap());
    let (next, times) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= runs {
                        return;
                    }
                    let kind = KINDS[number as usize % KINDS.len()];
                    let took = one(kind, number, place.path());
                    times.lock().unwrap().push((kind, took));
                }
            });
        }
    });
    let took = began.elapsed();
    run(&mut satchel(["exec", "--", "true"])).expect(0);
    wait::until("no folder is left that nobody holds", GONE_MAX, || left_folders().is_empty());
    let times = times.into_inner().unwrap();
    for kind in KINDS {
        let mut times: Vec<_> = times.iter().filter(|(of, _)| *of == kind).map(|(_, took)| *took).collect();
        times.sort_unstable();
        let (median, last) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{kind:?}: {} runs, gone after {median:.0?} (median), {last:.0?} (last)", times.len());
        assert!(median <= GONE_WITHIN, "{kind:?}: {median:?}");
    }
    println!("{runs} runs, {AT_ONCE} at a time, in {took:.1?}: no failure, no process, no folder left");
}

/// Folders of worlds that nobody holds.
fn left_folders() -> Vec<PathBuf> {
    let places = [Path::new("/dev/shm").to_owned(), std::env::temp_dir()];
    let entries = places.iter().flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten());
    let folders = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("satchel-world-"));
    let is_free = |path: &PathBuf| File::open(path).is_ok_and(|folder| folder.try_lock().is_ok());
    folders.map(|entry| entry.path()).filter(is_free).collect()
}

#[test]
fn what_nobody_was_left_to_remove_the_next_world_removes() {
    let (name, place) = (format!("{}-sweep", std::process::id()), tempfile::tempdir().unwrap());
    let mut left = Run::start(Kind::Killed, &name, place.path());
    // Both at once: the guard may not notice.
    kill(left.guard, Signal::STOP);
    left.process.kill();
    kill(left.guard, Signal::KILL);
    for pid in left.others.iter().filter(|pid| belongs(**pid, &left.name)) {
        kill(*pid, Signal::KILL);
    }
    let living = Run::start(Kind::Asked, &format!("{name}-living"), place.path());
    wait::until("the folder is gone", STARTED_WITHIN, || !left.folder.exists());
    run(&mut satchel(["exec", "--", "true"])).expect(0);
    assert!(living.folder.join("auth").exists(), "a living world was swept");
}

#[test]
fn a_second_signal_leaves_no_folder_either() {
    let place = tempfile::tempdir().unwrap();
    let mut up = satchel(["up", "--ephemeral", "--ports", "auto", "--profile", "ci", "--log", "json"]);
    let mut world = Process::spawn(&mut up, place.path().join("log"));
    let ready = world.ready().expect("a ready world");
    let folder = PathBuf::from(ready["dataDir"].as_str().expect("a path"));
    let door = crate::kit::world::address(&ready, "gateway").expect("a URL");
    // A request that never ends holds the first signal up.
    let mut stuck = std::net::TcpStream::connect(door).unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    stuck.write_all(head.as_bytes()).unwrap();
    crate::kit::Actor::anon(door).get("/health").expect(200);
    world.signal(Signal::TERM);
    let is_closed = || std::net::TcpStream::connect(door).is_err();
    wait::until("the first signal was heard", STARTED_WITHIN, is_closed);
    world.signal(Signal::TERM);
    assert_eq!(world.ended(Duration::from_secs(6)).code(), Some(1));
    assert!(!folder.exists());
}

/// Counts what is typed, until it is asked to end; tells where it is.
const COUNTING: &str = "n=0; trap 'n=$((n+1)); echo typed' INT; trap 'echo heard $n; exit 0' TERM
    tail -f /dev/null & echo below $PPID; while :; do wait; done";

#[test]
fn what_is_typed_at_the_terminal_reaches_the_command_once() {
    let mut terminal = Command::new("timeout");
    terminal.args(["60", "script", "-qec", "exec \"$SATCHEL\" exec -- sh -c \"$COUNTING\"", "/dev/null"]);
    terminal.env("SATCHEL", env!("CARGO_BIN_EXE_satchel")).env("COUNTING", COUNTING);
    let mut terminal = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    let mut lines = BufReader::new(terminal.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut next = |begin: &str| {
        let line = lines.find_map(|line| Some(line.split_once(begin)?.1.trim().to_owned()));
        line.unwrap_or_else(|| panic!("no line with {begin}"))
    };
    let guard = next("below ").parse().unwrap();
    // Ctrl-C.
    keys.write_all(b"\x03").unwrap();
    next("typed");
    // Takes the way that a second one would have taken, after it.
    kill(parent(guard).unwrap(), Signal::TERM);
    assert_eq!(next("heard "), "1");
    assert!(terminal.wait().unwrap().success());
}
