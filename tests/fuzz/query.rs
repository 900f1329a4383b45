//! Query strings, and the two searches that read one.

use chassis::field::utf16_len;
use chassis::query::Query as Parameters;

use crate::folding::Needle;
use crate::notes::ranked::{Query, folded};

/// A query string, and after two line ends the title and the content of a note that is searched with its text.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let (asked, title, content) = (part(), part(), part());
    if let Ok(parameters) = Parameters::parse(Some(asked)) {
        for name in ["q", "search", "tag", "page"] {
            parameters.get(name).into_iter().for_each(|value| searched(value, title, content));
        }
    }
    searched(asked, title, content);
}

fn searched(text: &str, title: &str, content: &str) {
    let mut needle = Needle::new(text);
    assert!(Needle::new(content).is_in(content, ""), "every text is in itself");
    assert_eq!(
        needle.is_in(title, content),
        Needle::new(needle.text()).is_in(title, content),
        "folded once or twice"
    );
    assert_eq!(folded(&folded(text)), folded(text));
    let query = Query::read(text);
    assert_eq!(query.is_some(), utf16_len(text) <= 1000);
    if let Some(query) = query {
        shown(&query, title, content);
    }
}

/// Marks are in order and in their text, and the snippet shows nothing of a page.
fn shown(query: &Query, title: &str, content: &str) {
    let marks = query.marks(title, content);
    for (places, text) in [(&marks.title, title), (&marks.content, content)] {
        assert!(places.is_sorted_by(|one, next| one.end <= next.start), "{places:?}");
        assert!(places.iter().all(|place| place.start < place.end && place.end <= utf16_len(text)));
    }
    let bare = marks.snippet.replace("<mark>", "").replace("</mark>", "");
    assert!(!bare.contains(['<', '>', '"', '\'']), "{bare:?}");
    assert_eq!(marks.snippet.matches("<mark>").count(), marks.snippet.matches("</mark>").count());
}
