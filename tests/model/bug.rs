//! The seeded bugs: what somebody could have got wrong, as switches of the model.
//!
//! The model is right without any; a proof that finds none of these would prove nothing.

use crate::scope::Scope;

/// One thing done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// An abort removes the profile and leaves no tombstone.
    AbortWithoutTombstone,
    /// 201 is sent before the pivot is committed.
    AnswerBeforeCommit,
    /// A message whose outcome is unknown is dropped.
    DropOnUnknown,
    /// No answer from the user service is taken for a no.
    TimeoutIsRefusal,
    /// The pivot does not look whether the registration is still under way.
    PivotWithoutGuard,
    /// A refused username is not remembered with its request.
    RefusalForgotten,
    /// A new password leaves the session epoch as it is.
    EpochKept,
    /// A purge removes the notes first and marks their author afterwards.
    PurgeBeforeMark,
    /// An undone registration keeps its e-mail.
    ClaimKept,
    /// A receiver takes over a standing instead of joining it.
    OverwriteStanding,
    /// A token is given out before the pivot.
    TokenBeforePivot,
    /// The outbox is in memory only.
    OutboxInMemory,
    /// Notes believes a token more than its own tombstone.
    VouchPastTombstone,
    /// Reactivation stays in the generation of the deactivation.
    SameGeneration,
    /// An account that is still being registered is known once anyone told of it.
    KnownBeforePivot,
    /// Auth holds an e-mail for a move that was given up already.
    ReleaseForgotten,
    /// An account moves to an e-mail that nobody held for it.
    MoveWithoutHold,
}

impl Bug {
    /// All of them.
    pub(crate) const ALL: [Self; 17] = [
        Self::AbortWithoutTombstone,
        Self::AnswerBeforeCommit,
        Self::DropOnUnknown,
        Self::TimeoutIsRefusal,
        Self::PivotWithoutGuard,
        Self::RefusalForgotten,
        Self::EpochKept,
        Self::PurgeBeforeMark,
        Self::ClaimKept,
        Self::OverwriteStanding,
        Self::TokenBeforePivot,
        Self::OutboxInMemory,
        Self::VouchPastTombstone,
        Self::SameGeneration,
        Self::KnownBeforePivot,
        Self::ReleaseForgotten,
        Self::MoveWithoutHold,
    ];

    /// Where it shows: one life is enough unless somebody else's is part of it.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::RefusalForgotten => Scope::TWO,
            Self::ReleaseForgotten | Self::MoveWithoutHold => Scope::MOVE,
            _ => Scope::ONE,
        }
    }
}
