//! What Satchel says to the person at the terminal: readiness on standard output, complaints and logs on
//! standard error.

use std::error::Error;
use std::io::Write;

use tracing_subscriber::EnvFilter;

use crate::cli::LogForm;

/// Prints one line with the whole chain of causes.
pub(crate) fn complain(error: &(dyn Error + 'static)) {
    let mut line = format!("satchel: {error}");
    let mut next = error.source();
    while let Some(source) = next {
        line.push_str(": ");
        line.push_str(&source.to_string());
        next = source.source();
    }
    // Nobody is left to tell when standard error is closed.
    let _closed = writeln!(std::io::stderr(), "{}", line.replace('\n', " "));
}

/// Prints lines for a person or a program that reads standard output.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that went away does not stop the services.
    let _closed = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// tantivy tells of every commit, several a second while notes are written; a filter that names it says otherwise.
const QUIET: &str = "tantivy=warn";

/// Starts the log on standard error; `filter` is in the syntax of `RUST_LOG`.
pub(crate) fn start_log(form: LogForm, filter: &str) {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call in one process (tests) keeps the first log.
    let _already = match form {
        LogForm::Pretty => lines.with_target(false).try_init(),
        LogForm::Json => lines.json().flatten_event(true).try_init(),
    };
}
