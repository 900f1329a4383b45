//! The bytes of a connection's requests: where each head and body ends, and whether it may be passed on (RFC 9112).
//!
//! Stricter than the HTTP parser behind it, so that nobody on the way can take one request for two: what two readers
//! could read in two ways is refused. Pure: bytes in, verdict out. It knows no socket, no clock, no HTTP library, and
//! not what a refused client is told beyond one sentence.

mod chunk;
mod line;
mod requests;

pub use chunk::Chunks;
pub use requests::{Passed, Requests};

use line::{Field, Version};

/// Bytes of a head: 32 KiB (PROMISES.md H2). Cookies and tokens of honest clients have a few.
pub const BYTES_MAX: usize = 32 * 1024;
/// Fields of a head (PROMISES.md H2), and as many as the parser behind it takes.
pub const FIELDS_MAX: usize = 100;

/// Why a request is not passed on; each says so to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// A line that ends with anything but CRLF, or CR within a line (RFC 9112 §2.2).
    #[error("Every line of a request head must end with CR and LF")]
    LineEnd,
    /// The first line is not a method, a target and a version with one space between each.
    #[error("The request line must be a method, a target and a version")]
    RequestLine,
    /// The method is no token.
    #[error("The request method has a character that does not belong there")]
    Method,
    /// The target has a character that must be percent-encoded.
    #[error("The request target has a character that must be percent-encoded")]
    Target,
    /// The target is not a path: absolute and authority forms are for proxies (RFC 9112 §3.2).
    #[error("The request target must be a path that begins with a slash")]
    Form,
    /// Neither HTTP/1.1 nor HTTP/1.0.
    #[error("Only HTTP/1.1 and HTTP/1.0 are spoken here")]
    Version,
    /// A field goes on in the next line (RFC 9112 §5.2).
    #[error("A header may not go on in the next line")]
    Folding,
    /// A field's name is empty or no token, or there is no colon.
    #[error("A header name has a character that does not belong there")]
    FieldName,
    /// A field's name has an underscore, which some programs take for a hyphen.
    #[error("A header name may not have an underscore: write a hyphen")]
    Underscore,
    /// A field's value has a control character.
    #[error("A header value has a control character")]
    FieldValue,
    /// HTTP/1.1 without a host, more than one, or one that is none.
    #[error("A request must have one Host header with a host and perhaps a port")]
    Host,
    /// A length that is not one number.
    #[error("Content-Length must be one number, given once")]
    ContentLength,
    /// A transfer coding that is not `chunked`, or another framing beside it.
    #[error("Transfer-Encoding must be chunked, given once, in HTTP/1.1 and without Content-Length")]
    TransferEncoding,
    /// An expectation that nobody meets.
    #[error("The only expectation that is met here is 100-continue")]
    Expectation,
    /// More than [`FIELDS_MAX`] fields.
    #[error("A request may have at most 100 headers")]
    Fields,
    /// More than [`BYTES_MAX`] bytes.
    #[error("The request line and headers may have at most 32 KiB")]
    Bytes,
    /// A chunked body that is malformed: its request has been passed on already.
    #[error("The chunked request body is malformed")]
    Chunk,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes; none when nothing announces a body.
    Length(u64),
    /// In chunks, the last of which says so.
    Chunked,
}

/// A head that may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its bytes, with the empty line at its end.
    pub length: usize,
    /// What follows it.
    pub framing: Framing,
}

/// Reads one head as it arrives: each byte is looked at once, however small the pieces.
#[derive(Debug, Default)]
pub struct Reader {
    /// Where the line that is not whole yet begins.
    line_at: usize,
    /// How far that line was searched for its end.
    searched: usize,
    seen: Seen,
}

/// What the lines so far have said.
#[derive(Debug, Default)]
struct Seen {
    /// One empty line before a request is passed over (RFC 9112 §2.2).
    blank: bool,
    version: Option<Version>,
    fields: usize,
    hosts: usize,
    length: Option<u64>,
    is_chunked: bool,
}

impl Reader {
    /// Reads on in `bytes`, which hold the head from its beginning and perhaps more; `None` until it is whole.
    ///
    /// # Errors
    /// As soon as a line cannot be passed on.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Option<Head>, Refusal> {
        loop {
            self.may_begin(bytes)?;
            let Some(end) = self.line_end(bytes) else { break };
            if end > BYTES_MAX {
                return Err(Refusal::Bytes);
            }
            let line = bytes.get(self.line_at..end).unwrap_or_default();
            (self.line_at, self.searched) = (end, end);
            if let Some(framing) = self.seen.line(line.strip_suffix(b"\r\n").ok_or(Refusal::LineEnd)?)? {
                return Ok(Some(Head { length: end, framing }));
            }
        }
        self.searched = bytes.len();
        if bytes.len() >= BYTES_MAX {
            return Err(Refusal::Bytes);
        }
        Ok(None)
    }

    /// Looks at a request's first byte before anything else, so that the verdict is one whether more is there or not.
    fn may_begin(&self, bytes: &[u8]) -> Result<(), Refusal> {
        match bytes.get(self.line_at) {
            Some(&first) if self.seen.version.is_none() && !line::may_begin(first) => Err(Refusal::Method),
            _ => Ok(()),
        }
    }

    /// Whether anything of the head is there, which an empty line before it is not.
    pub fn has_begun(&self) -> bool {
        self.seen.version.is_some() || self.searched > self.line_at
    }

    fn line_end(&self, bytes: &[u8]) -> Option<usize> {
        let rest = bytes.get(self.searched..)?;
        memchr::memchr(b'\n', rest).map(|at| self.searched + at + 1)
    }
}

impl Seen {
    /// Takes in one line; the framing once it was the last.
    fn line(&mut self, line: &[u8]) -> Result<Option<Framing>, Refusal> {
        match (self.version, line.is_empty()) {
            (None, true) if !self.blank => self.blank = true,
            (None, _) => self.version = Some(line::request_line(line)?),
            (Some(version), true) => return self.framing(version).map(Some),
            (Some(_), false) => self.field(line)?,
        }
        Ok(None)
    }

    fn field(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.fields += 1;
        if self.fields > FIELDS_MAX {
            return Err(Refusal::Fields);
        }
        match line::field(line)? {
            Field::Host => self.hosts += 1,
            Field::Length(_) if self.length.is_some() => return Err(Refusal::ContentLength),
            Field::Length(length) => self.length = Some(length),
            Field::Chunked if self.is_chunked => return Err(Refusal::TransferEncoding),
            Field::Chunked => self.is_chunked = true,
            Field::Other => {}
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, Refusal> {
        let is_1_1 = version == Version::Http11;
        if self.hosts > 1 || (is_1_1 && self.hosts == 0) {
            return Err(Refusal::Host);
        }
        match (self.is_chunked, self.length) {
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
            (true, None) if is_1_1 => Ok(Framing::Chunked),
            (true, _) => Err(Refusal::TransferEncoding),
        }
    }
}

#[cfg(test)]
mod tests;
