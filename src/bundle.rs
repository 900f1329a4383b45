//! `satchel export` and `satchel import`: everything that the services keep, in one file and back.
//!
//! A bundle is gzipped text of which `src/bundle/text.rs` knows the form. What a record says is its service's business,
//! and so is whether it fits; here it goes from one place to the other, whole or not at all.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::Failed;
use crate::cli::{BundleArgs, ServiceName};
use crate::console;
use crate::operated::{Operated, Peers};
use crate::supply::Supply;

mod draft;
mod export;
mod hand;
mod import;
mod page;
mod source;
mod stillness;
mod text;

use draft::Draft;
use source::Records;
pub(crate) use source::is_bundle;
use text::{Counts, told};

/// What a record may find of what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Nothing, or the same: an import makes a copy.
    IsTheSame,
    /// Whatever is there stays as it is: a fixture is loaded at every start.
    Stays,
}

/// A file that is a bundle from its first line to its last.
#[derive(Debug)]
pub(crate) struct Bundle {
    path: PathBuf,
    counts: Counts,
}

/// Runs `satchel export`.
pub(crate) async fn export(args: BundleArgs) -> Result<ExitCode, Failed> {
    let world = Operated::reach(args.home, &ServiceName::KEEPERS).await?;
    let exported = match Draft::beside(&args.file) {
        Ok(draft) => export::write(world.peers(), draft).await,
        Err(error) => Err(error),
    };
    world.leave().await;
    console::say(&format!("{}: {}", args.file.display(), exported?.told()));
    Ok(ExitCode::SUCCESS)
}

/// Runs `satchel import`.
pub(crate) async fn import(args: BundleArgs) -> Result<ExitCode, Failed> {
    let supply = Supply::read(&args.file)?;
    let world = Operated::reach_or_make(args.home, &ServiceName::KEEPERS).await?;
    let imported = supply.import(world.peers()).await;
    world.leave().await;
    console::say(&format!("{}: {}", args.file.display(), imported?));
    Ok(ExitCode::SUCCESS)
}

impl Bundle {
    /// Reads the file at `path` to its end; a mistake is told with its line.
    pub(crate) fn verify(path: &Path) -> Result<Self, Failed> {
        let mut records = Records::open(path)?;
        if records.is_sealed() {
            while records.next()?.is_some() {}
        } else {
            hand::verify(&mut records)?;
        }
        Ok(Self { path: path.to_owned(), counts: records.counts().clone() })
    }

    /// Has the services look at every record; nothing is written.
    pub(crate) async fn check(&self, peers: &Peers) -> Result<(), Failed> {
        import::check(peers, &self.path, Existing::Stays, None).await
    }

    /// Has the services take in what they do not have.
    pub(crate) async fn load(&self, peers: &Peers) -> Result<(), Failed> {
        import::load(peers, &self.path, Existing::Stays, None).await.map(drop)
    }

    /// Makes the world have exactly these records beside its own, and tells what that took.
    pub(crate) async fn import(&self, peers: &Peers) -> Result<String, Failed> {
        let done = import::read(peers, &self.path, Existing::IsTheSame).await?;
        let records = told(&self.counts);
        Ok(match done.known {
            0 => records,
            known => format!("{records}; {known} of them were there already, {} are new", done.added),
        })
    }
}
