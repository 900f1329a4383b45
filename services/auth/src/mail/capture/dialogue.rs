//! What is said to each line of a mail client (RFC 5321; AUTH of RFC 4954). Pure: it reads and writes nothing.

use std::borrow::Cow;

use super::MESSAGE_MAX;

/// Recipients of one message: what the standard has every server take (RFC 5321 §4.5.3.1.8).
const RECIPIENTS_MAX: usize = 100;
/// Bytes of an address (RFC 5321 §4.5.3.1.3, and the name before it).
const ADDRESS_MAX: usize = 320;
/// Whatever is answered to these challenges is believed: `Username:` and `Password:`.
const USERNAME: &str = "334 VXNlcm5hbWU6";
const PASSWORD: &str = "334 UGFzc3dvcmQ6";
const WELCOME: &str = "235 2.7.0 everyone is let in";
const OK: &str = "250 2.0.0 ok";
const EXTENSIONS: [&str; 5] =
    ["8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"];

/// Who sends a message to whom, as the client says it; the message may say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) to: Vec<String>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Answer.
    Say(Cow<'static, str>),
    /// Answer, and take what follows for a message.
    Listen(&'static str),
    /// Answer and hang up.
    Leave(&'static str),
}

/// How far a client is.
#[derive(Debug, Default)]
pub(super) struct Dialogue {
    envelope: Option<Envelope>,
    /// Answers to challenges that are still to come.
    challenges: Vec<&'static str>,
}

const fn say(reply: &'static str) -> Step {
    Step::Say(Cow::Borrowed(reply))
}

impl Dialogue {
    /// The answer to a line that is not of a message.
    pub(super) fn hear(&mut self, line: &str) -> Step {
        let line = line.trim_end_matches(['\r', '\n']);
        if let Some(next) = self.challenges.pop() {
            return self.challenged(line, next);
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greeted(),
            "HELO" => {
                self.envelope = None;
                say("250 satchel.localhost")
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => self.data(),
            "AUTH" => self.auth(rest),
            "RSET" => {
                self.envelope = None;
                say(OK)
            }
            "NOOP" => say(OK),
            "VRFY" => say("252 2.1.5 every address is caught"),
            "HELP" => say("214 2.0.0 this is RFC 5321; all mail is kept and none sent on"),
            "QUIT" => Step::Leave("221 2.0.0 bye"),
            _ => say("500 5.5.1 unknown command"),
        }
    }

    /// The envelope of the message that came; the next one is yet to be named.
    pub(super) fn take_envelope(&mut self) -> Envelope {
        self.envelope.take().unwrap_or_default()
    }

    fn greeted(&mut self) -> Step {
        self.envelope = None;
        let mut reply = "250-satchel.localhost\r\n".to_owned();
        for extension in EXTENSIONS {
            reply.push_str("250-");
            reply.push_str(extension);
            reply.push_str("\r\n");
        }
        reply.push_str("250 SIZE ");
        reply.push_str(&MESSAGE_MAX.to_string());
        Step::Say(reply.into())
    }

    fn mail(&mut self, rest: &str) -> Step {
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return say("501 5.5.4 say MAIL FROM:<address>");
        };
        let mut parameters = parameters.split(' ').filter_map(|parameter| parameter.split_once('='));
        let size = parameters.find(|(name, _)| name.eq_ignore_ascii_case("SIZE"));
        let size: Option<usize> = size.and_then(|(_, size)| size.parse().ok());
        if size.is_some_and(|size| size > MESSAGE_MAX) {
            return say("552 5.3.4 the message is too large");
        }
        if self.envelope.is_some() {
            return say("503 5.5.1 one message at a time: say RSET first");
        }
        self.envelope = Some(Envelope { from: from.to_owned(), to: Vec::new() });
        say("250 2.1.0 ok")
    }

    fn recipient(&mut self, rest: &str) -> Step {
        let Some(envelope) = &mut self.envelope else {
            return say("503 5.5.1 say MAIL FROM first");
        };
        match path(rest, "TO:") {
            Some((to, _)) if to.is_empty() || to.len() > ADDRESS_MAX => say("501 5.1.3 that is no address"),
            None => say("501 5.5.4 say RCPT TO:<address>"),
            Some(_) if envelope.to.len() == RECIPIENTS_MAX => say("452 4.5.3 too many recipients"),
            Some((to, _)) => {
                envelope.to.push(to.to_owned());
                say("250 2.1.5 ok")
            }
        }
    }

    fn data(&self) -> Step {
        match &self.envelope {
            None => say("503 5.5.1 say MAIL FROM first"),
            Some(envelope) if envelope.to.is_empty() => say("554 5.5.1 say RCPT TO first"),
            Some(_) => Step::Listen("354 end the message with a dot on a line of its own"),
        }
    }

    fn auth(&mut self, rest: &str) -> Step {
        let mut words = rest.split_ascii_whitespace();
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        match (mechanism.as_str(), words.next()) {
            ("PLAIN", Some(_)) => say(WELCOME),
            ("PLAIN", None) => self.challenge("334 ", &[WELCOME]),
            ("LOGIN", Some(_)) => self.challenge(PASSWORD, &[WELCOME]),
            ("LOGIN", None) => self.challenge(USERNAME, &[WELCOME, PASSWORD]),
            _ => say("504 5.5.4 PLAIN and LOGIN are known"),
        }
    }

    /// Asks, and knows what to say to the answers, the last one first.
    fn challenge(&mut self, first: &'static str, then: &[&'static str]) -> Step {
        self.challenges = then.to_vec();
        say(first)
    }

    fn challenged(&mut self, line: &str, next: &'static str) -> Step {
        if line == "*" {
            self.challenges.clear();
            return say("501 5.7.0 the log-in was given up");
        }
        say(next)
    }
}

/// The address between angle brackets after `keyword`, and the parameters behind it.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (given, after) = rest.split_at_checked(keyword.len())?;
    let inside = after.trim_start().strip_prefix('<').filter(|_| given.eq_ignore_ascii_case(keyword))?;
    inside.split_once('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of the answers to `lines`.
    fn codes(lines: &[&str]) -> Vec<u16> {
        let mut dialogue = Dialogue::default();
        let code = |step: Step| match step {
            Step::Say(reply) => reply.get(..3).unwrap().parse().unwrap(),
            Step::Listen(reply) | Step::Leave(reply) => reply.get(..3).unwrap().parse().unwrap(),
        };
        lines.iter().map(|line| code(dialogue.hear(&format!("{line}\r\n")))).collect()
    }

    #[test]
    fn a_message_is_announced_in_order() {
        let lines = ["ehlo me", "mail from:<a@x>", "RCPT TO:<b@x>", "Rcpt To: <c@x>", "DATA", "QUIT"];
        assert_eq!(codes(&lines), [250, 250, 250, 250, 354, 221]);
        let wrong = ["RCPT TO:<b@x>", "DATA", "MAIL FROM:<>", "DATA", "MAIL FROM:<a@x>", "RSET", "DATA"];
        assert_eq!(codes(&wrong), [503, 503, 250, 554, 503, 250, 503]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let lines =
            ["", "FROM me", "MAIL a@x", "MAIL FROM:a@x", "MAIL FROM:<a@x", "MAIL FROM:<a@x> SIZE=99999999"];
        assert_eq!(codes(&lines), [500, 500, 501, 501, 501, 552]);
        let long = format!("RCPT TO:<{}@x>", "a".repeat(400));
        assert_eq!(
            codes(&["MAIL FROM:<a@x> BODY=8BITMIME", "RCPT b@x", "RCPT TO:<>", &long]),
            [250, 501, 501, 501]
        );
    }

    #[test]
    fn everyone_is_let_in_by_either_way() {
        assert_eq!(codes(&["AUTH PLAIN AGEAYg=="]), [235]);
        assert_eq!(codes(&["AUTH PLAIN", "AGEAYg=="]), [334, 235]);
        assert_eq!(codes(&["auth login", "YQ==", "Yg=="]), [334, 334, 235]);
        assert_eq!(codes(&["AUTH LOGIN YQ==", "Yg=="]), [334, 235]);
        assert_eq!(codes(&["AUTH LOGIN", "*", "NOOP"]), [334, 501, 250]);
        assert_eq!(codes(&["AUTH CRAM-MD5"]), [504]);
    }

    #[test]
    fn the_hundred_and_first_recipient_is_refused() {
        let mut dialogue = Dialogue::default();
        dialogue.hear("MAIL FROM:<a@x>");
        let mut answers = (0..=RECIPIENTS_MAX).map(|n| dialogue.hear(&format!("RCPT TO:<b{n}@x>")));
        assert!(answers.by_ref().take(RECIPIENTS_MAX).all(|step| step == say("250 2.1.5 ok")));
        assert_eq!(answers.next(), Some(say("452 4.5.3 too many recipients")));
        drop(answers);
        assert_eq!(dialogue.take_envelope().to.len(), RECIPIENTS_MAX);
    }
}
