//! Spans of one recorder, and how they name each other.

use axum::body::Body;

use super::*;

/// An answer to the request with this id.
fn answered(request_id: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from_static(request_id));
    response
}

fn request(path: &str) -> Request {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_call_made_for_a_request_names_its_span_also_from_another_task() {
    let (door, inside) = (Recorder::of("gateway", false), Recorder::of("notes", true));
    let called = inside.clone();
    door.record(request("/api/notes?search=x"), async |_| {
        let calling = async move {
            let mut onward = request("/notes");
            hand_on(onward.headers_mut());
            called.record(onward, async |_| answered("r-1")).await
        };
        crate::task::spawn("call", calling).await.unwrap()
    })
    .await;
    let (outer, inner) = (door.of_request("r-1").remove(0), inside.of_request("r-1").remove(0));
    assert_eq!((outer.id.as_str(), outer.parent), ("gateway-1", None));
    assert_eq!((inner.id.as_str(), inner.parent.as_deref()), ("notes-1", Some("gateway-1")));
    assert_eq!((outer.path.as_str(), outer.status), ("/api/notes", 200));
    assert!(outer.start_us <= inner.start_us && inner.duration_us <= outer.duration_us);
}

#[tokio::test]
async fn nobody_outside_says_whose_call_it_is() {
    let door = Recorder::of("gateway", false);
    let mut forged = request("/health");
    forged.headers_mut().insert(PARENT, HeaderValue::from_static("gateway-1"));
    door.record(forged, async |_| answered("r-1")).await;
    assert_eq!(door.after(0)[0].parent, None);
    let inside = Recorder::of("notes", true);
    let mut odd = request("/health");
    odd.headers_mut().insert(PARENT, HeaderValue::from_static("<script>"));
    inside.record(odd, async |_| answered("r-1")).await;
    assert_eq!(inside.after(0)[0].parent, None);
}

#[tokio::test]
async fn the_newest_spans_are_kept_and_followed() {
    let recorder = Recorder::of("notes", true);
    let waiting = recorder.wait(0, Duration::from_mins(1));
    let asking = async {
        for _ in 0..=KEPT_MAX {
            recorder.record(request("/notes"), async |_| answered("r-1")).await;
        }
    };
    tokio::join!(waiting, asking);
    let kept = recorder.after(0);
    assert_eq!((kept.len(), kept[0].sequence), (KEPT_MAX, 2));
    assert_eq!(recorder.after(4096).len(), 1);
    recorder.wait(4097, Duration::ZERO).await;
}

#[test]
fn a_name_has_stars_for_what_differs_between_objects() {
    let token = "0f".repeat(32);
    let cases = [
        ("/notes".to_owned(), "/notes"),
        ("/notes/4e92d5d4-c30f-4e0b-8ec8-9156cb4a2bea".to_owned(), "/notes/*"),
        ("/users/6b03be831922677573cd34e2".to_owned(), "/users/*"),
        ("/internal/claims/ada%40example.test/release".to_owned(), "/internal/claims/*/release"),
        (format!("/auth/reset-password/{token}"), "/auth/reset-password/*"),
    ];
    for (path, name) in cases {
        assert_eq!(pattern(&path), name);
    }
}
