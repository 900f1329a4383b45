//! The reduced forms in which the recorder kept some bodies, rebuilt from an answer.
//!
//! Each part has a name of its own in the recording; one that is not known here fails the step.

use serde_json::{Map, Value, json};

use super::names::Names;
use super::same::VERSION_KEY;

/// More results than this were only `many` in the recording, which was made in a growing world.
const MANY: u64 = 10;

/// An answer and the request that it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<'a> {
    pub(super) sent: &'a Value,
    pub(super) body: &'a Value,
    pub(super) names: &'a Names,
}

/// The parts of an answer that `wanted` has. An array is the sorted titles of the notes.
pub(super) fn view(wanted: &Value, exchange: Exchange<'_>) -> Value {
    if let Value::Object(parts) = wanted {
        let part = |(name, wanted): (&String, &Value)| (name.clone(), part(name, wanted, exchange));
        return parts.iter().map(part).collect::<Map<_, _>>().into();
    }
    let mut titles = titles(exchange.body);
    titles.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    titles.into()
}

fn part(name: &str, wanted: &Value, Exchange { sent, body, names }: Exchange<'_>) -> Value {
    let (data, pagination) = (&body["data"], &body["data"]["pagination"]);
    let note = &data["note"];
    match name {
        "results" if wanted == "many" => many(&body["results"]),
        "status" | "message" | "token" | "results" => body[name].clone(),
        "avatar" => data["user"]["avatar"].clone(),
        "len" => note["content"].as_str().map(str::len).into(),
        "titles" => titles(body).into(),
        "page" => pagination["page"].clone(),
        "pagination" => pagination.clone(),
        "pages is ceil(total/limit)" => pages(pagination).map(|pages| pagination["pages"] == pages).into(),
        "pages sign" => pagination["pages"].as_i64().map(i64::signum).into(),
        "keys" if wanted[0].is_array() => json!([keys(body, &wanted[0]), keys(data, &wanted[1])]),
        "keys" => keys(body, wanted),
        "data keys" => keys(data, wanted),
        "user keys" => keys(&data["users"][0], wanted),
        "pagination keys" => keys(pagination, wanted),
        "results equals length" => (body["results"] == users(body).len()).into(),
        "returned at most 10" => (users(body).len() <= 10).into(),
        "order of ours" => ours(body, names).map(|(name, _)| name).collect(),
        "isActive of ours" => ours(body, names).map(|(_, user)| user["isActive"].clone()).collect(),
        "createdAt taken over" => (note["createdAt"] == names.sent_json(&sent["createdAt"])).into(),
        "updatedAt taken over" => (note["updatedAt"] == names.sent_json(&sent["updatedAt"])).into(),
        unknown => panic!("the recording has a part that is not known here: {unknown}"),
    }
}

fn many(results: &Value) -> Value {
    if results.as_u64().is_some_and(|results| results > MANY) { "many".into() } else { results.clone() }
}

/// How many pages there must be.
fn pages(pagination: &Value) -> Option<u64> {
    Some(pagination["total"].as_u64()?.div_ceil(pagination["limit"].as_u64()?))
}

fn titles(body: &Value) -> Vec<Value> {
    let notes = body["data"]["notes"].as_array().map(Vec::as_slice).unwrap_or_default();
    notes.iter().map(|note| note["title"].clone()).collect()
}

fn users(body: &Value) -> &[Value] {
    body["data"]["users"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The users that have a name in the scenario, with it, in the order of the answer.
fn ours<'a>(body: &'a Value, names: &'a Names) -> impl Iterator<Item = (&'a str, &'a Value)> {
    users(body).iter().filter_map(|user| {
        let placeholder = names.of(user["_id"].as_str()?)?;
        Some((placeholder.strip_prefix("<uid:")?.strip_suffix('>')?, user))
    })
}

/// The keys of `object`, those that are wanted first and in that order: the order of keys means nothing. What
/// [`super::same`] does not compare is taken as it is wanted.
fn keys(object: &Value, wanted: &Value) -> Value {
    let wanted = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_there =
        |key: &&Value| key.as_str().is_some_and(|key| key == VERSION_KEY || object.get(key).is_some());
    let found = object.as_object().into_iter().flat_map(Map::keys).filter(|key| *key != "limit");
    let more = found.map(|key| Value::from(key.as_str())).filter(|key| !wanted.contains(key));
    wanted.iter().filter(is_there).cloned().chain(more).collect()
}
