//! One request to a service: built afresh from what the gateway understood, answered from what it knows.
//!
//! Both directions are allow-lists, so cookies, forwarding, identity and override headers end here. What the
//! headers mean is the services' business.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use chassis::address::Address;
use chassis::body;
use chassis::connect::Client;
use chassis::edge::REQUEST_ID;
use chassis::inbox;
use chassis::internal::Signer;
use chassis::request::RequestId;
use chassis::vouch;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::crowd::Crowd;
use crate::error::Error;
use crate::path::Onward;
use crate::routes::Upstream;

/// What a service hears of a client's headers, beside those of the body.
const ASKING: [HeaderName; 4] = [header::AUTHORIZATION, header::ACCEPT, header::IF_NONE_MATCH, inbox::KEY];
/// What a service hears of a body, where there is one.
const DESCRIBING: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];
/// What a client hears of a service's headers; the gateway's edge adds the rest.
const ANSWERING: [HeaderName; 4] = [header::CONTENT_TYPE, header::ETAG, header::ALLOW, header::RETRY_AFTER];
/// One byte over the limit: enough for the service to see that a body is too large, in its own order of checks.
const BODY_MAX: usize = body::PUBLIC_MAX + 1;
/// Stands for a body that was announced as too large.
static OVERSIZE: [u8; BODY_MAX] = [b' '; BODY_MAX];
/// A page of 1,000 notes of 20 KiB has 21 MB, and what a search marks in them 3 MB; nothing larger is an answer of ours.
const ANSWER_MAX: usize = 24 * 1024 * 1024;

/// Where each service is.
#[derive(Clone, Debug)]
pub(crate) struct Authorities {
    /// Accounts, passwords, tokens.
    pub(crate) auth: Authority,
    /// Profiles and administration.
    pub(crate) user: Authority,
    /// Notes and search.
    pub(crate) notes: Authority,
}

impl Authorities {
    const fn of(&self, upstream: Upstream) -> &Authority {
        match upstream {
            Upstream::Auth => &self.auth,
            Upstream::User => &self.user,
            Upstream::Notes => &self.notes,
        }
    }
}

/// Asks services on behalf of clients.
#[derive(Debug)]
pub(crate) struct Forwarder {
    /// Keeps connections to the services.
    pub(crate) client: Client,
    /// Where they are.
    pub(crate) authorities: Authorities,
    /// Vouches for who asks.
    pub(crate) signer: Signer,
    /// When a whole answer must be here.
    pub(crate) deadline: Duration,
    /// How many ask at a time.
    pub(crate) crowd: Crowd,
}

/// A request's body as it goes on.
struct Content {
    bytes: Bytes,
    /// Whether the client sent a body at all; an empty one is not the same as none.
    is_present: bool,
}

impl Forwarder {
    /// Asks the service that `onward` leads to on behalf of `client` and gives its answer.
    ///
    /// # Errors
    /// When the body cannot be read, when too many ask already, and when the service gives no whole answer in time.
    pub(crate) async fn forward(
        &self,
        onward: &Onward<'_>,
        client: Address,
        request: Request,
    ) -> Result<Response, Error> {
        let service = onward.upstream.name();
        let (parts, body) = request.into_parts();
        let content = content_of(&parts.method, &parts.headers, body).await?;
        let is_too_large = content.bytes.len() == BODY_MAX;
        let uri = self.uri(onward).ok_or_else(|| Error::NoRoute(onward.target.to_owned()))?;
        let mut request = fresh(parts.method, uri, &parts.headers, content);
        self.vouch(onward.upstream, client, request.headers_mut());
        // Only now: whoever is slow to send a body takes nobody's turn.
        let _turn = self.crowd.enter(onward.upstream).await?;
        let asking = tokio::time::timeout(self.deadline, self.ask(service, request));
        let mut response = asking.await.unwrap_or(Err(Error::Silent { service }))?;
        if is_too_large {
            // What the client still sends of this body is no request.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    /// Tells auth who asks: it bears few wrong passwords from one client.
    fn vouch(&self, upstream: Upstream, client: Address, headers: &mut HeaderMap) {
        let note = match upstream {
            Upstream::Auth => self.signer.vouch(upstream.name(), client),
            Upstream::User | Upstream::Notes => None,
        };
        if let Some(note) = note.and_then(|note| HeaderValue::try_from(note).ok()) {
            headers.insert(vouch::CLIENT, note);
        }
    }

    /// The target at its service. A part of a target that was parsed parses again.
    fn uri(&self, onward: &Onward<'_>) -> Option<Uri> {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authorities.of(onward.upstream).clone());
        parts.path_and_query = Some(PathAndQuery::try_from(onward.target).ok()?);
        Uri::from_parts(parts).ok()
    }

    async fn ask(
        &self,
        service: &'static str,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Response, Error> {
        let unreachable =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Unreachable { service, source };
        let answer =
            self.client.request(service, request).await.map_err(|error| unreachable(error.into()))?;
        let (parts, body) = answer.into_parts();
        let bytes = match Limited::new(body, ANSWER_MAX).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Error::Oversized { service }),
            Err(error) => return Err(unreachable(error)),
        };
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = parts.status;
        copy(&ANSWERING, &parts.headers, response.headers_mut());
        Ok(response)
    }
}

/// Reads the body that goes on. The routes of GET, HEAD and DELETE have none, so nobody would read it.
async fn content_of(method: &Method, headers: &HeaderMap, body: Body) -> Result<Content, Error> {
    let announced =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    if !announced || matches!(*method, Method::GET | Method::HEAD | Method::DELETE) {
        return Ok(Content { bytes: Bytes::new(), is_present: false });
    }
    let bytes = if announces_too_much(headers) {
        // The service refuses it by its size alone, so any bytes do. A client that waits for leave gets none.
        if !headers.contains_key(header::EXPECT) {
            body::pass_over(body).await;
        }
        Bytes::from_static(&OVERSIZE)
    } else {
        body::read_first(body, BODY_MAX).await.map_err(Error::Unreadable)?
    };
    Ok(Content { bytes, is_present: true })
}

fn announces_too_much(headers: &HeaderMap) -> bool {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length >= BODY_MAX)
}

fn fresh(method: Method, uri: Uri, from: &HeaderMap, content: Content) -> http::Request<Full<Bytes>> {
    let length = content.bytes.len();
    let mut request = http::Request::new(Full::new(content.bytes));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    copy(&ASKING, from, headers);
    if content.is_present {
        copy(&DESCRIBING, from, headers);
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    if let Some(id) = RequestId::current().and_then(|id| HeaderValue::from_str(id.as_str()).ok()) {
        headers.insert(REQUEST_ID, id);
    }
    request
}

/// Every value of each of `names`: a list may come in several lines. What `Connection` names was meant for the gateway
/// alone (RFC 9110 §7.6.1).
fn copy(names: &[HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    let has_options = from.contains_key(header::CONNECTION);
    for name in names.iter().filter(|name| !has_options || !is_for_one_hop(name, from)) {
        for value in from.get_all(name) {
            to.append(name, value.clone());
        }
    }
}

fn is_for_one_hop(name: &HeaderName, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::CONNECTION).into_iter();
    let mut options = lines.flat_map(|line| line.to_str().unwrap_or_default().split(','));
    options.any(|option| option.trim().eq_ignore_ascii_case(name.as_str()))
}
