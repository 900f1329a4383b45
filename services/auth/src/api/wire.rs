//! Bodies of the auth service's routes, with the rules of their fields and the words for breaking them.
//!
//! What a rule is for and what follows from a valid body is decided elsewhere.

pub(super) mod bundle;
pub(super) mod instrument;

use axum::extract::{FromRequest, FromRequestParts, Request};
use chassis::body::{self, FromFields};
use chassis::email::Email;
use chassis::failure::Failure;
use chassis::field::Fields;
use chassis::id::AccountId;
use chassis::inbox;
use chassis::profile::{AvatarUrl, Bio, BioError, Username, UsernameError};
use http::HeaderMap;
use http::request::Parts;
use serde::Serialize;

use super::App;
use crate::idempotency::IdempotencyKey;
use crate::password::{self, Password, PasswordError};
use crate::service::Registration;

/// Letters of a change's id: twice what the user service draws.
const CHANGE_ID_MAX: usize = 64;
const INVALID_EMAIL: &str = "Invalid email format";

/// `GET /health`.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    pub(super) status: &'static str,
    pub(super) service: &'static str,
}

/// `POST /auth/register`.
#[derive(Debug)]
pub(super) struct RegisterRequest(pub(super) Registration);

/// `POST /auth/login`.
#[derive(Debug)]
pub(super) struct LogInRequest {
    pub(super) email: Email,
    pub(super) password: Password,
}

/// `POST /auth/forgot-password`.
#[derive(Debug)]
pub(super) struct ForgetPasswordRequest {
    pub(super) email: Email,
}

/// `PATCH /auth/reset-password/{token}`.
#[derive(Debug)]
pub(super) struct ResetPasswordRequest {
    pub(super) password: Password,
}

/// `PATCH /auth/update-password`.
#[derive(Debug)]
pub(super) struct ChangePasswordRequest {
    pub(super) current: Password,
    pub(super) new: Password,
}

/// The valid body of a route on which someone chooses a password, as long as this world wants it.
#[derive(Debug)]
pub(super) struct Chosen<T>(pub(super) T);

/// A body with a chosen password.
pub(super) trait FromChosenFields: Sized {
    /// Reads the fields in the contract's order.
    fn from_fields(fields: Fields, password_min: usize) -> Result<Self, Failure>;
}

impl<T: FromChosenFields> FromRequest<App> for Chosen<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let fields = body::fields_of(request).await?;
        T::from_fields(fields, app.password_min).map(Chosen)
    }
}

/// The key by which a client may ask again, from the header of that name.
#[derive(Debug)]
pub(super) struct Named(pub(super) Option<IdempotencyKey>);

impl<S: Sync> FromRequestParts<S> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        named(&parts.headers).map(Self)
    }
}

impl FromChosenFields for RegisterRequest {
    fn from_fields(mut fields: Fields, password_min: usize) -> Result<Self, Failure> {
        let email = required_email(&mut fields, INVALID_EMAIL);
        let typed = fields.required_string("password", "Password is required");
        let password = chosen(&mut fields, "password", typed, password_min, |min| {
            format!("Password must be at least {min} characters")
        });
        let name = fields.optional_string("username");
        let username = fields.check("username", name.as_deref(), username);
        let words = fields.nullable_string("bio").flatten();
        let bio = fields.check("bio", words.as_deref(), bio);
        let url = fields.nullable_string("avatar").flatten();
        let avatar = fields.check("avatar", url.as_deref(), avatar);
        let (email, password) = complete(fields, email.zip(password))?;
        Ok(Self(Registration { email, password, username, bio, avatar }))
    }
}

impl FromFields for LogInRequest {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let email = required_email(&mut fields, "Invalid email address");
        let typed = fields.required_string("password", "Password is required");
        let password = fields.check("password", typed, |text| {
            if text.is_empty() { Err("Password cannot be empty") } else { Ok(Password::given(text)) }
        });
        let (email, password) = complete(fields, email.zip(password))?;
        Ok(Self { email, password })
    }
}

impl FromFields for ForgetPasswordRequest {
    fn from_fields(mut fields: Fields) -> Result<Self, Failure> {
        let email = required_email(&mut fields, INVALID_EMAIL);
        Ok(Self { email: complete(fields, email)? })
    }
}

impl FromChosenFields for ResetPasswordRequest {
    fn from_fields(mut fields: Fields, password_min: usize) -> Result<Self, Failure> {
        let password = new_password(&mut fields, "password", password_min);
        Ok(Self { password: complete(fields, password)? })
    }
}

impl FromChosenFields for ChangePasswordRequest {
    fn from_fields(mut fields: Fields, password_min: usize) -> Result<Self, Failure> {
        let current = fields.required_string("currentPassword", "Current password is required");
        let new = new_password(&mut fields, "newPassword", password_min);
        let (current, new) = complete(fields, current.map(Password::given).zip(new))?;
        Ok(Self { current, new })
    }
}

/// What was read, once no field is wrong.
fn complete<T>(fields: Fields, read: Option<T>) -> Result<T, Failure> {
    fields.finish()?;
    read.ok_or_else(|| Failure::invalid(Vec::new()))
}

/// An e-mail that must be there; `invalid` is what a wrong form is called.
pub(crate) fn required_email(fields: &mut Fields, invalid: &'static str) -> Option<Email> {
    let text = fields.required_string("email", "Email is required");
    fields.check("email", text, |text| Email::parse(&text).ok_or(invalid))
}

fn new_password(fields: &mut Fields, name: &'static str, min: usize) -> Option<Password> {
    let typed = fields.required_string(name, "New password is required");
    chosen(fields, name, typed, min, |min| format!("Password must be {min}+ chars"))
}

/// A password that someone chooses; each route has its own words for a short one.
pub(crate) fn chosen(
    fields: &mut Fields,
    name: &'static str,
    typed: Option<String>,
    min: usize,
    too_short: impl FnOnce(usize) -> String,
) -> Option<Password> {
    match Password::parse(typed?, min) {
        Ok(password) => Some(password),
        Err(PasswordError::TooShort) => fields.fail(name, too_short(min)),
        Err(PasswordError::TooLong) => {
            fields.fail(name, format!("Password cannot exceed {} characters", password::LENGTH_MAX))
        }
    }
}

fn named(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Failure> {
    let mut given = headers.get_all(inbox::KEY).iter();
    let key = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok().and_then(IdempotencyKey::parse),
        (Some(_), Some(_)) => None,
    };
    let malformed = || Failure::bad_request("Idempotency-Key must be 1 to 64 printable characters");
    key.map(Some).ok_or_else(malformed)
}

fn username(text: &str) -> Result<Username, &'static str> {
    Username::parse(text).map_err(|error| match error {
        UsernameError::TooShort => "Too small: expected string to have >=3 characters",
        UsernameError::TooLong => "Username cannot exceed 64 characters",
        UsernameError::ControlCharacter => "Username cannot contain control characters",
    })
}

fn bio(text: &str) -> Result<Bio, &'static str> {
    Bio::parse(text).map_err(|error| match error {
        BioError::TooLong => "Bio cannot exceed 250 characters",
        BioError::Nul => "Bio cannot contain a NUL character",
    })
}

fn avatar(text: &str) -> Result<AvatarUrl, &'static str> {
    AvatarUrl::parse(text).ok_or("Avatar must be a valid URL")
}

/// The account that a path names; `id` is quoted as the path says it, decoded.
pub(super) fn account(id: &str) -> Result<AccountId, Failure> {
    AccountId::parse(id).ok_or_else(|| Failure::bad_request(format!("Invalid _id: {id}")).quoting())
}

/// The e-mail that a path, a query or a message names.
pub(super) fn email(text: &str) -> Result<Email, Failure> {
    Email::parse(text).ok_or_else(|| Failure::bad_request(INVALID_EMAIL))
}

/// The id of an e-mail change: it becomes a key, so nothing but letters, digits and hyphens.
pub(super) fn change_id(text: String) -> Result<String, Failure> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let fits = plain && (1..=CHANGE_ID_MAX).contains(&text.len());
    if fits { Ok(text) } else { Err(Failure::bad_request("Invalid change id")) }
}
