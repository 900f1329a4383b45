//! Request targets, as the gateway sends them on.

use http::Uri;

use crate::gateway::obliging;
use crate::gateway::path::{onward, quoted};

/// A target: whatever goes on to a service stays under that service's prefix, however it is read there.
pub fn path(bytes: &[u8]) {
    let Ok(uri) = Uri::try_from(bytes) else { return };
    assert!(!quoted(&uri).is_empty());
    let Some(onward) = onward(&uri) else { return };
    let segment = onward.upstream.segment();
    assert!(onward.target.starts_with(&format!("/{segment}")), "{uri}");
    if onward.is_plain() {
        let read = obliging::reading(onward.target);
        assert_eq!(read.first().map(String::as_str), Some(segment), "{uri}");
        let path = onward.target.split('?').next().unwrap_or_default();
        let as_it_came = path.split('/').filter(|segment| !segment.is_empty()).count();
        assert_eq!(read.len(), as_it_came, "every segment stays one: {uri}");
    }
}
