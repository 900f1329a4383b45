//! An outbox as one account's lane to one service: what waits, whether its head was heard, and what may still come.
//!
//! The network never forgets: whatever was sent once may arrive again, late and in any order. So duplication,
//! reordering and loss need no machinery of their own. What a message does is its receiver's to say.

use std::fmt;

use chassis::standing::{Rung, Standing};

/// Rows that one account can have in one lane at a time: more than any history of the model sends.
const ROWS_MAX: usize = 5;
/// Epochs that a message can carry, from 0.
const EPOCHS: u32 = 4;
/// The rungs that are told to others.
const RUNGS: [Rung; 3] = [Rung::Active, Rung::Disabled, Rung::Deleted];
/// Messages that are no standing; their codes come after those.
const OTHERS: [Message; 3] = [Message::Abort, Message::Moved, Message::Released];
/// The code of the first of them.
const OTHERS_FROM: u8 = 24;

/// What one service tells another about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Where it stands.
    Standing(Standing),
    /// Its registration did not happen.
    Abort,
    /// It moved to the other e-mail, which was held for it.
    Moved,
    /// It did not, and the e-mail is given back.
    Released,
}

/// A message in one byte: states are many and kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Code(u8);

/// One account's messages to one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    rows: [Option<Code>; ROWS_MAX],
    /// Whether the receiver said that it took the head.
    heard: bool,
    /// What was delivered and removed: a bit for each message.
    past: u32,
}

impl Lane {
    /// Commits `message` at the end.
    pub(crate) fn push(&mut self, message: Message) {
        let free = self.rows.iter_mut().find(|row| row.is_none()).expect("a lane has room for every history");
        *free = Some(Code::of(message));
    }

    /// What is to be delivered next.
    pub(crate) fn head(&self) -> Option<Message> {
        self.rows[0].map(Code::message)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows[0].is_none()
    }

    /// Whether the answer to the head is on its way back.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard
    }

    /// The receiver answered.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
    }

    /// Either end died: the answer is lost, and the head is sent again.
    pub(crate) fn unhear(&mut self) {
        self.heard = false;
    }

    /// Removes the head, copies of which may still arrive.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Code(code) = self.rows[0]?;
        self.rows.copy_within(1.., 0);
        self.rows[ROWS_MAX - 1] = None;
        self.heard = false;
        self.past |= 1 << code;
        Some(Code(code).message())
    }

    /// Forgets what waits, as an outbox in memory would.
    pub(crate) fn lose(&mut self) {
        *self = Self { past: self.past, ..Self::default() };
    }

    /// What may arrive once more.
    pub(crate) fn late(&self) -> impl Iterator<Item = Message> {
        let past = self.past;
        let sent = move |code: &u8| past & (1 << code) != 0;
        (0..OTHERS_FROM + 3).filter(sent).map(|code| Code(code).message())
    }
}

impl Code {
    fn of(message: Message) -> Self {
        if let Some(place) = OTHERS.iter().position(|other| *other == message) {
            return Self(OTHERS_FROM + u8::try_from(place).unwrap());
        }
        let Message::Standing(Standing { generation, rung, epoch }) = message else {
            unreachable!("what is none of the others is a standing");
        };
        let rung = RUNGS.iter().position(|one| *one == rung).expect("nobody is told of a pending account");
        assert!(generation < 2 && epoch < EPOCHS, "a history within the scope");
        Self(u8::try_from((generation * 3 + u32::try_from(rung).unwrap()) * EPOCHS + epoch).unwrap())
    }

    fn message(self) -> Message {
        if let Some(place) = self.0.checked_sub(OTHERS_FROM) {
            return OTHERS[usize::from(place)];
        }
        let (place, epoch) = (u32::from(self.0) / EPOCHS, u32::from(self.0) % EPOCHS);
        Message::Standing(Standing { generation: place / 3, rung: RUNGS[(place % 3) as usize], epoch })
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abort => f.write_str("the registration did not happen"),
            Self::Moved => f.write_str("it moved to e-mail 1"),
            Self::Released => f.write_str("e-mail 1 is given back"),
            Self::Standing(Standing { generation, rung, epoch }) => {
                write!(f, "generation {generation} is {rung:?}, epoch {epoch}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_fits_a_byte_and_comes_back() {
        for generation in 0..2 {
            for rung in RUNGS {
                for epoch in 0..EPOCHS {
                    let message = Message::Standing(Standing { generation, rung, epoch });
                    assert_eq!(Code::of(message).message(), message);
                    assert!(Code::of(message).0 < OTHERS_FROM);
                }
            }
        }
        assert!(OTHERS.iter().all(|message| Code::of(*message).message() == *message));
    }
}
