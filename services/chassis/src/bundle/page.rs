//! A page of records as a service takes it in.
//!
//! Each line is read by itself: one that makes no sense is told with its place, and the others are read all the same.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use super::{Checked, Fit, LINE_MAX, Objection, PAGE_MAX, Record, told};
use crate::body;
use crate::failure::Failure;
use crate::field::Fields;

/// The records of a page, or what is wrong with them.
#[derive(Debug)]
pub struct Page<T>(pub Vec<Result<T, Failure>>);

impl<T> Page<T> {
    /// All records.
    ///
    /// # Errors
    /// What is wrong with the first that makes no sense, and where it stands.
    pub fn records(self) -> Result<Vec<T>, Failure> {
        let place = |at: usize, failure: &Failure| {
            Failure::bad_request(format!("line {}: {}", at + 1, told(failure)))
        };
        let numbered = self.0.into_iter().enumerate();
        numbered.map(|(at, record)| record.map_err(|failure| place(at, &failure))).collect()
    }
}

impl<T> Page<T> {
    /// What stands against each record: what is wrong with it, or what `compare` says of those that make sense.
    ///
    /// # Errors
    /// Why `compare` could not say.
    pub async fn checked<F, C, E>(self, compare: F) -> Result<Checked, E>
    where
        F: FnOnce(Vec<T>) -> C,
        C: Future<Output = Result<Vec<Fit>, E>>,
    {
        let (mut readable, mut places, mut objections) = (Vec::new(), Vec::new(), Vec::new());
        for (at, record) in self.0.into_iter().enumerate() {
            match record {
                Ok(record) => {
                    readable.push(record);
                    places.push(at);
                }
                Err(failure) => objections.push(Objection::unreadable(at, &failure)),
            }
        }
        let fits = compare(readable).await?;
        objections.extend(places.into_iter().zip(fits).filter_map(|(at, fit)| Objection::of(at, fit)));
        objections.sort_by_key(|objection| objection.at);
        Ok(Checked { objections })
    }
}

impl<S: Sync, T: Record> FromRequest<S> for Page<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(body, &parts.headers, PAGE_MAX).await?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(line).collect::<Result<_, _>>().map(Self)
    }
}

/// The record on a line, if the line is one of this service.
fn line<T: Record>(text: &[u8]) -> Result<Result<T, Failure>, Failure> {
    if text.len() > LINE_MAX {
        return Err(Failure::bad_request(format!("A record has more than {LINE_MAX} bytes")));
    }
    let malformed =
        |error: serde_json::Error| Failure::bad_request(format!("A line is no JSON object: {error}"));
    let mut members: Map<String, Value> = serde_json::from_slice(text).map_err(malformed)?;
    let mut name = |member: &str| match members.remove(member) {
        Some(Value::String(name)) => Ok(name),
        _ => Err(Failure::bad_request(format!("A line has no {member}"))),
    };
    let (service, kind) = (name("service")?, name("kind")?);
    if service != T::SERVICE {
        return Err(Failure::bad_request(format!("A line is for {service}")));
    }
    Ok(T::read(&kind, Fields::of(Some(Value::Object(members)))?.naming_themselves()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Word(String);

    impl Record for Word {
        const SERVICE: &'static str = "test";

        fn read(kind: &str, mut fields: Fields) -> Result<Self, Failure> {
            let text = fields.required_string("text", "a text is required");
            fields.finish_exactly()?;
            Ok(Self(format!("{kind} {}", text.unwrap_or_default())))
        }
    }

    async fn page(text: &str) -> Result<Page<Word>, Failure> {
        Page::from_request(Request::new(Body::from(text.to_owned())), &()).await
    }

    #[tokio::test]
    async fn lines_are_read_one_by_one() {
        let text = "{\"service\":\"test\",\"kind\":\"word\",\"text\":\"a\"}\n\n{\"kind\":\"b\",\"text\":\"b\",\"service\":\"test\"}\n";
        let words = page(text).await.unwrap().records().unwrap();
        assert_eq!(words, [Word("word a".into()), Word("b b".into())]);
    }

    #[tokio::test]
    async fn a_record_that_makes_no_sense_is_told_with_its_line_and_field() {
        let text = "{\"service\":\"test\",\"kind\":\"a\",\"text\":\"a\"}\n{\"service\":\"test\",\"kind\":\"a\",\"txt\":1}";
        let page = page(text).await.unwrap();
        assert_eq!(page.0.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
        assert_eq!(page.records().unwrap_err().message(), "line 2: text: a text is required");
    }

    #[tokio::test]
    async fn what_is_wrong_and_what_does_not_fit_is_told_in_the_order_of_the_lines() {
        let line = |text: &str| format!("{{\"service\":\"test\",\"kind\":\"a\",{text}}}\n");
        let text: String = ["\"text\":\"1\"", "\"x\":1", "\"text\":\"2\""].map(line).concat();
        let compare = |records: Vec<Word>| async move {
            assert_eq!(records.len(), 2);
            Ok::<_, Failure>(vec![Fit::Refused("taken"), Fit::Held("gone")])
        };
        let checked = page(&text).await.unwrap().checked(compare).await.unwrap();
        let told = checked.objections.iter().map(|one| (one.at, one.reason.as_ref(), one.is_held));
        let wrong = (1, "text: a text is required", false);
        assert_eq!(told.collect::<Vec<_>>(), [(0, "taken", false), wrong, (2, "gone", true)]);
    }

    #[tokio::test]
    async fn what_is_no_line_of_this_service_is_no_page() {
        for text in [
            "[7]",
            "{}",
            "7",
            "{\"service\":\"other\",\"kind\":\"a\"}",
            "{\"service\":\"test\",\"kind\":1}",
            "{",
        ] {
            assert_eq!(page(text).await.unwrap_err().status().as_u16(), 400, "{text}");
        }
    }
}
