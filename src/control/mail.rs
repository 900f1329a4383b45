//! `/control/mail`: the mails that were kept instead of being sent, and waiting for one.
//!
//! The mailbox is the auth service's; what a query means is for it to say.

use std::time::Duration;

use axum::extract::{RawQuery, State};
use chassis::contract::{CapturedMail, MailFound, MailsFound};
use chassis::failure::Failure;
use chassis::reply::{self, Data, Reply};
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::reach::Reach;
use crate::cli::ServiceName;

/// The longest wait that auth grants is a minute.
const WAIT_WITHIN: Duration = Duration::from_secs(65);
/// To read or remove a thousand small files.
const LIST_WITHIN: Duration = Duration::from_secs(10);
/// Answers of auth in one of ours: about 30 MiB at most, more than a test reads.
const PAGES_MAX: usize = 32;

/// Some mails, oldest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MailsResponse {
    mails: Vec<CapturedMail>,
    /// Whether asking for those after the last of them gives more.
    has_more: bool,
}

pub(super) async fn list(
    State(reach): State<Reach>,
    RawQuery(query): RawQuery,
) -> Result<Reply<Data<MailsResponse>>, Failure> {
    let found = gather(&reach, &query.unwrap_or_default()).await?;
    Ok(reply::data(StatusCode::OK, MailsResponse { mails: found.mails, has_more: found.has_more }))
}

pub(super) async fn wait(
    State(reach): State<Reach>,
    RawQuery(query): RawQuery,
) -> Result<Reply<Data<MailFound>>, Failure> {
    let path = format!("/internal/mail/wait?{}", query.unwrap_or_default());
    let found = reach.ask(ServiceName::Auth, (Method::GET, &path), None::<&()>, WAIT_WITHIN).await?;
    Ok(reply::data(StatusCode::OK, found))
}

pub(super) async fn clear(
    State(reach): State<Reach>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Failure> {
    let path = format!("/internal/mail?{}", query.unwrap_or_default());
    let _done: Value =
        reach.ask(ServiceName::Auth, (Method::DELETE, &path), None::<&()>, LIST_WITHIN).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Page after page, as long as there are more.
async fn gather(reach: &Reach, query: &str) -> Result<MailsFound, Failure> {
    let mut all = MailsFound { mails: Vec::new(), has_more: true };
    let mut path = format!("/internal/mail?{query}");
    for _ in 0..PAGES_MAX {
        let page: MailsFound =
            reach.ask(ServiceName::Auth, (Method::GET, &path), None::<&()>, LIST_WITHIN).await?;
        all.mails.extend(page.mails);
        all.has_more = page.has_more;
        let Some(last) = all.mails.last().filter(|_| page.has_more) else { break };
        // The last of a repeated parameter counts.
        path = format!("/internal/mail?{query}&after={}", last.id);
    }
    Ok(all)
}
