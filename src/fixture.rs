//! Fixture files: read and checked whole, then handed to the services.
//!
//! A document lists users with their notes; each service gets the part that is its own and applies its own
//! rules to it. The format is described in `fixtures/README.md`.

use std::path::Path;

use chassis::contract::{FixtureTaken, FixturesChecked, FixturesTaken};
use http::Method;
use serde_json::Value;
use tokio::time::Duration;

use crate::Failed;
use crate::cli::ServiceName;
use crate::operated::{Peers, explained, peer};

mod document;
mod member;
mod source;

use document::Checks;
pub(crate) use document::Fixture;
use source::Claim;
pub(crate) use source::FixtureError;

/// Bytes of a fixture file: the whole document is held in memory.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of one internal request: below the 64 KiB that the services accept.
const CHUNK_MAX: usize = 48 * 1024;
/// Objects of one internal request: a chunk of accounts hashes a password for each.
const CHUNK_OBJECTS_MAX: usize = 32;
/// A chunk of full-cost hashes on a busy machine takes seconds.
const DEADLINE: Duration = Duration::from_mins(1);

/// The rules of the services.
const CHECKS: Checks = Checks {
    account: |value| auth::fixture::parse(value).map(drop),
    profile: |value| user::fixture::parse(value).map(drop),
    note: |value| notes::fixture::parse(value).map(drop),
};

/// How many objects were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Loaded {
    accounts: u64,
    profiles: u64,
    notes: u64,
}

impl Fixture {
    /// Reads and checks the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failed> {
        let file = path.display().to_string();
        let unreadable = |error: std::io::Error| format!("the fixture {file} cannot be read: {error}");
        if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_MAX {
            return Err(format!("the fixture {file} is larger than {FILE_MAX} bytes").into());
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Ok(Self::parse(&file, &text)?)
    }

    /// Checks a document; `file` names it in errors.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, FixtureError> {
        document::parse(file, text, &CHECKS)
    }

    /// Asks the services whether anybody else holds what a new account of this file wants; nothing is written.
    pub(crate) async fn check(&self, peers: &Peers) -> Result<(), Failed> {
        for (service, objects) in [(ServiceName::Auth, &self.accounts), (ServiceName::User, &self.profiles)] {
            for chunk in chunks(objects) {
                let asked = peer(peers, service)?;
                let answer =
                    asked.call(Method::POST, "/internal/fixtures/check", Some(&chunk), DEADLINE).await;
                let checked: FixturesChecked = serde_json::from_value(answer.map_err(explained)?)?;
                if let Some(taken) = checked.taken.first() {
                    return Err(self.taken(taken).into());
                }
            }
        }
        Ok(())
    }

    fn taken(&self, taken: &FixtureTaken) -> FixtureError {
        let of = |claim: &&Claim| claim.account == taken.account && claim.field == taken.field;
        let claim = self.claims.iter().find(of);
        let (place, at) = claim.map_or((taken.field.as_str(), 0), |claim| (claim.place.as_str(), claim.at));
        self.source.mistake(place, at, "belongs to another account already")
    }

    /// The accounts with their passwords, for people.
    pub(crate) fn logins(&self) -> String {
        let mut lines = vec!["Log in as:".to_owned()];
        for account in &self.accounts {
            let text = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default();
            let inactive = account.get("isActive") == Some(&Value::Bool(false));
            let remark = if inactive { "deactivated" } else { text("role") };
            lines.push(format!("  {:<22} {:<18} {remark}", text("email"), text("password")));
        }
        lines.join("\n")
    }

    /// What is in it, in words.
    pub(crate) fn told(&self) -> String {
        format!("{} users with {} notes", self.accounts.len(), self.notes.len())
    }

    /// Sends each service its part; what is there already stays as it is.
    pub(crate) async fn load(&self, peers: &Peers) -> Result<Loaded, Failed> {
        let parts = [
            (ServiceName::Auth, &self.accounts),
            (ServiceName::User, &self.profiles),
            (ServiceName::Notes, &self.notes),
        ];
        let mut loaded = Loaded::default();
        for (service, objects) in parts {
            let added = send(peers, service, objects).await?;
            tracing::debug!(service = service.as_str(), added, "fixture loaded");
            match service {
                ServiceName::Auth => loaded.accounts = added,
                ServiceName::User => loaded.profiles = added,
                ServiceName::Notes | ServiceName::Gateway => loaded.notes = added,
            }
        }
        Ok(loaded)
    }
}

async fn send(peers: &Peers, service: ServiceName, objects: &[Value]) -> Result<u64, Failed> {
    let mut added = 0;
    for chunk in chunks(objects) {
        let answer = peer(peers, service)?.call(Method::POST, "/internal/fixtures", Some(&chunk), DEADLINE);
        let taken: FixturesTaken = serde_json::from_value(answer.await.map_err(explained)?)?;
        added += taken.added;
    }
    Ok(added)
}

/// Divides objects into requests that the services accept.
fn chunks(objects: &[Value]) -> Vec<Vec<&Value>> {
    let mut chunks: Vec<Vec<&Value>> = Vec::new();
    let mut bytes = 0;
    for object in objects {
        let size = object.to_string().len() + 1;
        match chunks.last_mut() {
            Some(chunk) if bytes + size <= CHUNK_MAX && chunk.len() < CHUNK_OBJECTS_MAX => {
                chunk.push(object);
                bytes += size;
            }
            _ => {
                chunks.push(vec![object]);
                bytes = size;
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests;
