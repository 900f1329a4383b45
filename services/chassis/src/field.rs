//! Reads the fields of a JSON object and gathers every error, in the order in which they are read.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::failure::{Failure, FieldError};

/// The fields of a request body.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    errors: Vec<FieldError>,
    named: bool,
}

impl Fields {
    /// Takes a body apart; anything but an object is a 400. `None` is a request without a JSON body.
    pub fn of(body: Option<Value>) -> Result<Self, Failure> {
        match body {
            Some(Value::Object(values)) => Ok(Self { values, errors: Vec::new(), named: false }),
            other => Err(Failure::bad_request(wrong_type("input", "object", other.as_ref()))),
        }
    }

    /// Makes type errors name their field: `Invalid bio: expected …` instead of `Invalid input: expected …`.
    #[must_use]
    pub fn naming_themselves(self) -> Self {
        Self { named: true, ..self }
    }

    /// Whether the client sent `name` at all.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// What was not read yet.
    pub const fn written(&self) -> &Map<String, Value> {
        &self.values
    }

    /// A string that must be there; any other value is the error `message`.
    pub fn required_string(&mut self, name: &'static str, message: &'static str) -> Option<String> {
        match self.values.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => self.fail(name, message),
        }
    }

    /// A string that may be missing; null and other types are errors.
    pub fn optional_string(&mut self, name: &'static str) -> Option<String> {
        match self.values.remove(name)? {
            Value::String(text) => Some(text),
            other => self.mistyped(name, "string", &other),
        }
    }

    /// A string that may be missing or null: `None` when missing or wrong, `Some(None)` for null.
    pub fn nullable_string(&mut self, name: &'static str) -> Option<Option<String>> {
        if self.values.get(name).is_some_and(Value::is_null) {
            self.values.remove(name);
            return Some(None);
        }
        self.optional_string(name).map(Some)
    }

    /// A boolean that may be missing.
    pub fn optional_boolean(&mut self, name: &'static str) -> Option<bool> {
        match self.values.remove(name)? {
            Value::Bool(value) => Some(value),
            other => self.mistyped(name, "boolean", &other),
        }
    }

    /// A whole number that may be missing.
    pub fn optional_integer(&mut self, name: &'static str) -> Option<i64> {
        match self.values.remove(name)? {
            Value::Number(number) => match number.as_i64() {
                Some(number) => Some(number),
                None => self.fail(name, format!("{name} must be a whole number")),
            },
            other => self.mistyped(name, "number", &other),
        }
    }

    /// A number that may be missing.
    pub fn optional_number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.values.remove(name)?;
        match value.as_f64() {
            Some(number) => Some(number),
            None => self.mistyped(name, "number", &value),
        }
    }

    /// An array of objects that may be missing. `read` takes each apart; a wrong field is named with its object's
    /// place before it, and so is one that was not read.
    pub fn optional_objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let elements = match self.values.remove(name)? {
            Value::Array(elements) => elements,
            other => return self.mistyped(name, "array", &other),
        };
        let mut objects = Vec::with_capacity(elements.len());
        for (place, element) in elements.into_iter().enumerate() {
            let Value::Object(values) = element else {
                return self.mistyped(format!("{name}[{place}]"), "object", &element);
            };
            let mut inner = Self { values, errors: Vec::new(), named: self.named };
            objects.extend(read(&mut inner));
            inner.refuse_others();
            let placed = |error: FieldError| FieldError {
                field: format!("{name}[{place}].{}", error.field).into(),
                ..error
            };
            self.errors.extend(inner.errors.into_iter().map(placed));
        }
        Some(objects)
    }

    /// A count from 0 that may be missing.
    pub fn optional_count(&mut self, name: &'static str) -> Option<u64> {
        let value = self.values.remove(name)?;
        value.as_u64().or_else(|| self.mistyped(name, "count", &value))
    }

    /// An array of strings that may be missing; a wrong element is named by its place.
    pub fn optional_strings(&mut self, name: &'static str) -> Option<Vec<String>> {
        let elements = match self.values.remove(name)? {
            Value::Array(elements) => elements,
            other => return self.mistyped(name, "array", &other),
        };
        let mut texts = Vec::with_capacity(elements.len());
        for (place, element) in elements.into_iter().enumerate() {
            match element {
                Value::String(text) => texts.push(text),
                other => return self.mistyped(format!("{name}[{place}]"), "string", &other),
            }
        }
        Some(texts)
    }

    /// Records that `field` is wrong. Always `None`, so that a reader can end with it.
    pub fn fail<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Option<T> {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
        None
    }

    fn mistyped<T>(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        expected: &str,
        received: &Value,
    ) -> Option<T> {
        let field = field.into();
        let message = wrong_type(if self.named { &field } else { "input" }, expected, Some(received));
        self.fail(field, message)
    }

    /// Passes `value` on when `rule` accepts it, else records what the rule said.
    pub fn check<T, V>(
        &mut self,
        field: &'static str,
        value: Option<V>,
        rule: impl FnOnce(V) -> Result<T, &'static str>,
    ) -> Option<T> {
        match rule(value?) {
            Ok(accepted) => Some(accepted),
            Err(message) => self.fail(field, message),
        }
    }

    /// Ends the reading as [`Self::finish`] does, and refuses fields that were not read: a mistyped name would
    /// otherwise do nothing, silently.
    pub fn finish_exactly(mut self) -> Result<(), Failure> {
        self.refuse_others();
        self.finish()
    }

    fn refuse_others(&mut self) {
        for name in std::mem::take(&mut self.values).into_iter().map(|(name, _)| name) {
            self.errors
                .push(FieldError { message: format!("Unknown field {name}").into(), field: name.into() });
        }
    }

    /// Ends the reading: the failure with all errors, if there was one.
    pub fn finish(self) -> Result<(), Failure> {
        if self.errors.is_empty() { Ok(()) } else { Err(Failure::invalid(self.errors)) }
    }
}

/// `Invalid <subject>: expected <type>, received <type>`.
fn wrong_type(subject: &str, expected: &str, received: Option<&Value>) -> String {
    let received = match received {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    format!("Invalid {subject}: expected {expected}, received {received}")
}

/// The length that the contract counts: UTF-16 code units, as JavaScript does.
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_wrong_field_is_reported_in_reading_order() {
        let mut fields = Fields::of(Some(json!({"title": 5, "tags": ["a", 1], "isPinned": "no"}))).unwrap();
        fields.optional_string("title");
        fields.required_string("content", "Content is required");
        fields.optional_strings("tags");
        fields.optional_boolean("isPinned");
        let failure = fields.finish().unwrap_err();
        let told: Vec<_> = failure.fields().iter().map(|e| (e.field.as_ref(), e.message.as_ref())).collect();
        assert_eq!(
            told,
            [
                ("title", "Invalid input: expected string, received number"),
                ("content", "Content is required"),
                ("tags[1]", "Invalid input: expected string, received number"),
                ("isPinned", "Invalid input: expected boolean, received string"),
            ]
        );
    }

    #[test]
    fn a_type_error_names_its_field_where_the_contract_wants_it() {
        let mut fields = Fields::of(Some(json!({"bio": {}, "isActive": "no"}))).unwrap().naming_themselves();
        fields.nullable_string("bio");
        fields.optional_boolean("isActive");
        let failure = fields.finish().unwrap_err();
        let told: Vec<_> = failure.fields().iter().map(|e| e.message.as_ref()).collect();
        assert_eq!(
            told,
            [
                "Invalid bio: expected string, received object",
                "Invalid isActive: expected boolean, received string"
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_named() {
        for (body, received) in [(None, "undefined"), (Some(json!([])), "array")] {
            let failure = Fields::of(body).unwrap_err();
            assert_eq!(failure.message(), format!("Invalid input: expected object, received {received}"));
        }
    }

    #[test]
    fn null_clears_only_where_it_may() {
        let mut fields = Fields::of(Some(json!({"bio": null, "username": null}))).unwrap();
        assert_eq!(fields.nullable_string("bio"), Some(None));
        assert_eq!(fields.nullable_string("avatar"), None);
        assert_eq!(fields.optional_string("username"), None);
        assert!(fields.finish().is_err());
    }

    #[test]
    fn numbers_are_whole_and_what_was_not_read_is_told() {
        let body = json!({"a": -5, "b": 1.5, "c": "1", "unknown": 1});
        let mut fields = Fields::of(Some(body)).unwrap().naming_themselves();
        assert_eq!(fields.optional_integer("a"), Some(-5));
        assert_eq!((fields.optional_integer("b"), fields.optional_integer("c")), (None, None));
        let failure = fields.finish_exactly().unwrap_err();
        let told: Vec<_> = failure.fields().iter().map(|e| e.message.as_ref()).collect();
        let expected = [
            "b must be a whole number",
            "Invalid c: expected number, received string",
            "Unknown field unknown",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_nobody_reads_is_no_field_where_all_are_known() {
        let mut fields = Fields::of(Some(json!({"epoch": 7, "generation": -1, "eopch": 1}))).unwrap();
        assert_eq!((fields.optional_count("epoch"), fields.optional_count("version")), (Some(7), None));
        assert_eq!(fields.optional_count("generation"), None);
        let failure = fields.finish_exactly().unwrap_err();
        let told: Vec<_> = failure.fields().iter().map(|e| (e.field.as_ref(), e.message.as_ref())).collect();
        let wrong = "Invalid input: expected count, received number";
        assert_eq!(told, [("generation", wrong), ("eopch", "Unknown field eopch")]);
    }

    #[test]
    fn lengths_are_counted_as_javascript_does() {
        assert_eq!((utf16_len("é"), utf16_len("🙂")), (1, 2));
    }
}
