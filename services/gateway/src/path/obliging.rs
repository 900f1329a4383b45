//! What the most obliging server could make of a path. Written apart from the code that it is held against.

use percent_encoding::percent_decode;

/// The segments that are reached: everything decoded, `\` taken for `/`, parameters cut off, empty segments dropped,
/// steps taken.
pub(crate) fn reading(target: &str) -> Vec<String> {
    let path = target.split('?').next().unwrap_or_default();
    let mut text = path.as_bytes().to_vec();
    loop {
        let next: Vec<u8> = percent_decode(&text).collect();
        if next == text {
            break;
        }
        text = next;
    }
    let text = String::from_utf8_lossy(&text).replace('\\', "/");
    let mut reached: Vec<String> = Vec::new();
    for segment in text.split('/').filter_map(|segment| segment.split(';').next()) {
        match segment {
            "" | "." => {}
            ".." => drop(reached.pop()),
            name => reached.push(name.to_owned()),
        }
    }
    reached
}
