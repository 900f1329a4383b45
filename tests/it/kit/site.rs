//! Where a running world is, and the people in front of it; alike for one process and for four.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::kit::command::{Finished, run, run_within, satchel};
use crate::kit::{Actor, mail, token};

/// The doctor reads everything, and the worlds of the longest proofs have half a million notes.
const DOCTOR_MAX: Duration = Duration::from_mins(5);

/// Addresses of the four services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doors {
    pub(crate) gateway: SocketAddr,
    pub(crate) auth: SocketAddr,
    pub(crate) user: SocketAddr,
    pub(crate) notes: SocketAddr,
}

/// Addresses, data directory and secret of a running world.
#[derive(Debug)]
pub(crate) struct Site {
    doors: Doors,
    data: PathBuf,
    secret: String,
    control: Option<SocketAddr>,
    people: AtomicU32,
}

impl Site {
    /// A world that is there already.
    pub(crate) fn new(doors: Doors, data: PathBuf, secret: &str) -> Self {
        Self { doors, data, secret: secret.to_owned(), control: None, people: AtomicU32::new(0) }
    }

    /// The same, steered at `control`.
    pub(crate) fn steered(self, control: Option<SocketAddr>) -> Self {
        Self { control, ..self }
    }

    /// Whoever steers the world.
    #[track_caller]
    pub(crate) fn control(&self) -> Actor {
        Actor::anon(self.control.expect("a world under control"))
    }

    /// Takes the world back to its start.
    #[track_caller]
    pub(crate) fn reset(&self) {
        self.control().post("/control/reset", &json!({})).expect(200);
    }

    /// Where the services listen.
    pub(crate) fn doors(&self) -> Doors {
        self.doors
    }

    /// The gateway's base URL.
    pub(crate) fn gateway(&self) -> String {
        url(self.doors.gateway)
    }

    /// The auth service's base URL.
    pub(crate) fn auth(&self) -> String {
        url(self.doors.auth)
    }

    /// The user service's base URL.
    pub(crate) fn user(&self) -> String {
        url(self.doors.user)
    }

    /// The notes service's base URL.
    pub(crate) fn notes(&self) -> String {
        url(self.doors.notes)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The secret that tokens are signed with.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Runs `satchel ARGS… --data-dir <this world's>`.
    pub(crate) fn satchel(&self, arguments: &[&str]) -> Finished {
        run(&mut self.command(arguments))
    }

    /// Runs `satchel doctor --json`, which reads everything that there is.
    pub(crate) fn doctor(&self) -> Finished {
        run_within(DOCTOR_MAX, &mut self.command(&["doctor", "--json"]))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = satchel(arguments);
        command.arg("--data-dir").arg(&self.data).env("JWT_SECRET", &self.secret);
        command
    }

    /// Somebody without an account.
    pub(crate) fn anon(&self) -> Actor {
        Actor::anon(self.doors.gateway)
    }

    /// Somebody who registers as `<name>@example.test`.
    pub(crate) fn register(&self, name: &str) -> Actor {
        self.anon().register(name)
    }

    /// A name that nobody else has in this world.
    pub(crate) fn fresh_name(&self) -> String {
        format!("someone{}", self.people.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody with a name of no importance.
    pub(crate) fn someone(&self) -> Actor {
        self.register(&self.fresh_name())
    }

    /// Somebody whom the operator made an administrator.
    pub(crate) fn admin(&self) -> Actor {
        let admin = self.someone();
        self.satchel(&["admin", "grant", &admin.email]).expect(0);
        admin
    }

    /// The token of the newest reset mail to `actor`.
    pub(crate) fn reset_token(&self, actor: &Actor) -> String {
        let mail = mail::wait(&self.data, &actor.email);
        mail["token"].as_str().unwrap_or_else(|| panic!("no reset link: {mail}")).to_owned()
    }

    /// An internal credential of the service `from` for a call to the service `to`.
    pub(crate) fn credential(&self, from: &'static str, to: &str) -> String {
        token::internal(&self.secret, from, to)
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
