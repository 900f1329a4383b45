//! Mail that a program sends with an ordinary client, over a real socket.

use chassis::clock::Timestamp;
use chassis::shutdown::{self, Trigger};
use chassis::task;
use lettre::message::MultiPart;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::task::JoinHandle;

use super::*;
use crate::mail::mailbox::Mail;

/// A mailbox that catches mail at a port of its own.
struct Catching {
    mailbox: Arc<Mailbox>,
    port: u16,
    trigger: Trigger,
    running: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn catching() -> Catching {
    let dir = tempfile::tempdir().unwrap();
    let mailbox = Arc::new(Mailbox::open(&dir.path().join("mailbox")).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (trigger, shutdown) = shutdown::channel();
    let clock = Clock::frozen(Timestamp::from_millis(1_767_225_600_000));
    let running = run(Capture::at(listener), Arc::clone(&mailbox), clock, shutdown);
    Catching { mailbox, port, trigger, running: task::spawn("capture", running), _dir: dir }
}

impl Catching {
    fn client(&self) -> lettre::transport::smtp::AsyncSmtpTransportBuilder {
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(self.port)
    }

    fn mails(&self) -> Vec<Mail> {
        self.mailbox.list().unwrap()
    }

    /// Says `lines` on a fresh connection, and gives all that is answered until the other side hangs up.
    async fn say(&self, lines: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(lines).await.unwrap();
        let mut answers = Vec::new();
        // What was not read when the other side hung up breaks the connection, after its answers.
        let _broken = stream.read_to_end(&mut answers).await;
        String::from_utf8(answers).unwrap()
    }
}

fn message() -> Message {
    let builder = Message::builder()
        .from("App <app@x.test>".parse().unwrap())
        .to("ada@example.test".parse().unwrap())
        .cc("ben@example.test".parse().unwrap())
        .subject("Bestätigung");
    let text = ".a line with a dot\n..two\nhttps://x.test/confirm/0123456789abcdef".to_owned();
    builder.multipart(MultiPart::alternative_plain_html(text, "<p>html</p>".to_owned())).unwrap()
}

#[tokio::test]
async fn an_ordinary_client_delivers_to_each_recipient() {
    let catching = catching().await;
    catching.client().build().send(message()).await.unwrap();
    let mails = catching.mails();
    assert_eq!(
        mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["ada@example.test", "ben@example.test"]
    );
    let mail = &mails[0];
    assert_eq!((mail.subject.as_str(), mail.from.as_str()), ("Bestätigung", "App <app@x.test>"));
    assert_eq!(mail.text.trim_end().lines().take(2).collect::<Vec<_>>(), [".a line with a dot", "..two"]);
    assert_eq!((mail.html.trim_end(), mail.kind.as_str()), ("<p>html</p>", "verification"));
    assert_eq!(mail.token.as_deref(), Some("0123456789abcdef"));
    assert_eq!(mail.sent_at, "2026-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn any_name_and_password_will_do_and_a_connection_serves_many_mails() {
    let catching = catching().await;
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let credentials = Credentials::new("me".into(), "secret".into());
        let client = catching.client().credentials(credentials).authentication(vec![mechanism]).build();
        for _ in 0..3 {
            client.send(message()).await.unwrap();
        }
    }
    assert_eq!(catching.mails().len(), 12);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_next_one_taken() {
    let catching = catching().await;
    let envelope = "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n";
    let line = format!("{}\r\n", "x".repeat(998));
    let large = line.repeat(MESSAGE_MAX / line.len() + 2);
    let said = format!("EHLO me\r\n{envelope}{large}.\r\n{envelope}Subject: small\r\n\r\nx\r\n.\r\nQUIT\r\n");
    let answers = catching.say(said.as_bytes()).await;
    assert!(answers.contains("552 ") && answers.contains("250 2.0.0 caught"), "{answers}");
    assert_eq!(catching.mails().iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["small"]);
}

#[tokio::test]
async fn a_line_without_end_ends_the_connection() {
    let catching = catching().await;
    let answers = catching.say(&vec![b'x'; LINE_MAX + 1]).await;
    assert!(answers.ends_with("500 5.5.2 the line is too long\r\n"), "{answers}");
}

#[tokio::test]
async fn it_ends_with_the_service_whoever_is_connected() {
    let catching = catching().await;
    let mut stream = TcpStream::connect(("127.0.0.1", catching.port)).await.unwrap();
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"220");
    catching.trigger.fire();
    catching.running.await.unwrap();
}
