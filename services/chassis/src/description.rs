//! How a service describes its public routes, for people and programs that read an API description.
//!
//! Plain data beside the routes: what a description is written in is for whoever gathers those of all services, and
//! nothing here is looked at while a request is answered.

/// What one part of the API is described by.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// What its routes are listed under.
    pub name: &'static str,
    /// The routes.
    pub operations: &'static [Operation],
    /// The objects that they take and give.
    pub objects: &'static [Object],
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The method.
    pub method: &'static str,
    /// The path as clients see it, with `{name}` for what varies.
    pub path: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// Whether a token of a person is needed.
    pub needs_token: bool,
    /// The parameters of its query.
    pub query: &'static [Field],
    /// The name of the object in its body, and one as an example in JSON.
    pub takes: Option<(&'static str, &'static str)>,
    /// The status of success, and what comes with it.
    pub gives: (u16, Given),
    /// The other statuses that belong to it, each with its reason.
    pub refuses: &'static [(u16, &'static str)],
}

/// What an answer holds, in the envelope of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// No body.
    Nothing,
    /// A bare success.
    Done,
    /// A sentence.
    Message,
    /// A token beside the status.
    Token,
    /// The object of that name as `data`.
    Data(&'static str),
    /// The object of that name as `data`, with the number of results.
    List(&'static str),
    /// The object of that name without an envelope.
    Bare(&'static str),
    /// Server-sent events with the object of that name.
    Events(&'static str),
}

/// An object with its fields.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// What it is called.
    pub name: &'static str,
    /// Its fields, or the parameters of a query.
    pub fields: &'static [Field],
}

/// A field of an object, or a parameter of a query.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is always there, or must be.
    pub is_required: bool,
    /// What it means.
    pub about: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string or null.
    TextOrNull,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A whole number.
    Count,
    /// Any number.
    Number,
    /// True or false.
    Flag,
    /// An instant, RFC 3339 in UTC with milliseconds.
    Instant,
    /// Strings.
    Texts,
    /// Pairs of whole numbers: where something begins and ends.
    Ranges,
    /// The object of that name.
    One(&'static str),
    /// Objects of that name.
    Many(&'static str),
}

/// A field that is always there, or must be.
pub const fn always(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, is_required: true, about }
}

/// A field that may be absent.
pub const fn maybe(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, is_required: false, about }
}

/// The parameters of every list.
pub const PAGE: [Field; 2] = [
    maybe("page", Kind::Count, "The page, from 1"),
    maybe("limit", Kind::Count, "Objects on a page, 10 unless said, 1000 at most"),
];

/// `pagination` of every list.
pub const PAGINATION: Object = Object {
    name: "Pagination",
    fields: &[
        always("total", Kind::Count, "All objects that match"),
        always("page", Kind::Count, "The page asked for"),
        always("pages", Kind::Count, "How many pages there are"),
        always("limit", Kind::Count, "Objects on a full page, as applied"),
    ],
};

impl Operation {
    /// A route that anyone may call and that answers 200 with nothing but success.
    pub const fn new(method: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            needs_token: false,
            query: &[],
            takes: None,
            gives: (200, Given::Done),
            refuses: &[],
        }
    }

    /// The same for whoever has a token.
    #[must_use]
    pub const fn with_token(self) -> Self {
        Self { needs_token: true, ..self }
    }

    /// The same with these parameters in its query.
    #[must_use]
    pub const fn asks(self, query: &'static [Field]) -> Self {
        Self { query, ..self }
    }

    /// The same with an object of that name in its body.
    #[must_use]
    pub const fn takes(self, object: &'static str, example: &'static str) -> Self {
        Self { takes: Some((object, example)), ..self }
    }

    /// The same with another success.
    #[must_use]
    pub const fn gives(self, status: u16, given: Given) -> Self {
        Self { gives: (status, given), ..self }
    }

    /// The same with these failures.
    #[must_use]
    pub const fn refuses(self, refuses: &'static [(u16, &'static str)]) -> Self {
        Self { refuses, ..self }
    }
}
