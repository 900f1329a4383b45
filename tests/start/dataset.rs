//! A data directory with people and notes in it, loaded from a fixture and left at rest.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::launch::Launch;

/// Words of the notes; which does not matter here.
const WORDS: [&str; 12] = [
    "garden", "invoice", "train", "soup", "meeting", "letter", "window", "budget", "river", "paint",
    "school", "music",
];

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dataset {
    pub(crate) accounts: usize,
    pub(crate) notes_each: usize,
}

/// Fills the directory at `data`, with everything that is derived from it built, and ends in order.
pub(crate) fn fill(binary: &Path, data: &Path, size: Dataset) -> Result<(), Failure> {
    let file = data.with_extension("fixture.json");
    write(&file, size)?;
    let loading = Launch::loading(binary, data, &file)?;
    loading.settle()?;
    loading.end()
}

/// Writes a fixture of this size to `file`.
pub(crate) fn write(file: &Path, size: Dataset) -> Result<(), Failure> {
    let users: Vec<Value> = (0..size.accounts).map(|account| person(account, size.notes_each)).collect();
    let document = json!({"format": "satchel-fixture", "version": 1, "users": users});
    Ok(fs::write(file, document.to_string())?)
}

fn person(account: usize, notes: usize) -> Value {
    let notes: Vec<Value> = (0..notes).map(|note| text(account, note)).collect();
    json!({"email": format!("person{account}@example.test"), "password": "password-1", "notes": notes})
}

fn text(account: usize, note: usize) -> Value {
    let word =
        |step: usize| WORDS.get((account * 7 + note * step) % WORDS.len()).copied().unwrap_or_default();
    let content = (1..24).map(word).collect::<Vec<_>>().join(" ");
    json!({"title": format!("{} {note}", word(5)), "content": content, "tags": [word(11)]})
}
