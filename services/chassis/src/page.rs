//! Page numbers of lists: how they are read and what they mean.

use crate::failure::{Failure, FieldError};
use crate::query::Query;
use crate::reply::Pagination;

/// Objects on a page when the client names no limit.
const LIMIT_DEFAULT: u64 = 10;
/// Objects on a page at most: bounds the work and the size of one answer.
const LIMIT_MAX: u64 = 1000;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: u64,
    limit: u64,
}

impl Page {
    /// Reads `page` and `limit`; anything but a positive integer is a 400 that names the parameter.
    pub fn from_query(query: &Query) -> Result<Self, Failure> {
        let number = positive(query, "page")?.unwrap_or(1);
        Ok(Self { number, limit: limit(query, LIMIT_DEFAULT, LIMIT_MAX)? })
    }

    /// The page `number` (from 1) of `limit` objects, both raised to 1 and the limit capped at 1,000.
    pub fn new(number: u64, limit: u64) -> Self {
        Self { number: number.max(1), limit: limit.clamp(1, LIMIT_MAX) }
    }

    /// How many objects come before this page.
    pub const fn offset(&self) -> u64 {
        (self.number - 1).saturating_mul(self.limit)
    }

    /// How many objects the page holds at most.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// The `pagination` object for a list of `total`.
    pub const fn of(&self, total: u64) -> Pagination {
        Pagination { total, page: self.number, pages: total.div_ceil(self.limit), limit: self.limit }
    }
}

/// Reads `limit`: `default` without one, `max` for more than that; anything but a positive integer is a 400.
pub fn limit(query: &Query, default: u64, max: u64) -> Result<u64, Failure> {
    Ok(positive(query, "limit")?.unwrap_or(default).min(max))
}

fn positive(query: &Query, name: &'static str) -> Result<Option<u64>, Failure> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.bytes().all(|byte| byte == b'0') {
        let message = format!("{name} must be a positive integer");
        return Err(Failure::invalid(vec![FieldError { field: name.into(), message: message.into() }]));
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(raw: &str) -> Result<Page, Failure> {
        Page::from_query(&Query::parse(Some(raw)).unwrap())
    }

    #[test]
    fn absent_and_empty_values_mean_the_first_ten() {
        for raw in ["", "page=&limit="] {
            assert_eq!(page(raw).unwrap(), Page { number: 1, limit: 10 }, "{raw}");
        }
    }

    #[test]
    fn only_positive_integers_are_taken() {
        for raw in [
            "page=0",
            "limit=00",
            "page=-1",
            "limit=%2B3",
            "page=1.0",
            "limit=0x3",
            "page=%203%20",
            "limit=abc",
        ] {
            let failure = page(raw).unwrap_err();
            assert!(raw.starts_with(failure.fields()[0].field.as_ref()), "{raw}");
        }
    }

    #[test]
    fn numbers_saturate_and_the_limit_is_capped() {
        let last = page("page=99999999999999999999&limit=5000").unwrap();
        assert_eq!((last.offset(), last.limit()), (u64::MAX, 1000));
        assert_eq!(last.of(1001).pages, 2);
    }

    #[test]
    fn an_empty_list_has_no_pages() {
        assert_eq!(page("").unwrap().of(0), Pagination { total: 0, page: 1, pages: 0, limit: 10 });
    }
}
