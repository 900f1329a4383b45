//! The lines of a bundle that are about the bundle: its first, its last, and what every record begins with.
//!
//! ```text
//! {"format":"satchel-bundle","version":1}
//! {"service":"auth","kind":"account","account":"…",…}
//! {"counts":{"auth":{"account":1}},"sha256":"…"}
//! ```
//!
//! Everything else that a record says is its service's.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use chassis::id::hex;
use serde::{Deserialize, Serialize};

use crate::cli::ServiceName;

/// What the first line says.
const FORMAT: &str = "satchel-bundle";
/// The version that this program reads and writes.
const VERSION: u32 = 1;

/// How many records of each kind there are, by service.
pub(crate) type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    version: u32,
    /// Whether a last line vouches for the others. One that people write by hand has none.
    #[serde(default = "sealed", skip_serializing_if = "is_true")]
    pub(super) sealed: bool,
}

/// The last line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trailer {
    pub(super) counts: Counts,
    /// Of everything before this line.
    pub(super) sha256: String,
}

/// Any line after the first.
pub(super) enum Line {
    /// A record of this service and kind.
    Record(ServiceName, String),
    /// The last one.
    Trailer(Trailer),
}

#[derive(Deserialize)]
struct Members {
    service: Option<String>,
    kind: Option<String>,
    counts: Option<Counts>,
    sha256: Option<String>,
}

const fn sealed() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_true(value: &bool) -> bool {
    *value
}

impl Header {
    /// The first line of a bundle that this program writes.
    pub(super) fn of_ours() -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, sealed: true }
    }

    /// Whether a first line wants to be one of a bundle, right or wrong.
    pub(super) fn is_meant(line: &[u8]) -> bool {
        line.windows(FORMAT.len()).any(|part| part == FORMAT.as_bytes())
    }

    /// Reads a first line.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        let foreign = |_| "neither a bundle nor a fixture begins like this".to_owned();
        let header: Self = serde_json::from_slice(line).map_err(foreign)?;
        if header.format != FORMAT {
            return Err(format!("expected the format {FORMAT:?}, found {:?}", header.format));
        }
        if header.version > VERSION {
            let Self { version, .. } = header;
            return Err(format!(
                "version {version} is newer than this program, which reads version {VERSION}"
            ));
        }
        if header.version != VERSION {
            return Err(format!("there is no version {}", header.version));
        }
        Ok(header)
    }
}

impl Line {
    /// Reads what a line is.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        let members: Members =
            serde_json::from_slice(line).map_err(|error| format!("this is no line of a bundle: {error}"))?;
        match (members.service, members.kind, members.counts, members.sha256) {
            (Some(service), Some(kind), _, _) => {
                let name = ServiceName::KEEPERS.into_iter().find(|name| name.as_str() == service);
                let name =
                    name.ok_or_else(|| format!("there is no service {service:?} that keeps records"))?;
                Ok(Self::Record(name, kind))
            }
            (None, None, Some(counts), Some(sha256)) => Ok(Self::Trailer(Trailer { counts, sha256 })),
            (None, ..) => Err("it has no service".to_owned()),
            (Some(_), None, ..) => Err("it has no kind".to_owned()),
        }
    }
}

/// What the last line will say, from all lines so far.
pub(super) struct Seal {
    digest: Context,
    counts: Counts,
}

impl Seal {
    /// Of nothing yet.
    pub(super) fn new() -> Self {
        Self { digest: Context::new(&SHA256), counts: Counts::new() }
    }

    /// Takes in a line with its end.
    pub(super) fn take(&mut self, line: &[u8]) {
        self.digest.update(line);
    }

    /// Counts a record.
    pub(super) fn count(&mut self, service: ServiceName, kind: String) {
        *self.counts.entry(service.as_str().to_owned()).or_default().entry(kind).or_default() += 1;
    }

    /// The records so far.
    pub(super) const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The last line.
    pub(super) fn trailer(&self) -> Trailer {
        let sha256 = hex(self.digest.clone().finish().as_ref());
        Trailer { counts: self.counts.clone(), sha256 }
    }
}

/// Such as `3 accounts, 1 tombstone, 3 profiles`.
pub(super) fn told(counts: &Counts) -> String {
    let kinds = counts.values().flatten().map(|(kind, count)| match count {
        1 => format!("1 {kind}"),
        _ => format!("{count} {kind}s"),
    });
    let told = kinds.collect::<Vec<_>>().join(", ");
    if told.is_empty() { "nothing".to_owned() } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> String {
        Header::read(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn only_a_bundle_of_a_known_version_is_read() {
        let ours = serde_json::to_vec(&Header::of_ours()).unwrap();
        assert_eq!(ours, br#"{"format":"satchel-bundle","version":1}"#);
        assert!(Header::read(&ours).unwrap().sealed);
        let newer = refusal(r#"{"format":"satchel-bundle","version":2,"more":[]}"#);
        assert_eq!(newer, "version 2 is newer than this program, which reads version 1");
        assert!(refusal(r#"{"format":"satchel-bundle","version":0}"#).contains("no version 0"));
        assert!(refusal(r#"{"format":"tar","version":1}"#).contains("\"tar\""));
        assert!(refusal("PK").contains("neither a bundle nor a fixture"));
    }

    #[test]
    fn a_line_is_a_record_of_a_service_that_keeps_some_or_the_end() {
        let read = |line: &str| Line::read(line.as_bytes());
        assert!(
            matches!(read(r#"{"kind":"note","service":"notes"}"#), Ok(Line::Record(ServiceName::Notes, kind)) if kind == "note")
        );
        assert!(matches!(read(r#"{"counts":{},"sha256":""}"#), Ok(Line::Trailer(_))));
        for (line, why) in [
            ("", "no line of a bundle"),
            ("[]", "no line of a bundle"),
            ("{}", "no service"),
            (r#"{"service":"notes"}"#, "no kind"),
            (r#"{"service":"gateway","kind":"x"}"#, "no service \"gateway\""),
        ] {
            assert!(read(line).err().unwrap().contains(why), "{line}");
        }
    }

    #[test]
    fn counts_are_told_in_words() {
        let mut seal = Seal::new();
        assert_eq!(told(seal.counts()), "nothing");
        for kind in ["account", "account", "tombstone"] {
            seal.count(ServiceName::Auth, kind.to_owned());
        }
        assert_eq!(told(seal.counts()), "2 accounts, 1 tombstone");
    }
}
