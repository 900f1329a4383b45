//! How much of the world a run goes through: who does what, and whether services die.

use std::fmt;

/// The bounds of one exhaustive run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    name: &'static str,
    /// What may happen to each account once it registers; nobody registers the second if it has no life.
    pub(crate) lives: [Option<Life>; 2],
    /// E-mail and username that the second account may want; the first wants 0 and 0.
    pub(crate) wishes: &'static [(u8, u8)],
    /// Whether auth, user and notes may each die once.
    pub(crate) crashes: bool,
}

/// What may happen to one account, each at most once.
#[expect(clippy::struct_excessive_bools, reason = "each may happen or not, whatever the others do")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    pub(crate) deactivation: bool,
    pub(crate) reactivation: bool,
    pub(crate) erasure: bool,
    pub(crate) password: bool,
    pub(crate) log_in: bool,
    pub(crate) note: bool,
    pub(crate) moving: bool,
}

/// It registers, no more.
const BARE: Life = Life {
    deactivation: false,
    reactivation: false,
    erasure: false,
    password: false,
    log_in: false,
    note: false,
    moving: false,
};
/// It may be erased.
const ERASED: Life = Life { erasure: true, ..BARE };
/// It may leave, come back and be erased.
const LEAVING: Life = Life { deactivation: true, reactivation: true, ..ERASED };
/// Anything may happen to it but a move.
const FULL: Life = Life { password: true, log_in: true, note: true, ..LEAVING };
/// It may move to another e-mail and be erased.
const MOVING: Life = Life { moving: true, ..ERASED };

/// One wish or both are the first account's. Whatever else someone could want is one of these under other names.
const SAME: &[(u8, u8)] = &[(0, 0), (0, 1), (1, 0)];
/// Its e-mail, or the one that it moves to.
const ITS_EMAILS: &[(u8, u8)] = &[(0, 1), (1, 1)];

impl Scope {
    /// Everything that can happen to one account, but a move.
    pub(crate) const ONE: Self =
        Self { name: "one whole life", lives: [Some(FULL), None], wishes: SAME, crashes: true };
    /// Two accounts that want the same, one of which may go.
    pub(crate) const TWO: Self = Self {
        name: "two register, one is erased",
        lives: [Some(ERASED), Some(BARE)],
        wishes: SAME,
        crashes: true,
    };
    /// An account moves, another one wants its old or new e-mail.
    pub(crate) const MOVE: Self = Self {
        name: "two register, one moves and is erased",
        lives: [Some(MOVING), Some(BARE)],
        wishes: ITS_EMAILS,
        crashes: false,
    };
    /// For every change.
    pub(crate) const NARROW: &[Self] = &[Self::ONE, Self::TWO, Self::MOVE];
    /// On demand: more of it at once.
    pub(crate) const WIDE: &[Self] = &[
        Self::ONE,
        Self { crashes: true, ..Self::MOVE },
        Self { name: "two register, both are erased", lives: [Some(ERASED), Some(ERASED)], ..Self::TWO },
        Self {
            name: "two register, one leaves and returns",
            lives: [Some(LEAVING), Some(BARE)],
            ..Self::TWO
        },
    ];
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashes = if self.crashes { "each service dies at most once" } else { "nobody dies" };
        write!(f, "{}, {crashes}", self.name)
    }
}

/// Whether every scope is wanted, as by `make torture`.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
pub(crate) fn is_full() -> bool {
    match std::env::var("SATCHEL_PROOF").as_deref() {
        Ok("full") => true,
        Ok("ci") | Err(_) => false,
        Ok(other) => panic!("SATCHEL_PROOF is ci or full, not {other}"),
    }
}
