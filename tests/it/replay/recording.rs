//! The recording of the Node original, step by step, with what the recorder cut off put back.
//!
//! It knows the file's form. What a placeholder stands for and who sends a request is not in the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::kit::world::repository;

/// Everything that was recorded.
#[derive(Debug)]
pub(super) struct Recording {
    /// The headers that every answer carried.
    pub(super) security: BTreeMap<String, String>,
    /// In the order in which they happened.
    pub(super) steps: Vec<Step>,
}

/// One request with its answer, or something that was derived from several of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// `scenario / title`.
    #[serde(rename = "step")]
    pub(super) name: String,
    /// `None` for what was derived.
    #[serde(deserialize_with = "sent")]
    pub(super) request: Option<Sent>,
    pub(super) status: Option<u16>,
    pub(super) body: Option<Value>,
    /// Stands for the body: the parts of it that mattered.
    pub(super) view: Option<Value>,
    /// What was derived.
    pub(super) facts: Option<Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// A request, its `Authorization` left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    /// `gw`, `auth`, `user` or `notes`.
    pub(super) to: String,
    pub(super) method: String,
    pub(super) path: String,
    /// A string is the body as it went over the wire, anything else was sent as JSON.
    pub(super) body: Option<Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "security headers")]
    security: BTreeMap<String, String>,
}

fn sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sent>, D::Error> {
    let request = Value::deserialize(deserializer)?;
    if request.get("derived").is_some() {
        return Ok(None);
    }
    serde_json::from_value(request).map(Some).map_err(serde::de::Error::custom)
}

impl Recording {
    /// Reads the repository's copy.
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("fixtures/recording.jsonl")).unwrap();
        let (head, steps) = text.split_once('\n').expect("a header line");
        let head: Head = serde_json::from_str(head).expect("the security headers");
        let step =
            |line| serde_json::from_str::<Step>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { security: head.security, steps: steps.lines().map(step).map(Step::whole).collect() }
    }

    /// The steps of one scenario.
    pub(super) fn scenario(&self, name: &str) -> Vec<Step> {
        self.steps.iter().filter(|step| step.scenario() == name).cloned().collect()
    }
}

impl Step {
    pub(super) fn scenario(&self) -> &str {
        self.name.split_once(" / ").unwrap_or_default().0
    }

    pub(super) fn title(&self) -> &str {
        self.name.split_once(" / ").unwrap_or_default().1
    }

    /// The recorder kept the first 300 characters of a raw body and the first hundred of a query; the title
    /// tells the rest.
    fn whole(mut self) -> Self {
        let title = self.title().to_owned();
        let Some(request) = &mut self.request else {
            return self;
        };
        if request.path.ends_with(" chars>") {
            request.path = format!("/api/notes{}", title.trim_start_matches("odd "));
        }
        let bytes =
            title.split_once(" bytes").and_then(|(before, _)| before.split(' ').next_back()?.parse().ok());
        if let (Some(bytes), Some(Value::String(body))) = (bytes, &mut request.body) {
            *body = stretched(body, bytes);
        }
        self
    }
}

/// A JSON text that was cut off within its last string, with as much of that string's last letter as it takes
/// to make `bytes` bytes of it.
fn stretched(cut: &str, bytes: usize) -> String {
    const END: &str = "\"}";
    let letter = cut.chars().next_back().expect("some text").to_string();
    format!("{cut}{}{END}", letter.repeat(bytes - cut.len() - END.len()))
}

/// The bytes of a body in which the recorder wrote those that are not text as `\xff`.
pub(super) fn raw(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&escape[..2], 16).expect("two hexadecimal digits"));
        rest = &escape[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
