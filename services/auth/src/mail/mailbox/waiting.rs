//! Waiting for a mail where it arrives, so that nobody has to look again and again.
//!
//! Who looks from another process is not told; it has to look by itself.

use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use super::{Filter, Mail, Mailbox};

/// Who may wait at a time: a test run has a few; each looks through the folder when a mail arrives.
const WAITING_MAX: usize = 64;

/// Tells of each mail that arrives.
#[derive(Debug)]
pub(super) struct Arrivals {
    /// Whether no more will arrive.
    closed: watch::Sender<bool>,
    places: Semaphore,
}

/// Why nobody waits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unserved {
    /// Too many wait already.
    #[error("too many wait for mail")]
    Crowded,
    /// The service ends.
    #[error("the mailbox is closed")]
    Closed,
    /// A mail cannot be read.
    #[error("the mailbox cannot be read")]
    Unreadable(#[from] std::io::Error),
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { closed: watch::Sender::new(false), places: Semaphore::new(WAITING_MAX) }
    }
}

impl Arrivals {
    /// Wakes everyone.
    pub(super) fn tell(&self) {
        self.closed.send_modify(|_| {});
    }
}

impl Mailbox {
    /// The newest mail that `filter` lets through, at once or as soon as it is there; `None` after `within`.
    pub(crate) async fn wait(
        self: Arc<Self>,
        filter: Filter,
        within: Duration,
    ) -> Result<Option<Mail>, Unserved> {
        let Ok(_place) = self.arrivals.places.try_acquire() else { return Err(Unserved::Crowded) };
        let (deadline, mut arrivals) = (Instant::now() + within, self.arrivals.closed.subscribe());
        loop {
            // Seen before the look, so that what arrives meanwhile leads to another one.
            let is_closed = *arrivals.borrow_and_update();
            let (mailbox, wanted) = (Arc::clone(&self), filter.clone());
            if let Some(mail) = blocking::run(move || mailbox.newest(&wanted)).await? {
                return Ok(Some(mail));
            }
            if is_closed {
                return Err(Unserved::Closed);
            }
            if timeout_at(deadline, arrivals.changed()).await.is_err() {
                return Ok(None);
            }
        }
    }

    /// Sends away everyone who waits, now and later.
    pub(crate) fn close(&self) {
        self.arrivals.closed.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock::Timestamp;
    use chassis::task;

    use super::*;
    use crate::mail::letter::tests::letter;

    /// Far longer than anything takes here.
    const LONG: Duration = Duration::from_mins(1);

    fn mailbox(dir: &tempfile::TempDir) -> Arc<Mailbox> {
        Arc::new(Mailbox::open(&dir.path().join("mailbox")).unwrap())
    }

    fn put(mailbox: &Mailbox, to: &str) {
        mailbox.put(letter(to).kept_at(Timestamp::from_millis(0))).unwrap();
    }

    fn to(email: &str) -> Filter {
        Filter { to: Some(email.to_owned()), ..Filter::default() }
    }

    async fn all_wait(mailbox: &Mailbox, waiting: usize) {
        while mailbox.arrivals.closed.receiver_count() < waiting {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_mail_wakes_who_waits_for_it_and_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mailbox(&dir);
        let ada = task::spawn("ada", Arc::clone(&mailbox).wait(to("Ada@example.test"), LONG));
        let ben = task::spawn("ben", Arc::clone(&mailbox).wait(to("ben@example.test"), LONG));
        all_wait(&mailbox, 2).await;
        put(&mailbox, "ada@example.test");
        assert_eq!(ada.await.unwrap().unwrap().unwrap().to, "ada@example.test");
        assert!(!ben.is_finished());
        mailbox.close();
        assert!(matches!(ben.await.unwrap(), Err(Unserved::Closed)));
    }

    #[tokio::test]
    async fn an_older_mail_does_not_count_and_none_comes_in_no_time() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mailbox(&dir);
        put(&mailbox, "ada@example.test");
        let newer = Filter { after: 1, ..to("ada@example.test") };
        assert_eq!(Arc::clone(&mailbox).wait(newer, Duration::ZERO).await.unwrap(), None);
        assert!(Arc::clone(&mailbox).wait(to("ada@example.test"), Duration::ZERO).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_sixty_fifth_who_waits_is_sent_away() {
        let dir = tempfile::tempdir().unwrap();
        let mailbox = mailbox(&dir);
        let wait = || Arc::clone(&mailbox).wait(to("ada@example.test"), LONG);
        let waiting: Vec<_> = (0..WAITING_MAX).map(|_| task::spawn("wait", wait())).collect();
        all_wait(&mailbox, WAITING_MAX).await;
        assert!(matches!(wait().await, Err(Unserved::Crowded)));
        put(&mailbox, "ada@example.test");
        for one in waiting {
            assert!(one.await.unwrap().unwrap().is_some());
        }
        assert!(wait().await.unwrap().is_some(), "places are free again");
    }
}
