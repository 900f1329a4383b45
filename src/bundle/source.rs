//! A bundle as it is read: line by line, each held against the form of bundles before anything is made of it.
//!
//! It knows where a mistake is, for people; what a record says is not looked at here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use chassis::bundle::LINE_MAX;
use flate2::bufread::GzDecoder;

use super::text::{Counts, Header, Line, Seal};
use crate::Failed;
use crate::cli::ServiceName;

/// What every gzip file begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// And what one of ours does: deflate, no name, no time, the fast level, no system.
const OURS: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// Bytes of a bundle that nothing vouches for: somebody wrote it by hand.
pub(super) const UNSEALED_MAX: u64 = 64 * 1024 * 1024;

/// A mistake in a bundle, where it is and what it is.
#[derive(Debug, thiserror::Error)]
#[error("{file}: line {line}: {reason}")]
pub(crate) struct BundleError {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) reason: String,
}

/// The records of a bundle, from the first to the last.
pub(super) struct Records {
    file: String,
    input: Input,
    is_packed_by_us: bool,
    is_sealed: bool,
    /// The line read last; 0 before the first.
    number: usize,
    line: Vec<u8>,
    bytes: u64,
    service: ServiceName,
    seal: Seal,
    is_over: bool,
}

enum Input {
    Plain(BufReader<File>),
    Packed(Box<BufReader<GzDecoder<BufReader<File>>>>),
}

/// One record as it stands on its line.
pub(super) struct Found<'a> {
    pub(super) service: ServiceName,
    /// Its line, from 1.
    pub(super) number: usize,
    /// The line without its end.
    pub(super) text: &'a [u8],
}

/// Whether the file at `path` may be a bundle: it is packed, its first line says so, or it is no text at all.
pub(crate) fn is_bundle(path: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut begin)?;
    let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // A letter that the end of the piece cuts is no error yet.
    let is_text = std::str::from_utf8(&begin).map_or_else(|error| error.error_len().is_none(), |_| true);
    Ok(!is_text || begin.starts_with(&GZIP) || Header::is_meant(first))
}

impl Records {
    /// Opens the bundle at `path` and reads its first line.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        let file = path.display().to_string();
        let unreadable = |error: io::Error| format!("{file} cannot be read: {error}");
        let mut input = BufReader::new(File::open(path).map_err(unreadable)?);
        let begin = input.fill_buf().map_err(unreadable)?;
        let is_packed_by_us = begin.starts_with(&OURS);
        let input = if begin.starts_with(&GZIP) {
            Input::Packed(Box::new(BufReader::new(GzDecoder::new(input))))
        } else {
            Input::Plain(input)
        };
        let mut records = Self {
            file,
            input,
            is_packed_by_us,
            is_sealed: true,
            number: 0,
            line: Vec::new(),
            bytes: 0,
            service: ServiceName::Auth,
            seal: Seal::new(),
            is_over: false,
        };
        records.first()?;
        Ok(records)
    }

    /// Whether its last line vouches for the others.
    pub(super) const fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// The records so far; all of them after the last.
    pub(super) const fn counts(&self) -> &Counts {
        self.seal.counts()
    }

    /// The next record; `None` after the last, when all of the bundle is as it was written.
    pub(super) fn next(&mut self) -> Result<Option<Found<'_>>, Failed> {
        if self.is_over || !self.step()? {
            return Ok(None);
        }
        let (service, number) = (self.service, self.number);
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Some(Found { service, number, text }))
    }

    /// A mistake on the line `number`.
    pub(super) fn mistake(&self, number: usize, reason: impl Into<String>) -> BundleError {
        BundleError { file: self.file.clone(), line: number, reason: reason.into() }
    }

    fn first(&mut self) -> Result<(), Failed> {
        if !self.read_line()? {
            return Err(self.here("the file is empty"));
        }
        let header = Header::read(self.line.trim_ascii()).map_err(|reason| self.here(reason))?;
        self.is_sealed = header.sealed;
        if self.is_sealed && matches!(self.input, Input::Packed(_)) && !self.is_packed_by_us {
            return Err(self.here("another program packed this bundle: unpack it (zcat) and import the text"));
        }
        self.seal.take(&self.line);
        Ok(())
    }

    /// Reads on to the next record; `false` at the end.
    fn step(&mut self) -> Result<bool, Failed> {
        if !self.read_line()? {
            self.is_over = true;
            return if self.is_sealed {
                Err(self.here("the bundle breaks off: its end is missing"))
            } else {
                Ok(false)
            };
        }
        match Line::read(self.line.trim_ascii()).map_err(|reason| self.here(reason))? {
            Line::Record(service, _) if service < self.service => {
                let (name, before) = (service.as_str(), self.service.as_str());
                Err(self.here(format!("a record of {name} stands after those of {before}")))
            }
            Line::Record(service, kind) => {
                self.service = service;
                self.seal.take(&self.line);
                self.seal.count(service, kind);
                Ok(true)
            }
            Line::Trailer(trailer) if trailer == self.seal.trailer() => self.end().map(|()| false),
            Line::Trailer(_) => Err(self.here("the lines before this one are not those that were written")),
        }
    }

    /// The end of a bundle: nothing follows.
    fn end(&mut self) -> Result<(), Failed> {
        self.is_over = true;
        if self.read_line()? || !self.input.is_used_up().map_err(|error| self.here(damage(&error)))? {
            return Err(self.here("something follows the end of the bundle"));
        }
        Ok(())
    }

    /// Reads a line with its end into `line`; `false` when there is none.
    fn read_line(&mut self) -> Result<bool, Failed> {
        self.line.clear();
        self.number += 1;
        let limit = LINE_MAX as u64 + 1;
        let read = match &mut self.input {
            Input::Plain(input) => input.take(limit).read_until(b'\n', &mut self.line),
            Input::Packed(input) => input.take(limit).read_until(b'\n', &mut self.line),
        };
        let read = read.map_err(|error| self.here(damage(&error)))?;
        self.bytes += read as u64;
        if read > LINE_MAX {
            return Err(self.here(format!("the line has more than {LINE_MAX} bytes")));
        }
        if !self.is_sealed && self.bytes > UNSEALED_MAX {
            return Err(self.here(format!("a bundle without a seal has at most {UNSEALED_MAX} bytes")));
        }
        Ok(read > 0)
    }

    fn here(&self, reason: impl Into<String>) -> Failed {
        self.mistake(self.number, reason).into()
    }
}

impl Input {
    /// Whether the file ends where the text ended.
    fn is_used_up(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(input) => Ok(input.fill_buf()?.is_empty()),
            Self::Packed(input) => Ok(input.get_mut().get_mut().fill_buf()?.is_empty()),
        }
    }
}

fn damage(error: &io::Error) -> String {
    format!("the file is damaged here: {error}")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::bundle::draft::Draft;

    const HEADER: &str = "{\"format\":\"satchel-bundle\",\"version\":1,\"sealed\":false}\n";
    const ACCOUNT: &str = "{\"service\":\"auth\",\"kind\":\"account\"}\n";
    const NOTE: &str = "{\"service\":\"notes\",\"kind\":\"note\"}\n";

    fn read(bytes: &[u8]) -> Result<usize, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        std::fs::write(&path, bytes).unwrap();
        let mut records = Records::open(&path).map_err(|error| error.to_string())?;
        let mut count = 0;
        while records.next().map_err(|error| error.to_string())?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn written() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        let mut draft = Draft::beside(&path).unwrap();
        draft.take(ACCOUNT.repeat(20).as_bytes()).unwrap();
        draft.take(NOTE.repeat(20).as_bytes()).unwrap();
        draft.finish().unwrap();
        std::fs::read(path).unwrap()
    }

    fn unpacked(bytes: &[u8]) -> String {
        let mut text = String::new();
        GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_bundle_is_read_packed_as_written_or_as_text_and_by_hand() {
        assert_eq!(read(&written()), Ok(40));
        assert_eq!(read(unpacked(&written()).as_bytes()), Ok(40));
        assert_eq!(read(format!("{HEADER}{ACCOUNT}{NOTE}").as_bytes()), Ok(2));
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(format!("{HEADER}{NOTE}").as_bytes()).unwrap();
        assert_eq!(read(&packer.finish().unwrap()), Ok(1));
    }

    #[test]
    fn no_byte_of_a_bundle_can_be_another() {
        let good = written();
        for at in 0..good.len() {
            for change in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= change;
                let outcome = read(&bad);
                // Bits after the last one of the packed data mean nothing: the same text comes out.
                assert!(outcome.is_err() || at == good.len() - 9, "byte {at} ^ {change:x}");
            }
            assert!(read(&good[..at]).is_err(), "{at} bytes");
        }
        assert!(read(&[&good[..], b"x"].concat()).unwrap_err().contains("follows"));
        assert!(read(&[&good[..], &good[..]].concat()).is_err());
    }

    #[test]
    fn no_line_of_a_bundle_can_be_missing_or_stand_elsewhere() {
        let good = unpacked(&written());
        let lines: Vec<&str> = good.lines().collect();
        for at in 0..lines.len() {
            let mut missing = lines.clone();
            missing.remove(at);
            assert!(read((missing.join("\n") + "\n").as_bytes()).is_err(), "line {at}");
        }
        let found = read(good.replacen("account", "acount", 1).as_bytes()).unwrap_err();
        assert!(
            found.ends_with("line 42: the lines before this one are not those that were written"),
            "{found}"
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let wrong = |text: String, line: usize, why: &str| {
            let found = read(text.as_bytes()).unwrap_err();
            assert!(found.contains(&format!(": line {line}: ")) && found.contains(why), "{found}");
        };
        wrong(String::new(), 1, "empty");
        wrong("PK\u{3}\u{4}".into(), 1, "neither a bundle nor a fixture");
        wrong(format!("{HEADER}{NOTE}{ACCOUNT}"), 3, "a record of auth stands after those of notes");
        wrong(format!("{HEADER}{NOTE}\n"), 3, "no line of a bundle");
        wrong(
            format!("{HEADER}{NOTE}{{\"counts\":{{}},\"sha256\":\"\"}}\n"),
            3,
            "not those that were written",
        );
        wrong(format!("{HEADER}{}", "x".repeat(LINE_MAX + 1)), 2, "more than");
    }
}
