//! The scanner against sources that try to hide something from it.

use super::{Source, line_of};

#[test]
fn comments_and_literals_are_no_code() {
    for text in [
        "a /* axum /* axum */ axum */ b",
        "a // axum",
        r#"a "axum \" axum" b"#,
        "a r#\"axum \" axum\"# b",
        "a b'\"' 'x' '\\'' \"axum\" b",
        "a /// axum\nb",
    ] {
        let source = Source::of(text);
        assert!(!source.code.contains("axum"), "{text}");
        assert!(source.code.starts_with('a'), "{text}");
        assert_eq!(source.code.len(), text.len(), "{text}");
    }
}

#[test]
fn code_between_tricky_literals_is_seen() {
    for text in [
        "fn f<'a>(x: &'a str) { axum('\"') }",
        "let quote = '\"'; axum; let other = \"\";",
        "let r = for_r; axum; \"\"",
        "let e = \"\\\\\"; axum; \"x\"",
        "r#\"\"#; axum; r\"\"",
    ] {
        assert!(Source::of(text).code.contains("axum"), "{text}");
    }
}

#[test]
fn comments_stand_alone() {
    let source = Source::of("code(\"// no\"); // yes\n/* also */ more");
    assert_eq!(source.comments.trim(), "// yes\n/* also */");
}

#[test]
fn test_items_are_cut_and_nothing_else() {
    let text = "use a;\n#[cfg(test)]\nmod tests { use b; fn f() { [0; 3]; } }\nuse c;\n\
                #[cfg(test)]\n#[path = \"x.rs\"]\nmod more;\nuse d;\n#[cfg(test)]\nuse e::{f, g};\nuse h;";
    let source = Source::of(text);
    let words = |code: &str| code.split_whitespace().collect::<String>();
    assert_eq!(words(&source.shipped()), "usea;usec;used;;useh;");
    let tests = words(&source.tests());
    assert!(tests.contains("modtests{useb;") && tests.contains("modmore;") && tests.contains("usee::{f,g}"));
}

#[test]
fn lines_are_counted_from_one() {
    assert_eq!([0, 1, 2, 3].map(|at| line_of("a\nb\n", at)), [1, 1, 2, 2]);
}
