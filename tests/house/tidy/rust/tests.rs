//! The rules for Rust against files that break them.

use super::*;

fn file(path: &str, text: &str) -> File {
    File::new(path, text)
}

#[test]
fn a_file_without_a_head_is_caught() {
    assert_eq!(heads(&file("src/up.rs", "use std::io;")).len(), 1);
    assert_eq!(heads(&file("src/up.rs", "//! Up.\nuse std::io;")), []);
}

#[test]
fn a_line_too_many_is_caught_and_tests_have_more() {
    let long = "//\n".repeat(401);
    assert_eq!(long_files(&file("services/auth/src/lib.rs", &long)).len(), 1);
    for path in ["tests/it/main.rs", "services/auth/tests/api/main.rs", "services/auth/src/store/tests.rs"] {
        assert_eq!(long_files(&file(path, &long)), [], "{path}");
        assert_eq!(long_files(&file(path, &"//\n".repeat(601))).len(), 1, "{path}");
    }
}

#[test]
fn a_long_function_is_caught_also_in_a_test() {
    let text = format!("#[cfg(test)]\nmod tests {{\n    fn long() {{\n{}    }}\n}}", "a();\n".repeat(69));
    let found = long_functions(&file("src/up.rs", &text));
    assert_eq!(found.len(), 1);
    assert!(found[0].place == "src/up.rs:3" && found[0].what.contains("long has 71 lines"), "{found:?}");
}

#[test]
fn a_name_that_fits_anything_is_caught() {
    for (path, text) in [
        ("src/utils.rs", ""),
        ("services/auth/src/models/account.rs", ""),
        ("services/auth/src/api/mod.rs", ""),
        ("src/up.rs", "mod helpers;"),
        ("src/up.rs", "mod types { }"),
    ] {
        assert_eq!(module_names(&file(path, text)).len(), 1, "{path} {text}");
    }
    assert_eq!(module_names(&file("src/up.rs", "mod account; // mod utils;")), []);
}

#[test]
fn unfinished_work_is_caught() {
    let later = MARKS[0];
    for text in [
        "fn f() { todo!() }".to_owned(),
        "fn f() { unimplemented!(\"x\") }".to_owned(),
        "fn f() { dbg!(x); }".to_owned(),
        "#[test]\n#[ignore = \"slow\"]\nfn f() {}".to_owned(),
        "#[test]\n#[should_panic]\nfn f() {}".to_owned(),
        format!("// {later}: later"),
    ] {
        assert_eq!(unfinished(&file("src/up.rs", &text)).len(), 1, "{text}");
    }
    for text in ["let a = \"todo!\";", "if ignore[0] {}", "fn todo() {}", "let mark = \"FIXME\";"] {
        assert_eq!(unfinished(&file("src/up.rs", text)), [], "{text}");
    }
}

#[test]
fn a_sleeping_test_is_caught_and_a_waiting_service_is_not() {
    let sleep = "use tokio::time::{self, sleep};";
    for path in
        ["tests/it/main.rs", "services/auth/tests/api/main.rs", "services/auth/src/store/engine_tests.rs"]
    {
        assert_eq!(sleeps(&file(path, sleep)).len(), 1, "{path}");
    }
    let module = "#[cfg(test)]\nmod tests { fn f() { std::thread::sleep(SECOND); } }";
    assert_eq!(sleeps(&file("src/up.rs", module)).len(), 1);
    assert_eq!(sleeps(&file("src/up.rs", "fn f() { tokio::time::sleep(TICK).await }")), []);
    assert_eq!(sleeps(&file("tests/bench/load.rs", "use tokio::time::sleep_until;")), []);
}
