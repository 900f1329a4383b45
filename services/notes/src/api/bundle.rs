//! Routes by which the operator takes everything out, and puts it in again.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::body::Internal;
use chassis::bundle::{self, Checked, Export, Page, Taken};
use chassis::failure::Failure;
use chassis::internal::Peer;
use chassis::reply::Reply;
use http::StatusCode;

use super::wire::bundle::line;
use crate::bundle::Record;
use crate::service::Service;

pub(super) async fn export(
    _: Peer,
    State(notes): State<Arc<Service>>,
    Internal(Export {}): Internal<Export>,
) -> Result<Response, Failure> {
    let turn = notes.turn().await?;
    bundle::stream(move |lines| notes.hand_out(&turn, &mut |record| lines.push(&line(&record)))).await
}

pub(super) async fn check(
    _: Peer,
    State(notes): State<Arc<Service>>,
    page: Page<Record>,
) -> Result<Reply<Checked>, Failure> {
    Ok(Reply(StatusCode::OK, page.checked(|records| notes.compare(records)).await?))
}

pub(super) async fn import(
    _: Peer,
    State(notes): State<Arc<Service>>,
    page: Page<Record>,
) -> Result<Reply<Taken>, Failure> {
    Ok(Reply(StatusCode::OK, notes.take_in(page.records()?).await?))
}
