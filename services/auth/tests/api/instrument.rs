//! What tests and developers ask of auth: its captured mails, and tokens to order.

use serde_json::{Value, json};

use crate::world::World;

const ADA: &str = "ada@example.test";
const PASSWORD: &str = "correct horse";

/// A world with one account, whose id it is.
async fn world() -> (World, String) {
    let world = World::new().await;
    let token = world.register(ADA, PASSWORD).await.token(201);
    let account = world.caller(&token).account.to_string();
    (world, account)
}

async fn mails(world: &World, query: &str) -> Vec<Value> {
    let answer = world.call("GET", &format!("/internal/mail{query}"), json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["mails"].as_array().unwrap().clone()
}

/// Waits for a mail that `query` describes.
async fn wait(world: &World, query: &str) -> Value {
    let answer = world.call("GET", &format!("/internal/mail/wait?{query}"), json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["mail"].clone()
}

#[tokio::test]
async fn a_reset_mail_is_waited_for_and_its_token_is_good() {
    let (world, _) = world().await;
    let waiting = wait(&world, "to=Ada%40example.test&kind=reset&timeoutMs=20000");
    let (mail, asked) = tokio::join!(waiting, world.forget_password(ADA));
    assert_eq!(asked.status, 200);
    let token = mail["token"].as_str().unwrap();
    assert_eq!(mail["link"], format!("http://localhost:5173/reset-password/{token}"));
    assert_eq!((&mail["to"], &mail["kind"]), (&json!(ADA), &json!("reset")));
    let path = format!("/auth/reset-password/{token}");
    world.ask("PATCH", &path, json!({"password": "another good one"})).await.token(200);
}

#[tokio::test]
async fn a_mail_that_was_seen_does_not_count_again() {
    let (world, _) = world().await;
    world.forget_password(ADA).await;
    let first = wait(&world, "").await;
    let id = first["id"].as_str().unwrap();
    let none = world.call("GET", &format!("/internal/mail/wait?after={id}&timeoutMs=1"), json!({})).await;
    assert_eq!(none.failure(), (408, "No such mail came in time"));
    world.forget_password(ADA).await;
    let second = wait(&world, &format!("after={id}")).await;
    assert_ne!(second["token"], first["token"]);
}

#[tokio::test]
async fn mails_are_listed_by_recipient_and_kind_and_let_go() {
    let (world, _) = world().await;
    world.register("ben@example.test", PASSWORD).await.token(201);
    for email in [ADA, "ben@example.test"] {
        world.forget_password(email).await;
        wait(&world, &format!("to={email}")).await;
    }
    assert_eq!(mails(&world, "").await.len(), 2);
    assert_eq!(mails(&world, "?to=BEN@example.test&kind=reset").await.len(), 1);
    assert_eq!(mails(&world, "?kind=other").await, [json!(null); 0]);
    assert_eq!(world.call("DELETE", "/internal/mail?to=ben%40example.test", json!({})).await.status, 200);
    assert_eq!(mails(&world, "").await[0]["to"], ADA);
    assert_eq!(world.call("DELETE", "/internal/mail", json!({})).await.status, 200);
    assert_eq!(mails(&world, "").await.len(), 0);
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_told() {
    let (world, _) = world().await;
    let cases = [
        ("after=ada", "after must be the id of a mail, which is a number"),
        ("timeoutMs=0", "timeoutMs must be a number from 1 to 60000"),
        ("timeoutMs=60001", "timeoutMs must be a number from 1 to 60000"),
        ("timeoutMs=1s", "timeoutMs must be a number from 1 to 60000"),
    ];
    for (query, message) in cases {
        let answer = world.call("GET", &format!("/internal/mail/wait?{query}"), json!({})).await;
        assert_eq!(answer.failure(), (400, message), "{query}");
    }
}

#[tokio::test]
async fn a_wait_ends_when_the_service_does() {
    let (world, _) = world().await;
    let waiting = world.call("GET", "/internal/mail/wait?timeoutMs=60000", json!({}));
    let (answer, ()) = tokio::join!(waiting, async { world.end() });
    assert_eq!(answer.failure(), (503, "The service is ending, please try again"));
}

#[tokio::test]
async fn a_token_to_order_is_for_whom_and_when_it_says() {
    let (world, account) = world().await;
    let order = async |body: Value| world.call("POST", "/internal/tokens", body).await;
    let admits = async |body: Value| {
        let answer = order(body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let token = answer.body["token"].as_str().unwrap().to_owned();
        // Whoever is let in is told of the empty body.
        world.ask_as(&token, "PATCH", "/auth/update-password", json!({})).await.status == 400
    };
    assert!(admits(json!({"email": "Ada@example.test"})).await);
    assert!(admits(json!({"userId": account, "expiresInSeconds": 1})).await);
    assert!(!admits(json!({"userId": account, "expiresInSeconds": -1})).await);
    assert!(!admits(json!({"email": ADA, "notBeforeSeconds": 60})).await);
    assert_eq!(order(json!({"email": "nobody@example.test"})).await.failure().0, 404);
}

#[tokio::test]
async fn an_order_for_a_token_that_makes_no_sense_is_told() {
    let (world, account) = world().await;
    let whose = "Either email or userId must say whose token it shall be";
    let cases = [
        (json!({}), whose),
        (json!({"email": ADA, "userId": account}), whose),
        (json!({"email": 5}), "Invalid email: expected string, received number"),
        (json!({"email": "ada"}), "Invalid email format"),
        (json!({"userId": "7"}), "Invalid _id: 7"),
        (json!({"email": ADA, "expiresIn": 5}), "Unknown field expiresIn"),
        (
            json!({"email": ADA, "expiresInSeconds": "5"}),
            "Invalid expiresInSeconds: expected number, received string",
        ),
        (
            json!({"email": ADA, "notBeforeSeconds": 40_000_000}),
            "notBeforeSeconds must be at most 34560000 (400 days)",
        ),
    ];
    for (body, message) in cases {
        let answer = world.call("POST", "/internal/tokens", body.clone()).await;
        assert_eq!(answer.failure(), (400, message), "{body}");
    }
}
