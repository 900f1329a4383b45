//! Notes: created, changed, archived, deleted, listed and searched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Account;
use crate::crash::asker::{Asker, Outcome};
use crate::crash::kind::Kind;
use crate::crash::ledger::Known;
use crate::kit::{Actor, Request};

/// Notes that an account keeps; with more it deletes. Fewer than one page of the list.
const NOTES_MAX: usize = 60;
/// Notes in doubt at which an account waits for the end of the fault.
const DOUBTS_MAX: usize = 3;

/// What can be changed of a note.
#[derive(Clone, Debug, PartialEq)]
struct Text {
    content: String,
    is_archived: bool,
}

/// A note: where it is once that is known, and what it says; `None` while it is not there.
#[derive(Clone, Debug)]
struct Note {
    id: Option<String>,
    text: Known<Option<Text>>,
}

/// Notes by their titles, which are never used twice.
#[derive(Debug, Default)]
pub(super) struct Notes(BTreeMap<String, Note>);

impl Account {
    /// Does something with its notes, unless too many of them are in doubt.
    pub(super) fn use_notes(&mut self, kind: Kind, asker: &mut Asker<'_>) -> Result<(), String> {
        if self.notes.doubts() >= DOUBTS_MAX {
            return Ok(());
        }
        match kind {
            Kind::CreateNote if self.notes.there() < NOTES_MAX => self.create_note(asker),
            Kind::ChangeNote => self.change_note(asker),
            Kind::ArchiveNote => self.archive_note(asker),
            Kind::ListNotes => self.notes.list(&self.actor, asker),
            Kind::SearchNotes => self.notes.search(&self.actor, asker),
            _ => self.delete_note(asker),
        }
    }

    fn create_note(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let title = format!("{}-{:06}", self.name, self.written);
        let content = format!("{title} as it was written, {}", "x".repeat(asker.draw(300)));
        let request = Request::new("POST", "/api/notes").json(&json!({"title": title, "content": content}));
        let mut text = Known::new(None);
        text.attempt(Some(Text { content, is_archived: false }));
        let answer = asker.ask(Kind::CreateNote, &self.actor, request, 201)?.settle(&mut text);
        let id = answer.and_then(|answer| answer.json()["data"]["note"]["id"].as_str().map(str::to_owned));
        self.notes.0.insert(title, Note { id, text });
        Ok(())
    }

    fn change_note(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let content = format!("{} changed it the {}th time", self.name, self.written);
        let change = |text| {
            let body = json!({"content": content});
            (Text { content, ..text }, body)
        };
        self.notes.edit(Kind::ChangeNote, &self.actor, asker, change)
    }

    fn archive_note(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let change = |text: Text| {
            let is_archived = !text.is_archived;
            (Text { is_archived, ..text }, json!({"isArchived": is_archived}))
        };
        self.notes.edit(Kind::ArchiveNote, &self.actor, asker, change)
    }

    fn delete_note(&mut self, asker: &mut Asker<'_>) -> Result<(), String> {
        let Some((_, note, _)) = self.notes.draw(asker) else { return Ok(()) };
        note.text.attempt(None);
        asker
            .ask(Kind::DeleteNote, &self.actor, Request::new("DELETE", note.target()), 204)?
            .settle(&mut note.text);
        Ok(())
    }
}

impl Note {
    fn target(&self) -> String {
        format!("/api/notes/{}", self.id.as_deref().unwrap_or_default())
    }
}

impl Notes {
    fn there(&self) -> usize {
        self.0.values().filter(|note| note.text.sure().is_some()).count()
    }

    fn doubts(&self) -> usize {
        self.0.values().filter(|note| !note.text.is_sure()).count()
    }

    /// One that is there for certain, with its title and text.
    fn draw(&mut self, asker: &mut Asker<'_>) -> Option<(&str, &mut Note, Text)> {
        let certain = self.0.iter_mut().filter_map(|(title, note)| {
            let text = note.text.sure().clone().filter(|_| note.text.is_sure() && note.id.is_some())?;
            Some((title.as_str(), note, text))
        });
        let mut certain: Vec<_> = certain.collect();
        (!certain.is_empty()).then(|| {
            let place = asker.draw(certain.len());
            certain.swap_remove(place)
        })
    }

    /// Changes one; `change` gives its text afterwards and what has to be asked for it.
    fn edit(
        &mut self,
        kind: Kind,
        actor: &Actor,
        asker: &mut Asker<'_>,
        change: impl FnOnce(Text) -> (Text, Value),
    ) -> Result<(), String> {
        let Some((_, note, text)) = self.draw(asker) else { return Ok(()) };
        let (text, body) = change(text);
        note.text.attempt(Some(text));
        let request = Request::new("PATCH", note.target()).json(&body);
        asker.ask(kind, actor, request, 200)?.settle(&mut note.text);
        Ok(())
    }

    /// The list shows exactly what is known, in the middle of everything.
    fn list(&mut self, actor: &Actor, asker: &mut Asker<'_>) -> Result<(), String> {
        let request = Request::new("GET", "/api/notes?limit=1000");
        let Outcome::Acknowledged(answer) = asker.ask(Kind::ListNotes, actor, request, 200)? else {
            return Ok(());
        };
        if self.doubts() > 0 {
            return Ok(());
        }
        let there = self.0.values().filter_map(|note| note.text.sure().as_ref());
        let expected = there.filter(|text| !text.is_archived).count();
        let total = answer.json()["data"]["pagination"]["total"].clone();
        (total == expected).then_some(()).ok_or_else(|| format!("{expected} notes are listed as {total}"))
    }

    /// What was acknowledged is found in the next request.
    fn search(&mut self, actor: &Actor, asker: &mut Asker<'_>) -> Result<(), String> {
        let Some((title, note, text)) = self.draw(asker) else { return Ok(()) };
        let (title, id) = (title.to_owned(), note.id.clone());
        let target = format!("/api/notes?search={title}&limit=1000&isArchived={}", text.is_archived);
        let request = Request::new("GET", target);
        let Outcome::Acknowledged(answer) = asker.ask(Kind::SearchNotes, actor, request, 200)? else {
            return Ok(());
        };
        let found = answer.json();
        let mut found = found["data"]["notes"].as_array().into_iter().flatten();
        let is_found = found.any(|found| found["id"].as_str() == id.as_deref());
        is_found.then_some(()).ok_or_else(|| format!("{title} is not found by search"))
    }

    /// Compares them with everything that is listed now, forgets those that are gone, and searches for one.
    pub(super) fn check(&mut self, actor: &Actor, asker: &mut Asker<'_>) -> Result<(), String> {
        let mut found = BTreeMap::new();
        for is_archived in [false, true] {
            for note in listed(&actor.at(asker.spot.doors.gateway), is_archived)? {
                let field = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
                let text = Text { content: field("content"), is_archived: note["isArchived"] == true };
                if found.insert(field("title"), (field("id"), text)).is_some() {
                    return Err(format!("there twice: {note}"));
                }
            }
        }
        for (title, note) in &mut self.0 {
            let (id, text) = found.remove(title).unzip();
            if note.id.is_some() && id.is_some() && note.id != id {
                return Err(format!("{title} has another id: {:?}, {id:?}", note.id));
            }
            let happened = note.text.settle(text).map_err(|error| format!("note {title}: {error}"))?;
            asker.counts.compare(happened);
            note.id = id;
        }
        self.0.retain(|_, note| note.id.is_some());
        if let Some(title) = found.keys().next() {
            return Err(format!("nobody wrote {title}, or it was deleted"));
        }
        self.search(actor, asker)
    }
}

/// All notes of one kind; the total that the list tells is their number.
fn listed(actor: &Actor, is_archived: bool) -> Result<Vec<Value>, String> {
    let answer = actor.get(&format!("/api/notes?limit=1000&isArchived={is_archived}"));
    let body = (answer.status == 200).then(|| answer.json()).ok_or_else(|| format!("no list: {answer}"))?;
    let notes = body["data"]["notes"].as_array().cloned().unwrap_or_default();
    let total = &body["data"]["pagination"]["total"];
    (*total == notes.len()).then_some(()).ok_or_else(|| format!("{} notes, total {total}", notes.len()))?;
    Ok(notes)
}
