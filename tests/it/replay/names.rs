//! The recording's placeholders: what they stand for in this run, and what may stand where they are.
//!
//! `<uid:x>`, `<note:x>` and the like name one thing; `<uuid>`, `<ts>` and the like only say of which kind it was.

use serde_json::Value;

/// Told the original's runs apart, which shared their databases. Any short text with a letter in it will do.
pub(super) const RUN: &str = "k7x";

/// What a request says where the recording tells only the kind: nothing that exists.
const SENT: [(&str, &str); 4] = [
    ("<uuid>", "00000000-0000-4000-8000-000000000000"),
    ("<oid>", "000000000000000000000000"),
    ("<ts>", "2020-01-01T00:00:00.000Z"),
    ("<hex64>", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
];

/// A kind of text that differs with every run: its mark, and what belongs to it.
type Kind = (&'static str, fn(&str) -> bool);

/// In an answer a mark always ends its string.
const KINDS: [Kind; 7] = [
    ("<dddd>", |text| is_like("0000", text)),
    ("<n>", |text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())),
    ("<ts>", |text| is_like("0000-00-00T00:00:00.000Z", text)),
    ("<oid>", |text| is_like("xxxxxxxxxxxxxxxxxxxxxxxx", text)),
    ("<uuid>", |text| is_like("xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx", text)),
    ("<methods>", |text| {
        text.split(',')
            .all(|method| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()))
    }),
    ("<jwt>", |text| text.split('.').filter(|part| !part.is_empty()).count() == 3),
];

/// What the placeholders of one scenario stand for.
#[derive(Debug)]
pub(super) struct Names {
    /// Longest placeholder first, so that none is mistaken for its beginning.
    bound: Vec<(String, String)>,
}

impl Names {
    /// What every scenario knows.
    pub(super) fn new() -> Self {
        let mut names = Self { bound: Vec::new() };
        names.bind("RUN", RUN);
        names.bind("RUN-UPPER", &RUN.to_uppercase());
        names
    }

    /// Lets `placeholder` stand for `value` from now on.
    pub(super) fn bind(&mut self, placeholder: &str, value: &str) {
        self.bound.retain(|(known, _)| known != placeholder);
        self.bound.push((placeholder.to_owned(), value.to_owned()));
        self.bound.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
    }

    /// The placeholder that stands for `value`.
    pub(super) fn of(&self, value: &str) -> Option<&str> {
        self.bound.iter().find(|(_, bound)| bound == value).map(|(placeholder, _)| placeholder.as_str())
    }

    /// `text` with every name replaced by what it stands for; kinds stay.
    pub(super) fn fill(&self, text: &str) -> String {
        self.bound.iter().fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }

    /// `text` as a request says it.
    pub(super) fn sent(&self, text: &str) -> String {
        SENT.iter().fold(self.fill(text), |text, (mark, value)| text.replace(mark, value))
    }

    /// `value` as a request says it.
    pub(super) fn sent_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.sent(text).into(),
            Value::Array(items) => items.iter().map(|item| self.sent_json(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.sent_json(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Whether `got` is what the recorded text `wanted` stands for.
    pub(super) fn fits(&self, wanted: &str, got: &str) -> bool {
        let wanted = self.fill(wanted);
        match KINDS.iter().find_map(|(mark, is)| Some((wanted.strip_suffix(mark)?, is))) {
            Some((before, is)) => got.strip_prefix(before).is_some_and(is),
            None => wanted == got,
        }
    }
}

/// Whether `text` has the form of `template`: `0` is a digit, `x` a lower-case hexadecimal one, `v` the variant
/// digit of a UUID (RFC 9562 §4.1), anything else itself.
fn is_like(template: &str, text: &str) -> bool {
    let fits = |(form, byte): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        b'v' => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        other => byte == other,
    };
    template.len() == text.len() && template.bytes().zip(text.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_for_its_own_kind_and_nothing_else() {
        let names = Names::new();
        let kinds = [
            ("<dddd>", "0042"),
            ("<n>", "900"),
            ("<ts>", "2026-11-23T04:05:06.789Z"),
            ("<oid>", "6b03be831922677573cd34e2"),
            ("<uuid>", "5da89aba-8c95-4ca7-95e5-d14336c44f7d"),
            ("<methods>", "GET,HEAD"),
            ("<jwt>", "a.b.c"),
        ];
        for (mark, _) in kinds {
            let fitting: Vec<_> = kinds.iter().filter(|(_, text)| names.fits(mark, text)).collect();
            let also_a_number = usize::from(mark == "<n>");
            assert_eq!(fitting.len(), 1 + also_a_number, "{mark}: {fitting:?}");
            assert!(!names.fits(mark, ""), "{mark}");
        }
    }

    #[test]
    fn a_name_is_replaced_before_a_shorter_one_that_it_begins_with() {
        let mut names = Names::new();
        names.bind("<note:a>", "1");
        names.bind("%3<note:a>", "2");
        assert_eq!(names.fill("%3<note:a> <note:a> xRUN-UPPER"), format!("2 1 x{}", RUN.to_uppercase()));
        assert!(names.fits("b-RUN_<dddd>", &format!("b-{RUN}_1234")));
        assert!(!names.fits("b-RUN_<dddd>", &format!("b-{RUN}_12345")));
    }
}
