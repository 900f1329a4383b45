//! What the mails say.
//!
//! Text and HTML say the same; neither knows how it will leave.

use chassis::clock::Timestamp;
use chassis::email::Email;

use super::mailbox::Mail;
use crate::reset::ResetToken;

/// Whom mails in the mailbox come from.
const FROM: &str = "Satchel <no-reply@satchel.localhost>";

/// A mail before it leaves.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) to: Email,
    pub(crate) kind: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) link: String,
    pub(crate) token: String,
}

impl Letter {
    /// The mail with the link under `client_url` where `token` chooses a new password.
    pub(crate) fn reset(to: Email, client_url: &str, token: &ResetToken) -> Self {
        let link = format!("{}/reset-password/{}", client_url.trim_end_matches('/'), token.expose());
        let text = format!(
            "Hello,\n\nsomeone asked to reset the password of {to}. If that was you, choose a new one here:\n\n\
             {link}\n\nThe link works once and for ten minutes. If it was not you, there is nothing to do: your \
             password stays as it is.\n"
        );
        let (shown_to, shown_link) = (escaped(to.as_str()), escaped(&link));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><body>\n<p>Hello,</p>\n<p>someone asked to reset the password of \
             {shown_to}. If that was you, choose a new one here:</p>\n\
             <p><a href=\"{shown_link}\">{shown_link}</a></p>\n<p>The link works once and for ten minutes. If it \
             was not you, there is nothing to do: your password stays as it is.</p>\n</body></html>\n"
        );
        let token = token.expose().to_owned();
        Self { to, kind: "reset", subject: "Reset your password", text, html, link, token }
    }

    /// The letter as it is kept when it is written `now`; the mailbox gives it its id.
    pub(crate) fn kept_at(self, now: Timestamp) -> Mail {
        Mail {
            id: String::new(),
            to: self.to.to_string(),
            from: FROM.to_owned(),
            subject: self.subject.to_owned(),
            kind: self.kind.to_owned(),
            text: self.text,
            html: self.html,
            link: Some(self.link),
            token: Some(self.token),
            sent_at: now.to_string(),
        }
    }
}

/// `text` as the content of an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::reset::tests::token;

    pub(crate) fn letter(to: &str) -> Letter {
        Letter::reset(Email::parse(to).unwrap(), "http://localhost:5173/", &token(1))
    }

    #[test]
    fn both_parts_carry_the_link() {
        let letter = letter("ada@example.test");
        let link = format!("http://localhost:5173/reset-password/{}", token(1).expose());
        assert_eq!(letter.link, link);
        assert!(letter.text.contains(&link));
        assert!(letter.html.contains(&format!("href=\"{link}\"")));
    }

    #[test]
    fn nothing_in_the_html_part_becomes_markup() {
        let to = Email::parse("o'brien@example.test").unwrap();
        let html = Letter::reset(to, "http://x/?a=1&b=\"><script>", &token(1)).html;
        assert!(html.contains("o&#39;brien@example.test"));
        assert!(html.contains("http://x/?a=1&amp;b=&quot;&gt;&lt;script&gt;/reset-password/"));
        assert!(!html.contains("<script>"));
    }
}
