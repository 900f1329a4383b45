//! Ways to make a token that must not be believed out of one that is.
//!
//! Whoever makes the last kinds has the key: they are wrong in what they say. The others have only the token.

use chassis::entropy::Stream;
use serde_json::{Value, json};

use super::forge::{Draft, base64url, derived, respelt, signed};

/// A claim, and what it must not be; `None` for not being there.
type Wrong = (&'static str, Option<Value>);
/// One way.
pub(super) type Kind = (&'static str, fn(&Mint, &Draft) -> String);

/// All of them.
pub(super) const KINDS: [Kind; 20] = [
    ("a bit flipped", |mint, draft| mint.flipped(&mint.token(draft))),
    ("a letter replaced", |mint, draft| mint.edited(&mint.token(draft), true)),
    ("a letter inserted", |mint, draft| mint.edited(&mint.token(draft), false)),
    ("a letter missing", |mint, draft| mint.shortened(&mint.token(draft))),
    ("cut off", |mint, draft| mint.cut(&mint.token(draft))),
    ("spelt otherwise", |mint, draft| mint.respelt(&mint.token(draft))),
    ("parts moved", |mint, draft| mint.moved(&mint.token(draft))),
    ("parts of two", Mint::crossed),
    ("wrapped", |mint, draft| mint.wrapped(&mint.token(draft))),
    ("no signature", Mint::unsigned),
    ("signed by a stranger", |mint, draft| draft.signed(&mint.pick(&mint.strangers))),
    ("claims changed", Mint::embellished),
    ("another algorithm", Mint::of_another_algorithm),
    ("an algorithm that is not there", Mint::unsigned_and_says_so),
    ("a field in the header", Mint::with_a_field),
    ("another type", Mint::of_another_type),
    ("a wrong claim", Mint::with_a_wrong_claim),
    ("a claim twice", Mint::with_a_claim_twice),
    ("no object", Mint::no_object),
    ("a header twice", Mint::with_a_header_twice),
];

/// Letters that a token has, and some that none has.
const LETTERS: &str = "AZaz09-_.=+/ %\"{}\t\n\0\u{7f}é\u{200b}\u{ff0e}𝔸";

/// The key, and what goes wrong.
pub(super) struct Mint {
    pub(super) what: &'static str,
    pub(super) key: Vec<u8>,
    strangers: Vec<Vec<u8>>,
    wrong: Vec<Wrong>,
    chance: Stream,
}

impl Mint {
    pub(super) fn new(what: &'static str, key: &[u8], wrong: Vec<Wrong>, chance: &Stream) -> Self {
        let text = String::from_utf8_lossy(key);
        let near = [
            text.to_uppercase(),
            format!("{text} "),
            format!(" {text}"),
            format!("{text}\n"),
            text.chars().skip(1).collect(),
            text.chars().rev().collect(),
            base64url(key),
            format!("\"{text}\""),
        ];
        let known = [
            "",
            "\0",
            "secret",
            "changeme",
            "your-256-bit-secret",
            "a-string-secret-at-least-256-bits-long",
            "null",
        ];
        let texts = near.into_iter().chain(known.map(str::to_owned)).map(String::into_bytes);
        let related = [derived(&text), derived(""), key.repeat(2)];
        let strangers = texts.chain(related).filter(|other| other != key).collect();
        Self { what, key: key.to_vec(), strangers, wrong, chance: chance.clone() }
    }

    fn token(&self, draft: &Draft) -> String {
        draft.signed(&self.key)
    }

    fn below(&self, bound: usize) -> usize {
        self.chance.below(u32::try_from(bound).unwrap_or(u32::MAX)) as usize
    }

    fn pick<T: Clone>(&self, these: &[T]) -> T {
        these[self.below(these.len())].clone()
    }

    fn flipped(&self, token: &str) -> String {
        let mut bytes = token.as_bytes().to_vec();
        bytes[self.below(token.len())] ^= 1 << self.below(7);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn edited(&self, token: &str, replaces: bool) -> String {
        let (at, letters) = (self.below(token.len()), LETTERS.chars().collect::<Vec<_>>());
        format!("{}{}{}", &token[..at], self.pick(&letters), &token[at + usize::from(replaces)..])
    }

    fn shortened(&self, token: &str) -> String {
        let at = self.below(token.len());
        format!("{}{}", &token[..at], &token[at + 1..])
    }

    fn cut(&self, token: &str) -> String {
        let at = self.below(token.len());
        self.pick(&[&token[..at], &token[token.len() - at..]]).to_owned()
    }

    /// The same bytes to a lenient reader.
    fn respelt(&self, token: &str) -> String {
        let at = self.below(token.len() - 1);
        let (rest, last) = token.split_at(token.len() - 1);
        let last = last.chars().next().unwrap_or_default();
        match self.below(8) {
            0 => format!("{rest}{}", respelt(last, self.below(2))),
            1 => format!("{token}{}", "=".repeat(1 + self.below(3))),
            2 => token.replace('.', "=."),
            3 => format!("{}%{:02x}{}", &token[..at], token.as_bytes()[at], &token[at + 1..]),
            4 => format!("{}\r\n{}", &token[..at], &token[at..]),
            5 => format!("{}\u{200b}{}", &token[..at], &token[at..]),
            6 => format!("{}{token}{}", self.pick(&["", " ", "\t"]), self.pick(&[" ", "\0", "\n"])),
            _ => token.replace('.', self.pick(&["..", "%2e", "\u{ff0e}", ",", ". "])),
        }
    }

    fn moved(&self, token: &str) -> String {
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        let orders: [&[&str]; 11] = [
            &[claims, header, signature],
            &[header, signature, claims],
            &[signature, claims, header],
            &[header, claims],
            &[header, claims, ""],
            &[claims, signature],
            &[header, header, signature],
            &["", claims, signature],
            &[header, "", signature],
            &[header, claims, signature, signature],
            &["", header, claims, signature],
        ];
        self.pick(&orders).join(".")
    }

    /// Both were good.
    fn crossed(&self, draft: &Draft) -> String {
        let mut other = draft.clone();
        other.claims["exp"] = json!(draft.claims["exp"].as_i64().unwrap_or_default() - 1);
        let (first, second) = (self.token(draft), self.token(&other));
        let (head, signature) = first.rsplit_once('.').unwrap_or_default();
        let (other_head, other_signature) = second.rsplit_once('.').unwrap_or_default();
        self.pick(&[format!("{head}.{other_signature}"), format!("{other_head}.{signature}")])
    }

    fn wrapped(&self, token: &str) -> String {
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims, signature) = (parts[0], parts[1], parts[2]);
        match self.below(6) {
            0 => json!({"protected": header, "payload": claims, "signature": signature}).to_string(),
            1 => format!("{token}.."),
            2 => format!("Bearer {token}"),
            3 => format!("\"{token}\""),
            4 => base64url(token.as_bytes()),
            // A token inside of a token.
            _ => signed(br#"{"alg":"HS256","typ":"JWT","cty":"JWT"}"#, token.as_bytes(), &self.key),
        }
    }

    fn unsigned(&self, draft: &Draft) -> String {
        let token = self.token(draft);
        let (message, _) = token.rsplit_once('.').unwrap_or_default();
        let signature: String = match self.below(4) {
            0 => String::new(),
            1 => "A".repeat(43),
            2 => base64url(&self.chance.bytes::<32>()),
            _ => base64url(&self.chance.bytes::<64>()),
        };
        format!("{message}.{signature}")
    }

    /// Better claims under the old signature.
    fn embellished(&self, draft: &Draft) -> String {
        let token = self.token(draft);
        let mut better = draft.clone();
        let (name, value) = self.pick(&[
            ("role", json!("admin")),
            ("userId", json!(self.chance.hex::<12>())),
            ("exp", json!(4_000_000_000_u64)),
            ("gen", json!(u32::MAX)),
            ("aud", json!("notes")),
            ("iss", json!("gateway")),
        ]);
        better.claims[name] = value;
        let better = self.token(&better);
        let (message, _) = better.rsplit_once('.').unwrap_or_default();
        format!("{message}.{}", token.rsplit('.').next().unwrap_or_default())
    }

    fn of_another_algorithm(&self, draft: &Draft) -> String {
        let algorithms = json!([
            "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "Hs256", "HS256 ", " HS256", "HS256\u{0}",
            "HS-256", "SHA256", "", null, 256, ["HS256"], {"alg": "HS256"}, true, "ＨＳ256"
        ]);
        let mut other = draft.clone();
        other.header["alg"] = self.pick(algorithms.as_array().unwrap());
        self.token(&other)
    }

    fn unsigned_and_says_so(&self, draft: &Draft) -> String {
        let mut other = draft.clone();
        other.header["alg"] = self.pick(&["none", "None", "NONE", "nOnE", "none ", ""]).into();
        let token = self.token(&other);
        let (message, signature) = token.rsplit_once('.').unwrap_or_default();
        self.pick(&[
            token.clone(),
            format!("{message}."),
            message.to_owned(),
            format!("{message}.{signature}A"),
        ])
    }

    fn with_a_field(&self, draft: &Draft) -> String {
        let key = base64url(&self.key);
        let fields = [
            ("kid", json!("1")),
            ("kid", json!("../../../dev/null")),
            ("kid", json!("' UNION SELECT 'x")),
            ("kid", json!(null)),
            ("jwk", json!({"kty": "oct", "k": key})),
            ("jku", json!("http://127.0.0.1/keys")),
            ("x5u", json!("file:///dev/null")),
            ("x5c", json!(["MIIB"])),
            ("x5t", json!("AA")),
            ("x5t#S256", json!("AA")),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("cty", json!("JWT")),
            ("enc", json!("A256GCM")),
            ("Alg", json!("none")),
            ("", json!("")),
        ];
        let (name, value) = self.pick(&fields);
        let mut other = draft.clone();
        other.header[name] = value;
        self.token(&other)
    }

    fn of_another_type(&self, draft: &Draft) -> String {
        let types = json!([
            "jwt",
            "Jwt",
            "JWT ",
            "at+jwt",
            "satchel-internal",
            "satchel-client+jwt",
            "",
            null,
            1,
            ["JWT"]
        ]);
        let mut other = draft.clone();
        if self.below(4) == 0 {
            other.header.as_object_mut().unwrap().remove("typ");
        } else {
            other.header["typ"] = self.pick(types.as_array().unwrap());
        }
        self.token(&other)
    }

    fn with_a_wrong_claim(&self, draft: &Draft) -> String {
        let (name, value) = self.pick(&self.wrong);
        let mut other = draft.clone();
        let claims = other.claims.as_object_mut().unwrap();
        claims.remove(name);
        claims.extend(value.map(|value| (name.to_owned(), value)));
        self.token(&other)
    }

    fn with_a_claim_twice(&self, draft: &Draft) -> String {
        let (claims, names) = (draft.claims.to_string(), draft.claims.as_object().unwrap());
        let names: Vec<(&String, &Value)> = names.iter().collect();
        let (name, value) = self.pick(&names);
        let first =
            name.chars().next().map(|letter| format!("\\u{:04x}", u32::from(letter))).unwrap_or_default();
        let name = self.pick(&[name.clone(), format!("{first}{}", &name[1..])]);
        let value = self.pick(&[value.clone(), json!(0)]);
        let twice = match self.below(2) {
            0 => format!("{{\"{name}\":{value},{}", &claims[1..]),
            _ => format!("{},\"{name}\":{value}}}", &claims[..claims.len() - 1]),
        };
        signed(draft.header.to_string().as_bytes(), twice.as_bytes(), &self.key)
    }

    fn no_object(&self, draft: &Draft) -> String {
        let (header, claims) = (draft.header.to_string(), draft.claims.to_string());
        let values: Vec<Value> = draft.claims.as_object().unwrap().values().cloned().collect();
        let others: [Vec<u8>; 9] = [
            Vec::new(),
            b"null".to_vec(),
            b"{}".to_vec(),
            json!(values).to_string().into_bytes(),
            json!(claims).to_string().into_bytes(),
            format!("{claims}{claims}").into_bytes(),
            format!("\u{feff}{claims}").into_bytes(),
            claims.as_bytes()[..claims.len() - 1].to_vec(),
            [claims.as_bytes(), b"\xff"].concat(),
        ];
        let other = self.pick(&others);
        match self.below(2) {
            0 => signed(header.as_bytes(), &other, &self.key),
            _ => signed(&other, claims.as_bytes(), &self.key),
        }
    }

    fn with_a_header_twice(&self, draft: &Draft) -> String {
        let header = draft.header.to_string();
        let more = self.pick(&[
            "\"alg\":\"HS256\"",
            "\"alg\":\"none\"",
            "\"typ\":\"JWT\"",
            "\"\\u0061lg\":\"HS256\"",
        ]);
        let twice = self.pick(&[
            format!("{{{more},{}", &header[1..]),
            format!("{},{more}}}", &header[..header.len() - 1]),
        ]);
        signed(twice.as_bytes(), draft.claims.to_string().as_bytes(), &self.key)
    }
}

/// What is wrong with both kinds.
fn either(now: i64) -> Vec<Wrong> {
    let wrong = |name| {
        let values = json!([null, "", "x", -1, 1e300, true, [], {}, u64::MAX, now.to_string()]);
        values.as_array().unwrap().iter().map(move |value| (name, Some(value.clone()))).collect::<Vec<_>>()
    };
    let mut all: Vec<Wrong> = ["exp", "iat"].into_iter().flat_map(wrong).collect();
    let fraction: Value = format!("{now}.5").parse().unwrap();
    all.extend([("exp", None), ("iat", None), ("exp", Some(fraction.clone())), ("iat", Some(fraction))]);
    all.extend([now, now - 1, now - 86_400, 0, 1].map(|exp| ("exp", Some(json!(exp)))));
    all
}

/// What is wrong in a person's token, and stays so for `soon_s` seconds.
pub(super) fn persons(now: i64, soon_s: i64) -> Vec<Wrong> {
    let day = 86_400;
    let mut all = either(now);
    all.extend([now + 401 * day, now + 400 * day + 60, i64::MAX].map(|exp| ("exp", Some(json!(exp)))));
    all.extend([now - 401 * day, 0].map(|iat| ("iat", Some(json!(iat)))));
    all.extend(
        [json!(now + soon_s), json!(null), json!("now"), json!(-1), json!(1e300)]
            .map(|nbf| ("nbf", Some(nbf))),
    );
    all.push(("userId", None));
    let ids =
        json!([null, 7, "", "x", "0".repeat(23), "0".repeat(25), "g".repeat(24), ["0".repeat(24)], "../me"]);
    all.extend(ids.as_array().unwrap().iter().map(|id| ("userId", Some(id.clone()))));
    let others = json!([null, 7, "", "x", "Satchel", "satchel ", ["satchel"], ["satchel-api"], {}]);
    for name in ["iss", "aud"] {
        all.extend(others.as_array().unwrap().iter().map(|value| (name, Some(value.clone()))));
    }
    for name in ["gen", "epoch"] {
        let numbers = json!([null, "0", -1, 0.5, 4_294_967_296_u64, [], true]);
        all.extend(numbers.as_array().unwrap().iter().map(|value| (name, Some(value.clone()))));
    }
    all
}

/// What is wrong in a service's credential.
pub(super) fn services(now: i64) -> Vec<Wrong> {
    let mut all = either(now);
    all.extend([now + 61, now + 3_600, i64::MAX].map(|exp| ("exp", Some(json!(exp)))));
    all.extend([now - 31, now + 30, now + 60, i64::MIN].map(|iat| ("iat", Some(json!(iat)))));
    let others = json!([null, 7, "", "notes", "Auth", "auth ", ["auth"], {}]);
    all.extend(others.as_array().unwrap().iter().map(|value| ("aud", Some(value.clone()))));
    all.extend([("aud", None), ("iss", None), ("iss", Some(json!(null))), ("iss", Some(json!(7)))]);
    all.extend([
        ("nbf", Some(json!(now))),
        ("client", Some(json!(7))),
        ("userId", Some(json!("0".repeat(24)))),
    ]);
    all
}
