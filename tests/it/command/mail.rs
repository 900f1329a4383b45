//! `satchel mail`: captured mail is listed, shown and waited for, while the world runs and after it.

use serde_json::json;

use crate::kit::command::{run, satchel};
use crate::kit::{Setup, World};

#[test]
fn captured_mail_is_listed_shown_and_waited_for() {
    let mut world = World::start(&Setup::ci());
    let (first, second) = (world.someone(), world.someone());
    world.satchel(&["mail", "list"]).expect(0);
    for user in [&first, &second] {
        world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
        let waited = world.satchel(&["mail", "wait", "--to", &user.email]).expect(0).stdout;
        assert!(waited.contains(&format!("To: {}", user.email)), "{waited}");
        assert!(waited.contains("http://localhost:5173/reset-password/"), "{waited}");
    }
    let list = world.satchel(&["mail", "list"]).expect(0).stdout;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[0].contains(&first.email) && lines[1].contains(&second.email), "oldest first: {list}");
    world.stop();
    let id = lines[0].split_whitespace().next().expect("an id");
    let shown = world.satchel(&["mail", "show", id]).expect(0).stdout;
    assert!(shown.contains(&first.email) && !shown.contains(&second.email), "{shown}");
}

#[test]
fn waiting_for_mail_that_does_not_come_gives_up_with_exit_code_1() {
    let world = World::shared();
    let wait = world.satchel(&["mail", "wait", "--to", "nobody@example.test", "--timeout", "1"]).expect(1);
    assert!(wait.stderr.contains("nobody@example.test") && wait.stderr.lines().count() == 1, "{wait:?}");
    let user = world.someone();
    world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let waited = world.satchel(&["mail", "wait", "--to", &user.email]).expect(0).stdout;
    let id = waited.lines().find_map(|line| line.strip_prefix("Id: ")).expect("an id");
    let newer = ["mail", "wait", "--to", &user.email, "--after", id, "--timeout", "1"];
    world.satchel(&newer).expect(1);
    world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    assert!(!world.satchel(&newer).expect(0).stdout.contains(&format!("Id: {id}")));
    world.satchel(&["mail", "show", "no-such-mail"]).expect(1);
    world.satchel(&["mail", "show", "../../secret"]).expect(1);
}

#[test]
fn where_no_world_is_a_command_says_so_and_makes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().display().to_string();
    for arguments in [&["mail", "list"][..], &["mail", "show", "1"], &["admin", "grant", "a@example.test"]] {
        let mut command = satchel(arguments);
        let refused = run(command.args(["--data-dir", &data])).expect(1);
        assert!(refused.stderr.contains(&data) && refused.stderr.lines().count() == 1, "{refused:?}");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn a_reset_token_is_nowhere_but_in_the_mailbox() {
    let world = World::start(&Setup::ci().env("SATCHEL_LOG", "trace"));
    let user = world.someone();
    world.anon().post("/api/auth/forgot-password", &json!({"email": user.email})).expect(200);
    let token = world.reset_token(&user);
    world
        .anon()
        .patch(&format!("/api/auth/reset-password/{token}"), &json!({"password": "another good one"}))
        .expect(200);
    for secret in
        [token.as_str(), "another good one", world.secret(), user.token.as_deref().unwrap_or_default()]
    {
        assert!(!world.log().contains(secret), "a secret is in the log");
    }
}
