//! The kinds of operations that clients have, and how often each is drawn.

use std::fmt;

/// What sort of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Register,
    LogIn,
    ChangePassword,
    ForgetPassword,
    ResetPassword,
    ChangeBio,
    ChangeUsername,
    Leave,
    Deactivate,
    Reactivate,
    Erase,
    ChangeRole,
    ChangeEmail,
    CreateNote,
    ChangeNote,
    ArchiveNote,
    DeleteNote,
    ListNotes,
    SearchNotes,
}

impl Kind {
    /// How many there are.
    pub(super) const COUNT: usize = 19;

    /// What a person with an account does, of a hundred operations; the other kinds follow from these.
    const DRAWN: [(Self, usize); 16] = [
        (Self::CreateNote, 24),
        (Self::ChangeNote, 12),
        (Self::ArchiveNote, 6),
        (Self::DeleteNote, 8),
        (Self::ListNotes, 3),
        (Self::SearchNotes, 7),
        (Self::ChangeBio, 9),
        (Self::ChangeUsername, 5),
        (Self::LogIn, 4),
        (Self::ChangePassword, 5),
        (Self::ResetPassword, 3),
        (Self::Leave, 3),
        (Self::Deactivate, 3),
        (Self::Erase, 2),
        (Self::ChangeRole, 3),
        (Self::ChangeEmail, 3),
    ];

    /// The kind that the number `draw`, below a hundred, stands for.
    pub(super) fn drawn(mut draw: usize) -> Self {
        for (kind, share) in Self::DRAWN {
            if draw < share {
                return kind;
            }
            draw -= share;
        }
        panic!("the shares do not add up to a hundred");
    }
}

/// In words: `change bio`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in format!("{self:?}").char_indices() {
            if at > 0 && letter.is_uppercase() {
                f.write_str(" ")?;
            }
            write!(f, "{}", letter.to_lowercase())?;
        }
        Ok(())
    }
}

#[test]
fn the_shares_add_up() {
    assert_eq!(Kind::DRAWN.iter().map(|(_, share)| share).sum::<usize>(), 100);
    assert_eq!((Kind::drawn(0), Kind::drawn(99)), (Kind::CreateNote, Kind::ChangeEmail));
    assert_eq!(Kind::SearchNotes as usize + 1, Kind::COUNT);
}
