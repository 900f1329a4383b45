//! Which mails somebody looks for.

use chassis::email::Email;

use super::Mail;

/// What a mail must have; a filter by default lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The recipient, in whatever case it is written.
    pub to: Option<String>,
    /// Why it was written.
    pub kind: Option<String>,
    /// Only mails with a higher id.
    pub after: u64,
}

impl Filter {
    /// Whether `mail` is one of those.
    pub(super) fn admits(&self, mail: &Mail) -> bool {
        self.to.as_deref().is_none_or(|to| canonical(to) == mail.to)
            && self.kind.as_deref().is_none_or(|kind| kind == mail.kind)
            && mail.id.parse().is_ok_and(|id: u64| id > self.after)
    }
}

/// An address as mails are kept under it; one that no account could have is compared in lower case.
pub(crate) fn canonical(address: &str) -> String {
    Email::parse(address).map_or_else(|| address.to_lowercase(), |email| email.to_string())
}
