//! The roster on disk: a head with the sizes of the chunks, and the chunks with the ids.
//!
//! Both change in the transaction of the profile they list.

use chassis::id::AccountId;
use serde::{Deserialize, Serialize};

use super::engine::{Engine, EngineError, Tx};
use crate::roster::{Roster, Slice};

/// The one head.
const HEAD: &str = "roster";
const HEAD_ID: i32 = 0;
/// The chunks, by number.
const CHUNK: &str = "roster_chunk";

#[derive(Debug, Serialize, Deserialize)]
struct HeadDoc {
    #[serde(rename = "_id")]
    id: i32,
    sizes: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ChunkDoc {
    #[serde(rename = "_id")]
    number: i64,
    accounts: Vec<AccountId>,
}

/// Lists `account` at the end; returns its chunk.
pub(super) fn append(tx: &Tx, account: AccountId) -> Result<u32, EngineError> {
    Ok(extend(tx, &[account])?.into_iter().next().unwrap_or_default())
}

/// Lists all of `accounts` at the end, in their order, and writes each chunk once; returns the chunk of each.
pub(super) fn extend(tx: &Tx, accounts: &[AccountId]) -> Result<Vec<u32>, EngineError> {
    let head = tx.find::<HeadDoc>(HEAD, HEAD_ID)?;
    let is_first = head.is_none();
    let mut roster = Roster::new(head.map_or_else(Vec::new, |head| head.sizes));
    let placed: Vec<_> = accounts.iter().map(|account| (*account, roster.append())).collect();
    for listed in placed.chunk_by(|(_, (one, _)), (_, (other, _))| one == other) {
        let ids = listed.iter().map(|(account, _)| *account);
        match listed.first() {
            Some((_, (chunk, true))) => {
                tx.insert(CHUNK, &ChunkDoc { number: i64::from(*chunk), accounts: ids.collect() })?;
            }
            Some((_, (chunk, false))) => {
                let mut doc = chunk_of(tx, *chunk)?;
                doc.accounts.extend(ids);
                tx.replace(CHUNK, &doc)?;
            }
            None => {}
        }
    }
    if !accounts.is_empty() {
        let head = HeadDoc { id: HEAD_ID, sizes: roster.sizes().to_vec() };
        if is_first { tx.insert(HEAD, &head) } else { tx.replace(HEAD, &head) }?;
    }
    Ok(placed.into_iter().map(|(_, (chunk, _))| chunk).collect())
}

/// Takes `account` out of `chunk`.
pub(super) fn remove(tx: &Tx, account: AccountId, chunk: u32) -> Result<(), EngineError> {
    let mut listed = chunk_of(tx, chunk)?;
    listed.accounts.retain(|other| *other != account);
    tx.replace(CHUNK, &listed)?;
    let sizes = tx.find::<HeadDoc>(HEAD, HEAD_ID)?.map_or_else(Vec::new, |head| head.sizes);
    let mut roster = Roster::new(sizes);
    roster.remove(chunk);
    tx.replace(HEAD, &HeadDoc { id: HEAD_ID, sizes: roster.sizes().to_vec() })
}

/// The roster's sizes as committed.
pub(super) fn find(engine: &Engine) -> Result<Roster, EngineError> {
    let head = engine.find::<HeadDoc>(HEAD, HEAD_ID)?;
    Ok(Roster::new(head.map_or_else(Vec::new, |head| head.sizes)))
}

/// The ids of `slice` as committed; fewer if some left since the roster was read.
pub(super) fn accounts(engine: &Engine, slice: Slice) -> Result<Vec<AccountId>, EngineError> {
    let chunk = engine.find::<ChunkDoc>(CHUNK, i64::from(slice.chunk))?;
    let accounts = chunk.map_or_else(Vec::new, |chunk| chunk.accounts);
    Ok(accounts.into_iter().skip(slice.skip).take(slice.take).collect())
}

/// Whether `chunk` lists `account`, as committed.
pub(super) fn lists(engine: &Engine, account: AccountId, chunk: u32) -> Result<bool, EngineError> {
    let chunk = engine.find::<ChunkDoc>(CHUNK, i64::from(chunk))?;
    Ok(chunk.is_some_and(|chunk| chunk.accounts.contains(&account)))
}

fn chunk_of(tx: &Tx, chunk: u32) -> Result<ChunkDoc, EngineError> {
    tx.find(CHUNK, i64::from(chunk))?.ok_or_else(|| EngineError::Corrupt {
        collection: CHUNK,
        id: chunk.to_string(),
        what: "it is listed and missing".to_owned(),
    })
}
