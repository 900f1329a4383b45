//! The way to being ready, told step by step to who measures it: `SATCHEL_LOG=satchel::start=debug`.

/// Tells that the start has come so far.
pub(crate) fn reached(phase: &str) {
    tracing::debug!(target: "satchel::start", phase);
}
