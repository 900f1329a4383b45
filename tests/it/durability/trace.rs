//! A trace as a sequence of events: system calls begin and end, in the order in which that happened.
//!
//! A call that another thread's interrupts is written in two lines, so the order of the lines is the order of events.

use std::collections::BTreeMap;

/// One event of one thread.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// A call began: its name, the file behind its first argument, and what follows as it was printed.
    Began { thread: u32, call: String, file: String, rest: String },
    /// The thread's call ended; whether it succeeded.
    Ended { thread: u32, call: String, file: String, is_done: bool },
}

/// The events of a trace that `strace -f -y` wrote.
pub(super) fn events(trace: &str) -> Vec<Event> {
    let mut open: BTreeMap<u32, (String, String)> = BTreeMap::new();
    let mut events = Vec::new();
    for (thread, line) in trace.lines().filter_map(thread_of) {
        if let Some(resumed) = line.strip_prefix("<... ") {
            if let Some((call, file)) = open.remove(&thread) {
                events.push(Event::Ended { thread, call, file, is_done: is_done(resumed) });
            }
            continue;
        }
        let Some((call, arguments)) = line.split_once('(') else { continue };
        let (call, file) = (call.to_owned(), file_of(arguments));
        let rest = arguments.to_owned();
        events.push(Event::Began { thread, call: call.clone(), file: file.clone(), rest });
        if line.ends_with("<unfinished ...>") {
            open.insert(thread, (call, file));
        } else {
            events.push(Event::Ended { thread, call, file, is_done: is_done(line) });
        }
    }
    events
}

fn thread_of(line: &str) -> Option<(u32, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    Some((thread.parse().ok()?, rest.trim_start()))
}

/// `17</data/auth/db/000004.log>, …` names its file between the brackets.
fn file_of(arguments: &str) -> String {
    let number = arguments.trim_start_matches(|c: char| c.is_ascii_digit());
    let file = number.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    file.map_or_else(String::new, |(file, _)| file.to_owned())
}

/// `… = 0`, `… = 949`, or `… = -1 EIO (Input/output error) (INJECTED)`.
fn is_done(line: &str) -> bool {
    line.rsplit_once(" = ").is_some_and(|(_, result)| !result.starts_with('-'))
}

#[test]
fn calls_are_read_in_the_order_of_their_beginnings_and_ends() {
    let trace = "\
7 fdatasync(30</data/auth/db/4.log> <unfinished ...>
8 writev(39<socket:[62]>, [{iov_base=\"HTTP/1.1 201 Created\\r\\nx = -1\", iov_len=9}], 1) = 9
7 <... fdatasync resumed>)          = 0
7 fsync(28</data/notes/notes.db-wal>) = -1 EIO (Input/output error) (INJECTED)
9 +++ exited with 0 +++
";
    let seen: Vec<String> = events(trace).iter().map(short).collect();
    assert_eq!(
        seen,
        [
            "7 fdatasync /data/auth/db/4.log",
            "8 writev socket:[62]",
            "8 done true",
            "7 done true",
            "7 fsync /data/notes/notes.db-wal",
            "7 done false",
        ]
    );
}

#[cfg(test)]
fn short(event: &Event) -> String {
    match event {
        Event::Began { thread, call, file, .. } => format!("{thread} {call} {file}"),
        Event::Ended { thread, is_done, .. } => format!("{thread} done {is_done}"),
    }
}
