//! `satchel openapi`: the public API and the control API as one document (OpenAPI 3.1).
//!
//! Each service describes its own routes; here they are gathered and written in the form that other tools read. What
//! is common to all of them, the envelope and the failures, is told here too.

mod operation;
mod schema;

use std::process::ExitCode;

use chassis::description::Chapter;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Server};

use crate::Failed;
use crate::console;
use crate::control;

/// Where the public API is unless told otherwise.
const PUBLIC: &str = "http://127.0.0.1:8000";
/// Where the control API is unless told otherwise.
const CONTROL: &str = "http://127.0.0.1:8001";
/// What the scheme is called by which a token is sent.
const TOKEN: &str = "token";
const ABOUT: &str = "A notes platform: a gateway in front of three services. Paths under /control are on a port of their own \
                     and only there for development and tests.";

/// Prints the document.
pub(crate) fn openapi() -> Result<ExitCode, Failed> {
    console::say(&document().to_pretty_json()?);
    Ok(ExitCode::SUCCESS)
}

fn document() -> OpenApi {
    let public = [&gateway::DESCRIPTION, &auth::DESCRIPTION, &user::DESCRIPTION, &notes::DESCRIPTION];
    let chapters = public.into_iter().map(|chapter| (chapter, Server::new(PUBLIC)));
    let chapters = chapters.chain([(&control::DESCRIPTION, Server::new(CONTROL))]);
    let (mut paths, mut components) = (PathsBuilder::new(), ComponentsBuilder::new());
    for (chapter, server) in chapters {
        paths = routes(paths, chapter, &server);
        for object in chapter.objects {
            components = components.schema(object.name, schema::of_object(object));
        }
    }
    for (name, common) in schema::common() {
        components = components.schema(name, common);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = components.security_scheme(TOKEN, SecurityScheme::Http(bearer)).build();
    let info = InfoBuilder::new().title("Satchel").version(env!("CARGO_PKG_VERSION"));
    let info = info.description(Some(ABOUT)).build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

/// `paths` with those of `chapter`, which are at `server`.
fn routes(mut paths: PathsBuilder, chapter: &Chapter, server: &Server) -> PathsBuilder {
    for operation in chapter.operations {
        paths = paths.path(operation.path, operation::item(chapter.name, operation, server));
    }
    paths
}
