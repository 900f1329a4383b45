//! One line of a head: the request line, or a field (RFC 9112 §3 and §5, RFC 9110 §5).
//!
//! What the lines say together is not known here.

use super::Refusal;

/// The versions that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

/// What a field is about, as far as it matters to framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Host,
    Length(u64),
    Chunked,
    Other,
}

/// Longer bodies than anyone can send: what is counted with stays far from its end.
const LENGTH_MAX: u64 = u64::MAX / 2;

/// Whether a request can begin with `byte`; what else comes (TLS, for one) need not be waited for. A lone LF is a line
/// that ends wrongly, and told so.
pub(super) fn may_begin(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'\r' | b'\n')
}

/// The version of a request, once its first line is found good.
pub(super) fn request_line(line: &[u8]) -> Result<Version, Refusal> {
    if line.contains(&b'\r') {
        return Err(Refusal::LineEnd);
    }
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::RequestLine);
    };
    if method.is_empty() || !all(method, is_token) {
        return Err(Refusal::Method);
    }
    check_target(method, target)?;
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        _ => Err(Refusal::Version),
    }
}

/// A path with perhaps a query, or the whole server for OPTIONS. A fragment is no part of a target.
fn check_target(method: &[u8], target: &[u8]) -> Result<(), Refusal> {
    if method == b"OPTIONS" && target == b"*" {
        return Ok(());
    }
    if method == b"CONNECT" || target.first() != Some(&b'/') {
        return Err(Refusal::Form);
    }
    let question = memchr::memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at_checked(question).unwrap_or_default();
    let is_spelt = all(path, is_path) && all(query, is_query);
    // Other text than ASCII should be encoded, and people type it; what is no text at all has no reading.
    if !is_spelt || (!target.is_ascii() && std::str::from_utf8(target).is_err()) {
        return Err(Refusal::Target);
    }
    Ok(())
}

/// What a field says, once it is found good.
pub(super) fn field(line: &[u8]) -> Result<Field, Refusal> {
    if line.first().copied().is_some_and(is_blank) {
        return Err(Refusal::Folding);
    }
    let colon = memchr::memchr(b':', line).ok_or(Refusal::FieldName)?;
    let (name, value) = line.split_at_checked(colon).ok_or(Refusal::FieldName)?;
    check_name(name)?;
    let value = trimmed(value.strip_prefix(b":").unwrap_or(value));
    if !all(value, is_text) {
        return Err(if value.contains(&b'\r') { Refusal::LineEnd } else { Refusal::FieldValue });
    }
    meaning(name, value)
}

/// Checks the name of a field.
fn check_name(name: &[u8]) -> Result<(), Refusal> {
    let is_name = |byte| is_token(byte) && byte != b'_';
    match name {
        [] => Err(Refusal::FieldName),
        name if all(name, is_name) => Ok(()),
        name if all(name, is_token) => Err(Refusal::Underscore),
        _ => Err(Refusal::FieldName),
    }
}

/// By length first: few names are as long as one that matters.
fn meaning(name: &[u8], value: &[u8]) -> Result<Field, Refusal> {
    let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
    match name.len() {
        4 if is(b"host") => host(value),
        6 if is(b"expect") => expectation(value),
        14 if is(b"content-length") => length(value).map(Field::Length),
        17 if is(b"transfer-encoding") => chunked(value),
        _ => Ok(Field::Other),
    }
}

/// What resolves as a host: letters, digits, marks of names and addresses, encoded octets.
fn host(value: &[u8]) -> Result<Field, Refusal> {
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%:[]".contains(byte);
    if value.is_empty() || !value.iter().all(is_host) {
        return Err(Refusal::Host);
    }
    Ok(Field::Host)
}

fn expectation(value: &[u8]) -> Result<Field, Refusal> {
    let is_met = value.eq_ignore_ascii_case(b"100-continue");
    if is_met { Ok(Field::Other) } else { Err(Refusal::Expectation) }
}

/// One or more digits and nothing else: no sign, no list, no blank.
fn length(value: &[u8]) -> Result<u64, Refusal> {
    let digits = value.iter().try_fold(0_u64, |length, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        length.checked_mul(10)?.checked_add(digit).filter(|length| *length <= LENGTH_MAX)
    });
    digits.filter(|_| !value.is_empty()).ok_or(Refusal::ContentLength)
}

fn chunked(value: &[u8]) -> Result<Field, Refusal> {
    let is_known = value.eq_ignore_ascii_case(b"chunked");
    if is_known { Ok(Field::Chunked) } else { Err(Refusal::TransferEncoding) }
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let Some((_, rest)) = value.split_first().filter(|(first, _)| is_blank(**first)) {
        value = rest;
    }
    while let Some((_, rest)) = value.split_last().filter(|(last, _)| is_blank(**last)) {
        value = rest;
    }
    value
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether all of `bytes` are of a kind. It looks at every one, so that many can be looked at in one step.
fn all(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, byte| all & is(*byte))
}

/// `tchar` (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// What stands in a field's value: no control character but the tab (RFC 9110 §5.5).
pub(super) fn is_text(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || byte == b'\t'
}

/// What RFC 3986 permits in a path, and what clients send as it is: the parser behind this one takes that as well.
fn is_path(byte: u8) -> bool {
    matches!(byte, b'!' | b'"' | b'$'..=b';' | b'=' | b'@'..=b'_' | b'a'..=b'~' | 0x80..)
}

/// The same for a query.
fn is_query(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b';' | b'=' | b'?'..=b'~' | 0x80..)
}
