//! Heads that are passed on, heads that are not, and where requests end.

use proptest::prelude::*;

use super::*;

fn read(head: &[u8]) -> Result<Option<Head>, Refusal> {
    Reader::default().read(head)
}

fn framing(head: &str) -> Result<Framing, Refusal> {
    read(head.as_bytes()).map(|head| head.expect("a whole head").framing)
}

/// A head of these fields, with what else a request needs.
fn with(fields: &str) -> Result<Framing, Refusal> {
    framing(&format!("POST /api/notes HTTP/1.1\r\nhost: notes.example\r\n{fields}\r\n"))
}

fn refusal(head: &str) -> Refusal {
    framing(head).expect_err(head)
}

#[test]
fn good_heads_pass_with_their_framing() {
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Framing::Length(0)),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Framing::Length(0)),
        ("GET / HTTP/1.0\r\n\r\n", Framing::Length(0)),
        ("OPTIONS * HTTP/1.1\r\nhost: [::1]:8000\r\n\r\n", Framing::Length(0)),
        ("GET /a%20b/\"{}\\|^~?a=[\\]^`{} HTTP/1.0\r\n\r\n", Framing::Length(0)),
        ("PATCH /ü HTTP/1.1\r\nHOST:  my_host.local:80\t\r\nContent-length: 007\r\n\r\n", Framing::Length(7)),
        ("POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", Framing::Chunked),
        (
            "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\nx:\r\ny: a\tb\u{fc}\r\n\r\n",
            Framing::Length(0),
        ),
        ("M-SEARCH / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", Framing::Length(0)),
    ] {
        assert_eq!(framing(head), Ok(expected), "{head}");
    }
}

#[test]
fn a_request_line_that_two_could_read_in_two_ways_is_refused() {
    for (line, expected) in [
        ("GET  / HTTP/1.1", Refusal::RequestLine),
        ("GET / HTTP/1.1 ", Refusal::RequestLine),
        ("GET /", Refusal::RequestLine),
        ("GET / a HTTP/1.1", Refusal::RequestLine),
        ("GE,T / HTTP/1.1", Refusal::Method),
        ("GET\t/ HTTP/1.1", Refusal::RequestLine),
        ("GET /\r HTTP/1.1", Refusal::LineEnd),
        ("GET /\t HTTP/1.1", Refusal::Target),
        ("GET /\0 HTTP/1.1", Refusal::Target),
        ("GET /#internal HTTP/1.1", Refusal::Target),
        ("GET /<b> HTTP/1.1", Refusal::Target),
        ("GET /a?b#c HTTP/1.1", Refusal::Target),
        ("GET internal HTTP/1.1", Refusal::Form),
        ("GET * HTTP/1.1", Refusal::Form),
        ("GET http://a/ HTTP/1.1", Refusal::Form),
        ("CONNECT a:443 HTTP/1.1", Refusal::Form),
        ("CONNECT / HTTP/1.1", Refusal::Form),
        ("GET ?a HTTP/1.1", Refusal::Form),
        ("GET / HTTP/2.0", Refusal::Version),
        ("PRI * HTTP/2.0", Refusal::Form),
        ("GET / http/1.1", Refusal::Version),
        ("GET / HTTP/1.10", Refusal::Version),
    ] {
        assert_eq!(refusal(&format!("{line}\r\nhost: a\r\n\r\n")), expected, "{line}");
    }
    assert_eq!(read(b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n"), Err(Refusal::Target));
}

#[test]
fn a_field_that_two_could_read_in_two_ways_is_refused() {
    for (field, expected) in [
        (" folded: x\r\n", Refusal::Folding),
        ("x: a\r\n\tb\r\n", Refusal::Folding),
        ("x : a\r\n", Refusal::FieldName),
        (": a\r\n", Refusal::FieldName),
        ("no colon\r\n", Refusal::FieldName),
        ("x\0: a\r\n", Refusal::FieldName),
        ("content_length: 3\r\n", Refusal::Underscore),
        ("x: a\0\r\n", Refusal::FieldValue),
        ("x: a\u{7f}\r\n", Refusal::FieldValue),
        ("x: a\rb: c\r\n", Refusal::LineEnd),
        ("x: a\nb: c\r\n", Refusal::LineEnd),
        ("x: a\r\r\n", Refusal::LineEnd),
        ("host: b\r\n", Refusal::Host),
        ("expect: 200-ok\r\n", Refusal::Expectation),
    ] {
        assert_eq!(with(field), Err(expected), "{field:?}");
    }
}

#[test]
fn a_request_has_one_host() {
    assert_eq!(refusal("GET / HTTP/1.1\r\n\r\n"), Refusal::Host);
    for host in ["", "a,b", "a b", "a@b", "a/b", "http://a", "a\u{fc}", "a\\b"] {
        assert_eq!(refusal(&format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n")), Refusal::Host, "{host}");
    }
    assert_eq!(refusal("GET / HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n"), Refusal::Host);
}

#[test]
fn a_body_has_one_length() {
    for length in
        ["", "+5", "-5", "5,5", "5, 5", "0x5", "5.0", "5 5", "\u{663}", "99999999999999999999", "5;"]
    {
        assert_eq!(with(&format!("content-length: {length}\r\n")), Err(Refusal::ContentLength), "{length}");
    }
    assert_eq!(with("content-length: 5\r\nContent-Length: 5\r\n"), Err(Refusal::ContentLength));
    assert_eq!(with("content-length: 9223372036854775807\r\n"), Ok(Framing::Length(i64::MAX as u64)));
}

#[test]
fn a_transfer_coding_is_chunked_once_and_alone() {
    for fields in [
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: chunked;q=1\r\n",
        "transfer-encoding: \u{b}chunked\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding:\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n",
    ] {
        let refused = with(fields).expect_err(fields);
        assert!(matches!(refused, Refusal::TransferEncoding | Refusal::FieldValue), "{fields:?}");
    }
    let old = "POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(refusal(old), Refusal::TransferEncoding);
}

#[test]
fn a_head_has_bounds() {
    let field = "x: a\r\n";
    assert!(with(&field.repeat(FIELDS_MAX - 1)).is_ok());
    assert_eq!(with(&field.repeat(FIELDS_MAX)), Err(Refusal::Fields));
    let head = |bytes: usize| {
        let (start, end) = ("GET / HTTP/1.1\r\nhost: a\r\nx: ", "\r\n\r\n");
        format!("{start}{}{end}", "x".repeat(bytes - start.len() - end.len()))
    };
    assert!(framing(&head(BYTES_MAX)).is_ok());
    assert_eq!(refusal(&head(BYTES_MAX + 1)), Refusal::Bytes);
    assert_eq!(
        read("A".repeat(BYTES_MAX).as_bytes()),
        Err(Refusal::Bytes),
        "it is not waited for what comes"
    );
    assert_eq!(read(b"GET /"), Ok(None));
}

#[test]
fn what_cannot_become_a_head_is_refused_at_its_first_byte() {
    assert_eq!(read(b"\x16"), Err(Refusal::Method), "TLS");
    assert_eq!(read(b"\0"), Err(Refusal::Method));
    assert_eq!(read(b" GET / HTTP/1.1\r\n"), Err(Refusal::Method), "also with a whole line there");
    assert_eq!(read(b"\n"), Err(Refusal::LineEnd));
    assert_eq!(read(b"\r\n\r\n"), Err(Refusal::RequestLine));
}

/// The end of a chunked body in `bytes`, which hold all of it.
fn chunked(bytes: &[u8]) -> Result<usize, Refusal> {
    let mut chunks = Chunks::default();
    let passed = chunks.pass(bytes)?;
    assert!(chunks.is_over(), "{}", String::from_utf8_lossy(bytes));
    Ok(passed)
}

#[test]
fn chunks_end_where_they_say() {
    for body in ["0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "00a\r\n0123456789\r\n000\r\nX-sum: 1\r\ny:\r\n\r\n"] {
        assert_eq!(chunked(format!("{body}GET / HTTP/1.1").as_bytes()), Ok(body.len()), "{body:?}");
    }
}

#[test]
fn chunks_that_two_could_read_in_two_ways_are_refused() {
    for body in [
        "\r\n",
        "g\r\n",
        "-1\r\n",
        "+1\r\n",
        " 1\r\n",
        "1 \r\n",
        "0x1\r\n",
        "1\n",
        "1\r\r",
        "1;a=b\r\n",
        "1\r\nab",
        "1\r\na\n",
        "1\r\na\rb",
        "1\r\na\r\n\r\n",
        "0000000000000001\r\n",
        "ffffffffffffffff\r\n",
        "0\r\n\n",
        "0\r\n a: b\r\n\r\n",
        "0\r\na_b: c\r\n\r\n",
        "0\r\nab\r\n",
        "0\r\na: b\n",
        "0\r\na: \0\r\n",
    ] {
        assert_eq!(Chunks::default().pass(body.as_bytes()), Err(Refusal::Chunk), "{body:?}");
    }
    let long = format!("0\r\nx: {}", "x".repeat(9000));
    assert_eq!(Chunks::default().pass(long.as_bytes()), Err(Refusal::Chunk));
}

const THREE: &[u8] = b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc\
    \r\nPOST /b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n\
    GET /c HTTP/1.1\r\nhost: a\r\n\r\n";

#[test]
fn requests_behind_bodies_are_found() {
    let mut requests = Requests::default();
    assert_eq!(requests.pass(THREE), Passed { bytes: THREE.len(), refusal: None });
    assert_eq!(requests.count(), 3);
    assert!(!requests.is_in_body() && !requests.is_in_head());
}

#[test]
fn nothing_behind_a_refused_request_is_passed_on() {
    let mut bytes = THREE.to_vec();
    bytes.extend_from_slice(
        b"GET /d HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\nGET /e HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    let mut requests = Requests::default();
    assert_eq!(requests.pass(&bytes), Passed { bytes: THREE.len(), refusal: Some(Refusal::Host) });
}

/// Passes `bytes` on in pieces that end at `cuts`.
fn in_pieces(bytes: &[u8], cuts: &[usize]) -> (usize, u64, Option<Refusal>) {
    let mut requests = Requests::default();
    let mut at = 0;
    for end in cuts.iter().copied().chain([bytes.len()]) {
        let passed = requests.pass(&bytes[at..end.max(at)]);
        at += passed.bytes;
        if passed.refusal.is_some() {
            return (at, requests.count(), passed.refusal);
        }
    }
    (at, requests.count(), None)
}

/// Each byte replaced by each other, in one piece, byte by byte, and cut near the damage: no chance is involved.
#[test]
fn one_wrong_byte_gets_one_verdict_however_it_arrives() {
    let each: Vec<usize> = (0..THREE.len()).collect();
    for (at, byte) in each.iter().flat_map(|at| (0..=u8::MAX).map(move |byte| (*at, byte))) {
        let mut bytes = THREE.to_vec();
        bytes[at] = byte;
        let (_, whole_count, whole) = in_pieces(&bytes, &[]);
        for cuts in [&each[..], &each[at..=at], each.get(at + 1..at + 2).unwrap_or_default()] {
            let (_, count, refusal) = in_pieces(&bytes, cuts);
            assert_eq!((count, refusal), (whole_count, whole), "{byte:#04x} at {at}, cut at {cuts:?}");
        }
    }
}

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_the_pieces(
        mut cuts in prop::collection::vec(0..THREE.len(), 0..20),
        spoilt in prop::option::of((0..THREE.len(), any::<u8>())),
    ) {
        let mut bytes = THREE.to_vec();
        if let Some((at, byte)) = spoilt {
            bytes[at] = byte;
        }
        cuts.sort_unstable();
        let (whole_at, whole_count, whole) = in_pieces(&bytes, &[]);
        let (at, count, refusal) = in_pieces(&bytes, &cuts);
        prop_assert_eq!((count, refusal), (whole_count, whole));
        // Of a chunked body that is malformed, more is passed on when it comes in pieces; its end never is.
        prop_assert!(at == whole_at || refusal == Some(Refusal::Chunk));
    }

    #[test]
    fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let passed = Requests::default().pass(&bytes);
        prop_assert!(passed.bytes <= bytes.len());
    }
}
