//! Scenes about the way to the services: routes, CORS, entity tags, bodies, internal paths.

use serde_json::{Value, json};

use super::Scene;
use super::stage::Stage;

/// The scenarios of this file.
pub(super) const SCENES: [Scene; 10] = [
    ("health", nobody_acts),
    ("unknown_routes", nobody_acts),
    ("routes_when_logged_in", routes_when_logged_in),
    ("cors", nobody_acts),
    ("trailing_slash_and_case", trailing_slash_and_case),
    ("etag_and_head", etag_and_head),
    ("bodies", bodies),
    ("internal_via_gateway", internal_via_gateway),
    ("internal_direct", internal_direct),
    ("direct_services", direct_services),
];

/// All there is to it was recorded.
fn nobody_acts(stage: &mut Stage<'_>) {
    stage.rest();
}

fn routes_when_logged_in(stage: &mut Stage<'_>) {
    stage.register("someone");
    stage.speak_as("someone");
    stage.rest();
}

fn trailing_slash_and_case(stage: &mut Stage<'_>) {
    stage.register("slash");
    stage.note("slash", "slash1");
    // One step escapes the id's first character. The recorded id began with a digit, whose escape is `%3` and itself.
    let id = stage.names.fill("<note:slash1>");
    stage.names.bind("%3<note:slash1>", &format!("%{:02x}{}", id.as_bytes()[0], &id[1..]));
    stage.speak_as("slash");
    stage.rest();
}

fn etag_and_head(stage: &mut Stage<'_>) {
    stage.register("etag");
    stage.note("etag", "etag1");
    stage.speak_as("etag");
    while let Some(title) = stage.upcoming() {
        if let Some(path) = title.strip_prefix("If-None-Match ").filter(|path| path.starts_with('/')) {
            let tag =
                stage.send("GET", path, &Value::Null).expect(200).header("etag").expect("a tag").to_owned();
            stage.add_header("if-none-match", tag);
        }
        stage.step();
    }
}

fn bodies(stage: &mut Stage<'_>) {
    stage.register("bodies");
    stage.rest_by(|title| {
        let is_note = title.starts_with("note") || title == "multipart note";
        (is_note && !title.ends_with("no token")).then_some("bodies")
    });
}

fn internal_via_gateway(stage: &mut Stage<'_>) {
    stage.register("internal");
    stage.rest();
}

/// The original's internal routes took orders from everyone.
fn internal_direct(stage: &mut Stage<'_>) {
    stage.register("intd");
    stage.names.bind("<chosen-oid>", "0123456789abcdef01234567");
    let off = json!({"userId": "<uid:intd>", "isActive": false});
    stage.send_to("auth", "PATCH", "/internal/status", &off);
    stage.rest_by(|title| title.starts_with("me ").then_some("intd"));
}

fn direct_services(stage: &mut Stage<'_>) {
    stage.register("direct");
    stage.rest_by(|title| (!title.ends_with("no token")).then_some("direct"));
}
