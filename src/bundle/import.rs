//! Records out of a file and into the services: all of them are looked at before the first is written.

use std::path::Path;
use std::time::Duration;

use chassis::blocking;
use chassis::bundle::{Checked, Objection, Taken};
use chassis::gate::Mode;
use chassis::peer::PeerError;
use serde_json::Value;

use super::Existing;
use super::page::{Page, Pages};
use super::source::BundleError;
use super::stillness::Stillness;
use crate::Failed;
use crate::operated::{Peers, explained, peer};

const CHECK: &str = "/internal/bundle/check";
const IMPORT: &str = "/internal/bundle/import";
/// A page of passwords to be hashed at full cost, on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// What became of the records of a bundle.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub(super) added: usize,
    /// Those that were there already, as they are in the bundle or otherwise.
    pub(super) known: usize,
}

/// Checks and writes the bundle at `path` while no client is in the world.
pub(super) async fn read(peers: &Peers, path: &Path, existing: Existing) -> Result<Imported, Failed> {
    let mut stillness = Stillness::begin(peers, Mode::All).await?;
    let done = async {
        check(peers, path, existing, Some(&mut stillness)).await?;
        load(peers, path, existing, Some(&mut stillness)).await
    };
    let done = done.await;
    let still = stillness.end().await;
    let imported = done?;
    still?;
    Ok(imported)
}

/// Has the services look at each record; the first that one of them cannot take refuses the bundle.
pub(super) async fn check(
    peers: &Peers,
    path: &Path,
    existing: Existing,
    mut stillness: Option<&mut Stillness<'_>>,
) -> Result<(), Failed> {
    let mut pages = Pages::open(path)?;
    while let Some((page, rest)) = next(pages).await? {
        pages = rest;
        let checked: Checked = serde_json::from_value(post(peers, &pages, &page, CHECK).await?)?;
        let stands = |one: &&Objection| !(one.is_held && existing == Existing::Stays);
        if let Some(Objection { at, reason, .. }) = checked.objections.iter().find(stands) {
            return Err(pages.objection(&page, *at, reason).into());
        }
        if let Some(stillness) = &mut stillness {
            stillness.go_on().await?;
        }
    }
    Ok(())
}

/// Has the services take in each record that they do not have.
pub(super) async fn load(
    peers: &Peers,
    path: &Path,
    existing: Existing,
    mut stillness: Option<&mut Stillness<'_>>,
) -> Result<Imported, Failed> {
    let (mut pages, mut imported) = (Pages::open(path)?, Imported::default());
    while let Some((page, rest)) = next(pages).await? {
        pages = rest;
        let taken: Taken = serde_json::from_value(post(peers, &pages, &page, IMPORT).await?)?;
        if taken.held > 0 && existing == Existing::IsTheSame {
            return Err(pages.objection(&page, 0, "the world changed while it was written to").into());
        }
        imported.added += taken.added;
        imported.known += page.records() - taken.added;
        if let Some(stillness) = &mut stillness {
            stillness.go_on().await?;
        }
    }
    Ok(imported)
}

async fn next(mut pages: Pages) -> Result<Option<(Page, Pages)>, Failed> {
    blocking::run(move || Ok(pages.next()?.map(|page| (page, pages)))).await
}

/// Posts a page; what its service refuses is told with the place in the bundle.
async fn post(peers: &Peers, pages: &Pages, page: &Page, path: &str) -> Result<Value, Failed> {
    let asked = peer(peers, page.service)?.post_lines(path, page.text.clone().into(), DEADLINE).await;
    asked.map_err(|error| match error {
        PeerError::Refused { status, message, .. } if status != http::StatusCode::UNAUTHORIZED => {
            let refused: BundleError = pages.objection(page, 0, &message);
            refused.into()
        }
        other => explained(other),
    })
}
