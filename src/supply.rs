//! What a world is given to begin with: fixtures and bundles, checked whole and then handed to the services.
//!
//! What is there already stays as it is, so that the same files may be given at every start.

use std::path::Path;

use crate::Failed;
use crate::bundle::{self, Bundle};
use crate::fixture::Fixture;
use crate::operated::Peers;

/// One file.
#[derive(Debug)]
pub(crate) enum Supply {
    /// A document that people write.
    Fixture(Fixture),
    /// What a world gave away, or something in its form.
    Bundle(Bundle),
}

impl Supply {
    /// Reads and checks the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, Failed> {
        let is_bundle = bundle::is_bundle(path);
        if is_bundle.map_err(|error| format!("{} cannot be read: {error}", path.display()))? {
            Bundle::verify(path).map(Self::Bundle)
        } else {
            Fixture::read(path).map(Self::Fixture)
        }
    }

    /// Refuses files of which two name the same account, e-mail, username or note.
    pub(crate) fn check_together(supplies: &[Self]) -> Result<(), Failed> {
        let fixtures = supplies.iter().filter_map(|supply| match supply {
            Self::Fixture(fixture) => Some(fixture),
            Self::Bundle(_) => None,
        });
        Ok(Fixture::check_together(fixtures)?)
    }

    /// Asks the services whether anything is in the way; nothing is written.
    pub(crate) async fn check(&self, peers: &Peers) -> Result<(), Failed> {
        match self {
            Self::Fixture(fixture) => fixture.check(peers).await,
            Self::Bundle(bundle) => bundle.check(peers).await,
        }
    }

    /// Sends each service its part.
    pub(crate) async fn load(&self, peers: &Peers) -> Result<(), Failed> {
        match self {
            Self::Fixture(fixture) => fixture.load(peers).await.map(drop),
            Self::Bundle(bundle) => bundle.load(peers).await,
        }
    }

    /// Puts it into a world that people use, and tells what that was.
    pub(crate) async fn import(&self, peers: &Peers) -> Result<String, Failed> {
        match self {
            Self::Fixture(fixture) => {
                fixture.check(peers).await?;
                fixture.load(peers).await?;
                Ok(fixture.told())
            }
            Self::Bundle(bundle) => bundle.import(peers).await,
        }
    }
}
