//! Fixture files: read and checked whole, then handed to the services.
//!
//! A document lists users with their notes; each service gets the part that is its own and applies its own
//! rules to it. The format is described in `fixtures/README.md`.

use std::path::Path;

use chassis::contract::FixturesTaken;
use http::Method;
use serde_json::{Map, Value};
use tokio::time::Duration;

use crate::Failed;
use crate::cli::ServiceName;
use crate::topology::Topology;

mod document;

/// Bytes of a fixture file: the whole document is held in memory.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of one internal request: below the 64 KiB that the services accept.
const CHUNK_MAX: usize = 48 * 1024;
/// Objects of one internal request: a chunk of accounts hashes a password for each.
const CHUNK_OBJECTS_MAX: usize = 32;
/// A chunk of full-cost hashes on a busy machine takes seconds.
const DEADLINE: Duration = Duration::from_mins(1);

/// A mistake in a fixture, where it is and what it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {place}{reason}")]
pub(crate) struct FixtureError {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// Such as `users[3].notes[2].title: `, empty for the document itself.
    pub(crate) place: String,
    pub(crate) reason: String,
}

/// A checked document, divided among the services.
#[derive(Debug, Default)]
pub(crate) struct Fixture {
    accounts: Vec<Value>,
    profiles: Vec<Value>,
    notes: Vec<Value>,
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
        document::parse(file, text)
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

    /// Sends each service its part; what is there already stays as it is.
    pub(crate) async fn load(&self, topology: &Topology) -> Result<(), Failed> {
        let parts = [
            (ServiceName::Auth, &self.accounts),
            (ServiceName::User, &self.profiles),
            (ServiceName::Notes, &self.notes),
        ];
        for (service, objects) in parts {
            let added = send(topology, service, objects).await?;
            tracing::debug!(service = service.as_str(), added, "fixture loaded");
        }
        Ok(())
    }
}

async fn send(topology: &Topology, service: ServiceName, objects: &[Value]) -> Result<u64, Failed> {
    let peer = topology.peer(service);
    let mut added = 0;
    for chunk in chunks(objects) {
        let answer = peer.call(Method::POST, "/internal/fixtures", Some(&chunk), DEADLINE).await?;
        added += serde_json::from_value::<FixturesTaken>(answer)?.added;
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

/// A JSON object under construction.
type Object = Map<String, Value>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fixtures_of_the_repository_are_valid() {
        for (file, text, users, notes) in [
            ("demo.json", include_str!("../fixtures/demo.json"), 9, 310),
            ("small.json", include_str!("../fixtures/small.json"), 4, 12),
        ] {
            let fixture = Fixture::parse(file, text).unwrap();
            assert_eq!((fixture.accounts.len(), fixture.profiles.len()), (users, users), "{file}");
            assert_eq!(fixture.notes.len(), notes, "{file}");
        }
    }

    #[test]
    fn a_request_holds_no_more_than_the_services_take() {
        let objects = vec![json!({"content": "x".repeat(10_000)}); 20];
        let chunks = chunks(&objects);
        assert_eq!(chunks.iter().map(Vec::len).sum::<usize>(), 20);
        assert!(chunks.iter().all(|chunk| serde_json::to_vec(chunk).unwrap().len() <= 64 * 1024));
    }

    #[test]
    fn log_ins_are_listed_with_password_and_role() {
        let text = json!({"format": "satchel-fixture", "version": 1, "users": [
            {"email": "a@example.test", "password": "password-1", "role": "admin"},
            {"email": "b@example.test", "password": "password-2", "isActive": false},
        ]});
        let logins = Fixture::parse("f", &text.to_string()).unwrap().logins();
        assert!(
            logins.contains("a@example.test") && logins.contains("password-1") && logins.contains("admin")
        );
        assert!(logins.contains("deactivated"), "{logins}");
    }
}
