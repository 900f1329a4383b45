//! What developers and tests do with the mailbox: look, wait for a mail, start afresh.

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;

use super::Service;
use crate::error::Error;
use crate::mail::{Filter, Mail, Page};

impl Service {
    /// The first mails that `filter` lets through.
    pub(crate) async fn mails(&self, filter: Filter) -> Result<Page, Error> {
        let mailbox = Arc::clone(&self.mailbox);
        blocking::run(move || mailbox.page(&filter)).await.map_err(Error::MailUnreadable)
    }

    /// The newest mail that `filter` lets through, as soon as it is there.
    pub(crate) async fn wait_for_mail(&self, filter: Filter, within: Duration) -> Result<Mail, Error> {
        let found = Arc::clone(&self.mailbox).wait(filter, within).await?;
        found.ok_or(Error::NoMail)
    }

    /// Lets the mails go that `filter` lets through.
    pub(crate) async fn clear_mails(&self, filter: Filter) -> Result<(), Error> {
        let mailbox = Arc::clone(&self.mailbox);
        blocking::run(move || mailbox.clear(&filter)).await.map_err(Error::MailUnreadable)
    }
}
