//! Registration: an account and a profile, both or neither.

use chassis::task;
use http::StatusCode;
use serde_json::json;

use crate::stub::Told;
use crate::world::{Answer, World, send};

const ADA: &str = "ada@example.test";
const PASSWORD: &str = "correct horse";
const LATER: (u16, &str) = (503, "Registration is not possible right now, please try again");
const UNKNOWN: (u16, &str) = (401, "Invalid email or password");

fn told(status: u16) -> Told {
    Told::Status(StatusCode::from_u16(status).unwrap())
}

#[tokio::test]
async fn whoever_registers_has_a_profile_and_is_logged_in() {
    let world = World::new().await;
    let body = json!({
        "email": "Ada@Example.test", "password": PASSWORD, "username": "  Ada  ", "bio": " hi ",
        "avatar": "https://example.test/a.png", "role": "admin", "isActive": false, "_id": "1",
    });
    let token = world.ask("POST", "/auth/register", body).await.token(201);
    let account = world.caller(&token).account;
    let [profile] = &world.user.bodies(&format!("/internal/profiles/{account}"))[..] else {
        panic!("one call")
    };
    assert_eq!(profile["saga"].as_str().map(str::len), Some(24));
    let expected = json!({
        "saga": profile["saga"], "email": ADA, "username": "Ada", "bio": " hi ",
        "avatar": "https://example.test/a.png",
    });
    assert_eq!(*profile, expected);
    let again = world.log_in(ADA, PASSWORD).await.token(200);
    assert_eq!(world.caller(&again), world.caller(&token));
    let standing = world.notes.hears("/standing", 1).await;
    assert_eq!(standing, [json!({"generation": 0, "rung": "active", "epoch": 0})]);
}

#[tokio::test]
async fn an_email_registers_once_in_whatever_case() {
    let world = World::new().await;
    world.register(ADA, PASSWORD).await.token(201);
    for email in [ADA, "ADA@EXAMPLE.TEST"] {
        assert_eq!(world.register(email, "another one").await.failure(), (409, "email already exists"));
    }
    assert_eq!(world.user.bodies("/profiles/").len(), 1);
}

#[tokio::test]
async fn of_eight_who_register_one_email_at_once_one_succeeds() {
    let world = World::new().await;
    for round in 0..20 {
        let body = json!({"email": format!("round-{round}@example.test"), "password": PASSWORD}).to_string();
        let all: Vec<_> = (0..8)
            .map(|_| {
                let (edge, body) = (world.edge.clone(), body.clone().into_bytes());
                let headers = [("content-type", "application/json")];
                task::spawn(
                    "test",
                    async move { send(&edge, "POST", "/auth/register", &headers, body).await },
                )
            })
            .collect();
        let mut statuses = Vec::new();
        for one in all {
            statuses.push(one.await.unwrap().status.as_u16());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409], "round {round}");
    }
}

#[tokio::test]
async fn a_taken_username_leaves_nothing_behind() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[told(409)]);
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), (409, "username already exists"));
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), UNKNOWN);
    world.register(ADA, PASSWORD).await.token(201);
    assert!(world.user.bodies("/abort").is_empty(), "what was decided needs no undoing");
}

#[tokio::test]
async fn a_refused_profile_is_refused_in_the_words_of_the_user_service() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[told(400)]);
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), (400, "the stub was told so"));
    world.register(ADA, PASSWORD).await.token(201);
}

#[tokio::test]
async fn a_refusal_that_says_nothing_about_the_profile_is_a_fault_of_ours() {
    let world = World::new().await;
    for status in [401, 404, 413] {
        world.user.answer("/profiles/", &[told(status)]);
        assert_eq!(world.register(ADA, PASSWORD).await.failure(), LATER, "{status}");
    }
    world.register(ADA, PASSWORD).await.token(201);
}

#[tokio::test]
async fn a_profile_that_was_there_and_is_gone_leaves_a_tombstone() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[told(410)]);
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), LATER);
    world.user.hears("/abort", 1).await;
    once_free(&world).await.token(201);
    let path =
        world.user.paths("/abort").remove(0).replace("profiles", "accounts").replace("abort", "standing");
    let news = json!({"generation": 0, "rung": "disabled", "epoch": 0});
    assert_eq!(world.call("PUT", &path, news).await.status, 200, "old news of someone who is gone");
}

#[tokio::test]
async fn an_unknown_outcome_is_undone_and_the_email_is_free_again() {
    let world = World::new().await;
    world.user.answer("/abort", &[told(503)]);
    world.user.answer("/profiles/", &[told(500), Told::Silence, told(503)]);
    let answer = world.register(ADA, PASSWORD).await;
    assert_eq!(answer.failure(), LATER);
    assert_eq!(answer.headers["retry-after"], "5");

    let aborts = world.user.hears("/abort", 2).await;
    let asked = world.user.bodies("/profiles/");
    let sagas: Vec<_> = asked.iter().chain(&aborts).map(|body| body["saga"].clone()).collect();
    assert!(sagas.iter().all(|saga| *saga == sagas[0]), "{sagas:?}");
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), UNKNOWN);
    once_free(&world).await.token(201);
}

/// What a registration of Ada's is answered once her e-mail is not held any more.
async fn once_free(world: &World) -> Answer {
    loop {
        let answer = world.register(ADA, PASSWORD).await;
        if answer.failure() != (503, "This email is not available right now, please try again") {
            return answer;
        }
    }
}

#[tokio::test]
async fn while_the_user_service_is_away_nobody_registers_and_a_restart_changes_nothing() {
    let world = World::with(|config| auth::Config {
        // Nothing listens on the discard port.
        user: "http://127.0.0.1:9".parse().unwrap(),
        ..config
    })
    .await;
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), LATER);
    let held = (503, "This email is not available right now, please try again");
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), held);
    let mut world = world.restart().await;
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), held);
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), UNKNOWN);
    assert_eq!(world.forget_password(ADA).await.status, 200);

    world.config.user = world.user.uri.clone();
    let world = world.restart().await;
    world.user.hears("/abort", 1).await;
    loop {
        if world.register(ADA, PASSWORD).await.status == 201 {
            break;
        }
    }
    assert!(world.mails().is_empty());
}

#[tokio::test]
async fn a_late_answer_of_the_second_try_counts() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[Told::Silence]);
    world.register(ADA, PASSWORD).await.token(201);
    let tries = world.user.bodies("/profiles/");
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0], tries[1]);
}

#[tokio::test]
async fn a_refusal_after_an_unknown_try_frees_the_email_at_once() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[told(500), told(409)]);
    assert_eq!(world.register(ADA, PASSWORD).await.failure(), (409, "username already exists"));
    world.register(ADA, PASSWORD).await.token(201);
}

#[tokio::test]
async fn a_client_that_goes_away_is_registered_all_the_same() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[Told::Held]);
    let (edge, body) = (world.edge.clone(), json!({"email": ADA, "password": PASSWORD}).to_string());
    let client = task::spawn("test", async move {
        send(&edge, "POST", "/auth/register", &[("content-type", "application/json")], body.into_bytes())
            .await
    });
    world.user.hears("/profiles/", 1).await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), UNKNOWN, "pending looks unknown");
    world.user.go_on();
    world.notes.hears("/standing", 1).await;
    world.log_in(ADA, PASSWORD).await.token(200);
}

#[tokio::test]
async fn an_account_that_is_deactivated_while_it_registers_leaves_nothing_behind() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[Told::Held]);
    let (edge, body) = (world.edge.clone(), json!({"email": ADA, "password": PASSWORD}).to_string());
    let client = task::spawn("test", async move {
        send(&edge, "POST", "/auth/register", &[("content-type", "application/json")], body.into_bytes())
            .await
    });
    world.user.hears("/profiles/", 1).await;
    let path = world.user.paths("/profiles/").remove(0).replace("profiles", "accounts") + "/standing";
    world.call("PUT", &path, json!({"generation": 0, "rung": "disabled", "epoch": 0})).await;
    world.user.go_on();
    assert_eq!(client.await.unwrap().failure(), LATER);
    once_free(&world).await.token(201);
}

#[tokio::test]
async fn an_account_that_returns_while_it_registers_is_unknown_until_it_is_confirmed() {
    let world = World::new().await;
    world.user.answer("/profiles/", &[Told::Held]);
    let (edge, body) = (world.edge.clone(), json!({"email": ADA, "password": PASSWORD}).to_string());
    let client = task::spawn("test", async move {
        send(&edge, "POST", "/auth/register", &[("content-type", "application/json")], body.into_bytes())
            .await
    });
    world.user.hears("/profiles/", 1).await;
    let path = world.user.paths("/profiles/").remove(0).replace("profiles", "accounts") + "/standing";
    for (generation, rung) in [(0, "disabled"), (1, "active")] {
        let news = json!({"generation": generation, "rung": rung, "epoch": 0});
        assert_eq!(world.call("PUT", &path, news).await.status, 200);
        assert_eq!(world.log_in(ADA, PASSWORD).await.failure(), UNKNOWN);
    }
    world.user.go_on();
    let token = client.await.unwrap().token(201);
    assert_eq!(world.caller(&token).session.generation, 1);
    world.log_in(ADA, PASSWORD).await.token(200);
}
