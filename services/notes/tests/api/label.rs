//! Tags with their counts, and completions of what is being typed.

use serde_json::{Value, json};

use crate::world::{ADA, BEN, Person, World};

async fn tags(person: &Person<'_>, query: &str) -> Value {
    person.get(&format!("/notes/tags{query}")).await.body["data"]["tags"].clone()
}

async fn suggestions(person: &Person<'_>, query: &str) -> Vec<(String, String, u64)> {
    let answer = person.get(&format!("/notes/suggest?{query}")).await;
    let suggestions = answer.body["data"]["suggestions"].as_array().unwrap().clone();
    assert_eq!(answer.body["results"], suggestions.len());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    suggestions
        .iter()
        .map(|it| (text(&it["source"]), text(&it["text"]), it["count"].as_u64().unwrap()))
        .collect()
}

#[tokio::test]
async fn tags_come_with_how_many_notes_have_them_the_most_frequent_first() {
    let world = World::new();
    let ada = world.author(ADA);
    ada.has_note(json!({"content": "", "tags": ["b", "a", "b"]})).await;
    let path = ada.has_note(json!({"content": "", "tags": ["b", "c"]})).await;
    ada.has_note(json!({"content": "", "tags": ["old"], "isArchived": true})).await;
    let expected = json!([{"tag": "b", "count": 2}, {"tag": "a", "count": 1}, {"tag": "c", "count": 1}]);
    let answer = ada.get("/notes/tags").await;
    assert_eq!(answer.body, json!({"status": "success", "results": 3, "data": {"tags": expected}}));
    assert_eq!(tags(&ada, "?isArchived=true").await, json!([{"tag": "old", "count": 1}]));
    ada.patch(&path, json!({"tags": ["c"]})).await;
    assert_eq!(tags(&ada, "").await[0], json!({"tag": "a", "count": 1}));
    ada.delete(&path).await;
    assert_eq!(tags(&ada, "").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_thousand_tags_are_told_at_most() {
    let world = World::new();
    let ada = world.author(ADA);
    for group in 0..21 {
        let tags: Vec<_> = (0..50).map(|tag| format!("{group}-{tag}")).collect();
        ada.has_note(json!({"content": "", "tags": tags})).await;
    }
    assert_eq!(tags(&ada, "").await.as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn the_last_word_is_completed_from_tags_and_titles() {
    let world = World::new();
    let ada = world.author(ADA);
    for title in ["Soup of the day", "Soap", "Onion soup", "Crème", "Soap"] {
        ada.has_note(json!({"title": title, "content": "sober", "tags": ["sold"]})).await;
    }
    let got = suggestions(&ada, "q=my+SO").await;
    let expected = [
        ("tag", "sold", 5),
        ("title", "Soap", 2),
        ("title", "Soup of the day", 1),
        ("title", "Onion soup", 1),
    ];
    assert_eq!(got, expected.map(|(source, text, count)| (source.to_owned(), text.to_owned(), count)));
    assert_eq!(suggestions(&ada, "q=cre").await.len(), 1);
    assert_eq!(suggestions(&ada, "q=so&limit=2").await.len(), 2);
    assert_eq!(suggestions(&ada, "q=so&isArchived=true").await.len(), 0);
    for query in ["", "q=", "q=%20", "q=!"] {
        assert_eq!(suggestions(&ada, query).await.len(), 0, "{query}");
    }
}

#[tokio::test]
async fn fifty_completions_are_given_at_most() {
    let world = World::new();
    let ada = world.author(ADA);
    let tags: Vec<_> = (0..60).map(|tag| format!("t{tag}")).collect();
    ada.has_note(json!({"content": "", "tags": tags})).await;
    assert_eq!(suggestions(&ada, "q=t").await.len(), 10);
    assert_eq!(suggestions(&ada, "q=t&limit=99999999999999999999").await.len(), 50);
}

#[tokio::test]
async fn nobody_is_told_what_another_calls_notes() {
    let world = World::new();
    let (ada, ben) = (world.author(ADA), world.author(BEN));
    ada.has_note(json!({"title": "plan of Ada", "content": "", "tags": ["private"]})).await;
    assert_eq!((tags(&ben, "").await, suggestions(&ben, "q=p").await.len()), (json!([]), 0));
    ben.has_note(json!({"title": "plan of Ben", "content": "", "tags": ["private"]})).await;
    assert_eq!(tags(&ben, "").await, json!([{"tag": "private", "count": 1}]));
    let got = suggestions(&ben, "q=p").await;
    assert_eq!(
        got.iter().map(|(_, text, count)| (text.as_str(), *count)).collect::<Vec<_>>(),
        [("private", 1), ("plan of Ben", 1)]
    );
}
