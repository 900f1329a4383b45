//! The bytes of a connection, before anything of hyper reads them.

use chassis::head::{BYTES_MAX, FIELDS_MAX, Refusal, Requests};
use httparse::{EMPTY_HEADER, Request, Status};

/// A connection: however its bytes are cut, they are judged alike, and the parser behind reads the heads that passed.
pub fn head(bytes: &[u8]) {
    let whole = judged(bytes, bytes.len());
    for cut in [1, 7] {
        let pieces = judged(bytes, cut);
        // What is wrong first depends on what has come; of a chunk's line that is wrong a beginning may have passed.
        let is_refused = pieces.refusal.is_some();
        assert_eq!(pieces.requests, whole.requests, "pieces of {cut} bytes");
        assert_eq!(is_refused, whole.refusal.is_some(), "pieces of {cut} bytes");
        assert!(pieces.passed == whole.passed || is_refused, "pieces of {cut} bytes");
    }
    let mut fields = [EMPTY_HEADER; FIELDS_MAX];
    let mut request = Request::new(&mut fields);
    let passed = bytes.get(..whole.passed).unwrap_or_default();
    if whole.requests > 0 {
        let read = request.parse(passed);
        assert!(matches!(read, Ok(Status::Complete(length)) if length <= BYTES_MAX), "{read:?}");
        assert!(request.method.is_some() && request.path.is_some());
    }
}

/// What became of the bytes of a connection.
#[derive(Debug)]
struct Verdict {
    passed: usize,
    requests: u64,
    refusal: Option<Refusal>,
}

/// The verdict on bytes that come in pieces of `cut`.
fn judged(bytes: &[u8], cut: usize) -> Verdict {
    let (mut requests, mut passed, mut come) = (Requests::default(), 0, 0);
    let mut refusal = None;
    while come < bytes.len() && refusal.is_none() {
        come = bytes.len().min(come + cut.max(1));
        let verdict = requests.pass(bytes.get(passed..come).unwrap_or_default());
        passed += verdict.bytes;
        refusal = verdict.refusal;
    }
    Verdict { passed, requests: requests.count(), refusal }
}
