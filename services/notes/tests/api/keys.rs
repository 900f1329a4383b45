//! Every message that can have a key: once it is known, the message is answered alike and does nothing more, and any
//! other message under it is refused (PROMISES.md A5).

use std::collections::BTreeSet;

use chassis::entropy::Entropy;
use futures_util::future::join_all;
use serde_json::json;

use crate::copies::{Message, Subject, cases, seen};
use crate::world::World;

const CASES: u32 = 1_000;
/// Of messages that come at once.
const CROWDS: u32 = 200;
const REUSED: (u16, &str) = (422, "Idempotency-Key was used for another message");

/// A message that was carried out, and all others that must not pass for it.
struct Known {
    message: Message,
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
        is_done(&self.message, world).await;
        for other in &self.others {
            assert_eq!(other.tell(world).await.failure(), REUSED, "{other:?} after {:?}", self.message);
        }
        assert_eq!(look().await, before, "{:?}", self.message);
    }
}

async fn is_done(message: &Message, world: &World) {
    let answer = message.tell(world).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, json!({"status": "success"})), "{message:?}");
}

#[tokio::test]
async fn a_known_key_is_answered_alike_and_refused_for_any_other_message() {
    let world = World::new();
    let dice = Entropy::seeded(12).stream("test", "keys");
    let (cases, mut tried, mut known_keys) = (cases(CASES), BTreeSet::new(), 0);
    for case in 0..cases {
        let subjects = [0, 1].map(|which| Subject::new(case, which));
        let [ada, ben] = &subjects;
        for subject in &subjects {
            world.author(&subject.account).has_note(json!({"content": "own"})).await;
        }
        let (key, news) = (format!("key-{case}"), ada.news());
        let at = dice.below(u32::try_from(news.len()).unwrap()) as usize;
        let (before, after) = (&news[..at], &news[at + 1..]);
        let rest = before.iter().chain(after).cloned().chain(ben.news());
        let others = rest.map(|other| other.under(&key)).collect();
        for message in before {
            is_done(message, &world).await;
        }
        let message = news[at].clone().under(&key);
        is_done(&message, &world).await;
        tried.insert(message.path.replace(&ada.account, "*"));
        let known = Known { message, others, subjects };
        known.holds(&world).await;
        for message in after {
            is_done(message, &world).await;
        }
        known.holds(&world).await;
        known_keys += 1 + known.others.len();
    }
    let handlers = include_str!("../../src/api/internal.rs").matches(": Received<").count();
    assert_eq!(tried.len(), handlers, "a new message needs its line in `Subject::news`: {tried:?}");
    println!("notes: {cases} keys of {handlers} kind of messages, {known_keys} messages under known keys");
}

#[tokio::test]
async fn of_messages_that_come_at_once_under_one_key_one_is_done() {
    let world = World::new();
    let dice = Entropy::seeded(13).stream("test", "keys");
    for case in 0..cases(CROWDS) {
        let subjects = [0, 1, 2, 3].map(|which| Subject::new(case, which));
        let [ada, ben, twin_of_ada, twin_of_ben] = &subjects;
        let about = |first: &Subject, second: &Subject| -> Vec<Message> {
            first.news().into_iter().chain(second.news()).collect()
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
