//! Captured mail, as the operator sees it on the command line.

use std::path::Path;

use serde_json::{Value, json};

use crate::kit::command::{run, satchel};

/// Waits for the newest mail to `to` in the world that keeps its data in `data`.
///
/// The keys are those of the control API: `to`, `subject`, `kind`, `text`, `link`, `token`.
pub(crate) fn wait(data: &Path, to: &str) -> Value {
    let mut command = satchel(["mail", "wait", "--to", to, "--data-dir"]);
    let printed = run(command.arg(data)).expect(0).stdout;
    let (head, text) = printed.split_once("\n\n").unwrap_or_else(|| panic!("no mail: {printed}"));
    let mut mail = json!({"text": text.trim_end()});
    for line in head.lines() {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line}"));
        mail[name.to_ascii_lowercase()] = value.into();
    }
    if let Some((link, token)) = link(text) {
        mail["link"] = link.into();
        mail["token"] = token.into();
    }
    mail
}

/// Number and token of the newest reset mail to `to`, read from the mailbox itself: no process is started for it, and
/// the world need not run.
pub(crate) fn newest(data: &Path, to: &str) -> Option<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(data.join("auth/mailbox")).ok()?.flatten().collect();
    files.sort_unstable_by_key(|file| std::cmp::Reverse(file.file_name()));
    files.into_iter().find_map(|file| {
        let mail: Value = serde_json::from_slice(&std::fs::read(file.path()).ok()?).ok()?;
        let text = |name: &str| mail[name].as_str().map(str::to_owned);
        (mail["to"] == to).then(|| Some((text("id")?, text("token")?))).flatten()
    })
}

/// The link in a mail's text, and the token that it ends in.
fn link(text: &str) -> Option<(&str, &str)> {
    let link = text.split_whitespace().find(|word| word.contains("/reset-password/"))?;
    Some((link, link.rsplit('/').next()?))
}
