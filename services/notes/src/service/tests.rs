//! The verbs that others than authors cause, and what a stop in the middle of them leaves.

use chassis::entropy::Entropy;
use chassis::page::Page;
use chassis::standing::Session;
use tempfile::TempDir;

use super::*;
use crate::note::{Text, Title};

const ADA: AccountId = AccountId::from_bytes([1; 12]);
const BEN: AccountId = AccountId::from_bytes([2; 12]);
const DELETED: Standing = Standing::new(Rung::Deleted);

fn caller(account: AccountId) -> Caller {
    Caller { account, session: Session { generation: 0, epoch: 0 } }
}

fn draft() -> Draft {
    Draft {
        title: Title::default(),
        content: Text::new("c".to_owned()).unwrap(),
        tags: vec![Text::new("t".to_owned()).unwrap()],
        is_pinned: false,
        is_archived: false,
        background_color: Draft::default_background(),
    }
}

fn opened(dir: &TempDir) -> Service {
    let store = Arc::new(Store::open(dir.path(), 4, false).unwrap());
    let index = Arc::new(Index::open(dir.path(), Arc::clone(&store)));
    let ids = Entropy::seeded(1).stream("notes", "note id");
    Service::open(Data { index, store }, Clock::system(), ids, 2, None).unwrap()
}

/// More than two batches of a purge.
fn many(author: AccountId) -> Vec<Import> {
    let ids = Entropy::seeded(2).stream("notes", "note id");
    let import =
        |_| Import { id: NoteId::random(&ids), author, draft: draft(), created_at: None, updated_at: None };
    (0..2 * PURGE_BATCH + 500).map(import).collect()
}

fn left(service: &Service, author: AccountId) -> usize {
    let notes: Result<_, StoreError> = service.store.view(|notes| notes.some_notes(author, u32::MAX));
    notes.unwrap().len()
}

#[tokio::test]
async fn a_deleted_account_loses_its_notes_and_gets_no_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    service.load(many(ADA)).await.unwrap();
    service.create(caller(BEN), draft()).await.unwrap();
    for _again in 0..2 {
        service.hear(ADA, DELETED, None).await.unwrap();
        assert_eq!((left(&service, ADA), left(&service, BEN)), (0, 1));
    }
    let refused = service.create(caller(ADA), draft()).await;
    assert!(matches!(refused, Err(Error::Ended(_))), "{refused:?}");
    assert_eq!(service.load(many(ADA)).await.unwrap(), 0);
    assert_eq!(left(&service, ADA), 0);
}

#[tokio::test]
async fn a_purge_that_was_interrupted_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    service.load(many(ADA)).await.unwrap();
    // As far as a purge may have come: marked, and one batch gone.
    let marked = service.change("test", |notes| {
        notes.raise(ADA, DELETED)?;
        let some = notes.some_notes(ADA, PURGE_BATCH)?;
        Ok(some.iter().try_for_each(|note| notes.remove(note))?)
    });
    marked.await.unwrap();
    assert_eq!(left(&service, ADA), 1500);
    drop(service);
    assert_eq!(left(&opened(&dir), ADA), 0);
}

fn receipt(key: &str, digest: &str) -> Receipt {
    Receipt { key: key.to_owned(), digest: digest.to_owned() }
}

#[tokio::test]
async fn a_message_has_its_effect_once_and_its_key_stands_for_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    let disabled = Standing::new(Rung::Disabled);
    service.hear(ADA, disabled, Some(receipt("user-1", "d"))).await.unwrap();
    service.hear(ADA, disabled, Some(receipt("user-1", "d"))).await.unwrap();
    let reused = service.hear(ADA, DELETED, Some(receipt("user-1", "e"))).await;
    assert!(matches!(reused, Err(Error::KeyReused)), "{reused:?}");
    let standing: Result<_, StoreError> = service.store.view(|notes| notes.standing(ADA));
    assert_eq!(standing.unwrap(), Some(disabled));
}

#[tokio::test]
async fn a_deletion_that_comes_again_goes_on_where_its_purge_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    service.load(many(ADA)).await.unwrap();
    let heard = service.change("test", |notes| {
        notes.receive(&receipt("user-1", "d"), chassis::clock::Timestamp::from_millis(0))?;
        Ok(notes.raise(ADA, DELETED)?)
    });
    heard.await.unwrap();
    assert_eq!(left(&service, ADA), 2500);
    service.hear(ADA, DELETED, Some(receipt("user-1", "d"))).await.unwrap();
    assert_eq!(left(&service, ADA), 0);
}

#[tokio::test]
async fn others_write_while_a_purge_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    service.load(many(ADA)).await.unwrap();
    let writing = async {
        for _ in 0..20 {
            service.create(caller(BEN), draft()).await.unwrap();
        }
    };
    let (purged, ()) = tokio::join!(service.hear(ADA, DELETED, None), writing);
    purged.unwrap();
    assert_eq!((left(&service, ADA), left(&service, BEN)), (0, 20));
}

#[tokio::test]
async fn a_seed_that_is_used_again_draws_on_until_an_id_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let first = opened(&dir).create(caller(ADA), draft()).await.unwrap();
    let second = opened(&dir).create(caller(ADA), draft()).await.unwrap();
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn a_search_waits_for_its_turn_while_reads_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    let note = service.create(caller(ADA), draft()).await.unwrap();
    let turns = (service.turn().await.unwrap(), service.turn().await.unwrap());
    let tag = Text::new("t".to_owned());
    let tagged = Listing { is_archived: false, tag, search: None, page: Page::new(1, 10) };
    let waiting = service.list(caller(ADA), tagged.clone());
    assert!(tokio::time::timeout(Duration::from_millis(1), waiting).await.is_err());
    assert_eq!(service.read(caller(ADA), note.id).unwrap(), note);
    assert_eq!(service.list(caller(ADA), Listing { tag: None, ..tagged.clone() }).await.unwrap().total, 1);
    drop(turns);
    assert_eq!(service.list(caller(ADA), tagged).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_token_is_news_of_its_account_until_we_know_better() {
    let dir = tempfile::tempdir().unwrap();
    let service = opened(&dir);
    let at = |generation, epoch| Caller { account: ADA, session: Session { generation, epoch } };
    service.admit(at(1, 3)).unwrap();
    service.create(at(1, 3), draft()).await.unwrap();
    assert!(matches!(service.admit(at(1, 2)), Err(Error::Ended(_))));
    service.hear(ADA, Standing { generation: 1, rung: Rung::Disabled, epoch: 0 }, None).await.unwrap();
    assert!(matches!(service.admit(at(1, 3)), Err(Error::Ended(_))));
    service.admit(at(2, 3)).unwrap();
}
