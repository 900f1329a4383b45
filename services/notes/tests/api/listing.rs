//! Lists: whose notes, which of them, in what order, on which page.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ADA, BEN, Person, World};

/// Twelve notes, a second apart: every second and third one tagged, the first pinned, two archived.
async fn twelve_notes(world: &World, ada: &Person<'_>) {
    for number in 1..=12 {
        let tags: Vec<&str> = [(2, "even"), (3, "three")]
            .into_iter()
            .filter(|(divisor, _)| number % divisor == 0)
            .map(|(_, tag)| tag)
            .collect();
        ada.has_note(json!({
            "title": format!("n{number:02}"),
            "content": if number % 2 == 0 { "Äpfel & pears" } else { "only plums" },
            "tags": tags, "isPinned": number == 1, "isArchived": number == 2 || number == 3,
        }))
        .await;
        world.clock.advance(Duration::from_secs(1));
    }
}

fn pagination(total: u64, page: u64, pages: u64, limit: u64) -> Value {
    json!({"total": total, "page": page, "pages": pages, "limit": limit})
}

#[tokio::test]
async fn an_author_without_notes_has_an_empty_list() {
    let world = World::new();
    let answer = world.author(ADA).get("/notes").await;
    let expected = json!({"status": "success", "results": 0, "data": {"notes": [], "pagination": pagination(0, 1, 0, 10)}});
    assert_eq!((answer.status.as_u16(), answer.body), (200, expected));
}

#[tokio::test]
async fn pinned_notes_come_first_and_then_the_newest() {
    let world = World::new();
    let ada = world.author(ADA);
    twelve_notes(&world, &ada).await;
    world.author(BEN).has_note(json!({"title": "foreign", "content": "plums"})).await;
    let answer = ada.get("/notes/").await;
    assert_eq!(answer.titles(), ["n01", "n12", "n11", "n10", "n09", "n08", "n07", "n06", "n05", "n04"]);
    assert_eq!(
        (&answer.body["results"], &answer.body["data"]["pagination"]),
        (&json!(10), &pagination(10, 1, 1, 10))
    );
}

#[tokio::test]
async fn pages_cut_the_list_without_gap_or_overlap() {
    let world = World::new();
    let ada = world.author(ADA);
    twelve_notes(&world, &ada).await;
    let whole = ada.get("/notes").await;
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = ada.get(&format!("/notes?limit=3&page={page}")).await;
        assert_eq!(answer.body["data"]["pagination"], pagination(10, page, 4, 3));
        seen.extend(answer.titles().into_iter().map(str::to_owned));
    }
    assert_eq!(seen, whole.titles());
    let past = ada.get("/notes?limit=3&page=99999999999999999999").await;
    assert_eq!((past.status.as_u16(), past.titles().len(), past.total()), (200, 0, 10));
    assert_eq!(ada.get("/notes?limit=5000").await.body["data"]["pagination"]["limit"], 1000);
}

#[tokio::test]
async fn filters_combine_and_totals_are_exact() {
    let world = World::new();
    let ada = world.author(ADA);
    twelve_notes(&world, &ada).await;
    for (query, titles, total) in [
        ("isArchived=true", vec!["n03", "n02"], 2),
        ("isArchived=TRUE&limit=1", vec!["n01"], 10),
        ("isArchived=&limit=1", vec!["n01"], 10),
        ("tag=three", vec!["n12", "n09", "n06"], 3),
        ("tag=EVEN", vec![], 0),
        ("tag=eve", vec![], 0),
        ("tag=even&tag=three&limit=1", vec!["n12"], 3),
        ("tag=even&isArchived=true", vec!["n02"], 1),
        ("tag[]=even&limit=1", vec!["n01"], 10),
        ("search=N1", vec!["n12", "n11", "n10"], 3),
        ("search=%C3%84PFEL+%26&limit=2", vec!["n12", "n10"], 5),
        ("search=plums&tag=three", vec!["n09"], 1),
        ("search=plums&isArchived=true", vec!["n03"], 1),
        ("search=%25", vec![], 0),
        ("search=foreign", vec![], 0),
        ("search=&limit=1", vec!["n01"], 10),
        ("search=a&search=n12", vec!["n12"], 1),
    ] {
        let answer = ada.get(&format!("/notes?{query}")).await;
        assert_eq!((answer.titles(), answer.total()), (titles, total), "{query}");
    }
}

#[tokio::test]
async fn a_change_is_seen_by_the_next_list() {
    let world = World::new();
    let ada = world.author(ADA);
    let path = ada.has_note(json!({"title": "old", "content": "c", "tags": ["a"]})).await;
    world.clock.advance(Duration::from_secs(1));
    ada.has_note(json!({"title": "other", "content": "c"})).await;
    world.clock.advance(Duration::from_secs(1));
    ada.patch(&path, json!({"title": "new", "tags": ["b"]})).await;
    assert_eq!(ada.get("/notes").await.titles(), ["new", "other"]);
    assert_eq!(ada.get("/notes?search=OLD").await.total(), 0);
    assert_eq!(ada.get("/notes?tag=a").await.total(), 0);
    assert_eq!(ada.get("/notes?tag=b&search=NEW").await.titles(), ["new"]);
    ada.patch(&path, json!({"isArchived": true})).await;
    assert_eq!((ada.get("/notes").await.total(), ada.get("/notes?isArchived=true").await.total()), (1, 1));
}

#[tokio::test]
async fn a_query_that_cannot_be_meant_is_refused_by_name() {
    let world = World::new();
    let ada = world.author(ADA);
    let long = "%F0%9F%99%82".repeat(500);
    assert_eq!(ada.get(&format!("/notes?search={long}")).await.status, 200);
    for (query, field, message) in [
        ("page=0".to_owned(), "page", "page must be a positive integer"),
        ("limit=1.5".to_owned(), "limit", "limit must be a positive integer"),
        (format!("search={long}x"), "search", "search cannot exceed 1000 characters"),
        ("search=a%00".to_owned(), "search", "search cannot contain a NUL character"),
        ("tag=%00".to_owned(), "tag", "tag cannot contain a NUL character"),
    ] {
        let answer = ada.get(&format!("/notes?{query}")).await;
        assert_eq!(answer.failure(), (400, message));
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn a_broken_escape_is_told_before_the_missing_token_and_that_before_a_wrong_page() {
    let world = World::new();
    assert_eq!(world.stranger().get("/notes?search=%zz").await.status, 400);
    assert_eq!(world.stranger().get("/notes?page=0").await.status, 401);
}
