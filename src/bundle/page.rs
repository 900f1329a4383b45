//! Records of one service on their way to it: as many lines as it takes in at once.

use std::path::Path;

use chassis::bundle::PAGE_MAX;

use super::source::{BundleError, Records};
use crate::Failed;
use crate::cli::ServiceName;

/// Bytes of a page: a commit of them takes a service some tenths of a second.
const BYTES: usize = PAGE_MAX / 2;
/// Records of a page of a bundle written by hand: each may have a password to be hashed.
const UNSEALED_RECORDS: usize = 32;

/// A page.
pub(super) struct Page {
    pub(super) service: ServiceName,
    pub(super) text: Vec<u8>,
    /// The line in the bundle on which it begins.
    first: usize,
    records: usize,
}

/// The pages of a bundle, from the first to the last.
pub(super) struct Pages {
    records: Records,
    /// The first record of the next page, which did not fit on the last one.
    begun: Option<Page>,
}

impl Pages {
    /// Those of the bundle at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, Failed> {
        Ok(Self { records: Records::open(path)?, begun: None })
    }

    /// The next page; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Page>, Failed> {
        let mut page = self.begun.take();
        let records_max = if self.records.is_sealed() { usize::MAX } else { UNSEALED_RECORDS };
        while let Some(found) = self.records.next()? {
            match &mut page {
                Some(page)
                    if page.service == found.service
                        && page.text.len() + found.text.len() < BYTES
                        && page.records < records_max =>
                {
                    page.add(found.text);
                }
                _ => {
                    let begun = Page::of(found.service, found.number, found.text);
                    match page.replace(begun) {
                        None => {}
                        Some(full) => {
                            self.begun = page;
                            return Ok(Some(full));
                        }
                    }
                }
            }
        }
        Ok(page)
    }

    /// What is wrong with the record on line `at` of `page`, from 0.
    pub(super) fn objection(&self, page: &Page, at: usize, reason: &str) -> BundleError {
        self.records.mistake(page.first + at, format!("{}: {reason}", page.service.as_str()))
    }
}

impl Page {
    fn of(service: ServiceName, first: usize, record: &[u8]) -> Self {
        let mut page = Self { service, text: Vec::new(), first, records: 0 };
        page.add(record);
        page
    }

    /// How many records are on it.
    pub(super) const fn records(&self) -> usize {
        self.records
    }

    fn add(&mut self, record: &[u8]) {
        self.text.extend_from_slice(record);
        self.text.push(b'\n');
        self.records += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(lines: &[String]) -> Vec<Page> {
        let dir = tempfile::tempdir().unwrap();
        let header = "{\"format\":\"satchel-bundle\",\"version\":1,\"sealed\":false}\n";
        std::fs::write(dir.path().join("b"), header.to_owned() + &lines.concat()).unwrap();
        let mut pages = Pages::open(&dir.path().join("b")).unwrap();
        std::iter::from_fn(|| pages.next().unwrap()).collect()
    }

    fn record(service: &str, text: &str) -> String {
        format!("{{\"service\":\"{service}\",\"kind\":\"x\",\"text\":\"{text}\"}}\n")
    }

    #[test]
    fn a_page_is_for_one_service_and_no_larger_than_it_takes() {
        let (small, large) = (record("auth", ""), record("user", &"x".repeat(100_000)));
        let lines = [vec![small; 40], vec![large; 7]].concat();
        let pages = pages(&lines);
        let shape: Vec<_> =
            pages.iter().map(|page| (page.service.as_str(), page.first, page.records)).collect();
        assert_eq!(shape, [("auth", 2, 32), ("auth", 34, 8), ("user", 42, 5), ("user", 47, 2)]);
        assert!(pages.iter().all(|page| page.text.len() <= BYTES));
        let text: Vec<u8> = pages.into_iter().flat_map(|page| page.text).collect();
        assert_eq!(text, lines.concat().into_bytes());
    }

    #[test]
    fn a_bundle_of_nothing_has_no_page() {
        assert_eq!(pages(&[]).len(), 0);
    }
}
