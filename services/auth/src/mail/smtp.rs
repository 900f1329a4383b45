//! Mails to an SMTP server (RFC 5321): with TLS but on loopback, a few at a time, tried again for a while.
//!
//! A mail that was given up is not kept: its token is dead within minutes, and its owner asks again.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chassis::clock::Timestamp;
use chassis::entropy::Stream;
use chassis::secret::Secret;
use chassis::task;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::letter::Letter;

/// Mail submission with STARTTLS (RFC 6409).
const SUBMISSION_PORT: u16 = 587;
/// Mail submission with TLS from the first byte (RFC 8314).
const IMPLICIT_TLS_PORT: u16 = 465;
/// Until the server lets us in.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// One try of a mail, from the connection to the server's last word: a slower server has no mail out within a token's
/// ten minutes, and the lane is others' too.
const TRY_MAX: Duration = Duration::from_secs(30);
/// Mails on their way at a time: servers count connections.
const LANES: u32 = 4;
/// Waits before the second and third try of a mail.
const RESTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// The server that takes mails.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// 587 with STARTTLS if absent; 465 is TLS from the first byte.
    pub port: Option<u16>,
    /// The user name to log in with.
    pub user: Option<String>,
    /// The password to log in with.
    pub password: Option<Secret<String>>,
    /// Whom mails come from, such as `Satchel <no-reply@example.org>`; the user name if that is an address.
    pub from: Option<String>,
}

/// Why mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SmtpError {
    /// The sender is no address.
    #[error("the sender's address is malformed")]
    From(#[from] lettre::address::AddressError),
    /// The host is no name that a certificate could be for.
    #[error("the mail server's name cannot be used for TLS")]
    Tls(#[from] lettre::transport::smtp::Error),
}

/// Why one try of a mail came to nothing.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// For good.
    #[error(transparent)]
    Refused(lettre::transport::smtp::Error),
    /// Another time it may go better.
    #[error(transparent)]
    Broken(lettre::transport::smtp::Error),
    /// The server says nothing.
    #[error("the mail server took longer than {} s", TRY_MAX.as_secs())]
    Silent,
}

/// Carries letters to one server.
#[derive(Debug)]
pub(crate) struct Carrier {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    ids: Stream,
    lanes: Arc<Semaphore>,
    rests: [Duration; 2],
}

impl Carrier {
    /// A carrier to the server of `smtp`, which need not be up yet; `ids` names the mails.
    pub(crate) fn new(smtp: Smtp, ids: Stream) -> Result<Self, SmtpError> {
        let from = smtp.from.or_else(|| smtp.user.clone().filter(|user| user.contains('@')));
        let from = from.as_deref().unwrap_or("Satchel <no-reply@satchel.localhost>").parse()?;
        let port = smtp.port.unwrap_or(SUBMISSION_PORT);
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(port)
            .tls(tls(&smtp.host, port)?)
            .timeout(Some(CONNECT_MAX));
        if let (Some(user), Some(password)) = (smtp.user, smtp.password) {
            transport = transport.credentials(Credentials::new(user, password.expose().clone()));
        }
        let (transport, lanes) = (transport.build(), Arc::new(Semaphore::new(LANES as usize)));
        Ok(Self { transport, from, ids, lanes, rests: RESTS })
    }

    /// Takes `letter` as soon as one of the lanes is free, and delivers it beside the caller.
    pub(crate) async fn take(&self, letter: Letter, now: Timestamp) {
        let id = self.ids.hex::<12>();
        let message = match self.message(letter, &id, now) {
            Ok(message) => message,
            Err(error) => return tracing::error!(mail.id = id, %error, "a mail could not be written"),
        };
        let Ok(lane) = Arc::clone(&self.lanes).acquire_owned().await else {
            return;
        };
        let (transport, rests) = (self.transport.clone(), self.rests);
        task::spawn("mail", async move {
            deliver(&transport, message, &id, rests).await;
            drop(lane);
        });
    }

    /// Returns once no mail is on its way.
    pub(crate) async fn drained(&self) {
        let _all = self.lanes.acquire_many(LANES).await;
    }

    fn message(
        &self,
        letter: Letter,
        id: &str,
        now: Timestamp,
    ) -> Result<Message, Box<dyn std::error::Error>> {
        let since = Duration::from_millis(now.as_millis().try_into().unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(letter.to.as_str().parse()?)
            .subject(letter.subject)
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))?;
        Ok(message)
    }
}

/// Passwords and tokens leave this machine encrypted or not at all.
fn tls(host: &str, port: u16) -> Result<Tls, lettre::transport::smtp::Error> {
    if port == IMPLICIT_TLS_PORT {
        return Ok(Tls::Wrapper(TlsParameters::new(host.to_owned())?));
    }
    if is_loopback(host) {
        return Ok(Tls::None);
    }
    Ok(Tls::Required(TlsParameters::new(host.to_owned())?))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn deliver(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    message: Message,
    id: &str,
    rests: [Duration; 2],
) {
    for rest in rests.map(Some).into_iter().chain([None]) {
        let error = match timeout(TRY_MAX, transport.send(message.clone())).await {
            Ok(Ok(_taken)) => return,
            Ok(Err(error)) if error.is_permanent() => Failed::Refused(error),
            Ok(Err(error)) => Failed::Broken(error),
            Err(_elapsed) => Failed::Silent,
        };
        match (rest, &error) {
            (Some(rest), Failed::Broken(_) | Failed::Silent) => sleep(rest).await,
            (None, _) | (_, Failed::Refused(_)) => {
                return tracing::error!(mail.id = id, %error, "a mail was given up");
            }
        }
    }
}

#[cfg(test)]
mod tests;
