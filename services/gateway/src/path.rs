//! Where a public path leads: a service's own path, or nowhere.
//!
//! Pure, and the one place that decides it. A path either goes on exactly as it came, less `/api`, or not at
//! all: nothing is normalised, so no two readers of one path can disagree about what it means.

use std::borrow::Cow;

use http::Uri;
use percent_encoding::percent_decode;

use crate::routes::Upstream;

/// What public paths have in front of a service's own.
const PUBLIC: &str = "/api";
/// Layers of percent-encoding that are looked through. Honest clients send one, and each costs a pass.
const LAYERS_MAX: usize = 4;

/// A target under a service's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Onward<'a> {
    /// The service that the prefix belongs to.
    pub(crate) upstream: Upstream,
    /// Path and query as the service would see them.
    pub(crate) target: &'a str,
}

/// The service that `uri` leads to, `None` when it is under no service's prefix.
///
/// An absolute-form target leads nowhere: only a proxy would serve it.
pub(crate) fn onward(uri: &Uri) -> Option<Onward<'_>> {
    if uri.authority().is_some() {
        return None;
    }
    let segment = uri.path().strip_prefix(PUBLIC)?.strip_prefix('/')?.split('/').next()?;
    let upstream = Upstream::ALL.into_iter().find(|upstream| upstream.segment() == segment)?;
    let target = uri.path_and_query()?.as_str().strip_prefix(PUBLIC)?;
    Some(Onward { upstream, target })
}

/// How the 404 for an unknown target quotes it: as it came, but nothing of an absolute form.
pub(crate) fn quoted(uri: &Uri) -> &str {
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(target)) => target.as_str(),
        _ => "/",
    }
}

impl Onward<'_> {
    /// Whether every reader takes this path for the same one: no empty or dot segment, no hidden slash.
    pub(crate) fn is_plain(&self) -> bool {
        let path = self.target.split_once('?').map_or(self.target, |(path, _)| path);
        path.strip_suffix('/').unwrap_or(path).split('/').skip(1).all(is_plain_segment)
    }
}

fn is_plain_segment(segment: &str) -> bool {
    let Some(text) = decoded(segment.as_bytes()) else {
        return false;
    };
    // Some servers cut a segment off at its `;` (RFC 3986 §3.3 calls it a parameter).
    let name = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let steps = matches!(name, b"" | b"." | b"..");
    !steps && !text.iter().any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control())
}

/// `segment` without any percent-encoding, `None` when there are more layers of it than anyone needs.
fn decoded(segment: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut text = Cow::Borrowed(segment);
    for _ in 0..=LAYERS_MAX {
        let inner = match Cow::from(percent_decode(&text)) {
            Cow::Borrowed(_) => return Some(text),
            Cow::Owned(inner) => inner,
        };
        text = Cow::Owned(inner);
    }
    None
}

#[cfg(test)]
mod obliging;
#[cfg(test)]
mod tests;
