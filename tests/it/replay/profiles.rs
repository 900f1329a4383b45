//! Scenes about profiles and their administration.

use serde_json::{Value, json};

use super::Scene;
use super::stage::Stage;

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 5] = [
    ("me_and_update_me", me_and_update_me),
    ("delete_me", delete_me),
    ("non_admin", non_admin),
    ("admin", admin),
    ("admin_self_delete", admin_self_delete),
];

/// With the five of the scenario more than the ten of a default page.
const BYSTANDERS: usize = 8;

fn me_and_update_me(stage: &mut Stage<'_>) {
    stage.register("me");
    stage.register_with("taken", &json!({"username": "takenRUN"}));
    stage.speak_as("me");
    stage.until("me after");
    let edit = json!({"username": "newRUN", "bio": "hello", "avatar": "https://example.test/a.png"});
    stage.send("PATCH", "/api/users/update-me", &edit).expect(200);
    stage.rest();
}

fn delete_me(stage: &mut Stage<'_>) {
    stage.register_with("del", &json!({"username": "delnameRUN"}));
    stage.note("del", "del1");
    stage.speak_as("del");
    stage.rest();
}

fn non_admin(stage: &mut Stage<'_>) {
    stage.register("plain");
    stage.register("plain2");
    stage.speak_as("plain");
    stage.rest();
}

fn admin(stage: &mut Stage<'_>) {
    people(stage);
    stage.speak_as("admin");
    let mut change = |title: &str, path: &str, body: Value| {
        stage.until(title);
        stage.send("PATCH", path, &body).expect(200);
    };
    let edit = json!({"username": "admRUN", "bio": "by admin", "avatar": "https://example.test/m1.png"});
    change("patch empty", "/api/users/<uid:m1>", edit);
    change("patch role back", "/api/users/<uid:m2>", json!({"role": "admin"}));
    stage.step_as("m2", "m2 acts as admin no more");
    stage.until("patch isActive false");
    // The step before has reactivated somebody whom the original could not patch.
    stage.send("PATCH", "/api/users/<uid:soft>", &json!({"isActive": false})).expect(200);
    stage.send("PATCH", "/api/users/<uid:m1>", &json!({"bio": "ok"})).expect(200);
    stage.step_as("m1", "me of a user deactivated by the admin");
    for title in ["me of deleted", "update-password of deleted", "notes of deleted"] {
        stage.step_as("gone", title);
    }
    stage.rest();
}

/// The order matters: the list at the end is in it.
fn people(stage: &mut Stage<'_>) {
    stage.register("admin");
    stage.grant("admin");
    stage.register_with("m1", &json!({"username": "m1RUN", "bio": "b1"}));
    stage.names.bind("6B03BE831922677573CD34E2", &stage.names.fill("<uid:m1>").to_uppercase());
    for name in ["m2", "soft", "gone"] {
        stage.register(name);
    }
    stage.note("gone", "gone1");
    stage.speak_as("soft");
    stage.send("DELETE", "/api/users/delete-me", &Value::Null).expect(204);
    stage.speak_as_nobody();
    for number in 0..BYSTANDERS {
        stage.world.register(&format!("bystander{number}"));
    }
}

fn admin_self_delete(stage: &mut Stage<'_>) {
    stage.register("selfadmin");
    stage.grant("selfadmin");
    stage.speak_as("selfadmin");
    stage.send("DELETE", "/api/users/<uid:selfadmin>", &Value::Null).expect(204);
    stage.rest();
}
