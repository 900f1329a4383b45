//! Fixture files: read and checked whole, then handed to the services.
//!
//! A document lists users with their notes; each service gets the part that is its own and applies its own
//! rules to it. The format is described in `fixtures/README.md`.

use std::collections::BTreeMap;
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

use source::{Claim, Source};

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

/// How many objects were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Loaded {
    accounts: u64,
    profiles: u64,
    notes: u64,
}

/// A checked document, divided among the services.
#[derive(Debug)]
pub(crate) struct Fixture {
    source: Source,
    /// What no other user or note may have, in this file and in those beside it.
    claims: Vec<Claim>,
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

    /// Refuses files of which two name the same account, e-mail, username or note.
    pub(crate) fn check_together<'a>(
        fixtures: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), FixtureError> {
        let mut seen = BTreeMap::new();
        for fixture in fixtures {
            for claim in &fixture.claims {
                let key = (claim.field, claim.value.as_str());
                if let Some((source, first)) = seen.insert(key, (&fixture.source, claim)) {
                    let reason = format!("stands twice, first at {}", source.spot(first));
                    return Err(fixture.source.mistake(&claim.place, claim.at, reason));
                }
            }
        }
        Ok(())
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

    fn users(file: &str, users: &Value) -> Fixture {
        let text = json!({"format": "satchel-fixture", "version": 1, "users": users}).to_string();
        Fixture::parse(file, &text).unwrap()
    }

    #[test]
    fn two_files_of_one_start_share_no_account_name_or_note() {
        let note = |id: &str| json!([{"id": id, "content": "c"}]);
        let first = json!([{"_id": "01".repeat(12), "email": "a@example.test", "password": "password-1",
            "username": "Straße", "notes": note("b1cb1816-7d85-457c-9f32-2a1422d00e17")}]);
        for (field, value, place) in [
            ("_id", json!("01".repeat(12)), "users[0]._id: "),
            ("email", json!("A@Example.test"), "users[0].email: "),
            ("username", json!(" STRASSE "), "users[0].username: "),
            ("notes", note("b1cb1816-7d85-457c-9f32-2a1422d00e17"), "users[0].notes[0].id: "),
        ] {
            let mut second = json!([{"email": "b@example.test", "password": "password-1"}]);
            second[0][field] = value;
            let error = Fixture::check_together(&[users("1", &first), users("2", &second)]).unwrap_err();
            assert_eq!((error.file.as_str(), error.place.as_str()), ("2", place));
            assert!(error.reason.contains("twice, first at 1:1:"), "{error}");
        }
    }

    #[test]
    fn what_a_service_finds_taken_is_told_with_its_place_in_the_file() {
        let fixture = users("f", &json!([{"email": "a@example.test", "password": "password-1"}]));
        let taken = FixtureTaken { account: fixture.claims[0].account, field: "email".to_owned() };
        let told = fixture.taken(&taken).to_string();
        assert!(told.starts_with("f:1:") && told.contains(": users[0].email: belongs to another"), "{told}");
    }

    #[test]
    fn log_ins_are_listed_with_password_and_role() {
        let people = json!([
            {"email": "a@example.test", "password": "password-1", "role": "admin"},
            {"email": "b@example.test", "password": "password-2", "isActive": false},
        ]);
        let logins = users("f", &people).logins();
        assert!(
            logins.contains("a@example.test") && logins.contains("password-1") && logins.contains("admin")
        );
        assert!(logins.contains("deactivated"), "{logins}");
    }
}
