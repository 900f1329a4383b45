//! A letter's way to a server, over a real socket.

use chassis::entropy::Entropy;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::mail::letter::tests::letter;

fn smtp(host: &str, port: Option<u16>) -> Smtp {
    Smtp { host: host.into(), port, user: None, password: None, from: None }
}

fn carrier(port: u16) -> Carrier {
    let ids = Entropy::seeded(1).stream("auth", "mail id");
    Carrier { rests: [Duration::ZERO; 2], ..Carrier::new(smtp("127.0.0.1", Some(port)), ids).unwrap() }
}

/// Answers one client as an SMTP server does and returns what it sent as mail. The first `refusals` greetings
/// turn it away.
async fn receive(listener: TcpListener, mut refusals: u32) -> String {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        if refusals > 0 {
            refusals -= 1;
            stream.write_all(b"421 later\r\n").await.unwrap();
            continue;
        }
        stream.write_all(b"220 test\r\n").await.unwrap();
        let (mut mail, mut in_data, mut line) = (String::new(), false, String::new());
        while stream.read_line(&mut line).await.unwrap() > 0 {
            let answer: &[u8] = match line.as_str() {
                ".\r\n" if in_data => {
                    stream.write_all(b"250 taken\r\n").await.unwrap();
                    return mail;
                }
                _ if in_data => b"",
                "DATA\r\n" => {
                    in_data = true;
                    b"354 go on\r\n"
                }
                _ => b"250 fine\r\n",
            };
            if in_data && answer.is_empty() {
                mail.push_str(&line);
            }
            stream.write_all(answer).await.unwrap();
            line.clear();
        }
    }
}

#[tokio::test]
async fn a_letter_reaches_the_server_in_two_parts_with_date_and_id() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let carrier = carrier(listener.local_addr().unwrap().port());
    let server = task::spawn("test", receive(listener, 0));
    let letter = letter("ada@example.test");
    let token = letter.token.clone();
    carrier.take(letter, Timestamp::from_millis(1_795_406_706_789)).await;
    let mail = server.await.unwrap();
    carrier.drained().await;
    for part in [
        "From: Satchel <no-reply@satchel.localhost>",
        "To: ada@example.test",
        "Subject: Reset your password",
        "Date: Mon, 23 Nov 2026 04:05:06 +0000",
        "@satchel.localhost>",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ] {
        assert!(mail.contains(part), "{part} is missing in {mail}");
    }
    let unfolded = mail.replace("=\r\n", "");
    assert!(unfolded.contains(&format!("/reset-password/{token}")), "{mail}");
}

#[tokio::test]
async fn a_server_that_is_busy_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let carrier = carrier(listener.local_addr().unwrap().port());
    let server = task::spawn("test", receive(listener, 1));
    carrier.take(letter("ada@example.test"), Timestamp::from_millis(0)).await;
    assert!(server.await.unwrap().contains("To: ada@example.test"));
}

#[tokio::test]
async fn a_server_that_says_nothing_holds_a_lane_for_so_long_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let carrier = carrier(listener.local_addr().unwrap().port());
    carrier.take(letter("ada@example.test"), Timestamp::from_millis(0)).await;
    let (_silent, _) = listener.accept().await.unwrap();
    tokio::time::pause();
    // Other tries meet a full backlog, or silence as well.
    timeout(4 * (TRY_MAX + CONNECT_MAX), carrier.drained()).await.expect("given up");
}

#[test]
fn mails_leave_in_the_clear_on_loopback_only() {
    let plain = |host, port| matches!(tls(host, port).unwrap(), Tls::None);
    assert!(plain("127.0.0.1", 1025) && plain("localhost", 25) && plain("::1", 587));
    assert!(matches!(tls("mail.example.org", 587).unwrap(), Tls::Required(_)));
    assert!(matches!(tls("localhost", 465).unwrap(), Tls::Wrapper(_)));
}

#[test]
fn the_sender_is_the_given_one_or_the_one_who_logs_in() {
    let sender = |from: Option<&str>, user: Option<&str>| {
        let (from, user) = (from.map(String::from), user.map(String::from));
        let ids = Entropy::seeded(1).stream("auth", "mail id");
        Carrier::new(Smtp { user, from, ..smtp("localhost", None) }, ids)
            .map(|carrier| carrier.from.to_string())
    };
    assert_eq!(sender(Some("Us <us@x.org>"), Some("me@x.org")).unwrap(), "Us <us@x.org>");
    assert_eq!(sender(None, Some("me@x.org")).unwrap(), "me@x.org");
    assert_eq!(sender(None, Some("me")).unwrap(), "Satchel <no-reply@satchel.localhost>");
    assert!(matches!(sender(Some("nobody"), None), Err(SmtpError::From(_))));
}
