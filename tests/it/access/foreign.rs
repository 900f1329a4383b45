//! What belongs to another does not exist (PROMISES.md I1): not by its id, not in a list, not in a search.
//!
//! Two people ask for everything of each other, by every route that takes an id; each answer is the one about an id
//! that nobody has.

use gateway::{ROUTES, Route};
use serde_json::{Value, json};

use crate::kit::{Actor, Answer, Request, World};

/// An id that no note has.
const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

/// One of the two, with notes that the other must not hear of.
struct Owner {
    actor: Actor,
    notes: Vec<String>,
    /// Stands in every note and as a tag.
    word: String,
}

impl Owner {
    fn new(site: &World, word: &str) -> Self {
        let actor = site.someone();
        let note = |number: u32| {
            let body = json!({
                "title": format!("{word} {number}"), "content": format!("Nobody hears of {word}."), "tags": [word],
                "isArchived": number == 2, "isPinned": number == 1,
            });
            let note = actor.post("/api/notes", &body).expect(201).json();
            note["data"]["note"]["id"].as_str().expect("an id").to_owned()
        };
        Self { notes: (0..3).map(note).collect(), word: word.to_owned(), actor }
    }

    /// Everything that it has, as it sees it.
    fn everything(&self) -> Vec<Value> {
        self.notes.iter().map(|id| self.actor.get(&format!("/api/notes/{id}")).expect(200).json()).collect()
    }
}

/// What can be seen of an answer but its id and date, with `said` in place of what the request itself says.
fn seen(answer: &Answer, said: &str) -> (u16, Vec<(String, String)>, String) {
    let own = ["date", "x-request-id"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
    let id = answer.header("x-request-id").unwrap_or_default();
    (answer.status, headers, answer.text().replace(id, "").replace(said, ""))
}

/// Ways to ask for the object of `route`: plainly, with conditions, with bodies good and bad.
fn questions(route: &Route, tag: &str) -> Vec<Request> {
    let plain = Request::new(route.method.as_str(), route.path);
    let bodies =
        [json!({"title": "Taken over"}), json!({}), json!({"title": 7}), json!({"author": "f".repeat(24)})];
    let mut all = vec![
        plain.clone(),
        plain.clone().header("if-none-match", tag),
        plain.clone().header("if-none-match", "*"),
        plain.clone().header("if-match", tag),
        plain.clone().header("idempotency-key", "mine"),
    ];
    all.extend(bodies.iter().map(|body| plain.clone().json(body)));
    if route.method == http::Method::GET {
        all.push(Request::new("HEAD", route.path));
        all.push(Request::new("HEAD", route.path).header("if-none-match", tag));
    }
    all
}

#[test]
fn by_every_route_an_object_of_another_is_one_that_is_not_there() {
    let world = World::shared();
    let owners = [Owner::new(&world, "zirconium"), Owner::new(&world, "palladium")];
    let before = owners.each_ref().map(Owner::everything);
    let mut asked = 0;
    for (own, foreign) in [(0, 1), (1, 0)].map(|(own, foreign)| (&owners[own], &owners[foreign])) {
        for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/notes/:id")) {
            for id in &foreign.notes {
                let known = foreign.actor.get(&format!("/api/notes/{id}"));
                for question in questions(route, known.header("etag").unwrap_or("\"x\"")) {
                    let ask = |id: &str| own.actor.send(question.clone().at(&route.path.replace(":id", id)));
                    let missing = ask(ABSENT);
                    assert!(matches!(missing.status, 400 | 404), "{missing}");
                    for spelling in [id.clone(), id.to_uppercase(), format!("{id}/"), id.replace('-', "%2d")]
                    {
                        assert_eq!(
                            seen(&ask(&spelling), &spelling),
                            seen(&missing, ABSENT),
                            "{}",
                            route.path
                        );
                        asked += 1;
                    }
                    for other in ["nope", "xyzzy", &"0".repeat(24), &ABSENT.replace('0', "f")] {
                        assert_eq!(seen(&ask(other), other), seen(&missing, ABSENT), "{other}");
                    }
                }
            }
        }
    }
    assert_eq!(owners.each_ref().map(Owner::everything), before, "something was changed by a stranger");
    println!("{asked} questions about notes of others, each answered as about one that is not there");
}

#[test]
fn no_list_and_no_search_knows_the_notes_of_another() {
    let world = World::shared();
    let (own, foreign) = (Owner::new(&world, "ruthenium"), Owner::new(&world, "osmiumlike"));
    let id = foreign.actor.id();
    for target in [
        "/api/notes?search=WORD",
        "/api/notes?search=WORD&isArchived=true",
        "/api/notes?tag=WORD",
        "/api/notes?tag=WORD&isArchived=true",
        "/api/notes/search?q=WORD",
        "/api/notes/search?q=%22WORD%22&fuzzy=true",
        "/api/notes/suggest?q=WORD",
        "/api/notes/suggest?q=WORD&prefix=WORD",
    ] {
        let about = |word: &str| own.actor.get(&target.replace("WORD", word));
        let (theirs, nobodys) = (about(&foreign.word), about("technetium"));
        assert_eq!(seen(&theirs, &foreign.word), seen(&nobodys, "technetium"), "{target}");
    }
    for target in ["/api/notes", "/api/notes?isArchived=true&limit=1000", "/api/notes/tags"] {
        let plain = own.actor.get(target).expect(200);
        assert!(!plain.text().contains(&foreign.word), "{plain}");
        // Whose notes they are is for the token to say.
        for claim in ["author", "userId", "user", "owner", "account", "author[$ne]", "filter[author]"] {
            let sign = if target.contains('?') { '&' } else { '?' };
            let claimed = own.actor.get(&format!("{target}{sign}{claim}={id}"));
            assert_eq!(seen(&claimed, ""), seen(&plain, ""), "{claim}");
        }
        for header in ["x-user-id", "x-author", "x-forwarded-user", "x-original-user", "satchel-client"] {
            let claimed = own.actor.send(Request::new("GET", target).header(header, &id));
            assert_eq!(seen(&claimed, ""), seen(&plain, ""), "{header}");
        }
    }
}

#[test]
fn who_is_no_administrator_cannot_tell_which_accounts_there_are() {
    let world = World::shared();
    let (user, other) = (world.someone(), world.someone().id());
    let absent = "0".repeat(24);
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/users/:id")) {
        for question in questions(route, "\"x\"") {
            let ask = |id: &str| user.send(question.clone().at(&route.path.replace(":id", id)));
            let missing = ask(&absent);
            assert_eq!(missing.status, 403, "{missing}");
            for id in [other.as_str(), &user.id(), "nope"] {
                assert_eq!(seen(&ask(id), id), seen(&missing, &absent), "{} {}", route.method, route.path);
            }
        }
    }
}
