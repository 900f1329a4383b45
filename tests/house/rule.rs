//! How a broken rule is told: the rule, then each place with what is wrong and what to do.

use std::fmt;

/// One place where a rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    /// A path, with a line where there is one.
    pub(crate) place: String,
    /// What stands there.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl Breach {
    /// A breach at `place`.
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n      remedy: {}", self.place, self.what, self.remedy)
    }
}

/// Fails the test that calls it unless `rule` holds everywhere.
#[track_caller]
pub(crate) fn holds(rule: &str, breaches: impl IntoIterator<Item = Breach>) {
    let list: Vec<String> = breaches.into_iter().map(|breach| format!("  - {breach}\n")).collect();
    assert!(list.is_empty(), "the rule: {rule}\n{}", list.concat());
}

#[test]
fn a_breach_is_told_with_its_place_and_its_remedy() {
    let breach = Breach::new("src/up.rs:3", "names sqlx", "ask the notes service");
    assert_eq!(breach.to_string(), "src/up.rs:3: names sqlx\n      remedy: ask the notes service");
}
