//! Every message that can have a key: once it is known, the message is answered alike and done no more, and any other
//! message under it is refused (PROMISES.md A5).

use std::collections::BTreeSet;

use chassis::entropy::Entropy;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::copies::{Message, Subject, cases, seen};
use crate::world::{Answer, World};

const CASES: u32 = 1_000;
/// Of messages that come at once.
const CROWDS: u32 = 200;
const REUSED: (u16, &str) = (422, "Idempotency-Key was used for another message");
const GONE: (u16, &str) = (410, "The account is gone");
const TAKEN: (u16, &str) = (409, "username already exists");

/// A message that was carried out, and all others that must not pass for it.
struct Known {
    message: Message,
    answer: Answer,
    others: Vec<Message>,
    subjects: [Subject; 2],
}

impl Known {
    /// The message again is answered as it was, every other under its key is refused, and nothing comes of either.
    async fn holds(&self, world: &World, admin: &str) {
        let look = async || {
            let [ada, ben] = &self.subjects;
            [seen(world, ada, admin).await, seen(world, ben, admin).await]
        };
        let before = look().await;
        let again = self.message.tell(world).await;
        if self.message.body.get("email").is_some() && before[0][0] == "gone" {
            // The one answer that becomes another: auth must not take what was undone for done (PROTOCOL.md §3).
            assert_eq!(again.failure(), GONE, "{:?}", self.message);
        } else {
            let first = (self.answer.status, &self.answer.text);
            assert_eq!((again.status, &again.text), first, "{:?}", self.message);
        }
        for other in &self.others {
            assert_eq!(other.tell(world).await.failure(), REUSED, "{other:?} after {:?}", self.message);
        }
        assert_eq!(look().await, before, "{:?}", self.message);
    }
}

fn history(subject: &Subject) -> Vec<Message> {
    [subject.profile(true, false)].into_iter().chain(subject.news()).collect()
}

#[tokio::test]
async fn a_known_key_is_answered_alike_and_refused_for_any_other_message() {
    let world = World::in_memory().await;
    let (_, admin) = world.register_admin(0xaa, "admin").await;
    let dice = Entropy::seeded(12).stream("test", "keys");
    let (cases, mut tried, mut known_keys) = (cases(CASES), BTreeSet::new(), 0);
    for case in 0..cases {
        let subjects = [0, 1].map(|which| Subject::new(case, which));
        let [ada, ben] = &subjects;
        history(ben)[0].tell(&world).await;
        let (key, history_of_ada) = (format!("key-{case}"), history(ada));
        let at = dice.below(u32::try_from(history_of_ada.len()).unwrap()) as usize;
        let (before, after) = (&history_of_ada[..at], &history_of_ada[at + 1..]);
        let rest = before.iter().chain(after).cloned().chain(history(ben)).chain([ada.profile(false, true)]);
        let others = rest.map(|other| other.under(&key)).collect();
        for message in before {
            message.tell(&world).await;
        }
        let message = history_of_ada[at].clone().under(&key);
        let answer = message.tell(&world).await;
        assert_eq!(answer.body, json!({"status": "success"}), "{message:?}");
        tried.insert(message.path.replace(&ada.account, "*"));
        let known = Known { message, answer, others, subjects };
        known.holds(&world, &admin).await;
        for message in after {
            message.tell(&world).await;
        }
        known.holds(&world, &admin).await;
        known_keys += 1 + known.others.len();
    }
    let handlers = include_str!("../../src/api/internal.rs").matches(": Received<").count();
    assert_eq!(tried.len(), handlers, "a new message needs its line in `Subject::news`: {tried:?}");
    println!("user: {cases} keys of {handlers} kinds of messages, {known_keys} messages under known keys");
}

#[tokio::test]
async fn of_messages_that_come_at_once_under_one_key_one_is_done() {
    // On a disk, where commits take their time, messages meet.
    let world = World::new().await;
    let (_, admin) = world.register_admin(0xaa, "admin").await;
    let dice = Entropy::seeded(13).stream("test", "keys");
    for case in 0..cases(CROWDS) {
        let subjects = [0, 1, 2, 3].map(|which| Subject::new(case, which));
        for subject in &subjects {
            history(subject)[0].tell(&world).await;
        }
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
            let [subject, twin] = [seen(&world, subject, &admin).await, seen(&world, twin, &admin).await];
            assert_eq!(subject, twin, "case {case}: {:?}", twins[done]);
        }
    }
}

#[tokio::test]
async fn a_registration_that_found_its_username_taken_finds_it_taken_for_good() {
    let world = World::in_memory().await;
    let (_, admin) = world.register_admin(0xaa, "admin").await;
    let [ada, ben] = [0, 1].map(|which| Subject::new(0, which));
    history(&ada)[0].tell(&world).await;
    let mut late = history(&ben)[0].clone().under("saga-ben");
    late.body["username"] = history(&ada)[0].body["username"].clone();
    assert_eq!(late.tell(&world).await.failure(), TAKEN);
    assert_eq!(
        world.ask("DELETE", &format!("/users/{}", ada.account), &admin, Value::Null).await.status,
        204
    );
    assert_eq!(late.tell(&world).await.failure(), TAKEN, "auth may have undone it on the strength of that");
    assert_eq!(history(&ben)[0].clone().under("saga-ben").tell(&world).await.failure(), REUSED);
    assert_eq!(late.under("saga-ben-2").tell(&world).await.status, 200);
}

#[tokio::test]
async fn any_other_refusal_leaves_the_key_free() {
    let world = World::in_memory().await;
    let [ada, ben] = [0, 1].map(|which| Subject::new(0, which));
    history(&ada)[0].tell(&world).await;
    let mut other = history(&ada)[0].clone().under("saga-2");
    other.body["saga"] = "saga-2".into();
    for _again in 0..2 {
        assert_eq!(other.tell(&world).await.failure(), (409, "account already exists"));
    }
    assert_eq!(history(&ben)[0].clone().under("saga-2").tell(&world).await.status, 200);
}
