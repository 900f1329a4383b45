//! What the public API must say once everything is at rest: logins, tokens, notes, and names that are free again.

use std::cell::RefMut;
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::author::ids;
use crate::books::Books;
use crate::client::{Call, Reply};
use crate::ledger::{Account, EMAILS, Ledger, Status, USERNAMES};
use crate::oracle;
use crate::person::Crowd;

/// Checks every account of the ledger against the `books`, then whether free names are free.
pub(crate) async fn audit(crowd: Crowd, books: Books) {
    let accounts: Vec<_> = {
        let ledger = crowd.ledger.borrow();
        ledger.accounts.iter().map(|(id, account)| (id.clone(), account.clone())).collect()
    };
    join_all(accounts.iter().map(|(id, account)| check(&crowd, &books, id, account))).await;
    check_names(&crowd, &books).await;
}

/// Looks at an answer again after this long, for as long as everything may take to agree.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const LOOKS_MAX: u32 = 50;

/// Asks until `is_final`. Who died in the storm may have left connections behind that only their next use shows to be
/// dead, and a registration that met one is taken back first.
async fn settled<F>(mut ask: impl FnMut() -> F, is_final: impl Fn(&Reply) -> bool) -> Reply
where
    F: Future<Output = Reply>,
{
    let mut reply = ask().await;
    for _ in 0..LOOKS_MAX {
        if is_final(&reply) {
            break;
        }
        sleep(LOOK_AGAIN).await;
        reply = ask().await;
    }
    reply
}

/// Whether it is no word of a service at all.
fn is_absence(reply: &Reply) -> bool {
    matches!(reply.status, 0 | 502..=504)
}

fn violate(crowd: &Crowd, what: String) {
    crowd.ledger.borrow_mut().violate(what);
}

async fn check(crowd: &Crowd, books: &Books, id: &str, account: &Account) {
    let tokens = account.sessions.iter().map(|session| session.token.clone());
    match oracle::status(books, id) {
        Status::Active => {
            dead(crowd, id, account.dead_tokens()).await;
            active(crowd, books, id, account).await;
        }
        Status::Disabled => {
            dead(crowd, id, tokens.collect()).await;
            let statuses = try_all(crowd, &email_of(books, id), account.password.values()).await;
            if !statuses.iter().any(|reply| reply.status == 403) {
                violate(crowd, format!("I4: the login of {id}, which is inactive, says {statuses:?}"));
            }
        }
        Status::Gone => dead(crowd, id, tokens.collect()).await,
    }
}

/// I4, I5: none of `tokens` works anywhere.
async fn dead(crowd: &Crowd, id: &str, tokens: Vec<String>) {
    for token in tokens.iter().rev().take(3) {
        for (service, path) in [("user", "/users/me"), ("notes", "/notes")] {
            let reply =
                settled(|| crowd.client.ask_service(service, path, token), |one| !is_absence(one)).await;
            if reply.status != 401 {
                violate(crowd, format!("I4: {service} says {} to a dead token of {id}", reply.status));
            }
        }
        let body = json!({"currentPassword": "no password", "newPassword": "another password"});
        let path = "/api/auth/update-password";
        let reply = ask(crowd, &Call { method: Method::PATCH, path, token: Some(token), body }).await;
        if reply.status != 401 || reply.text("/message") == "Incorrect current password" {
            violate(crowd, format!("I4: auth says {} to a dead token of {id}", reply.body));
        }
    }
}

async fn try_all(crowd: &Crowd, email: &str, passwords: &[String]) -> Vec<Reply> {
    let mut replies = Vec::new();
    for password in passwords {
        let body = json!({"email": email, "password": password});
        let call = Call { method: Method::POST, path: "/api/auth/login", token: None, body };
        replies.push(ask(crowd, &call).await);
    }
    replies
}

/// I1, I8: one of the possible passwords opens the account, no retired one does, and everything is found there.
async fn active(crowd: &Crowd, books: &Books, id: &str, account: &Account) {
    let email = email_of(books, id);
    let replies = try_all(crowd, &email, account.password.values()).await;
    let Some(open) = replies.iter().find(|reply| reply.status == 200) else {
        return violate(crowd, format!("I1: no password of {id} works: {replies:?}"));
    };
    let retired: Vec<_> = account.retired.iter().rev().take(2).cloned().collect();
    if try_all(crowd, &email, &retired).await.iter().any(|reply| reply.status == 200) {
        violate(crowd, format!("I1: a retired password of {id} works"));
    }
    let token = open.text("/token");
    let me = get(crowd, "/api/users/me", &token).await;
    if me.status != 200 || me.text("/data/user/_id") != id {
        violate(crowd, format!("I1: the profile of {id} reads {} {}", me.status, me.body));
    }
    check_notes(crowd, id, account, &token).await;
}

async fn check_notes(crowd: &Crowd, id: &str, account: &Account, token: &str) {
    let list = get(crowd, "/api/notes?limit=1000", token).await;
    if list.status != 200 {
        return violate(crowd, format!("I8: the notes of {id} cannot be listed: {}", list.status));
    }
    let present = contents(&list);
    for (note, content) in &account.notes {
        let found = present.iter().find(|(listed, _)| listed == note).map(|(_, content)| content.clone());
        if !content.may_be(&found) {
            violate(crowd, format!("I8: note {note} of {id} is {found:?}, not {:?}", content.values()));
        }
    }
    let strange = present.iter().find(|(note, content)| {
        !account.notes.contains_key(note) && !account.doubtful_notes.contains(content)
    });
    if let Some((note, content)) = strange {
        violate(crowd, format!("I5: {id} never wrote note {note}: {content}"));
    }
    for (note, content) in present.iter().take(5) {
        let found = get(crowd, &format!("/api/notes?search={content}"), token).await;
        if !ids(&found).contains(note) {
            violate(crowd, format!("I8: search does not find note {note} of {id}"));
        }
    }
}

/// I3, I5: an e-mail or username is free exactly when no account has it, and a new owner finds nothing.
async fn check_names(crowd: &Crowd, books: &Books) {
    for (place, email) in EMAILS.into_iter().enumerate() {
        let is_held = books.identities.iter().any(|one| one.email == email);
        let body = json!({"email": email, "password": "a new owner", "username": format!("owner{place}")});
        expect_registration(crowd, is_held, email, body).await;
    }
    for (place, name) in USERNAMES.into_iter().enumerate() {
        let is_held = books.profiles.iter().any(|one| one.username == name);
        let email = format!("heir{place}@example.test");
        let body = json!({"email": email, "password": "a new owner", "username": name});
        expect_registration(crowd, is_held, name, body).await;
    }
}

async fn expect_registration(crowd: &Crowd, is_held: bool, name: &str, body: Value) {
    let email = body["email"].as_str().unwrap_or_default().to_owned();
    let call = Call { method: Method::POST, path: "/api/auth/register", token: None, body };
    let expected = if is_held { 409 } else { 201 };
    let is_final = |reply: &Reply| reply.status == 201 || reply.status == expected;
    let reply = settled(|| crowd.client.ask(call.clone()), is_final).await;
    if reply.status != expected {
        return violate(
            crowd,
            format!("I3: {name}, held: {is_held}, is answered {} {}", reply.status, reply.body),
        );
    }
    if is_held {
        return;
    }
    let token = reply.text("/token");
    if let Some(caller) = crowd.verifier.verify(&token) {
        ledger(crowd).open(&caller.account.to_string(), &email, "a new owner");
    }
    let notes = get(crowd, "/api/notes", &token).await;
    if notes.status != 200 || !contents(&notes).is_empty() {
        violate(crowd, format!("I5: the new owner of {name} sees {} {}", notes.status, notes.body));
    }
}

fn ledger(crowd: &Crowd) -> RefMut<'_, Ledger> {
    crowd.ledger.borrow_mut()
}

async fn get(crowd: &Crowd, path: &str, token: &str) -> Reply {
    ask(crowd, &Call { method: Method::GET, path, token: Some(token), body: Value::Null }).await
}

async fn ask(crowd: &Crowd, call: &Call<'_>) -> Reply {
    settled(|| crowd.client.ask(call.clone()), |reply| !is_absence(reply)).await
}

fn email_of(books: &Books, id: &str) -> String {
    let found = books.identities.iter().find(|one| one.account == id);
    found.map(|one| one.email.clone()).unwrap_or_default()
}

fn contents(reply: &Reply) -> Vec<(String, String)> {
    let notes = reply.body.pointer("/data/notes").and_then(Value::as_array);
    let text = |note: &Value, field: &str| note[field].as_str().unwrap_or_default().to_owned();
    notes.into_iter().flatten().map(|note| (text(note, "id"), text(note, "content"))).collect()
}
