//! Ranked search: what is found, how it is shown, and what a query may be.

use std::time::Duration;

use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, BEN, Person, World};

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

async fn find(person: &Person<'_>, query: &str) -> Answer {
    let answer = person.get(&format!("/notes/search?q={}", encoded(query))).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {answer:?}");
    answer
}

/// The titles of what is found, in alphabetical order: how they rank is not the matter here.
async fn found(person: &Person<'_>, query: &str) -> Vec<String> {
    let answer = find(person, query).await;
    let mut titles: Vec<_> = answer.titles().into_iter().map(str::to_owned).collect();
    titles.sort();
    titles
}

async fn kitchen(ada: &Person<'_>) {
    for (title, content, tags) in [
        ("Bread", "Flour, water, salt. Fresh milk for the crust.", json!(["baking", "to do"])),
        ("Soup", "Onions and milk; no bread.", json!(["cooking"])),
        ("Crème brûlée", "Cream, sugar, eggs", json!(["cooking", "baking"])),
        ("買い物", "東京で牛乳を買う 🥛", json!([])),
    ] {
        ada.has_note(json!({"title": title, "content": content, "tags": tags})).await;
    }
}

#[tokio::test]
async fn every_operator_does_what_it_says() {
    let world = World::new();
    let ada = world.author(ADA);
    kitchen(&ada).await;
    for (query, titles) in [
        ("milk", vec!["Bread", "Soup"]),
        ("MILK bread", vec!["Bread", "Soup"]),
        ("milk -onions", vec!["Bread"]),
        ("\"fresh milk\"", vec!["Bread"]),
        ("flour OR sugar", vec!["Bread", "Crème brûlée"]),
        ("title:bread", vec!["Bread"]),
        ("tag:cooking", vec!["Crème brûlée", "Soup"]),
        ("tag:\"TO DO\" milk", vec!["Bread"]),
        ("oni*", vec!["Soup"]),
        ("creme BRULEE", vec!["Crème brûlée"]),
        ("牛乳", vec!["買い物"]),
        ("🥛", vec!["買い物"]),
        ("nothing", vec![]),
        ("!?", vec![]),
        ("\"unbalanced milk", vec![]),
        ("(milk) AND", vec!["Soup"]),
    ] {
        assert_eq!(found(&ada, query).await, titles, "{query}");
    }
    assert_eq!(ada.get("/notes/search").await.total(), 4);
    assert_eq!(ada.get("/notes/search?q=").await.total(), 4);
}

#[tokio::test]
async fn an_answer_has_the_notes_their_marks_the_tags_and_the_page() {
    let world = World::new();
    let ada = world.author(ADA);
    let content = "🙂 <b>Fresh</b> milk & more milk";
    let path = ada.has_note(json!({"title": "Milk", "content": content, "tags": ["a", "b", "a"]})).await;
    let note = ada.get(&path).await.note().clone();
    ada.has_note(json!({"title": "Tea", "content": "with milk", "tags": ["b"]})).await;
    let answer = ada.get("/notes/search?q=milk&limit=1").await;
    let shown = &answer.body["data"]["notes"][0];
    for (field, value) in note.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert_eq!(shown["highlights"], json!({"title": [[0, 4]], "content": [[16, 20], [28, 32]]}));
    assert_eq!(
        shown["snippet"],
        "🙂 &lt;b&gt;Fresh&lt;/b&gt; <mark>milk</mark> &amp; more <mark>milk</mark>"
    );
    let data = &answer.body["data"];
    assert_eq!(data["tags"], json!([{"tag": "b", "count": 2}, {"tag": "a", "count": 1}]));
    assert_eq!(data["pagination"], json!({"total": 2, "page": 1, "pages": 2, "limit": 1}));
    assert_eq!((&answer.body["status"], &answer.body["results"]), (&json!("success"), &json!(1)));
}

#[tokio::test]
async fn filters_narrow_what_is_found() {
    let world = World::new();
    let ada = world.author(ADA);
    for (title, tag, is_archived) in [("one", "a", false), ("two", "A", false), ("three", "a", true)] {
        let body = json!({"title": title, "content": "milk", "tags": [tag], "isArchived": is_archived});
        ada.has_note(body).await;
    }
    for (query, titles) in [
        ("q=milk&tag=a", vec!["one"]),
        ("q=milk&isArchived=true", vec!["three"]),
        ("q=milk&isArchived=true&tag=A", vec![]),
        ("q=tag:a+-title:two", vec!["one"]),
    ] {
        assert_eq!(ada.get(&format!("/notes/search?{query}")).await.titles(), titles, "{query}");
    }
}

#[tokio::test]
async fn pages_of_equally_good_notes_never_overlap() {
    let world = World::new();
    let ada = world.author(ADA);
    for number in 0..10 {
        ada.has_note(json!({"title": format!("n{number}"), "content": "milk"})).await;
    }
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = ada.get(&format!("/notes/search?q=milk&limit=3&page={page}")).await;
        assert_eq!(answer.total(), 10);
        seen.extend(answer.titles().into_iter().map(str::to_owned));
    }
    seen.sort();
    assert_eq!(seen, (0..10).map(|number| format!("n{number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_change_is_seen_by_the_next_search() {
    let world = World::new();
    let ada = world.author(ADA);
    for round in 0..20 {
        let path = ada.has_note(json!({"title": "t", "content": format!("word{round}")})).await;
        assert_eq!(find(&ada, &format!("word{round}")).await.total(), 1);
        world.clock.advance(Duration::from_millis(1));
        ada.patch(&path, json!({"content": format!("other{round}")})).await;
        assert_eq!(find(&ada, &format!("word{round}")).await.total(), 0);
        assert_eq!(find(&ada, &format!("other{round}")).await.total(), 1);
        ada.delete(&path).await;
        assert_eq!(find(&ada, &format!("other{round}")).await.total(), 0);
    }
}

#[tokio::test]
async fn nobody_finds_what_another_wrote() {
    let world = World::new();
    let (ada, ben) = (world.author(ADA), world.author(BEN));
    kitchen(&ada).await;
    ben.has_note(json!({"title": "Milk", "content": "of Ben", "tags": ["ben"]})).await;
    assert_eq!(found(&ben, "milk OR tag:cooking OR bread").await, ["Milk"]);
    let answer = find(&ben, "").await;
    assert_eq!(answer.body["data"]["tags"], json!([{"tag": "ben", "count": 1}]));
    assert_eq!(find(&ada, "tag:ben OR ben").await.total(), 0);
}

#[tokio::test]
async fn a_query_that_is_too_long_or_holds_a_nul_is_refused_by_name() {
    let world = World::new();
    let ada = world.author(ADA);
    let long = encoded(&"🙂".repeat(500));
    for route in ["search", "suggest"] {
        assert_eq!(ada.get(&format!("/notes/{route}?q={long}")).await.status, 200);
        for (query, field, message) in [
            (format!("q={long}x"), "q", "q cannot exceed 1000 characters"),
            ("q=a%00".to_owned(), "q", "q cannot contain a NUL character"),
            ("limit=0".to_owned(), "limit", "limit must be a positive integer"),
        ] {
            let answer = ada.get(&format!("/notes/{route}?{query}")).await;
            assert_eq!(answer.failure(), (400, message), "{route}");
            assert_eq!(answer.body["errors"][0]["field"], field, "{route}");
        }
    }
    assert_eq!(ada.get("/notes/search?page=x").await.status, 400);
    assert_eq!(ada.get("/notes/search?tag=%00").await.status, 400);
}

#[tokio::test]
async fn what_is_found_has_one_etag_until_something_changes() {
    let world = World::new();
    let ada = world.author(ADA);
    let paths = ["/notes/search?q=milk", "/notes/tags", "/notes/suggest?q=m"];
    let mut before = Vec::new();
    for content in ["one", "two"] {
        ada.has_note(json!({"title": "Milk", "content": content, "tags": ["a"]})).await;
        for path in paths {
            let first = ada.get(path).await;
            assert_eq!(first.headers["etag"], ada.get(path).await.headers["etag"], "{path}");
            assert!(!before.contains(&first.headers["etag"]), "{path}");
            before.push(first.headers["etag"].clone());
        }
    }
}

#[tokio::test]
async fn an_ended_session_finds_nothing_and_no_token_neither() {
    let world = World::new();
    let gone = json!({"generation": 2, "rung": "deleted", "epoch": 0});
    let path = format!("/internal/accounts/{ADA}/standing");
    assert_eq!(world.user_service().put(&path, gone).await.status, 200);
    for path in ["/notes/search?q=a", "/notes/tags", "/notes/suggest?q=a&limit=x"] {
        assert_eq!(world.stranger().get(path).await.failure(), (401, "Not authorized, no token"), "{path}");
        let ended = world.author(ADA).get(path).await;
        assert_eq!(ended.failure(), (401, "User belonging to this token no longer exists."), "{path}");
    }
}

/// Words that both authors use.
const WORDS: [&str; 6] = ["milk", "bread", "Straße", "東京", "مدرسة", "🍞"];

/// A note of the first author or of the second: its title, its only tag, and whether it is archived.
type Row = (bool, usize, usize, bool);

/// What `person` is told of their notes, on every route that looks for some.
async fn told(person: &Person<'_>, author: &str, word: &str, is_archived: bool) -> (u64, u64, u64, u64) {
    let state = format!("isArchived={is_archived}&limit=50");
    let q = encoded(word);
    let found = person.get(&format!("/notes/search?q=title:{q}&{state}")).await;
    let notes = found.body["data"]["notes"].as_array().unwrap();
    assert!(notes.iter().all(|note| note["author"] == author), "{found:?}");
    let count = |list: &Value, name: &str| {
        let entries = list.as_array().unwrap();
        let counted =
            entries.iter().filter(|entry| entry[name] == word).map(|entry| entry["count"].as_u64().unwrap());
        counted.sum::<u64>()
    };
    let facets = person.get(&format!("/notes/search?{state}")).await;
    let tags = person.get(&format!("/notes/tags?{state}")).await;
    let completions = person.get(&format!("/notes/suggest?q={q}&{state}")).await;
    let titles = completions.body["data"]["suggestions"].as_array().unwrap().clone();
    let titles: Vec<_> = titles.into_iter().filter(|completion| completion["source"] == "title").collect();
    (
        found.total(),
        count(&facets.body["data"]["tags"], "tag"),
        count(&tags.body["data"]["tags"], "tag"),
        count(&json!(titles), "text"),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nobody_is_told_of_a_note_a_tag_or_a_count_of_another(
        rows in prop::collection::vec((any::<bool>(), 0..WORDS.len(), 0..WORDS.len(), any::<bool>()), 0..16),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let people = [(ADA, world.author(ADA)), (BEN, world.author(BEN))];
            for &(is_second, title, tag, is_archived) in &rows {
                let body = json!({"title": WORDS[title], "content": "", "tags": [WORDS[tag]], "isArchived": is_archived});
                people[usize::from(is_second)].1.has_note(body).await;
            }
            for (second, (author, person)) in people.iter().enumerate() {
                for (at, word) in WORDS.iter().enumerate() {
                    let is_archived = at % 2 == 0;
                    let count = |holds: &dyn Fn(&Row) -> bool| {
                        let own = |row: &&Row| usize::from(row.0) == second && row.3 == is_archived && holds(row);
                        rows.iter().filter(own).count() as u64
                    };
                    let (titles, tags) = (count(&|row| row.1 == at), count(&|row| row.2 == at));
                    assert_eq!(told(person, author, word, is_archived).await, (titles, tags, tags, titles), "{word}");
                }
            }
        });
    }
}
