//! The ladder of an account's life, and what a token is worth on it.
//!
//! Every service keeps its own copy of an account's standing and only ever moves it up (PROTOCOL.md §2), so
//! messages may repeat or overtake each other. Who moves it and why is the services' business.

use serde::{Deserialize, Serialize};

/// A rung of the ladder; later rungs are higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rung {
    /// Registered at auth, profile not yet confirmed: unknown to everyone else.
    Pending,
    /// In use.
    Active,
    /// Deactivated; may come back in a later generation.
    Disabled,
    /// Gone for good, in every generation.
    Deleted,
}

impl Rung {
    /// The rung that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Disabled, Self::Deleted]
            .into_iter()
            .find(|rung| rung.as_str() == text)
    }

    /// The rung's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}

/// Where an account stands: its generation (one more with each reactivation), its rung there, and the
/// session epoch below which its tokens are dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Standing {
    /// Counts reactivations, from 0.
    pub generation: u32,
    /// The rung within that generation.
    pub rung: Rung,
    /// Counts the events that end all sessions, from 0.
    pub epoch: u32,
}

/// What a token says of its account when it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// The generation it was issued in.
    pub generation: u32,
    /// The session epoch it was issued in.
    pub epoch: u32,
}

/// Why a well-signed token gives no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The account is gone or inactive.
    Account,
    /// The account lives, this session was ended (password change, reset, reactivation).
    Session,
}

impl Standing {
    /// A fresh account on `rung`.
    pub const fn new(rung: Rung) -> Self {
        Self { generation: 0, rung, epoch: 0 }
    }

    /// The standing that a valid token vouches for, for a service that never heard of its account.
    pub const fn vouched(session: Session) -> Self {
        Self { generation: session.generation, rung: Rung::Active, epoch: session.epoch }
    }

    /// The higher of two standings, the epoch taken by itself: commutative, associative, idempotent.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        #[cfg(feature = "simulation")]
        if crate::simulation::has_bug("a standing overwrites instead of joining") {
            return other;
        }
        let top = if self.height() >= other.height() { self } else { other };
        Self { epoch: self.epoch.max(other.epoch), ..top }
    }

    /// Whether this copy lags behind `owners` record: it stands lower, or admits sessions that were ended.
    ///
    /// Epochs count on the active rung alone: elsewhere no session is admitted, whatever its epoch.
    pub fn lags(&self, owners: &Self) -> bool {
        let is_lower = self.height() < owners.height();
        is_lower
            || (self.height() == owners.height() && self.rung == Rung::Active && self.epoch < owners.epoch)
    }

    /// Whether two records stand at the same height, sessions aside.
    pub fn is_level(&self, other: &Self) -> bool {
        self.height() == other.height()
    }

    /// Whether `session` gives access: the account is active and nothing ended the session since.
    pub fn admits(&self, session: Session) -> Result<(), Ended> {
        if self.rung != Rung::Active {
            return Err(Ended::Account);
        }
        // A later generation than the record's is no session of ours: who may learn of one from a token joins
        // what the token vouches for first.
        if session.generation != self.generation || session.epoch < self.epoch {
            return Err(Ended::Session);
        }
        Ok(())
    }

    fn height(&self) -> (bool, u32, Rung) {
        (self.rung == Rung::Deleted, self.generation, self.rung)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing() -> impl Strategy<Value = Standing> {
        let rung =
            prop_oneof![Just(Rung::Pending), Just(Rung::Active), Just(Rung::Disabled), Just(Rung::Deleted)];
        (0..4_u32, rung, 0..4_u32).prop_map(|(generation, rung, epoch)| Standing { generation, rung, epoch })
    }

    proptest! {
        #[test]
        fn standings_join_alike_in_any_order_and_number(a in standing(), b in standing(), c in standing()) {
            prop_assert_eq!(a.join(b).join(c).height(), c.join(a).join(b).height());
            prop_assert_eq!(a.join(b).epoch, b.join(a).epoch);
            prop_assert_eq!(a.join(b).join(b), a.join(b));
        }

        #[test]
        fn a_deleted_account_stays_deleted(a in standing(), epoch in 0..4_u32) {
            let gone = Standing { generation: 0, rung: Rung::Deleted, epoch };
            prop_assert_eq!(gone.join(a).rung, Rung::Deleted);
        }

        #[test]
        fn what_a_join_admits_both_sides_admitted(a in standing(), b in standing(), generation in 0..4_u32, epoch in 0..4_u32) {
            let session = Session { generation, epoch };
            if a.join(b).admits(session).is_ok() && a.generation == b.generation && session.generation == a.generation {
                prop_assert!(a.rung.max(b.rung) == Rung::Active);
                prop_assert!(epoch >= a.epoch.max(b.epoch));
            }
        }
    }

    #[test]
    fn a_rung_is_read_as_it_is_written() {
        for rung in [Rung::Pending, Rung::Active, Rung::Disabled, Rung::Deleted] {
            assert_eq!(Rung::parse(rung.as_str()), Some(rung));
            assert_eq!(serde_json::to_value(rung).unwrap(), rung.as_str());
        }
        assert_eq!(Rung::parse("Active"), None);
    }

    #[test]
    fn a_bumped_epoch_ends_older_sessions_only() {
        let standing = Standing { generation: 1, rung: Rung::Active, epoch: 3 };
        assert_eq!(standing.admits(Session { generation: 1, epoch: 2 }), Err(Ended::Session));
        assert_eq!(standing.admits(Session { generation: 1, epoch: 3 }), Ok(()));
        assert_eq!(standing.admits(Session { generation: 0, epoch: 9 }), Err(Ended::Session));
        assert_eq!(standing.admits(Session { generation: 2, epoch: 9 }), Err(Ended::Session));
    }

    #[test]
    fn a_copy_lags_when_it_stands_lower_or_admits_what_was_ended() {
        let at = |generation, rung, epoch| Standing { generation, rung, epoch };
        let owners = at(1, Rung::Active, 3);
        for lower in [at(0, Rung::Disabled, 9), at(1, Rung::Pending, 3), at(1, Rung::Active, 2)] {
            assert!(lower.lags(&owners), "{lower:?}");
        }
        for level in [owners, at(1, Rung::Active, 4), at(1, Rung::Disabled, 0), at(0, Rung::Deleted, 0)] {
            assert!(!level.lags(&owners), "{level:?}");
        }
        assert!(!at(0, Rung::Disabled, 0).lags(&at(0, Rung::Disabled, 1)), "nobody is admitted");
        assert!(at(0, Rung::Active, 1).is_level(&at(0, Rung::Active, 2)));
    }

    #[test]
    fn a_disabled_account_admits_no_one_until_the_next_generation() {
        let standing = Standing { generation: 0, rung: Rung::Disabled, epoch: 0 };
        assert_eq!(standing.admits(Session { generation: 0, epoch: 0 }), Err(Ended::Account));
        let back = standing.join(Standing { generation: 1, rung: Rung::Active, epoch: 0 });
        assert_eq!(back.admits(Session { generation: 1, epoch: 0 }), Ok(()));
    }
}
