//! What a person does with notes, and what they expect to find again.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Outcome, Reply};
use crate::person::Person;
use crate::possible::{Calm, Possible};

impl Person {
    pub(crate) async fn create_note(&mut self) {
        let (id, content, sure) = (self.id(), self.word("note"), self.is_sure_of_session());
        let body = json!({"title": "a note", "content": content});
        let reply = self.ask(Method::POST, "/api/notes", body).await;
        {
            let mut ledger = self.ledger();
            let account = ledger.account(&id);
            match reply.outcome() {
                Outcome::Done => {
                    let note = reply.text("/data/note/id");
                    account.notes.insert(note, Possible::certain(Some(content)));
                }
                Outcome::Refused => {}
                Outcome::Unknown => account.doubtful_notes.push(content),
            }
        }
        self.meet(&reply, sure, "creating a note");
    }

    pub(crate) async fn edit_note(&mut self) {
        let (id, sure, content) = (self.id(), self.is_sure_of_session(), self.word("note"));
        let Some(note) = self.some_note() else { return };
        let (writing, was) =
            self.with_note(&id, &note, |one| (one.begin(Some(content.clone())), one.values().to_vec()));
        let path = format!("/api/notes/{note}");
        let reply = self.ask(Method::PATCH, &path, json!({"content": content})).await;
        self.with_note(&id, &note, |one| one.end(writing, reply.outcome(), Some(content)));
        if reply.status == 404 && !was.contains(&None) && sure && self.is_sure_of_session() {
            self.violate(&format!("I8: note {note} is gone"));
        }
        self.meet(&reply, sure, "editing a note");
    }

    pub(crate) async fn delete_note(&mut self) {
        let (id, sure) = (self.id(), self.is_sure_of_session());
        let Some(note) = self.some_note() else { return };
        let writing = self.with_note(&id, &note, |one| one.begin(None));
        let reply = self.ask(Method::DELETE, &format!("/api/notes/{note}"), Value::Null).await;
        self.with_note(&id, &note, |one| {
            one.end(writing, reply.outcome(), None);
            if reply.outcome() == Outcome::Done {
                one.seal(None);
            }
        });
        self.meet(&reply, sure, "deleting a note");
    }

    pub(crate) async fn read_note(&mut self) {
        let (id, sure) = (self.id(), self.is_sure_of_session());
        let Some(note) = self.some_note() else { return };
        let since = self.with_note(&id, &note, |one| one.calm());
        let reply = self.ask(Method::GET, &format!("/api/notes/{note}"), Value::Null).await;
        self.compare(&note, since, sure, &reply);
        self.meet(&reply, sure, "reading a note");
    }

    fn compare(&self, note: &str, since: Calm, sure: bool, reply: &Reply) {
        let seen = match reply.status {
            200 => Some(reply.text("/data/note/content")),
            404 if sure && self.is_sure_of_session() => None,
            _ => return,
        };
        let fits = self.with_note(&self.id(), note, |one| one.admits(since, &seen));
        if !fits {
            self.violate(&format!("I8: note {note} reads {seen:?}"));
        }
    }

    pub(crate) async fn search_notes(&mut self) {
        let (id, sure) = (self.id(), self.is_sure_of_session());
        let Some(note) = self.some_note() else { return };
        let known = self.with_note(&id, &note, |one| one.only().cloned());
        let Some(Some(content)) = known else { return };
        let reply = self.ask(Method::GET, &format!("/api/notes?search={content}"), Value::Null).await;
        let found = ids(&reply);
        if reply.status == 200 && !found.contains(&note) && sure && self.is_sure_of_session() {
            self.violate(&format!("I8: search does not find note {note}"));
        }
        self.meet(&reply, sure, "searching");
    }

    fn some_note(&self) -> Option<String> {
        let id = self.id();
        let ledger = self.ledger();
        let notes: Vec<_> = ledger.accounts.get(&id)?.notes.keys().cloned().collect();
        (!notes.is_empty()).then(|| self.chance.pick(&notes))
    }

    fn with_note<T>(&self, id: &str, note: &str, act: impl FnOnce(&mut Possible<Option<String>>) -> T) -> T {
        let mut ledger = self.ledger();
        act(ledger.account(id).notes.get_mut(note).expect("a note of the ledger"))
    }
}

/// The ids of the notes in a list.
pub(crate) fn ids(reply: &Reply) -> Vec<String> {
    let notes = reply.body.pointer("/data/notes").and_then(Value::as_array);
    let ids = notes.into_iter().flatten().filter_map(|note| note.get("id").and_then(Value::as_str));
    ids.map(str::to_owned).collect()
}
