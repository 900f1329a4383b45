//! A lean HTTP/1.1 client: a rendered request goes out, status and body come back, one at a time per connection.
//!
//! It shares the cores with the server it measures, so it allocates nothing per request and understands only what
//! Satchel sends: keep-alive answers with a `Content-Length`. Anything else is an error. It knows nothing of rows.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// The largest answer read: a page of ten notes is about 8 KiB, so this is never near.
const ANSWER_LIMIT: usize = 1 << 20;
/// The largest head read; Satchel's own limit for the heads it takes.
const HEAD_LIMIT: usize = 32 << 10;
/// Room for one usual answer, so that the buffer does not grow while a row is measured.
const BUFFER_BYTES: usize = 32 << 10;

/// A request, rendered once and sent many times.
pub(crate) fn render(method: &str, path: &str, token: Option<&str>, body: Option<&str>) -> Vec<u8> {
    let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n{bearer}");
    match body {
        None => format!("{head}\r\n"),
        Some(body) => {
            let length = body.len();
            format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        }
    }
    .into_bytes()
}

/// What came back; the body lives in the connection's buffer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: &'a [u8],
    /// Whether it says when to come back.
    pub(crate) invites: bool,
}

/// One keep-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, with Nagle's delay off.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// The same from the address `source`.
    pub(crate) async fn open_from(source: SocketAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(source)?;
        Self::over(socket.connect(address).await?)
    }

    fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER_BYTES) })
    }

    /// Sends one request and waits for its whole answer. After an error the connection is of no more use.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let head = self.read_head().await?;
        let end = head.bytes + head.body_bytes;
        self.buffer.reserve(end.saturating_sub(self.buffer.len()));
        while self.buffer.len() < end {
            self.fill().await?;
        }
        if self.buffer.len() > end {
            return Err(invalid("more bytes than the answer announced"));
        }
        let body = self.buffer.get(head.bytes..end).unwrap_or_default();
        Ok(Answer { status: head.status, body, invites: head.invites })
    }

    async fn read_head(&mut self) -> io::Result<Head> {
        loop {
            self.fill().await?;
            if let Some(head) = Head::parse(&self.buffer)? {
                return Ok(head);
            }
            if self.buffer.len() > HEAD_LIMIT {
                return Err(invalid("an endless head"));
            }
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            _ => Ok(()),
        }
    }
}

/// What the client needs of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    bytes: usize,
    body_bytes: usize,
    invites: bool,
}

impl Head {
    /// Reads a head in one pass; `None` while it is not complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut status = None;
        let mut announced = None;
        let (mut length, mut invites) = (0, false);
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(line_text) = line.strip_suffix(b"\r\n") else {
                return Ok(None);
            };
            length += line.len();
            if status.is_none() {
                status = Some(status_of(line_text)?);
            } else if line_text.is_empty() {
                let status = status.unwrap_or_default();
                let body_bytes = body_bytes(status, announced)?;
                return Ok(Some(Self { status, bytes: length, body_bytes, invites }));
            } else if let Some(value) = header(line_text, b"content-length:") {
                announced = Some(number(value).ok_or_else(|| invalid("an odd Content-Length"))?);
            } else if header(line_text, b"transfer-encoding:").is_some() {
                return Err(invalid("a chunked answer"));
            } else if header(line_text, b"retry-after:").is_some() {
                invites = true;
            }
        }
        Ok(None)
    }
}

fn status_of(line: &[u8]) -> io::Result<u16> {
    line.strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| number(rest.get(..3)?))
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| invalid("not an HTTP/1.1 answer"))
}

fn body_bytes(status: u16, announced: Option<usize>) -> io::Result<usize> {
    match announced {
        Some(bytes) if bytes > ANSWER_LIMIT => Err(invalid("an answer beyond the limit")),
        Some(bytes) => Ok(bytes),
        None if matches!(status, 204 | 304) => Ok(0),
        None => Err(invalid("an answer without a Content-Length")),
    }
}

/// The value of a header line, if the line is of that name (in lower case, with its colon).
fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_head_is_read_only_when_it_is_whole() {
        use super::Head;

        let whole = b"HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 12\r\n\r\n";
        for cut in 0..whole.len() {
            assert_eq!(Head::parse(&whole[..cut]).expect("a prefix is no error"), None, "cut at {cut}");
        }
        let head = Head { status: 201, bytes: whole.len(), body_bytes: 12, invites: false };
        assert_eq!(Head::parse(whole).expect("valid"), Some(head));
    }

    #[test]
    fn only_answers_of_a_known_length_are_taken() {
        use super::Head;

        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").is_err());
        assert!(Head::parse(b"SSH-2.0-x\r\n").is_err());
        let empty = Head::parse(b"HTTP/1.1 204 No Content\r\n\r\n").expect("valid").expect("whole");
        assert_eq!((empty.status, empty.body_bytes), (204, 0));
    }
}
