//! What a message says (RFC 5322, MIME): its parts as text, and the link that it wants clicked.

use std::borrow::Cow;

use chassis::clock::Timestamp;
use mail_parser::{Addr, Message, MessageParser, PartType};

use super::dialogue::Envelope;
use crate::mail::mailbox::{Mail, canonical};

/// Bytes of each part that are kept: a page of mails has to fit an answer between services.
const PART_MAX: usize = 128 * 1024;
/// Bytes of a header that are kept: a line of RFC 5322 has 998.
const HEADER_MAX: usize = 1000;
/// Shorter last segments of links are words, not tokens.
const TOKEN_MIN: usize = 16;
/// What programs call the token in a link's query.
const TOKEN_NAMES: [&str; 5] = ["token", "code", "key", "otp", "t"];

/// The mails that `bytes` becomes for the recipients of `envelope`, received `now`. What is no message by any
/// standard becomes an empty one.
pub(super) fn mails(envelope: &Envelope, bytes: &[u8], now: Timestamp) -> Vec<Mail> {
    // The parser's own look at a message without parts panics.
    let message = MessageParser::default().parse(bytes).filter(|message| !message.parts.is_empty());
    let message = message.as_ref();
    let text = message.and_then(|message| message.body_text(0));
    let text = text.map_or_else(String::new, |text| shown(&text, PART_MAX));
    let html = message.and_then(html).map_or_else(String::new, |html| shown(html, PART_MAX));
    let subject = shown(message.and_then(Message::subject).unwrap_or_default(), HEADER_MAX);
    let sender = message.and_then(Message::from).and_then(|from| from.first()).and_then(written);
    let from = shown(&sender.unwrap_or_else(|| envelope.from.clone()), HEADER_MAX);
    let link = link(&text).or_else(|| link(&html));
    let token = link.as_deref().and_then(token);
    let kind = kind(&subject, link.as_deref().unwrap_or_default());
    let mail = Mail {
        id: String::new(),
        to: String::new(),
        from,
        subject,
        kind: kind.to_owned(),
        text,
        html,
        link,
        token,
        sent_at: now.to_string(),
    };
    envelope.to.iter().map(|to| Mail { to: canonical(to), ..mail.clone() }).collect()
}

/// The HTML part, if the message has one itself.
fn html<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    match &message.html_part(0)?.body {
        PartType::Html(html) => Some(html),
        _ => None,
    }
}

fn written(sender: &Addr<'_>) -> Option<String> {
    let address = sender.address.as_deref()?;
    Some(match sender.name.as_deref() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    })
}

/// The first `max` bytes of `text`, with plain line ends and without other control characters.
fn shown(text: &str, max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max));
    for letter in text.chars().filter(|letter| *letter != '\r') {
        if shown.len() + letter.len_utf8() > max {
            break;
        }
        let is_plain = !letter.is_control() || letter == '\n' || letter == '\t';
        shown.push(if is_plain { letter } else { char::REPLACEMENT_CHARACTER });
    }
    shown
}

/// The first link with a token, or else the first link.
fn link(text: &str) -> Option<String> {
    let mut links = links(text).into_iter().peekable();
    let first = links.peek().cloned();
    links.find(|link| token(link).is_some()).or(first)
}

fn links(text: &str) -> Vec<String> {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>' | ')' | ']');
    let starts = text.match_indices("http").filter_map(|(at, _)| text.get(at..));
    let links = starts.filter(|rest| rest.starts_with("http://") || rest.starts_with("https://"));
    let whole = links.filter_map(|rest| rest.split(ends).next());
    whole.map(|link| link.trim_end_matches(['.', ',', ';', ':', '!']).replace("&amp;", "&")).collect()
}

/// The token in a link: a parameter of that name, or a last segment that is no word.
fn token(link: &str) -> Option<String> {
    let (link, _fragment) = link.split_once('#').unwrap_or((link, ""));
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    if let Some((_, value)) = parameters.find(|(name, _)| TOKEN_NAMES.contains(name)) {
        return Some(unescaped(value).into_owned());
    }
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let is_plain = last.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    let is_host = !path.get("https://".len()..)?.contains('/');
    (last.len() >= TOKEN_MIN && is_plain && !is_host).then(|| last.to_owned())
}

fn unescaped(value: &str) -> Cow<'_, str> {
    chassis::query::decode_percent(value).unwrap_or(Cow::Borrowed(value))
}

/// What the mail is for, as far as its subject and its link tell.
fn kind(subject: &str, link: &str) -> &'static str {
    let told = format!("{subject} {link}").to_lowercase();
    if told.contains("reset") {
        "reset"
    } else if told.contains("verif") || told.contains("confirm") {
        "verification"
    } else {
        "other"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(message: &str) -> Mail {
        let envelope = Envelope { from: "app@x.test".into(), to: vec!["Ada@Example.test".into()] };
        mails(&envelope, message.replace('\n', "\r\n").as_bytes(), Timestamp::from_millis(0)).remove(0)
    }

    #[test]
    fn words_in_other_encodings_are_read() {
        let mail = mail(
            "From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\nTo: ada@example.test\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
             Sch=C3=B6ne Gr=C3=BC=\n=C3=9Fe\n",
        );
        assert_eq!((mail.from.as_str(), mail.subject.as_str()), ("Jörg <j@x.test>", "Grüße"));
        assert_eq!((mail.text.trim_end(), mail.html.as_str()), ("Schöne Grüße", ""));
        assert_eq!((mail.to.as_str(), mail.kind.as_str(), mail.link), ("ada@example.test", "other", None));
    }

    #[test]
    fn both_parts_of_a_mail_are_found_and_the_link_with_its_token() {
        let mail = mail(
            "Subject: Reset your password\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nSee http://x.test/about, then http://x.test/r?token=ab%2Bc.\n\
             --b\nContent-Type: text/html\n\n<a href=\"http://x.test/r?token=ab%2Bc\">here</a>\n--b--\n",
        );
        assert!(mail.html.contains("<a href="), "{mail:?}");
        assert_eq!(mail.link.as_deref(), Some("http://x.test/r?token=ab%2Bc"));
        assert_eq!((mail.token.as_deref(), mail.kind.as_str()), (Some("ab+c"), "reset"));
    }

    #[test]
    fn a_link_ends_in_its_token_or_has_none() {
        let long = "0123456789abcdef0123";
        assert_eq!(token(&format!("https://x.test/verify/{long}/")), Some(long.to_owned()));
        assert_eq!(token(&format!("https://{long}.test")), None);
        assert_eq!(token("https://x.test/about"), None);
        assert_eq!(link("no link, http alone"), None);
        assert_eq!(link("<http://x.test/a>, (http://x.test/b)").as_deref(), Some("http://x.test/a"));
    }

    #[test]
    fn anything_is_kept_and_nothing_too_long() {
        assert_eq!(mail("").subject, "");
        assert_eq!(mail("no headers at all").to, "ada@example.test");
        let long = mail(&format!("Subject: x\n\n{}", "é\u{1}".repeat(PART_MAX)));
        assert!(long.text.len() <= PART_MAX && long.text.contains(char::REPLACEMENT_CHARACTER));
    }
}
