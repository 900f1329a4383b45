//! Catches the mail that other programs send (the receiving side of SMTP, RFC 5321), so that tests find it in the
//! mailbox beside ours.
//!
//! Everyone on this machine may deliver, whatever name and password they give; nothing is sent on. What is said on a
//! connection is decided in `dialogue`, what a message says in `message`.

mod dialogue;
mod message;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chassis::blocking;
use chassis::clock::Clock;
use chassis::serve::{self, Limits};
use chassis::shutdown::Shutdown;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use self::dialogue::{Dialogue, Step};
use super::mailbox::Mailbox;

/// Test runs deliver a few mails at a time.
const CONNECTIONS_MAX: usize = 64;
/// A client that says nothing for so long is gone.
const IDLE_MAX: Duration = Duration::from_mins(1);
/// A line of a message has 1,000 bytes (RFC 5321 §4.5.3.1.6), one of a log-in 12,288 (RFC 4954 §4).
const LINE_MAX: usize = 16 * 1024;
/// Bytes of a message: what mail servers take by default.
const MESSAGE_MAX: usize = 10 * 1024 * 1024;
/// How long a message under way may take once the service ends.
const DRAIN_MAX: Duration = Duration::from_secs(1);
/// Where a message ends (RFC 5321 §4.1.1.4).
const END: &[u8] = b".\r\n";

/// Where the mail of other programs arrives; clones are the same socket.
#[derive(Clone, Debug)]
pub struct Capture(Arc<TcpListener>);

impl Capture {
    /// Mail arrives at `listener`, which is on loopback.
    pub fn at(listener: TcpListener) -> Self {
        Self(Arc::new(listener))
    }
}

/// Keeps what arrives at `capture` in `mailbox`, until `shutdown`.
pub(crate) async fn run(capture: Capture, mailbox: Arc<Mailbox>, clock: Clock, shutdown: Shutdown) {
    // All of them may be of one test run.
    let limits = Limits {
        connections: CONNECTIONS_MAX,
        per_address: CONNECTIONS_MAX,
        unlimited: Arc::default(),
        drain: DRAIN_MAX,
    };
    let ending = shutdown.clone();
    let converse = move |stream, address: SocketAddr| {
        let (mailbox, clock, mut ending) = (Arc::clone(&mailbox), clock.clone(), ending.clone());
        async move {
            let conversation = Conversation { stream: BufStream::new(stream), mailbox, clock };
            let ended = tokio::select! {
                ended = conversation.hold() => ended,
                () = ending.requested() => Ok(()),
            };
            if let Err(error) = ended {
                tracing::debug!(%address, %error, "a delivery of mail ended early");
            }
        }
    };
    serve::accept(capture.0, limits, shutdown, converse).await;
}

/// One connection.
struct Conversation {
    stream: BufStream<TcpStream>,
    mailbox: Arc<Mailbox>,
    clock: Clock,
}

impl Conversation {
    async fn hold(mut self) -> io::Result<()> {
        let mut dialogue = Dialogue::default();
        self.say("220 satchel.localhost ESMTP, mail is caught here").await?;
        while let Some(line) = self.line().await? {
            match dialogue.hear(&String::from_utf8_lossy(&line)) {
                Step::Say(reply) => self.say(&reply).await?,
                Step::Listen(reply) => {
                    self.say(reply).await?;
                    let Some(message) = self.message().await? else { return Ok(()) };
                    let reply = self.keep(&mut dialogue, message).await;
                    self.say(reply).await?;
                }
                Step::Leave(reply) => return self.say(reply).await,
            }
        }
        Ok(())
    }

    /// Keeps a message, once for each recipient.
    async fn keep(&self, dialogue: &mut Dialogue, message: Vec<u8>) -> &'static str {
        let envelope = dialogue.take_envelope();
        if message.len() > MESSAGE_MAX {
            return "552 5.3.4 the message is too large";
        }
        let (mailbox, now) = (Arc::clone(&self.mailbox), self.clock.now());
        let keep = move || {
            message::mails(&envelope, &message, now).into_iter().try_for_each(|mail| mailbox.put(mail))
        };
        match blocking::run(keep).await {
            Ok(()) => "250 2.0.0 caught",
            Err(error) => {
                tracing::error!(%error, "a mail could not be kept");
                "451 4.3.0 the mailbox cannot be written"
            }
        }
    }

    /// The lines up to the one with a dot alone, without the dots that transparency added (RFC 5321 §4.5.2); of a
    /// message that is too large only so much that this shows. `None` when the client has gone.
    async fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Vec::new();
        while let Some(line) = self.line().await? {
            if line == END {
                return Ok(Some(message));
            }
            if message.len() <= MESSAGE_MAX {
                message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
        }
        Ok(None)
    }

    /// The next line with its end; `None` when the client has gone. One that is too long or late ends the connection.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_MAX as u64);
        let reading = limited.read_until(b'\n', &mut line);
        let Ok(read) = timeout(IDLE_MAX, reading).await else {
            self.say("421 4.4.2 nothing was said for a minute").await?;
            return Ok(None);
        };
        read?;
        if line.len() == LINE_MAX && !line.ends_with(b"\n") {
            self.say("500 5.5.2 the line is too long").await?;
            return Ok(None);
        }
        Ok(line.ends_with(b"\n").then_some(line))
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        let said = async {
            self.stream.write_all(reply.as_bytes()).await?;
            self.stream.write_all(b"\r\n").await?;
            self.stream.flush().await
        };
        timeout(IDLE_MAX, said).await?
    }
}

#[cfg(test)]
mod tests;
