//! People in front of the gateway: anonymous, registered, administrators. All ask in the same way.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::kit::{Answer, Request};

/// The password of everyone who did not choose another.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody, with or without a token, in front of one listener.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    door: SocketAddr,
    /// Empty for an anonymous actor.
    pub(crate) email: String,
    pub(crate) token: Option<String>,
}

impl Actor {
    /// Somebody without an account.
    pub(crate) fn anon(door: SocketAddr) -> Self {
        Self { door, email: String::new(), token: None }
    }

    /// Registers `<name>@example.test` with `name` as the username.
    pub(crate) fn register(&self, name: &str) -> Self {
        let email = format!("{name}@example.test");
        let body = json!({"email": email, "password": PASSWORD, "username": name});
        let token = token_of(&self.post("/api/auth/register", &body).expect(201));
        Self { door: self.door, email, token: Some(token) }
    }

    /// Logs in with `password` and goes on with the new token.
    pub(crate) fn log_in(&self, password: &str) -> Self {
        self.with_token(&token_of(&self.try_log_in(password).expect(200)))
    }

    /// The answer to logging in with `password`.
    pub(crate) fn try_log_in(&self, password: &str) -> Answer {
        let body = json!({"email": self.email, "password": password});
        Self::anon(self.door).post("/api/auth/login", &body)
    }

    /// The same person with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same person, or a stranger, under another address.
    pub(crate) fn called(&self, email: &str) -> Self {
        Self { email: email.to_owned(), ..self.clone() }
    }

    /// The same person in front of another listener.
    pub(crate) fn at(&self, door: SocketAddr) -> Self {
        Self { door, ..self.clone() }
    }

    /// The listener that it asks.
    pub(crate) fn door(&self) -> SocketAddr {
        self.door
    }

    /// The account's id, from the profile.
    pub(crate) fn id(&self) -> String {
        let me = self.get("/api/users/me").expect(200).json();
        me["data"]["user"]["_id"].as_str().expect("an id").to_owned()
    }

    /// Writes a note and returns its id.
    pub(crate) fn note(&self, content: &str) -> String {
        let answer = self.post("/api/notes", &json!({"content": content})).expect(201);
        answer.json()["data"]["note"]["id"].as_str().expect("an id").to_owned()
    }

    /// GET.
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(Request::new("GET", target))
    }

    /// DELETE.
    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.send(Request::new("DELETE", target))
    }

    /// POST with a JSON body.
    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", target).json(body))
    }

    /// PUT with a JSON body.
    pub(crate) fn put(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("PUT", target).json(body))
    }

    /// PATCH with a JSON body.
    pub(crate) fn patch(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("PATCH", target).json(body))
    }

    /// Any request, with this actor's token.
    pub(crate) fn send(&self, request: Request) -> Answer {
        self.dressed(request).send(self.door)
    }

    /// Any request, for callers that expect the connection to break.
    pub(crate) fn try_send(&self, request: Request) -> std::io::Result<Answer> {
        self.dressed(request).try_send(self.door)
    }

    fn dressed(&self, request: Request) -> Request {
        match &self.token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }
}

/// The token in an answer of auth.
#[track_caller]
pub(crate) fn token_of(answer: &Answer) -> String {
    answer.json()["token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}
