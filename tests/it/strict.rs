//! The strict profile, as people meet it: notes closes when auth and user have been silent for a minute, and opens
//! again by itself.
//!
//! That takes its minute, so only the full proof waits for it; `services/notes/tests/api/strict.rs` shows the same in
//! simulated time on every change.

use std::time::Duration;

use tokio::time::Instant;

use crate::kit::{Setup, Split, proof, wait};

/// The last news may be as old as a beat (15 s) when the silence begins, and no older.
const CLOSES_AFTER: std::ops::RangeInclusive<Duration> = Duration::from_secs(44)..=Duration::from_secs(62);
/// Whoever is back beats for the first time after 15 s, when there is no news before that.
const OPENS_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn notes_close_after_a_minute_without_news_and_open_when_auth_and_user_are_back() {
    let mut split = Split::start(&Setup::ci().args(&["--strict"]));
    let ada = split.someone();
    let note = format!("/api/notes/{}", ada.note("Kept."));
    ada.get(&note).expect(200);
    if proof::size(0, 1) == 0 {
        return;
    }
    for name in ["auth", "user"] {
        split.kill(name);
    }
    let silent_since = Instant::now();
    let refused =
        wait::poll(*CLOSES_AFTER.end(), || Some(ada.get(&note)).filter(|answer| answer.status != 200));
    let closed_after = silent_since.elapsed();
    refused.expect("a refusal").fails(503, "Notes cannot check access now, please try again");
    assert!(CLOSES_AFTER.contains(&closed_after), "{closed_after:?}");
    let back_since = Instant::now();
    split.bring_back(&["auth", "user"]);
    wait::until("notes are open again", OPENS_WITHIN, || ada.get(&note).status == 200);
    println!("closed after {closed_after:?}, open again after {:?}", back_since.elapsed());
}
