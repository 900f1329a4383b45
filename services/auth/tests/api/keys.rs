//! Every message that can have a key: once it is known, the message is answered alike and done no more, and any other
//! message under it is refused (PROMISES.md A5).

use std::collections::BTreeSet;

use chassis::entropy::Entropy;
use futures_util::future::join_all;
use serde_json::json;

use crate::copies::{Message, Subject, cases, seen};
use crate::world::{Answer, World};

const CASES: u32 = 1_000;
/// Of messages that come at once.
const CROWDS: u32 = 200;
const REUSED: (u16, &str) = (422, "Idempotency-Key was used for another message");
const HISTORY: u32 = u32::MAX;

/// A message that was carried out, and all others that must not pass for it.
struct Known {
    message: Message,
    answer: Answer,
    others: Vec<Message>,
    subjects: [Subject; 2],
}

impl Known {
    /// The message again is answered as it was, every other under its key is refused, and nothing comes of either.
    async fn holds(&self, world: &World) {
        let look = async || {
            let [ada, ben] = &self.subjects;
            [seen(world, ada).await, seen(world, ben).await]
        };
        let before = look().await;
        let again = self.message.tell(world).await;
        assert_eq!(
            (again.status, &again.text),
            (self.answer.status, &self.answer.text),
            "{:?}",
            self.message
        );
        for other in &self.others {
            assert_eq!(other.tell(world).await.failure(), REUSED, "{other:?} after {:?}", self.message);
        }
        assert_eq!(look().await, before, "{:?}", self.message);
    }
}

/// The route of a message, whatever it is about.
fn route(path: &str) -> String {
    let parts = path.split('/').enumerate();
    parts.map(|(place, part)| if place == 3 { "*" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_known_key_is_answered_alike_and_refused_for_any_other_message() {
    let world = World::in_memory().await;
    let dice = Entropy::seeded(12).stream("test", "keys");
    let (cases, mut tried, mut known_keys) = (cases(CASES), BTreeSet::new(), 0);
    for case in 0..cases {
        let subjects = [0, 1].map(|which| Subject::new(case, which));
        let [ada, ben] = &subjects;
        for subject in &subjects {
            subject.fixture().tell(&world).await;
        }
        let (key, history) = (format!("key-{case}"), ada.history(HISTORY));
        let at = dice.below(u32::try_from(history.len()).unwrap()) as usize;
        let (before, after) = (&history[..at], &history[at + 1..]);
        let rest = before.iter().chain(after).cloned().chain(ben.history(HISTORY));
        let others = rest.map(|other| other.under(&key)).collect();
        for message in before {
            message.tell(&world).await;
        }
        let message = history[at].clone().under(&key);
        let answer = message.tell(&world).await;
        assert_eq!(answer.body, json!({"status": "success"}), "{message:?}");
        tried.insert(route(&message.path));
        let known = Known { message, answer, others, subjects };
        known.holds(&world).await;
        for message in after {
            message.tell(&world).await;
        }
        known.holds(&world).await;
        known_keys += 1 + known.others.len();
    }
    let handlers = include_str!("../../src/api/internal.rs").matches(": Received<").count();
    assert_eq!(tried.len(), handlers, "a new message needs its line in `Subject::history`: {tried:?}");
    println!("auth: {cases} keys of {handlers} kinds of messages, {known_keys} messages under known keys");
}

#[tokio::test]
async fn of_messages_that_come_at_once_under_one_key_one_is_done() {
    // On a disk, where commits take their time, messages meet.
    let world = World::new().await;
    let dice = Entropy::seeded(13).stream("test", "keys");
    for case in 0..cases(CROWDS) {
        let subjects = [0, 1, 2, 3].map(|which| Subject::new(case, which));
        for subject in &subjects {
            subject.fixture().tell(&world).await;
        }
        let [ada, ben, twin_of_ada, twin_of_ben] = &subjects;
        let about = |first: &Subject, second: &Subject| -> Vec<Message> {
            first.history(HISTORY).into_iter().chain(second.history(HISTORY)).collect()
        };
        let (mut all, mut twins) = (about(ada, ben), about(twin_of_ada, twin_of_ben));
        let first = dice.below(u32::try_from(all.len()).unwrap()) as usize;
        all.rotate_left(first);
        twins.rotate_left(first);
        let key = format!("key-{case}");
        let told = all.into_iter().map(async |message| message.under(&key).tell(&world).await);
        let answers = join_all(told).await;
        let refused = answers.iter().filter(|answer| answer.failure() == REUSED).count();
        let done = answers.iter().position(|answer| answer.status == 200).unwrap();
        assert_eq!(refused, answers.len() - 1, "case {case}");
        twins[done].tell(&world).await;
        for (subject, twin) in [(ada, twin_of_ada), (ben, twin_of_ben)] {
            let [subject, twin] = [seen(&world, subject).await, seen(&world, twin).await];
            assert_eq!(subject, twin, "case {case}: {:?}", twins[done]);
        }
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_key_to_the_same_message() {
    let world = World::in_memory().await;
    for place in 0..Subject::new(0, 0).history(HISTORY).len() {
        let subject = Subject::new(u32::try_from(place).unwrap(), 0);
        let message = subject.history(HISTORY)[place].clone().under(&format!("key-{place}"));
        if message.path.ends_with("/release") || message.body["rung"] == "deleted" {
            // These are carried out whether or not the account is there.
            assert_eq!(message.tell(&world).await.status, 200, "{message:?}");
            continue;
        }
        for _again in 0..2 {
            let unknown = message.tell(&world).await;
            assert_eq!(unknown.failure(), (404, "No user found with that ID"), "{message:?}");
        }
        subject.fixture().tell(&world).await;
        assert_eq!(message.tell(&world).await.status, 200, "{message:?}");
    }
}
