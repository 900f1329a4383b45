//! One route in the document: its parameters, its body, its answers.

use chassis::description::{Field, Given, Operation};
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItemBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, HttpMethod, PathItem, Required, Response, ResponseBuilder, Server};

use super::TOKEN;
use super::schema::{self, FAILURE};

const JSON: &str = "application/json";
/// What may happen on every public route of a service.
const COMMON: [(u16, &str); 3] = [
    (429, "Too many requests; Retry-After says when to come back"),
    (503, "The service is away for a moment; Retry-After says when to come back"),
    (504, "The service did not answer in time"),
];
const NO_TOKEN: (u16, &str) = (401, "No token, an invalid one, or a session that has ended");
const TOO_LARGE: (u16, &str) = (413, "The body has more than 10,240 bytes");

/// The item of the route's path, with this one method.
pub(super) fn item(tag: &str, operation: &Operation, server: &Server) -> PathItem {
    let built = OperationBuilder::new()
        .tag(tag)
        .summary(Some(operation.summary))
        .operation_id(Some(id(operation)))
        .parameters(Some(parameters(operation)))
        .servers(Some([server.clone()]));
    let built = operation.takes.iter().fold(built, |built, (object, example)| {
        let content = content(schema::named(object), Some(example));
        let body = RequestBodyBuilder::new().required(Some(Required::True)).content(JSON, content);
        built.request_body(Some(body.build()))
    });
    let (status, given) = operation.gives;
    let built = built.response(status.to_string(), success(given));
    let failures = failures(operation).into_iter();
    let built = failures.fold(built, |built, (status, why)| built.response(status.to_string(), failure(why)));
    let built = if operation.needs_token { built.security(needs_token()) } else { built };
    PathItemBuilder::new().operation(method(operation.method), built.build()).build()
}

/// A name for the generators of clients: the method and the words of the path.
fn id(operation: &Operation) -> String {
    let words = operation.path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "api").map(capitalised);
    format!("{}{}", operation.method.to_lowercase(), words.collect::<String>())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn parameters(operation: &Operation) -> Vec<Parameter> {
    let names = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let schema = Some(schema::text());
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
        parameter.required(Required::True).schema(schema).build()
    });
    in_path.chain(operation.query.iter().map(in_query)).collect()
}

fn in_query(field: &Field) -> Parameter {
    let required = if field.is_required { Required::True } else { Required::False };
    let parameter = ParameterBuilder::new().name(field.name).parameter_in(ParameterIn::Query);
    parameter
        .required(required)
        .description(Some(field.about))
        .schema(Some(schema::of_kind(field.kind)))
        .build()
}

fn success(given: Given) -> Response {
    let Some(schema) = schema::of_answer(given) else { return Response::new("Done") };
    let form = if matches!(given, Given::Events(_)) { "text/event-stream" } else { JSON };
    ResponseBuilder::new().description("Success").content(form, content(schema, None)).build()
}

fn failure(why: &str) -> Response {
    ResponseBuilder::new().description(why).content(JSON, content(schema::named(FAILURE), None)).build()
}

/// Those of the route itself, and those that such routes have in common, each status once.
fn failures(operation: &Operation) -> Vec<(u16, &'static str)> {
    let mut failures = operation.refuses.to_vec();
    let is_public = operation.path.starts_with("/api/");
    let common = COMMON.into_iter().filter(|_| is_public);
    let token = operation.needs_token.then_some(NO_TOKEN);
    let size = operation.takes.filter(|_| is_public).map(|_| TOO_LARGE);
    for (status, why) in common.chain(token).chain(size) {
        if !failures.iter().any(|(known, _)| *known == status) {
            failures.push((status, why));
        }
    }
    failures
}

fn content(schema: schema::Schema, example: Option<&str>) -> Content {
    let example: Option<Value> = example.and_then(|example| serde_json::from_str(example).ok());
    ContentBuilder::new().schema(Some(schema)).example(example).build()
}

fn needs_token() -> SecurityRequirement {
    SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, [])
}

fn method(name: &str) -> HttpMethod {
    match name {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
