//! Named sets of limits: the original's, generous ones for development, none for tests.

use chassis::serve::CONNECTIONS_PER_ADDRESS;
use clap::ValueEnum;

/// What a world is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The limits of the original: 100 requests per 15 minutes and address
    Original,
    /// Generous limits, mail captured
    Dev,
    /// No limits, cheap password hashes, mail captured; loopback only
    Ci,
}

impl Profile {
    /// Its name, as on the command line.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Dev => "dev",
            Self::Ci => "ci",
        }
    }

    /// The request budget per address and service; none in tests.
    pub(crate) const fn quota(self) -> Option<gateway::Quota> {
        match self {
            Self::Original => Some(gateway::Quota { requests: 100, window_s: 900 }),
            // A front end under development reloads all day; a runaway loop is still stopped.
            Self::Dev => Some(gateway::Quota { requests: 10_000, window_s: 900 }),
            Self::Ci => None,
        }
    }

    /// The burst shield per address: well above what the budgets of three services can use at once.
    pub(crate) const fn burst(self) -> Option<gateway::Burst> {
        match self {
            Self::Original => Some(gateway::Burst { per_second: 50, burst: 500 }),
            Self::Dev => Some(gateway::Burst { per_second: 2_000, burst: 10_000 }),
            Self::Ci => None,
        }
    }

    /// How many wrong passwords are borne: far more than people mistype, far fewer than guessing needs.
    pub(crate) const fn tolerance(self) -> Option<auth::Tolerance> {
        match self {
            Self::Original => {
                Some(auth::Tolerance { per_client: 30, per_account: 100, per_stranger: 5, window_s: 900 })
            }
            // Who develops a front end tries the wrong password all day.
            Self::Dev => Some(auth::Tolerance {
                per_client: 1_000,
                per_account: 10_000,
                per_stranger: 100,
                window_s: 900,
            }),
            Self::Ci => None,
        }
    }

    /// Open connections per address at the gateway.
    pub(crate) const fn connections_per_address(self) -> usize {
        match self {
            Self::Original => CONNECTIONS_PER_ADDRESS,
            // Tests and load generators are many clients at one address.
            Self::Dev | Self::Ci => 1024,
        }
    }

    /// What a password hash costs.
    pub(crate) const fn hash_cost(self) -> auth::HashCost {
        match self {
            Self::Original | Self::Dev => auth::HashCost::Shipping,
            Self::Ci => auth::HashCost::Cheap,
        }
    }

    /// Whether mail stays in the mailbox even when an SMTP server is configured.
    pub(crate) const fn captures_mail(self) -> bool {
        match self {
            Self::Original => false,
            Self::Dev | Self::Ci => true,
        }
    }
}
