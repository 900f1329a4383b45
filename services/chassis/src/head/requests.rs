//! The requests of one connection, one after the other: which of its bytes may be passed on.
//!
//! Who sends the bytes, and who gets them, is not known here.

use super::{Chunks, Framing, Head, Reader, Refusal};

/// Where a connection's requests stand.
#[derive(Debug, Default)]
pub struct Requests {
    place: Place,
    count: u64,
}

#[derive(Debug)]
enum Place {
    Head(Reader),
    Body(u64),
    Chunks(Chunks),
}

impl Default for Place {
    fn default() -> Self {
        Self::Head(Reader::default())
    }
}

/// A verdict on bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// How many of them may be passed on: whole heads, and of bodies what is there.
    pub bytes: usize,
    /// Why nothing after these ever will.
    pub refusal: Option<Refusal>,
}

impl Requests {
    /// Judges `bytes`, which begin where the last verdict ended and hold what it left as well as what came since.
    pub fn pass(&mut self, bytes: &[u8]) -> Passed {
        let mut passed = 0;
        loop {
            let rest = bytes.get(passed..).unwrap_or_default();
            if rest.is_empty() {
                return Passed { bytes: passed, refusal: None };
            }
            match self.step(rest) {
                Ok(0) => return Passed { bytes: passed, refusal: None },
                Ok(length) => passed += length,
                Err(refusal) => return Passed { bytes: passed, refusal: Some(refusal) },
            }
        }
    }

    /// How many heads were passed on.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the body of the last request is still to come, or a part of it.
    pub fn is_in_body(&self) -> bool {
        !matches!(self.place, Place::Head(_))
    }

    /// Whether a part of the next head is there.
    pub fn is_in_head(&self) -> bool {
        matches!(&self.place, Place::Head(reader) if reader.has_begun())
    }

    /// How many bytes of one head or one body may be passed on.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        match &mut self.place {
            Place::Head(reader) => match reader.read(bytes)? {
                Some(head) => Ok(self.begin(head)),
                None => Ok(0),
            },
            Place::Body(left) => {
                let there = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= there as u64;
                if *left == 0 {
                    self.place = Place::default();
                }
                Ok(there)
            }
            Place::Chunks(chunks) => {
                let there = chunks.pass(bytes)?;
                if chunks.is_over() {
                    self.place = Place::default();
                }
                Ok(there)
            }
        }
    }

    fn begin(&mut self, head: Head) -> usize {
        self.count += 1;
        self.place = match head.framing {
            Framing::Length(0) => Place::default(),
            Framing::Length(length) => Place::Body(length),
            Framing::Chunked => Place::Chunks(Chunks::default()),
        };
        head.length
    }
}
