//! How a request fails: one status, one public message, and what only the operator may read.
//!
//! Services turn their error enum into a [`Failure`] in one exhaustive match; the edge renders and logs it.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// One field that a request got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name as the client wrote it, `tags[1]` for an element.
    pub field: Cow<'static, str>,
    /// What is wrong, for the client.
    pub message: Cow<'static, str>,
}

/// A failed request, before it is rendered.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after_s: Option<u32>,
    cause: Option<Arc<str>>,
    /// Whether the message repeats what the client sent.
    is_quoting: bool,
}

impl Failure {
    /// A failure with `status` whose body says `message`.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        let (message, fields) = (message.into(), Vec::new());
        Self { status, message, fields, retry_after_s: None, cause: None, is_quoting: false }
    }

    /// 400 with one message.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 for fields; the first error is the message. Without errors the message is a plain `Invalid input`.
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let message = fields.first().map_or(Cow::Borrowed("Invalid input"), |first| first.message.clone());
        Self { fields, ..Self::bad_request(message) }
    }

    /// 401 with the message that tells why no one is logged in.
    pub fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 404 for a path that is no route; `target` is the path with its query as this service sees it.
    pub fn no_route(target: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Resource Not Found: {target}")).quoting()
    }

    /// 500 whose body gives nothing away; `cause` goes to the log.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side").because(cause)
    }

    /// 409: the caller may be right another time.
    pub fn conflict(message: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 429 that asks the client to come back after `retry_after_s` seconds.
    pub fn too_many(message: impl Into<Cow<'static, str>>, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// 503 that asks the client to come back after `retry_after_s` seconds.
    pub fn unavailable(message: &'static str, retry_after_s: u32) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// 504: someone we asked did not answer in time.
    pub fn timed_out() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT, "The service did not answer in time, please try again")
    }

    /// Adds what the operator should read: the whole chain of `cause`, logged once by the edge.
    #[must_use]
    pub fn because(mut self, cause: &(dyn Error + 'static)) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        self.cause = Some(text.into());
        self
    }

    /// The same, whose message repeats what the client sent: there may be a token in it, so no log has it.
    #[must_use]
    pub const fn quoting(mut self) -> Self {
        self.is_quoting = true;
        self
    }

    /// What the log says of it.
    pub fn logged(&self) -> &str {
        if self.is_quoting { "the answer quotes the request" } else { &self.message }
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The public message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Every field error, in the order of the contract's tables.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Seconds for `Retry-After`.
    pub const fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// What the operator should read.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

/// The envelope needs the request id, so the body is written by [`crate::edge`].
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_log_repeats_what_the_client_sent() {
        let failure = Failure::no_route("/auth/reset-password/0f0f");
        assert!(failure.message().contains("0f0f") && !failure.logged().contains("0f0f"));
        assert_eq!(Failure::conflict("taken").logged(), "taken");
    }

    #[test]
    fn the_first_field_error_is_the_message() {
        let field = |field: &'static str, message: &'static str| FieldError {
            field: field.into(),
            message: message.into(),
        };
        let failure = Failure::invalid(vec![field("email", "Email is required"), field("password", "short")]);
        assert_eq!((failure.status(), failure.message()), (StatusCode::BAD_REQUEST, "Email is required"));
        assert_eq!(failure.fields().len(), 2);
    }
}
