//! What the tools of developers and tests may ask for, with the words for asking wrongly.

use std::time::Duration;

use chassis::body::FromFields;
use chassis::contract::CapturedMail;
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::query::Query;

use super::{account, email};
use crate::mail::{Filter, Mail};
use crate::service::Whose;
use crate::token::Validity;

/// How long a client waits for a mail unless it says so.
const WAIT_DEFAULT: Duration = Duration::from_secs(10);
/// No mail of ours takes longer, and most HTTP clients give up by then.
const WAIT_MAX_MS: u64 = 60_000;

/// `POST /internal/tokens`: for which account, and when it shall work.
#[derive(Debug)]
pub(in crate::api) struct TokenOrder {
    pub(in crate::api) whose: Whose,
    pub(in crate::api) validity: Validity,
}

impl FromFields for TokenOrder {
    fn from_fields(fields: Fields) -> Result<Self, Failure> {
        let mut fields = fields.naming_themselves();
        let named = (fields.optional_string("email"), fields.optional_string("userId"));
        let expires_in_s = span(&mut fields, "expiresInSeconds");
        let not_before_s = span(&mut fields, "notBeforeSeconds");
        let whose = match named {
            (Some(text), None) => Some(Whose::Email(email(&text)?)),
            (None, Some(text)) => Some(Whose::Account(account(&text)?)),
            _ => fields.fail("email", "Either email or userId must say whose token it shall be"),
        };
        fields.finish_exactly()?;
        let whose = whose.ok_or_else(|| Failure::invalid(Vec::new()))?;
        Ok(Self { whose, validity: Validity { expires_in_s, not_before_s } })
    }
}

fn span(fields: &mut Fields, name: &'static str) -> Option<i64> {
    let seconds = fields.optional_integer(name)?;
    if seconds.abs() <= Validity::SPAN_MAX_S {
        return Some(seconds);
    }
    fields.fail(name, format!("{name} must be at most {} (400 days)", Validity::SPAN_MAX_S))
}

/// The mails that a query asks for.
pub(in crate::api) fn filter(query: &Query) -> Result<Filter, Failure> {
    let text = |name| query.get(name).map(str::to_owned);
    let after = query.get("after").unwrap_or("0").parse();
    let after = after
        .map_err(|_no_number| Failure::bad_request("after must be the id of a mail, which is a number"))?;
    Ok(Filter { to: text("to"), kind: text("kind"), after })
}

/// How long a query wants to wait.
pub(in crate::api) fn within(query: &Query) -> Result<Duration, Failure> {
    let Some(text) = query.get("timeoutMs") else { return Ok(WAIT_DEFAULT) };
    let millis = text.parse().ok().filter(|millis| (1..=WAIT_MAX_MS).contains(millis));
    let malformed = || Failure::bad_request(format!("timeoutMs must be a number from 1 to {WAIT_MAX_MS}"));
    millis.map(Duration::from_millis).ok_or_else(malformed)
}

/// A mail as it is shown.
pub(in crate::api) fn captured(mail: Mail) -> CapturedMail {
    let Mail { id, to, from, subject, kind, text, html, link, token, sent_at } = mail;
    CapturedMail { id, to, from, subject, kind, text, html, link, token, sent_at }
}
