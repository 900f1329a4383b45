//! A chunked body as it arrives (RFC 9112 §7.1): where it ends, and whether every reader would find that end.
//!
//! Extensions are refused: nobody here reads them, and programs have disagreed on where they end. Trailers are passed
//! on with the body and read by nobody. What is in the chunks is not looked at.

use super::line::{is_text, is_token};
use super::{FIELDS_MAX, Refusal};

/// Digits of a chunk's size: 15 of them cannot overflow 64 bits, and are more than any body has.
const DIGITS_MAX: u8 = 15;
/// Bytes of a trailer section: a checksum or two.
const TRAILERS_MAX: usize = 8 * 1024;

/// The place in a chunked body.
#[derive(Debug, Default)]
pub struct Chunks {
    place: Place,
    /// Of the size: what its digits say so far. Of the data: bytes still to come.
    left: u64,
    digits: u8,
    trailer_bytes: usize,
    trailers: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    SizeEnd,
    Data,
    DataCr,
    DataEnd,
    /// At the beginning of a trailer, or of the empty line that ends the body.
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    End,
    Over,
}

impl Chunks {
    /// Passes over `bytes` to the end of the body or of what is there; gives how many bytes that are.
    ///
    /// # Errors
    /// With [`Refusal::Chunk`] at the first byte that is out of place.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut rest = bytes;
        while let (false, Some((&byte, after))) = (self.is_over(), rest.split_first()) {
            if self.place == Place::Data {
                let there = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                rest = rest.get(there..).unwrap_or_default();
                self.left -= there as u64;
                if self.left == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            self.place = self.step(byte).ok_or(Refusal::Chunk)?;
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether the body has ended.
    pub fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    fn step(&mut self, byte: u8) -> Option<Place> {
        match (self.place, byte) {
            (Place::Size, b'\r') if self.digits > 0 => Some(Place::SizeEnd),
            (Place::Size, digit) => self.size(digit),
            (Place::SizeEnd, b'\n') if self.left == 0 => Some(Place::Trailer),
            (Place::SizeEnd, b'\n') => Some(Place::Data),
            (Place::DataCr, b'\r') => Some(Place::DataEnd),
            (Place::DataEnd, b'\n') => {
                self.digits = 0;
                Some(Place::Size)
            }
            (Place::Trailer, b'\r') => Some(Place::End),
            (Place::End, b'\n') => Some(Place::Over),
            (Place::Trailer | Place::TrailerName | Place::TrailerValue | Place::TrailerEnd, byte) => {
                self.trailer(byte)
            }
            _ => None,
        }
    }

    fn size(&mut self, byte: u8) -> Option<Place> {
        let digit = char::from(byte).to_digit(16)?;
        self.digits += 1;
        self.left = self.left * 16 + u64::from(digit);
        (self.digits <= DIGITS_MAX).then_some(Place::Size)
    }

    fn trailer(&mut self, byte: u8) -> Option<Place> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > TRAILERS_MAX {
            return None;
        }
        match (self.place, byte) {
            (Place::Trailer, name) if is_name(name) => {
                self.trailers += 1;
                (self.trailers <= FIELDS_MAX).then_some(Place::TrailerName)
            }
            (Place::TrailerName, b':') => Some(Place::TrailerValue),
            (Place::TrailerName, name) if is_name(name) => Some(Place::TrailerName),
            (Place::TrailerValue, b'\r') => Some(Place::TrailerEnd),
            (Place::TrailerValue, value) if is_text(value) => Some(Place::TrailerValue),
            (Place::TrailerEnd, b'\n') => Some(Place::Trailer),
            _ => None,
        }
    }
}

fn is_name(byte: u8) -> bool {
    is_token(byte) && byte != b'_'
}
