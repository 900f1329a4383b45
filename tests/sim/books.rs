//! What is on the disks of auth and user, and in the database of notes, read as an auditor would: no service helps.

use std::path::Path;

use bson::{Bson, Document};
use chassis::simulation::Disk;
use serde::Deserialize;

/// An account at auth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Identity {
    #[serde(rename = "_id")]
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) generation: u32,
    pub(crate) rung: String,
    pub(crate) epoch: u32,
}

/// A profile at user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Profile {
    #[serde(rename = "_id")]
    pub(crate) account: String,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) role: String,
    pub(crate) generation: u32,
    pub(crate) rung: String,
    pub(crate) epoch: u32,
    pub(crate) bio: Option<String>,
}

/// Whose an e-mail or a username is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Claim {
    #[serde(rename = "_id")]
    pub(crate) key: String,
    pub(crate) account: String,
    #[serde(default)]
    pub(crate) change: Option<String>,
}

/// Everything that the three services keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) identities: Vec<Identity>,
    pub(crate) email_claims: Vec<Claim>,
    pub(crate) auth_tombstones: Vec<String>,
    /// Registrations that are neither done nor undone.
    pub(crate) registrations: usize,
    pub(crate) auth_outbox: usize,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) username_claims: Vec<Claim>,
    pub(crate) user_tombstones: Vec<String>,
    /// E-mail changes that are neither done nor given back.
    pub(crate) changes: usize,
    pub(crate) user_outbox: usize,
}

impl Books {
    /// Reads both disks.
    pub(crate) fn read(auth: &Disk, user: &Disk) -> Self {
        Self {
            identities: all(auth, "identity"),
            email_claims: all(auth, "email_claim"),
            auth_tombstones: ids(auth),
            registrations: listed(auth, "index", "open"),
            auth_outbox: auth.scan("outbox").len(),
            profiles: all(user, "profile"),
            username_claims: all(user, "username_claim"),
            user_tombstones: ids(user),
            changes: listed(user, "change", "changes"),
            user_outbox: user.scan("outbox").len(),
        }
    }

    /// What still has to happen before everything is at rest.
    pub(crate) fn unrest(&self) -> Option<String> {
        let counts = [
            ("open registrations", self.registrations),
            ("open e-mail changes", self.changes),
            ("messages of auth", self.auth_outbox),
            ("messages of user", self.user_outbox),
        ];
        let waiting: Vec<_> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        (!waiting.is_empty()).then(|| waiting.join(", "))
    }
}

/// The authors in the database of notes, with the number of their notes.
pub(crate) fn authors(data_dir: &Path) -> Vec<notes::inspection::Author> {
    notes::inspection::authors(data_dir).expect("the database of notes can be read")
}

fn documents(disk: &Disk, collection: &str) -> Vec<Document> {
    disk.scan(collection).iter().map(|bytes| bson::from_slice(bytes).expect("a document")).collect()
}

fn all<T: serde::de::DeserializeOwned>(disk: &Disk, collection: &str) -> Vec<T> {
    let read = |document| bson::from_document(document).expect("a document of its kind");
    documents(disk, collection).into_iter().map(read).collect()
}

fn ids(disk: &Disk) -> Vec<String> {
    let id = |document: &Document| document.get_str("_id").expect("a tombstone's id").to_owned();
    documents(disk, "tombstone").iter().map(id).collect()
}

fn listed(disk: &Disk, collection: &str, field: &str) -> usize {
    let lists = documents(disk, collection);
    lists.iter().filter_map(|list| list.get(field).and_then(Bson::as_array)).map(Vec::len).sum()
}
