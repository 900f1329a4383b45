//! Bodies of the user service's routes, with the rules of their fields and the words for breaking them.
//!
//! What follows from a valid body is decided elsewhere.

pub(super) mod bundle;

use chassis::body::FromFields;
use chassis::contract::{LostProfile, NewProfile, Role};
use chassis::email::Email;
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::page::Page;
use chassis::profile::{AvatarUrl, Bio, BioError, Username, UsernameError};
use chassis::reply::{self, Data, List, Pagination, Reply};
use chassis::standing::{Rung, Standing};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::profile::{Draft, Edit, Patch, Profile};
use crate::roster::Listing;

/// `GET /health`.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    pub(super) status: &'static str,
    pub(super) service: &'static str,
}

/// What a person may change of their own profile.
#[derive(Debug)]
pub(super) struct EditMeRequest(pub(super) Edit);

/// What an administrator may change of anybody's.
#[derive(Debug)]
pub(super) struct EditUserRequest(pub(super) Edit);

/// A user as the API shows them; `isActive` to administrators only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserResponse {
    #[serde(rename = "_id")]
    id: AccountId,
    email: String,
    username: String,
    bio: Option<String>,
    avatar: Option<String>,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_active: Option<bool>,
    created_at: String,
    updated_at: String,
}

/// One user.
#[derive(Debug, Serialize)]
pub(super) struct UserData {
    user: UserResponse,
}

/// A page of users.
#[derive(Debug, Serialize)]
pub(super) struct UsersData {
    users: Vec<UserResponse>,
    pagination: Pagination,
}

impl FromFields for EditMeRequest {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let edit = own_fields(&mut fields);
        let has_password = fields.has("password") || fields.has("passwordConfirm");
        fields.finish()?;
        if has_password {
            return Err(Failure::bad_request("Password updates are not handled by User Service"));
        }
        Ok(Self(edit))
    }
}

impl FromFields for EditUserRequest {
    fn from_fields(fields: Fields) -> Result<Self, Failure> {
        let mut fields = fields.naming_themselves();
        let edit = own_fields(&mut fields);
        let role = fields.optional_string("role");
        let role = fields.check("role", role.as_deref(), self::role);
        let is_active = fields.optional_boolean("isActive");
        let email = fields.optional_string("email");
        let email = fields.check("email", email.as_deref(), self::email);
        fields.finish()?;
        Ok(Self(Edit { role, is_active, email, ..edit }))
    }
}

/// The fields that everyone may change of themselves, in the contract's order.
fn own_fields(fields: &mut Fields) -> Edit {
    let name = fields.optional_string("username");
    let username = fields.check("username", name.as_deref(), username);
    let bio = patch(fields, "bio", bio);
    let avatar = patch(fields, "avatar", avatar);
    Edit { username, bio, avatar, ..Edit::default() }
}

fn patch<T>(fields: &mut Fields, name: &'static str, rule: fn(&str) -> Result<T, &'static str>) -> Patch<T> {
    match fields.nullable_string(name) {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(text)) => fields.check(name, Some(text.as_str()), rule).map_or(Patch::Keep, Patch::Set),
    }
}

/// A username, or what is wrong with it.
pub(crate) fn username(text: &str) -> Result<Username, &'static str> {
    Username::parse(text).map_err(|error| match error {
        UsernameError::TooShort => "Username must be at least 3 characters",
        UsernameError::TooLong => "Username cannot exceed 64 characters",
        UsernameError::ControlCharacter => "Username cannot contain control characters",
    })
}

/// A bio, or what is wrong with it.
pub(crate) fn bio(text: &str) -> Result<Bio, &'static str> {
    Bio::parse(text).map_err(|error| match error {
        BioError::TooLong => "Bio cannot exceed 250 characters",
        BioError::Nul => "Bio cannot contain NUL characters",
    })
}

/// An avatar, or what is wrong with it.
pub(crate) fn avatar(text: &str) -> Result<AvatarUrl, &'static str> {
    AvatarUrl::parse(text).ok_or("Avatar must be a valid URL")
}

/// An e-mail, or what is wrong with it.
pub(crate) fn email(text: &str) -> Result<Email, &'static str> {
    Email::parse(text).ok_or("Invalid email format")
}

/// A role, or what is wrong with it.
pub(crate) fn role(text: &str) -> Result<Role, &'static str> {
    Role::parse(text).ok_or("Invalid role: expected user or admin")
}

/// The account that a path names; `id` is quoted as the path says it, decoded.
pub(super) fn account(id: &str) -> Result<AccountId, Failure> {
    AccountId::parse(id).ok_or_else(|| Failure::bad_request(format!("Invalid _id: {id}")).quoting())
}

/// What auth asks to be made, under the rules that hold for everyone.
pub(super) fn draft(account: AccountId, body: &NewProfile) -> Result<Draft, Failure> {
    let mut checks = Fields::of(Some(Value::Object(Map::new())))?;
    let email = checks.check("email", Some(body.email.as_str()), email);
    let username = checks.check("username", body.username.as_deref(), username);
    let bio = checks.check("bio", body.bio.as_deref(), bio);
    let avatar = checks.check("avatar", body.avatar.as_deref(), avatar);
    checks.finish()?;
    let email = email.ok_or_else(|| Failure::bad_request("Invalid email format"))?;
    let new = LostProfile { standing: Standing::new(Rung::Active), role: Role::User, version: 0 };
    let LostProfile { standing, role, version } = body.lost.unwrap_or(new);
    let saga = Some(body.saga.clone());
    Ok(Draft { account, email, username, bio, avatar, role, standing, version, saga, created_at: None })
}

/// The profile of one's own, without what only administrators see.
pub(super) fn own_user(profile: &Profile) -> Reply<Data<UserData>> {
    reply::data(StatusCode::OK, UserData { user: UserResponse::of(profile, None) })
}

/// A profile as administrators see it.
pub(super) fn any_user(profile: &Profile) -> Reply<Data<UserData>> {
    reply::data(StatusCode::OK, UserData { user: UserResponse::for_admin(profile) })
}

/// One page of profiles as administrators see them.
pub(super) fn users(listing: &Listing, page: Page) -> Reply<List<UsersData>> {
    let users: Vec<_> = listing.profiles.iter().map(UserResponse::for_admin).collect();
    reply::list(users.len(), UsersData { users, pagination: page.of(listing.total) })
}

impl UserResponse {
    fn for_admin(profile: &Profile) -> Self {
        Self::of(profile, Some(profile.is_active()))
    }

    fn of(profile: &Profile, is_active: Option<bool>) -> Self {
        Self {
            id: profile.account,
            email: profile.email.to_string(),
            username: profile.username.as_str().to_owned(),
            bio: profile.bio.as_ref().map(|bio| bio.as_str().to_owned()),
            avatar: profile.avatar.as_ref().map(|avatar| avatar.as_str().to_owned()),
            role: profile.role,
            is_active,
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
        }
    }
}
