//! How much a proof tries: a share on every change, everything on demand.

/// `full` when `SATCHEL_PROOF=full`, otherwise `ci`.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a proof is a setting of the test run, not of the product"
)]
pub(crate) fn size(ci: u32, full: u32) -> u32 {
    match std::env::var("SATCHEL_PROOF").as_deref() {
        Ok("full") => full,
        Ok("ci") | Err(_) => ci,
        Ok(other) => panic!("SATCHEL_PROOF is ci or full, not {other}"),
    }
}
