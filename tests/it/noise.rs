//! Requests made at random near the routes: whatever they hold, each gets an answer of the contract, and nothing breaks.

use std::sync::atomic::{AtomicU32, Ordering};

use gateway::ROUTES;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::kit::{Answer, Request, Setup, World, proof};
use crate::openapi::{braced, described, holds};

/// Who asks at a time.
const ASKERS: u64 = 4;
const SEED: u64 = 20_261_123;
/// Names of fields and parameters that mean something somewhere.
const NAMES: [&str; 26] = [
    "email",
    "password",
    "username",
    "bio",
    "avatar",
    "role",
    "isActive",
    "currentPassword",
    "newPassword",
    "title",
    "content",
    "tags",
    "isPinned",
    "isArchived",
    "backgroundColor",
    "page",
    "limit",
    "search",
    "q",
    "tag",
    "sort",
    "archived",
    "pinned",
    "id",
    "userId",
    "__proto__",
];
/// Texts that have been trouble somewhere.
const TEXTS: [&str; 24] = [
    "",
    " ",
    "a",
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    "true",
    "null",
    "{\"$gt\":\"\"}",
    "' OR 1=1 --",
    "%00",
    "%",
    "\u{0}",
    "\u{202e}\u{feff}",
    "e\u{301}ﬁ東京🍞",
    "<b>x</b>",
    "../../internal",
    "ada@example.test",
    "#ff00ff",
    "\"a* OR -b",
    "tag:x title:",
    "2026-01-01T00:00:00.000Z",
    "b1cb1816-7d85-457c-9f32-2a1422d00e17",
];
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
/// Headers that a service or the gateway looks at.
const HEADERS: [(&str, &str); 15] = [
    ("if-none-match", "*"),
    ("if-none-match", "W/\"x\", \"y\""),
    ("if-match", "\"x\""),
    ("idempotency-key", "one key"),
    ("x-request-id", "noise"),
    ("x-forwarded-for", "10.0.0.1, ::1"),
    ("content-encoding", "gzip"),
    ("content-type", "text/plain"),
    ("content-type", "application/json; charset=latin1"),
    ("accept", "image/png"),
    ("origin", "http://evil.test"),
    ("authorization", "Basic YTpi"),
    ("cookie", "a=b"),
    ("range", "bytes=0-1"),
    ("accept-encoding", "gzip, br;q=0"),
];

/// Those who ask: what they may be, and what they may name.
struct Asker<'a> {
    rng: StdRng,
    world: &'a World,
    /// Somebody who is new now and then, somebody else, and an administrator.
    tokens: [String; 3],
    ids: Vec<String>,
}

impl Asker<'_> {
    fn new(world: &World, seed: u64) -> Asker<'_> {
        let (other, admin) = (world.someone(), world.admin());
        let ids = vec![other.id(), other.note("Another's."), "1".into(), "f".repeat(24)];
        let tokens = [String::new(), other.token.unwrap(), admin.token.unwrap()];
        Asker { rng: StdRng::seed_from_u64(seed), world, tokens, ids }
    }

    /// What is asked may have ended the account of whoever asked.
    fn be_somebody_new(&mut self) {
        let someone = self.world.someone();
        self.ids.truncate(4);
        self.ids.extend([someone.id(), someone.note("Leeks, potatoes, patience.")]);
        self.tokens[0] = someone.token.unwrap();
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts.choose(&mut self.rng).unwrap()
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// A request near a route, and the route if method and path are its own.
    fn request(&mut self) -> (Request, Option<(String, String)>) {
        // Who leaves gets nothing but 401 from then on.
        let routes: Vec<_> = ROUTES.iter().filter(|route| !route.path.ends_with("delete-me")).collect();
        let route = *routes.choose(&mut self.rng).unwrap();
        let own = !self.chance(10);
        let method = if own { route.method.as_str() } else { self.pick(&METHODS) };
        let segments = route
            .path
            .split('/')
            .map(|segment| if segment.starts_with(':') { self.id() } else { segment.into() });
        let mut target = segments.collect::<Vec<_>>().join("/");
        for at in 0..self.rng.random_range(0..4) {
            let value = if self.chance(50) { self.pick(&TEXTS) } else { "2" };
            target.push(if at == 0 { '?' } else { '&' });
            target.extend([self.pick(&NAMES), "=", &encoded(value)]);
        }
        let mut request = Request::new(method, target);
        if self.chance(80) {
            let token = self.tokens.choose(&mut self.rng).unwrap();
            request = request.bearer(token);
        }
        if self.chance(40) {
            let (name, value) = *HEADERS.choose(&mut self.rng).unwrap();
            request = request.header(name, value);
        }
        if !matches!(method, "GET" | "HEAD") || self.chance(5) {
            request = self.with_body(request);
        }
        (request, own.then(|| (method.to_lowercase(), braced(route.path))))
    }

    fn id(&mut self) -> String {
        if self.chance(60) {
            return self.ids.choose(&mut self.rng).unwrap().clone();
        }
        // Without any the path is that of the list.
        format!("x{}", encoded(self.pick(&TEXTS)))
    }

    fn with_body(&mut self, request: Request) -> Request {
        let mut text = self.object(0).to_string();
        if self.chance(5) {
            text = text.repeat(400);
        }
        let mut bytes = text.into_bytes();
        if self.chance(10) {
            let at = self.rng.random_range(0..bytes.len());
            bytes[at] = self.rng.random();
        }
        request.header("content-type", "application/json").body(bytes)
    }

    fn object(&mut self, depth: usize) -> Value {
        let members =
            (0..self.rng.random_range(0..7)).map(|_| (self.pick(&NAMES).to_owned(), self.value(depth)));
        Value::Object(members.collect::<Map<_, _>>())
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.rng.random_range(0..if depth > 3 { 6 } else { 8 }) {
            0 => json!(self.rng.random::<i64>()),
            1 => json!(self.rng.random::<f64>()),
            2 => json!(self.chance(50)),
            3 => Value::Null,
            4 => json!(self.pick(&TEXTS).repeat(self.rng.random_range(1..300))),
            5 => json!(self.pick(&TEXTS)),
            6 => (0..self.rng.random_range(0..40)).map(|_| self.value(depth + 1)).collect(),
            _ => self.object(depth + 1),
        }
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Demands what every answer has, and that it is one of those that are described.
fn is_of_the_contract(answer: &Answer, route: Option<(String, String)>, document: &Value) {
    // Nothing is away and nothing is full here.
    assert!(answer.status < 500, "{answer}");
    assert!(answer.header("x-request-id").is_some(), "{answer}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer}");
    if answer.body.is_empty() {
        return;
    }
    let body = answer.json();
    let status = if answer.status < 400 {
        "success"
    } else if answer.status < 500 {
        "fail"
    } else {
        "error"
    };
    assert!([status, "OK"].contains(&body["status"].as_str().unwrap_or_default()), "{answer}");
    if let Some((method, path)) = route
        && answer.status < 400
    {
        let response = &document["paths"][&path][&method]["responses"][answer.status.to_string()];
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} is not described to answer so: {answer}");
        holds(document, schema, &body, &path);
    }
}

#[test]
fn whatever_is_asked_gets_an_answer_of_the_contract_and_breaks_nothing() {
    let asked_by_each = proof::size(600, 50_000);
    let (world, document) = (World::start(&Setup::ci()), described());
    let refused = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..ASKERS {
            let (world, document, refused) = (&world, &document, &refused);
            scope.spawn(move || {
                let mut asker = Asker::new(world, SEED + number);
                for round in 0..asked_by_each {
                    if round % 30 == 0 {
                        asker.be_somebody_new();
                    }
                    let (request, route) = asker.request();
                    let answer = request.send(world.doors().gateway);
                    is_of_the_contract(&answer, route, document);
                    refused.fetch_add(u32::from(answer.status >= 400), Ordering::Relaxed);
                }
            });
        }
    });
    world.someone().note("All is well.");
    let log = world.log();
    assert!(!log.contains("panicked"), "{log}");
    let asked = asked_by_each * u32::try_from(ASKERS).unwrap();
    println!("{asked} requests at random: {} refused, none broke anything", refused.into_inner());
}
