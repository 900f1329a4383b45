//! The arrows against manifests that break them.

use super::*;

fn member(name: &str, rest: &str) -> Manifest {
    let text = format!("[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n{rest}");
    let libraries =
        libraries("[workspace.dependencies]\nkept = { package = \"polodb_core\", version = \"5\" }");
    Manifest::parse(&format!("services/{name}/Cargo.toml"), &text, &libraries)
}

fn complaints(name: &str, rest: &str) -> Vec<String> {
    let manifests = [member(name, rest), member("auth", ""), member("user", "")];
    forbidden_edges(&manifests)
        .into_iter()
        .map(|breach| format!("{} {}", breach.place, breach.what))
        .collect()
}

#[test]
fn a_sibling_is_refused_in_every_section() {
    for section in
        ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"]
    {
        let found = complaints("notes", &format!("[{section}]\nauth.workspace = true"));
        assert_eq!(found.len(), 1, "{section}");
        assert!(found[0].contains("no arrow from notes to auth"), "{section}: {found:?}");
    }
}

#[test]
fn a_driver_is_refused_where_it_is_not_at_home() {
    for library in ["rusqlite", "polodb_core", "tantivy", "argon2"] {
        let found = complaints("chassis", &format!("[dependencies]\n{library} = \"1\""));
        assert_eq!(found.len(), 1, "{library}");
    }
}

#[test]
fn a_driver_is_known_by_its_own_name_wherever_it_is_renamed() {
    assert_eq!(complaints("notes", "[dependencies]\nkept.workspace = true").len(), 1);
    assert_eq!(
        complaints("notes", "[dependencies]\nx = { package = \"polodb_core\", version = \"5\" }").len(),
        1
    );
}

#[test]
fn what_only_tests_may_name_stays_out_of_the_program() {
    let jsonwebtoken = "jsonwebtoken.workspace = true";
    assert_eq!(complaints("satchel", &format!("[dev-dependencies]\n{jsonwebtoken}")), [""; 0]);
    assert_eq!(complaints("satchel", &format!("[dependencies]\n{jsonwebtoken}")).len(), 1);
}

#[test]
fn a_library_that_nobody_governs_is_free() {
    assert_eq!(complaints("notes", "[dependencies]\nmemchr.workspace = true"), [""; 0]);
}

#[test]
fn an_arrow_that_no_manifest_uses_is_told() {
    let unused = unused_arrows(&[member("user", "[dependencies]\nchassis.workspace = true")]);
    let names: Vec<_> = unused.iter().filter(|breach| breach.what.contains("lets user")).collect();
    assert!(names.iter().any(|breach| breach.what.contains("name polodb_core")));
    assert!(!names.iter().any(|breach| breach.what.contains("name chassis")));
}

#[test]
fn a_version_and_a_lint_of_its_own_are_told() {
    let manifest = member("notes", "[dependencies]\nmemchr = \"2\"\nuuid.workspace = true");
    let found = own_versions(&[manifest]);
    assert_eq!(found.len(), 1);
    assert!(found[0].what.ends_with("of memchr"));
    let bare =
        Manifest::parse("x", "[package]\nname = \"x\"\n[lints.rust]\nunsafe_code = \"warn\"", &libraries(""));
    assert_eq!(own_lints(&[bare]).len(), 1);
}

#[test]
fn a_drawing_has_a_line_for_each_layer() {
    let members: BTreeSet<_> = ["satchel", "auth", "user", "chassis"].map(str::to_owned).into();
    assert_eq!(layers(&members).len(), 3);
    assert!(draws("```\n satchel (bin)\n  ┌──┴──┐\nauth  user  no arrows\n chassis\n```", &members));
    for wrong in [
        "```\nsatchel\nauth\nchassis\n```",
        "```\nsatchel\nauth ──► user\nauth user\nchassis\n```",
        "satchel\nauth user\nchassis",
    ] {
        assert!(!draws(wrong, &members), "{wrong}");
    }
}
