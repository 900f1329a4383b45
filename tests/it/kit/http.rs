//! Requests as they are written and answers as they arrive: HTTP/1.1 over one connection each.
//!
//! It adds `Host` and the body's length when the request does not say them itself, and nothing else, so that
//! odd requests can be sent as they stand. It does not know who sends them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

/// Above every deadline of the product (upstreams 5 s, drain 10 s), so that a hang is seen as one.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A request before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Any method and any target, sent as they stand.
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.to_owned(), target: target.into(), headers: Vec::new(), body: None }
    }

    /// The same to another target.
    pub(crate) fn at(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Adds a header; the value may hold any bytes, the name may repeat.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Adds a person's token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sets a body without saying of what type it is.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// The bytes that go over the wire to `host`.
    pub(crate) fn render(&self, host: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        let mut field = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        if !self.says("host") {
            field("host", host.as_bytes());
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        if let Some(body) = &self.body
            && !self.says("content-length")
            && !self.says("transfer-encoding")
        {
            field("content-length", body.len().to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends it to `to` and waits for the whole answer.
    pub(crate) fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        exchange(to, &self.render(&to.to_string()), self.method == "HEAD")
    }

    /// Sends it; no answer fails the test.
    pub(crate) fn send(&self, to: SocketAddr) -> Answer {
        let mut answer = self
            .try_send(to)
            .unwrap_or_else(|error| panic!("{} {} got no answer: {error}", self.method, self.target));
        answer.question = format!("{} {}", self.method, self.target);
        answer
    }

    fn says(&self, wanted: &str) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    }
}

/// Writes `bytes` to `to` and reads one answer; `bare` for an answer that has no body whatever its head says.
pub(crate) fn exchange(to: SocketAddr, bytes: &[u8], bare: bool) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&to, ANSWER_MAX)?;
    stream.set_nodelay(true)?;
    // A server that refuses early may close before it has read everything; its answer still counts.
    let written = stream.write_all(bytes);
    let mut reader = Reader { stream, bytes: Vec::new(), deadline: Instant::now() + ANSWER_MAX };
    match (reader.answer(bare), written) {
        (Err(_), Err(error)) => Err(error),
        (answer, _) => answer,
    }
}

/// A connection that is used again.
pub(crate) struct Kept(Reader);

impl Kept {
    /// Connects to `to`.
    pub(crate) fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, ANSWER_MAX)?;
        stream.set_nodelay(true)?;
        Ok(Self(Reader { stream, bytes: Vec::new(), deadline: Instant::now() }))
    }

    /// Writes a whole request.
    pub(crate) fn say(&mut self, request: &Request) -> io::Result<()> {
        let to = self.0.stream.peer_addr()?;
        self.0.stream.write_all(&request.render(&to.to_string()))
    }

    /// Reads an answer.
    pub(crate) fn hear(&mut self) -> io::Result<Answer> {
        self.0.deadline = Instant::now() + ANSWER_MAX;
        self.0.answer(false)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Method and target of the request, for messages.
    question: String,
}

impl Answer {
    /// The first header of that name (in lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; anything else fails the test.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The envelope's `message`, empty if there is none.
    pub(crate) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Demands a status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Demands a failure in the envelope with this status and message.
    #[track_caller]
    pub(crate) fn fails(self, status: u16, message: &str) -> Self {
        let answer = self.expect(status);
        let body = answer.json();
        assert_eq!(
            (body["status"].as_str(), body["message"].as_str()),
            (Some("fail"), Some(message)),
            "{answer}"
        );
        answer
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {} {:?} {}", self.question, self.status, self.headers, self.text())
    }
}

/// Reads one answer from a connection.
struct Reader {
    stream: TcpStream,
    bytes: Vec<u8>,
    deadline: Instant,
}

impl Reader {
    fn answer(&mut self, bare: bool) -> io::Result<Answer> {
        let mut answer = self.head()?;
        if bare || matches!(answer.status, 204 | 304) {
            return Ok(answer);
        }
        answer.body = match (answer.header("content-length"), answer.header("transfer-encoding")) {
            (Some(length), _) => {
                let length = length.parse().ok().ok_or_else(|| odd("an odd Content-Length"))?;
                self.take(length)?
            }
            (None, Some("chunked")) => self.chunks()?,
            (None, Some(_)) => return Err(odd("an odd Transfer-Encoding")),
            (None, None) => self.rest()?,
        };
        Ok(answer)
    }

    fn head(&mut self) -> io::Result<Answer> {
        let status = self.line()?;
        let code = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| odd("a header without a colon"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Answer {
            status: code.ok_or_else(|| odd("not an HTTP/1.1 answer"))?,
            headers,
            body: Vec::new(),
            question: String::new(),
        })
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.bytes.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).ok().ok_or_else(|| odd("a head that is no text"));
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.bytes.len() < length {
            self.fill()?;
        }
        Ok(self.bytes.drain(..length).collect())
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).ok().ok_or_else(|| odd("an odd chunk"))?;
            body.extend(self.take(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn rest(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(std::mem::take(&mut self.bytes));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.bytes.extend_from_slice(&chunk[..length]);
                Ok(())
            }
        }
    }
}

fn odd(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
