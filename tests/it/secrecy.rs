//! Secrets stay with those they are for (PROMISES.md K1).
//!
//! A world that logs all that can be logged is asked everything, rightly and wrongly, also while services are away. Then
//! every secret of the run is looked for in the log, the answers, the numbers, the command line and the databases.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use chassis::id::hex;
use chassis::internal::Signer;
use chassis::secret::Secret;
use serde_json::{Value, json};

use crate::kit::{Actor, Answer, Request, Setup, World, mail, port, wait};

/// A mail is written, or given up, within seconds.
const MAIL_MAX: Duration = Duration::from_secs(20);
/// What signs in this world; no other test has it.
const SECRET: &str = "3e1c9f70b2d84a56c7e80f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e";

/// What nobody else may hear, by what it is, and all that was said aloud.
struct Ear<'a> {
    world: &'a World,
    secrets: Vec<(&'static str, String)>,
    heard: Vec<(String, String)>,
}

impl<'a> Ear<'a> {
    fn new(world: &'a World) -> Self {
        let mut ear = Self { world, secrets: Vec::new(), heard: Vec::new() };
        ear.keep("the secret", SECRET);
        ear.keep("a hash of a password", "$argon2id$");
        for service in ["gateway", "auth", "user", "notes"] {
            let standing = Signer::of_control(&Secret::new(SECRET.to_owned())).authorization(service);
            ear.keep("a credential of control", standing.trim_start_matches("Bearer "));
        }
        ear
    }

    fn keep(&mut self, what: &'static str, secret: &str) -> String {
        self.secrets.push((what, secret.to_owned()));
        secret.to_owned()
    }

    /// A password that was never used before.
    fn password(&mut self) -> String {
        let number = self.secrets.len();
        self.keep("a password", &format!("pass-{number}-Wq7Zr{number}kX"))
    }

    /// Sends `request` as `actor`; keeps the token that it is given, and hears the rest of the answer.
    fn ask(&mut self, actor: &Actor, request: Request) -> Answer {
        let target = request.target.clone();
        let answer = actor.send(request);
        let mut text = format!("{:?} {}", answer.headers, answer.text());
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(token) = body["token"].as_str() {
            text = text.replace(&self.keep("a token", token), "");
        }
        self.heard.push((target, text));
        answer
    }

    fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.ask(&self.world.anon(), Request::new("POST", target).json(body))
    }

    /// Demands that no text has a secret but the target that it answers.
    fn is_silent(&self) {
        for (target, text) in &self.heard {
            for (what, secret) in self.secrets.iter().filter(|(_, secret)| !target.contains(secret)) {
                assert!(!text.contains(secret), "{what} is in the answer to {target}: {text}");
            }
        }
        self.is_unheard("the log", &self.world.log());
    }

    fn is_unheard(&self, place: &str, text: &str) {
        for (what, secret) in &self.secrets {
            let line = text.lines().find(|line| line.contains(secret)).unwrap_or_default();
            assert!(!text.contains(secret), "{what} is in {place}: {secret} in {line}");
        }
    }
}

fn setup(setup: Setup) -> Setup {
    setup.env("SATCHEL_LOG", "trace").env("JWT_SECRET", SECRET)
}

fn register(ear: &mut Ear<'_>, name: &str) -> Actor {
    let password = ear.password();
    let email = format!("{name}@example.test");
    let answer = ear.post("/api/auth/register", &json!({"email": email, "password": password}));
    let token = answer.expect(201).json()["token"].as_str().expect("a token").to_owned();
    for change in [json!({"username": "x"}), json!({"bio": 7}), json!({"avatar": "javascript:1"}), json!({})]
    {
        let mut body = json!({"email": email, "password": ear.password()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = ear.post("/api/auth/register", &body);
        assert!(matches!(answer.status, 400 | 409), "{answer}");
    }
    ear.world.anon().called(&email).with_token(&token)
}

/// Bodies that cannot be read, with a password in each.
fn stumble(ear: &mut Ear<'_>) {
    let anon = ear.world.anon();
    for target in ["/api/auth/register", "/api/auth/login"] {
        for body in [
            "{\"email\":\"a@b.co\",\"password\":\"PASSWORD\"",
            "[\"PASSWORD\"]",
            "PASSWORD",
            "{\"PASSWORD\":1,}",
        ] {
            let body = body.replace("PASSWORD", &ear.password());
            let json =
                Request::new("POST", target).header("content-type", "application/json").body(body.clone());
            ear.ask(&anon, json).expect(400);
            ear.ask(&anon, Request::new("POST", target).body(body.clone()));
            ear.ask(&anon, Request::new("POST", target).header("content-encoding", "gzip").body(body));
        }
        let large = format!("{}{}", ear.password(), " ".repeat(20_000));
        ear.ask(&anon, Request::new("POST", target).header("content-type", "application/json").body(large))
            .expect(413);
        let odd = json!({"email": [ear.password()], "password": {"is": ear.password()}});
        ear.post(target, &odd).expect(400);
    }
}

fn log_in(ear: &mut Ear<'_>, user: &Actor, password: &str) -> Actor {
    for email in [user.email.as_str(), "nobody@example.test", "not an e-mail"] {
        let wrong = json!({"email": email, "password": ear.password()});
        ear.post("/api/auth/login", &wrong);
    }
    let answer = ear.post("/api/auth/login", &json!({"email": user.email, "password": password})).expect(200);
    user.with_token(answer.json()["token"].as_str().expect("a token"))
}

/// A token in every place where somebody might put it by mistake.
fn misplace(ear: &mut Ear<'_>, user: &Actor, secret: &str) {
    let targets = [
        format!("/api/notes/{secret}"),
        format!("/api/users/{secret}"),
        format!("/api/{secret}"),
        format!("/{secret}"),
        format!("/api/auth/reset-password/{secret}/more"),
        format!("/api/auth/reset-password/{secret}%"),
        format!("/api/notes?token={secret}"),
        format!("/api/notes?page={secret}"),
        format!("/api/notes?x={secret}%"),
        format!("/api/nope?token={secret}"),
    ];
    for target in &targets {
        for method in ["GET", "PATCH", "DELETE"] {
            ear.ask(user, Request::new(method, target));
            ear.ask(&ear.world.anon(), Request::new(method, target));
        }
    }
    for header in
        ["cookie", "x-api-key", "x-auth-token", "if-none-match", "accept", "idempotency-key", "origin"]
    {
        ear.ask(user, Request::new("GET", "/api/notes").header(header, secret));
    }
    for scheme in ["Basic", "Token", "bearer", "Bearer x"] {
        let request = Request::new("GET", "/api/notes").header("authorization", format!("{scheme} {secret}"));
        ear.ask(&ear.world.anon(), request);
    }
}

fn reset(ear: &mut Ear<'_>, user: &Actor) -> String {
    ear.post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let mailed = wait::poll(MAIL_MAX, || mail::newest(ear.world.data(), &user.email));
    let token = ear.keep("a reset token", &mailed.expect("a mail").1);
    let hash = digest(&SHA256, token.as_bytes());
    ear.keep("a hash of a reset token", &hex(hash.as_ref()));
    misplace(ear, user, &token);
    let (path, short, chosen) = (format!("/api/auth/reset-password/{token}"), "short", ear.password());
    let anon = ear.world.anon();
    let evil = Request::new("PATCH", &path).header("x-forwarded-host", "evil.example");
    ear.ask(&anon, evil.clone().json(&json!({"password": short}))).expect(400);
    ear.ask(&anon, evil.clone().json(&json!({"password": chosen}))).expect(200);
    let again = json!({"password": ear.password()});
    ear.ask(&anon, evil.json(&again)).expect(400);
    chosen
}

fn change(ear: &mut Ear<'_>, user: &Actor, current: &str) -> String {
    let chosen = ear.password();
    let bodies = [
        json!({"currentPassword": ear.password(), "newPassword": ear.password()}),
        json!({"currentPassword": current, "newPassword": "short"}),
        json!({"currentPassword": current, "newPassword": chosen}),
    ];
    for body in bodies {
        ear.ask(user, Request::new("PATCH", "/api/auth/update-password").json(&body));
    }
    let body = json!({"password": ear.password(), "passwordConfirm": ear.password()});
    ear.ask(user, Request::new("PATCH", "/api/users/update-me").json(&body));
    chosen
}

/// The same questions while the service that they need is not there.
fn be_away(ear: &mut Ear<'_>, user: &Actor) {
    let control = ear.world.control();
    for service in ["user", "notes", "auth"] {
        control.post(&format!("/control/services/{service}/stop"), &json!({})).expect(200);
        let body = json!({"email": format!("late-{service}@example.test"), "password": ear.password()});
        for target in ["/api/auth/register", "/api/auth/login", "/api/auth/forgot-password"] {
            ear.post(target, &body);
        }
        ear.ask(user, Request::new("GET", "/api/notes"));
        ear.ask(user, Request::new("GET", "/api/users/me"));
        control.post(&format!("/control/services/{service}/start"), &json!({})).expect(200);
    }
}

fn call_inside(ear: &mut Ear<'_>) {
    let doors = ear.world.doors();
    for (service, door) in [("auth", doors.auth), ("user", doors.user), ("notes", doors.notes)] {
        let authorization = ear.world.credential("user", service);
        let credential = ear.keep("a credential", authorization.trim_start_matches("Bearer "));
        for target in ["/internal/doctor", "/internal/audit", "/internal/nope", "/users/me", "/notes"] {
            for value in [authorization.clone(), format!("Bearer {credential}x"), credential.clone()] {
                let request = Request::new("POST", target).header("authorization", value).json(&json!([7]));
                ear.ask(&Actor::anon(door), request);
            }
        }
        ear.ask(&Actor::anon(door), Request::new("GET", "/metrics"));
    }
}

/// Demands that no file under `path` but those of the mailbox and the secret's own has one of `secrets`.
fn is_not_on_disk(path: &Path, secrets: &[&str]) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| !path.ends_with("mailbox")).for_each(|path| is_not_on_disk(&path, secrets));
    } else if let Ok(bytes) = std::fs::read(path) {
        for secret in secrets {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{secret} is in {}", path.display());
        }
    }
}

#[test]
fn no_secret_is_in_a_log_an_answer_a_number_a_command_line_or_a_database() {
    let mut world = World::start(&setup(Setup::ci()));
    let pid = world.process().pid();
    let mut ear = Ear::new(&world);
    stumble(&mut ear);
    let user = register(&mut ear, "ada");
    let chosen = reset(&mut ear, &user);
    let user = log_in(&mut ear, &user, &chosen);
    let chosen = change(&mut ear, &user, &chosen);
    let user = log_in(&mut ear, &user, &chosen);
    let token = user.token.clone().expect("a token");
    misplace(&mut ear, &user, &token);
    let admin = world.admin();
    for method in ["GET", "PATCH", "DELETE"] {
        ear.ask(&admin, Request::new(method, format!("/api/users/{token}")));
    }
    be_away(&mut ear, &user);
    call_inside(&mut ear);
    ear.ask(&user, Request::new("DELETE", "/api/users/delete-me")).expect(204);
    ear.post("/api/auth/login", &json!({"email": user.email, "password": chosen})).expect(403);
    ear.is_silent();
    // The log is as talkative as it was asked to be.
    assert!(world.log().contains("the answer quotes the request"));
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    ear.is_unheard("the command line", &line);
    let in_the_clear = ["a password", "a token", "a reset token", "the secret"];
    let secrets: Vec<&str> = ear
        .secrets
        .iter()
        .filter(|(what, _)| in_the_clear.contains(what))
        .map(|(_, secret)| secret.as_str())
        .collect();
    is_not_on_disk(ear.world.data(), &secrets);
    println!(
        "{} secrets, {} answers, {} lines of log: none has one",
        ear.secrets.len(),
        ear.heard.len(),
        world.log().lines().count()
    );
}

/// The mail server is not there, so that every letter is given up with a reason.
#[test]
fn no_secret_of_the_operator_and_no_letter_is_in_the_log() {
    let (nobody, mail, admin) = (port::free().to_string(), "mail-pass-7Qw2Zr9", "admin-pass-5Tk8Lm3");
    let settings = setup(Setup::original())
        .env("EMAIL_HOST", "127.0.0.1")
        .env("EMAIL_PORT", &nobody)
        .env("EMAIL_USER", "postmaster")
        .env("EMAIL_PASS", mail)
        .env("SATCHEL_ADMIN_EMAIL", "root@example.test")
        .env("SATCHEL_ADMIN_PASSWORD", admin);
    let world = World::start(&settings);
    let mut ear = Ear::new(&world);
    ear.keep("the password of the mail server", mail);
    ear.keep("the password of the first administrator", admin);
    ear.post("/api/auth/login", &json!({"email": "root@example.test", "password": admin})).expect(200);
    ear.post("/api/auth/forgot-password", &json!({"email": "root@example.test"})).expect(200);
    wait::until("an attempt to send", MAIL_MAX, || world.log().contains("mail"));
    ear.is_silent();
    assert!(!world.log().contains("/reset-password/"), "a link is in the log");
}
