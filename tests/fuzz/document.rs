//! Fixture documents, without the rules of the services.

#[allow(dead_code, reason = "a target needs a part of it")]
#[path = "../../src/fixture"]
mod reading {
    mod document;
    mod member;
    mod source;

    pub(super) use source::FixtureError;

    /// Reads a document, which must agree with itself.
    pub(super) fn read(text: &str) -> Result<(), FixtureError> {
        let no_rules = document::Checks { account: |_| Ok(()), profile: |_| Ok(()), note: |_| Ok(()) };
        let fixture = document::parse("file", text, &no_rules)?;
        assert_eq!(document::Fixture::check_together([&fixture]), Ok(()));
        Ok(())
    }
}

/// A fixture: it is read, and agrees with itself, or its mistake has a place in the file.
pub fn fixture(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Err(mistake) = reading::read(&text) else { return };
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    assert!((1..=lines).contains(&mistake.line) && mistake.column >= 1, "{mistake}");
    assert!(mistake.column <= text.len() + 1 && !mistake.reason.is_empty(), "{mistake}");
}
