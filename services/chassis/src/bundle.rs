//! How a service hands out everything that it keeps, and takes it in again: one JSON object a line.
//!
//! A bundle is the lines of all services in one file, a record each; how a service writes its own is in its
//! `api/wire/bundle.rs`. What a record is about, and the file around them, is not known here.

use std::borrow::Cow;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::contract::Role;
use crate::email::Email;
use crate::failure::Failure;
use crate::field::Fields;
use crate::id::AccountId;
use crate::standing::{Rung, Standing};

mod page;
mod stream;

pub use page::Page;
pub use stream::{Lines, stream};

/// Bytes of a page that a service takes in: some thousand records, which one commit holds.
pub const PAGE_MAX: usize = 1024 * 1024;
/// Bytes of one record: the longest note that any route takes is half of it.
pub const LINE_MAX: usize = 128 * 1024;

/// Something that stands in a bundle on a line of its own.
pub trait Record: Sized {
    /// The service that keeps it.
    const SERVICE: &'static str;

    /// Reads the fields of a record of this kind.
    ///
    /// # Errors
    /// What is wrong with it, for the person who has to mend it.
    fn read(kind: &str, fields: Fields) -> Result<Self, Failure>;
}

/// How a record fits what a service keeps already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Nothing is in its way.
    New,
    /// It is there already.
    Same,
    /// What it is about is there and different, or gone for good, as the reason tells.
    Held(&'static str),
    /// What it claims belongs to something else, as the reason tells.
    Refused(&'static str),
}

/// What an import would not add, by the lines of its page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// In the order of the page.
    pub objections: Vec<Objection>,
}

/// Why a record cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Objection {
    /// Its line on the page, from 0.
    pub at: usize,
    /// The reason, for people.
    pub reason: Cow<'static, str>,
    /// Whether what is there may stay as it is and the record be left out.
    pub is_held: bool,
}

/// What became of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Records that were not there before and are now.
    pub added: usize,
    /// Records about something that is there and different, which stays as it is.
    pub held: usize,
}

/// The order to hand everything out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {}

impl Objection {
    /// What stands against the record on line `at`, if anything does.
    pub fn of(at: usize, fit: Fit) -> Option<Self> {
        let (reason, is_held) = match fit {
            Fit::New | Fit::Same => return None,
            Fit::Held(reason) => (reason, true),
            Fit::Refused(reason) => (reason, false),
        };
        Some(Self { at, reason: reason.into(), is_held })
    }

    /// A record that makes no sense.
    pub fn unreadable(at: usize, failure: &Failure) -> Self {
        Self { at, reason: told(failure).into(), is_held: false }
    }
}

impl Taken {
    /// Counts `fits`, none of which is refused.
    pub fn of(fits: &[Fit]) -> Self {
        let count = |is: fn(&Fit) -> bool| fits.iter().filter(|fit| is(fit)).count();
        Self { added: count(|fit| *fit == Fit::New), held: count(|fit| matches!(fit, Fit::Held(_))) }
    }
}

/// The first of `fits` that is refused, if any is.
pub fn refusal(fits: &[Fit]) -> Option<&'static str> {
    fits.iter().find_map(|fit| match fit {
        Fit::Refused(reason) => Some(*reason),
        Fit::New | Fit::Same | Fit::Held(_) => None,
    })
}

/// The failure with the field that it is about.
fn told(failure: &Failure) -> String {
    match failure.fields().first() {
        Some(first) => format!("{}: {}", first.field, first.message),
        None => failure.message().to_owned(),
    }
}

/// The failure of an export while something is under way.
pub fn unsettled() -> Failure {
    Failure::new(
        StatusCode::CONFLICT,
        "Messages to other services wait or were refused: `satchel doctor` tells which",
    )
}

/// The failure of a record whose kind its service does not have.
pub fn unknown_kind(service: &str, kind: &str) -> Failure {
    Failure::bad_request(format!("{service} has no records of the kind {kind:?}"))
}

/// The account that a record is about, in the field `name`.
pub fn account(fields: &mut Fields, name: &'static str) -> Option<AccountId> {
    let text = fields.required_string(name, "an account id is required");
    fields.check(name, text, |text| AccountId::parse(&text).ok_or("expected 24 hexadecimal digits"))
}

/// An e-mail.
pub fn email(fields: &mut Fields) -> Option<Email> {
    let text = fields.required_string("email", "Email is required");
    fields.check("email", text, |text| Email::parse(&text).ok_or("Invalid email format"))
}

/// A role; without one that of a user.
pub fn role(fields: &mut Fields) -> Role {
    let text = fields.optional_string("role");
    let role = |text: String| Role::parse(&text).ok_or("Invalid role: expected user or admin");
    fields.check("role", text, role).unwrap_or(Role::User)
}

/// Where an account stands; without a word of it, it is in use for the first time.
pub fn standing(fields: &mut Fields) -> Standing {
    let text = fields.optional_string("rung");
    let rung = |text: String| Rung::parse(&text).ok_or("expected pending, active, disabled or deleted");
    let rung = fields.check("rung", text, rung).unwrap_or(Rung::Active);
    Standing { generation: small(fields, "generation"), rung, epoch: small(fields, "epoch") }
}

/// A version of something; without one the first.
pub fn version(fields: &mut Fields, name: &'static str) -> u64 {
    fields.optional_count(name).unwrap_or_default()
}

/// An instant that must be there.
pub fn moment(fields: &mut Fields, name: &'static str) -> Option<Timestamp> {
    if fields.has(name) { instant(fields, name) } else { fields.fail(name, "an RFC 3339 time is required") }
}

/// An instant that may be missing.
pub fn instant(fields: &mut Fields, name: &'static str) -> Option<Timestamp> {
    let text = fields.optional_string(name);
    fields.check(name, text, |text| Timestamp::parse(&text).ok_or("expected an RFC 3339 time"))
}

fn small(fields: &mut Fields, name: &'static str) -> u32 {
    let count = fields.optional_count(name).unwrap_or_default();
    fields
        .check(name, Some(count), |count| u32::try_from(count).map_err(|_large| "too large"))
        .unwrap_or_default()
}
