//! Records of a bundle on the wire: all that user keeps of a person, field by field.
//!
//! Names here are those of a file that people keep: they change only with the version of its format.

use chassis::bundle::{self, account, email, instant, moment, role, standing, version};
use chassis::contract::Role;
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::profile::{AvatarUrl, Bio};
use chassis::standing::Standing;
use serde::Serialize;

use super::{avatar, bio, username};
use crate::NAME;
use crate::bundle::Record;
use crate::profile::Profile;

/// A record as a line.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Line<'a> {
    Profile(Box<ProfileLine<'a>>),
    Tombstone(TombstoneLine),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileLine<'a> {
    service: &'static str,
    kind: &'static str,
    account: AccountId,
    email: &'a str,
    username: &'a str,
    bio: Option<&'a str>,
    avatar: Option<&'a str>,
    role: Role,
    #[serde(flatten)]
    standing: Standing,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
pub(crate) struct TombstoneLine {
    service: &'static str,
    kind: &'static str,
    account: AccountId,
}

/// The line of `record`.
pub(crate) fn line(record: &Record) -> Line<'_> {
    match record {
        Record::Profile(profile) => Line::Profile(Box::new(profile_line(profile))),
        Record::Tombstone(account) => {
            Line::Tombstone(TombstoneLine { service: NAME, kind: "tombstone", account: *account })
        }
    }
}

fn profile_line(profile: &Profile) -> ProfileLine<'_> {
    ProfileLine {
        service: NAME,
        kind: "profile",
        account: profile.account,
        email: profile.email.as_str(),
        username: profile.username.as_str(),
        bio: profile.bio.as_ref().map(Bio::as_str),
        avatar: profile.avatar.as_ref().map(AvatarUrl::as_str),
        role: profile.role,
        standing: profile.standing,
        version: profile.version,
        registration: profile.saga.as_deref(),
        created_at: profile.created_at.to_string(),
        updated_at: profile.updated_at.to_string(),
    }
}

impl bundle::Record for Record {
    const SERVICE: &'static str = NAME;

    fn read(kind: &str, mut fields: Fields) -> Result<Self, Failure> {
        let record = match kind {
            "profile" => read_profile(&mut fields).map(|profile| Self::Profile(Box::new(profile))),
            "tombstone" => account(&mut fields, "account").map(Self::Tombstone),
            _ => return Err(bundle::unknown_kind(NAME, kind)),
        };
        fields.finish_exactly()?;
        record.ok_or_else(|| Failure::invalid(Vec::new()))
    }
}

fn read_profile(fields: &mut Fields) -> Option<Profile> {
    let (account, email) = (account(fields, "account"), email(fields));
    let name = fields.required_string("username", "Username is required");
    let username = fields.check("username", name.as_deref(), username);
    let words = fields.nullable_string("bio").flatten();
    let bio = fields.check("bio", words.as_deref(), bio);
    let url = fields.nullable_string("avatar").flatten();
    let avatar = fields.check("avatar", url.as_deref(), avatar);
    let (role, standing) = (role(fields), standing(fields));
    let (version, saga) = (version(fields, "version"), fields.optional_string("registration"));
    let created_at = moment(fields, "createdAt")?;
    let updated_at = instant(fields, "updatedAt").unwrap_or(created_at);
    let (account, email, username) = (account?, email?, username?);
    Some(Profile {
        account,
        email,
        username,
        bio,
        avatar,
        role,
        standing,
        version,
        saga,
        created_at,
        updated_at,
    })
}

#[cfg(test)]
mod tests {
    use chassis::bundle::Record as _;
    use chassis::standing::Rung;
    use serde_json::{Value, json};

    use super::*;
    use crate::profile::tests::profile;

    fn read(mut line: Value) -> Result<Record, Failure> {
        let members = line.as_object_mut().unwrap();
        let kind = members.remove("kind").unwrap();
        members.remove("service").unwrap();
        Record::read(kind.as_str().unwrap(), Fields::of(Some(line)).unwrap().naming_themselves())
    }

    fn full() -> Profile {
        Profile {
            bio: Bio::parse("  blanks and \u{1}\n are kept ").ok(),
            avatar: AvatarUrl::parse("https://example.test/a.png"),
            role: Role::Admin,
            standing: Standing { generation: 3, rung: Rung::Disabled, epoch: 5 },
            version: u64::MAX,
            updated_at: chassis::clock::Timestamp::from_millis(1_234),
            ..profile(1, "Ada")
        }
    }

    #[test]
    fn a_profile_is_read_as_it_was_written() {
        for profile in [full(), profile(2, "Straße"), Profile { saga: None, ..profile(3, "ΟΔΟΣ") }] {
            let written = Record::Profile(Box::new(profile.clone()));
            let Record::Profile(read) = read(serde_json::to_value(line(&written)).unwrap()).unwrap() else {
                panic!("a profile became something else");
            };
            assert_eq!(*read, profile);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let good = serde_json::to_value(line(&Record::Profile(Box::new(full())))).unwrap();
        for (field, value) in [
            ("account", json!("1")),
            ("email", json!("nobody")),
            ("username", json!("ab")),
            ("bio", json!("b".repeat(251))),
            ("avatar", json!("javascript:x")),
            ("role", json!("queen")),
            ("rung", json!("up")),
            ("version", json!("1")),
            ("updatedAt", json!("yesterday")),
            ("isActive", json!(true)),
        ] {
            let mut wrong = good.clone();
            wrong[field] = value;
            let failure = read(wrong).unwrap_err();
            assert!(failure.fields().iter().any(|error| error.field == field), "{field}: {failure:?}");
        }
    }
}
