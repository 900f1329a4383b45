//! One scenario in a world of its own: it plays the recorded steps in order, and between them what the
//! recording leaves out.
//!
//! A scene says who acts and what happened unrecorded; whether the answers are right is decided here.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::expected::{Expected, Seen};
use super::listed::Listed;
use super::names::{Names, RUN};
use super::recording::{Recording, Sent, Step, raw};
use crate::kit::{Answer, Request, Setup, World};

/// Everybody's password in the recording.
const PASSWORD: &str = "password-1";
/// Where browsers may call from when nobody says otherwise.
const CLIENT_URL: &str = "http://localhost:5173";

/// A scenario while it is played.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) world: World,
    pub(super) names: Names,
    listed: &'a Listed,
    /// What is still to come.
    steps: VecDeque<Step>,
    /// The newest token of everybody who has one.
    tokens: BTreeMap<String, String>,
    /// The `Authorization` of the next steps.
    caller: Option<String>,
    /// A header more, for the next step only.
    extra: Option<(&'static str, String)>,
    wrong: Vec<String>,
}

impl<'a> Stage<'a> {
    /// A fresh world for the scenario of that name.
    pub(super) fn open(scenario: &str, recording: &Recording, listed: &'a Listed) -> Self {
        let setup = if scenario.starts_with("rate_limit") { Setup::original() } else { Setup::ci() };
        let world = World::start(&setup);
        let mut names = Names::new();
        names.bind("<host>", &world.doors().gateway.to_string());
        names.bind("<client-url>", CLIENT_URL);
        Self {
            world,
            names,
            listed,
            steps: recording.scenario(scenario).into(),
            tokens: BTreeMap::new(),
            caller: None,
            extra: None,
            wrong: Vec::new(),
        }
    }

    /// What went wrong, in the order of the steps. All of them must have been played.
    pub(super) fn close(mut self) -> Vec<String> {
        if let Some(title) = self.upcoming() {
            self.wrong.push(format!("`{title}` and what follows was not played"));
        }
        self.wrong
    }
}

/// Who acts.
impl Stage<'_> {
    /// The next steps are this person's.
    pub(super) fn speak_as(&mut self, name: &str) {
        self.caller = Some(format!("Bearer {}", self.token(name)));
    }

    /// The next steps have no token.
    pub(super) fn speak_as_nobody(&mut self) {
        self.caller = None;
    }

    /// The next steps have this `Authorization`.
    pub(super) fn authorize(&mut self, value: String) {
        self.caller = Some(value);
    }

    /// The next step has this header too.
    pub(super) fn add_header(&mut self, name: &'static str, value: String) {
        self.extra = Some((name, value));
    }

    /// The newest token of somebody.
    pub(super) fn token(&self, name: &str) -> String {
        self.tokens.get(name).unwrap_or_else(|| panic!("{name} has no token")).clone()
    }
}

/// What the recording leaves out.
impl Stage<'_> {
    /// Registers somebody; `<uid:name>` is their id.
    pub(super) fn register(&mut self, name: &str) {
        self.register_with(name, &json!({}));
    }

    /// Registers somebody with more fields, or others.
    pub(super) fn register_with(&mut self, name: &str, fields: &Value) {
        let mut body = json!({"email": format!("{name}-RUN@example.test"), "password": PASSWORD});
        for (field, value) in fields.as_object().unwrap() {
            body[field] = value.clone();
        }
        self.send("POST", "/api/auth/register", &body).expect(201);
    }

    /// Makes somebody an administrator, as the operator does.
    pub(super) fn grant(&self, name: &str) {
        self.world.satchel(&["admin", "grant", &address(name)]).expect(0);
    }

    /// Writes a note of `author`; `<note:name>` is its id.
    pub(super) fn note(&mut self, author: &str, name: &str) {
        self.speak_as(author);
        let answer = self.send("POST", "/api/notes", &json!({"content": format!("content of {name}")}));
        self.names.bind(&format!("<note:{name}>"), &note_id(&answer.expect(201)));
        self.speak_as_nobody();
    }

    /// An unrecorded request of whoever speaks, at the gateway.
    pub(super) fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_to("gw", method, path, body)
    }

    /// An unrecorded request of whoever speaks.
    pub(super) fn send_to(&mut self, to: &str, method: &str, path: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then(|| body.clone());
        let (to, method, path) = (to.to_owned(), method.to_owned(), path.to_owned());
        self.ask(&Sent { to, method, path, body, headers: BTreeMap::new() })
    }
}

/// What was recorded.
impl Stage<'_> {
    /// The title of the next step.
    pub(super) fn upcoming(&mut self) -> Option<String> {
        while self.steps.front().is_some_and(|step| self.listed.is_gap(&step.name)) {
            self.steps.pop_front();
        }
        self.steps.front().map(|step| step.title().to_owned())
    }

    /// Plays the next step.
    pub(super) fn step(&mut self) -> Answer {
        let step = self.steps.pop_front().expect("a step");
        let sent = step.request.as_ref().unwrap_or_else(|| panic!("{} is to be derived", step.name));
        let answer = self.ask(sent);
        self.names.bind("<own-path>", &self.names.sent(own_path(&sent.path)));
        self.judge(&step, Seen::Answer(&answer, sent.body.as_ref().unwrap_or(&Value::Null)));
        answer
    }

    /// Plays the steps before `title`.
    pub(super) fn until(&mut self, title: &str) {
        while self.upcoming().unwrap_or_else(|| panic!("no step `{title}` is to come")) != title {
            self.step();
        }
    }

    /// Plays the steps before `title`, and then that one as `name`.
    pub(super) fn step_as(&mut self, name: &str, title: &str) -> Answer {
        self.until(title);
        let caller = self.caller.clone();
        self.speak_as(name);
        let answer = self.step();
        self.caller = caller;
        answer
    }

    /// Plays the steps before `title`, which is known to be `facts`.
    pub(super) fn facts(&mut self, title: &str, facts: &Value) {
        self.until(title);
        let step = self.steps.pop_front().expect("a step");
        self.judge(&step, Seen::Facts(facts));
    }

    /// Plays all that is left.
    pub(super) fn rest(&mut self) {
        while self.upcoming().is_some() {
            self.step();
        }
    }

    /// Plays all that is left; `who` tells from the title of a step whose it is.
    pub(super) fn rest_by(&mut self, who: impl Fn(&str) -> Option<&'static str>) {
        while let Some(title) = self.upcoming() {
            match who(&title) {
                Some(name) => self.speak_as(name),
                None => self.speak_as_nobody(),
            }
            self.step();
        }
    }
}

/// Asking and judging.
impl Stage<'_> {
    fn ask(&mut self, sent: &Sent) -> Answer {
        let mut request = Request::new(&sent.method, self.names.sent(&sent.path));
        for (name, value) in &sent.headers {
            request = request.header(name, self.names.sent(value));
        }
        if let Some(value) = &self.caller {
            request = request.header("authorization", value);
        }
        if let Some((name, value)) = self.extra.take() {
            request = request.header(name, value);
        }
        let request = match &sent.body {
            None => request,
            Some(Value::String(text)) => request.body(raw(&self.names.sent(text))),
            Some(body) => request.json(&self.names.sent_json(body)),
        };
        let answer = request.send(self.door(&sent.to));
        self.remember(sent.body.as_ref(), &answer);
        answer
    }

    fn door(&self, to: &str) -> SocketAddr {
        let doors = self.world.doors();
        match to {
            "gw" => doors.gateway,
            "auth" => doors.auth,
            "user" => doors.user,
            "notes" => doors.notes,
            other => panic!("nobody is called {other}"),
        }
    }

    /// Keeps the token of who registered or logged in, and whose it is.
    fn remember(&mut self, body: Option<&Value>, answer: &Answer) {
        let email = body.and_then(|body| body["email"].as_str()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let (Some(name), Some(token)) = (email.strip_suffix("-RUN@example.test"), body["token"].as_str()) {
            let account =
                claims(self.world.secret(), token)["userId"].as_str().unwrap_or_default().to_owned();
            self.names.bind(&format!("<uid:{name}>"), &account);
            self.tokens.insert(name.to_owned(), token.to_owned());
        }
    }

    fn judge(&mut self, step: &Step, seen: Seen<'_>) {
        let recorded = Expected::recorded(step);
        let wrong = match (self.listed.difference(&step.name), recorded.mismatch(seen, &self.names)) {
            (None, None) => None,
            (None, Some(reason)) => Some(format!("{reason}\n  recorded: {recorded}")),
            (Some(_), None) => Some("it is listed as a difference, but is as recorded".to_owned()),
            (Some(difference), Some(_)) => {
                let listed = Expected::listed(difference, step);
                let reason = listed.mismatch(seen, &self.names);
                reason.map(|reason| format!("{reason}\n  listed: {listed}"))
            }
        };
        let report = |wrong| format!("{}\n  {}\n  {wrong}\n  got: {seen}", step.name, self.asked(step));
        self.wrong.extend(wrong.map(report));
    }

    /// The request of a step, for messages.
    fn asked(&self, step: &Step) -> String {
        let Some(Sent { to, method, path, body, .. }) = &step.request else {
            return "(derived)".to_owned();
        };
        let body = body.as_ref().map(|body| self.names.sent_json(body).to_string()).unwrap_or_default();
        format!("{method} {} at {to} {body}", self.names.sent(path))
    }
}

/// The claims of a token that is valid now.
pub(super) fn claims(secret: &str, token: &str) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::decode(token, &key, &validation).unwrap_or_else(|error| panic!("{error}: {token}")).claims
}

/// The id of the note in an answer.
pub(super) fn note_id(answer: &Answer) -> String {
    answer.json()["data"]["note"]["id"].as_str().expect("an id").to_owned()
}

/// A path as the service behind the gateway sees it.
fn own_path(path: &str) -> &str {
    path.strip_prefix("/api").unwrap_or(path)
}

/// The address of somebody's mail.
pub(super) fn address(name: &str) -> String {
    format!("{name}-{RUN}@example.test")
}
