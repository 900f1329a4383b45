//! The settings as they stand in the environment and the file: texts, none of them checked.
//!
//! It does not know what a setting means, nor which flags win over it.

use std::path::Path;

use figment::providers::{Data, Env, Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde::Deserialize;

use super::ConfigError;

/// What is read, by the names of the fields below.
pub(super) const NAMES: [&str; 19] = [
    "jwt_secret",
    "jwt_expires_in",
    "client_url",
    "auth_service_url",
    "user_service_url",
    "notes_service_url",
    "email_host",
    "email_port",
    "email_user",
    "email_pass",
    "email_from",
    "satchel_admin_email",
    "satchel_admin_password",
    "satchel_limits",
    "satchel_trusted_proxies",
    "satchel_connections",
    "satchel_connections_per_address",
    "satchel_log",
    "satchel_data_dir",
];

/// The one setting that means something when it is empty: a mistake that would sign with nothing.
const NEVER_EMPTY: &str = "jwt_secret";

/// Every setting that is written somewhere and is not empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub(super) jwt_secret: Option<Text>,
    pub(super) jwt_expires_in: Option<Text>,
    pub(super) client_url: Option<Text>,
    pub(super) auth_service_url: Option<Text>,
    pub(super) user_service_url: Option<Text>,
    pub(super) notes_service_url: Option<Text>,
    pub(super) email_host: Option<Text>,
    pub(super) email_port: Option<Text>,
    pub(super) email_user: Option<Text>,
    pub(super) email_pass: Option<Text>,
    pub(super) email_from: Option<Text>,
    pub(super) satchel_admin_email: Option<Text>,
    pub(super) satchel_admin_password: Option<Text>,
    pub(super) satchel_limits: Option<Text>,
    pub(super) satchel_trusted_proxies: Option<Text>,
    pub(super) satchel_connections: Option<Text>,
    pub(super) satchel_connections_per_address: Option<Text>,
    pub(super) satchel_log: Option<Text>,
    pub(super) satchel_data_dir: Option<Text>,
}

impl Written {
    /// Reads the file, if one is named, and the environment, which wins.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let known = Env::raw().only(&NAMES);
        Self::merged(file, known.iter().map(|(name, text)| (name.to_string(), text)))
    }

    /// The same for any environment.
    pub(super) fn merged(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        if let Some(path) = file {
            if !path.is_file() {
                return Err(super::wrong("--config", format!("names {}, which is no file", path.display())));
            }
            figment = figment.merge(File(Toml::file_exact(path)));
        }
        let texts = environment.map(|(name, text)| (name.to_lowercase(), Value::from(text)));
        figment
            .merge(Environment(present(texts)))
            .extract()
            .map_err(|error| ConfigError::Unreadable(Box::new(error)))
    }
}

/// An empty value counts as none.
fn present(values: impl Iterator<Item = (String, Value)>) -> Dict {
    values.filter(|(name, value)| name == NEVER_EMPTY || value.as_str() != Some("")).collect()
}

/// Variables taken to the letter, where figment's own provider would read `007` as 7 and drop quotes.
struct Environment(Dict);

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

/// A file whose keys may be written as the variables are.
struct File(Data<Toml>);

impl Provider for File {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let lower = |dict: Dict| present(dict.into_iter().map(|(name, value)| (name.to_lowercase(), value)));
        Ok(self.0.data()?.into_iter().map(|(profile, dict)| (profile, lower(dict))).collect())
    }
}

/// A text setting: in a file, `86400` or `true` may stand without quotes though it is meant as text.
#[derive(Clone)]
pub(super) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <Value as Deserialize>::deserialize(deserializer)?;
        let text = match &value {
            Value::String(_, text) => text.clone(),
            Value::Bool(_, value) => value.to_string(),
            Value::Num(_, number) => match (number.to_u128(), number.to_i128()) {
                (Some(number), _) => number.to_string(),
                (None, Some(number)) => number.to_string(),
                (None, None) => return Err(serde::de::Error::custom("put it in quotes: a text is expected")),
            },
            _ => return Err(serde::de::Error::custom("a text is expected")),
        };
        Ok(Self(text))
    }
}

/// Some of these are secrets.
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, text: &str) -> Result<Written, ConfigError> {
        Written::merged(None, [(name.to_owned(), text.to_owned())].into_iter())
    }

    fn file(content: &str) -> Result<Written, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("satchel.toml");
        std::fs::write(&path, content).unwrap();
        Written::merged(Some(&path), std::iter::empty())
    }

    fn text(text: Option<Text>) -> Option<String> {
        text.map(|text| text.0)
    }

    #[test]
    fn a_variable_is_taken_to_the_letter() {
        for given in ["007", "\"quoted\"", " blanks ", "[a,b]", "{a=1}", "true", "1e3", "'x'"] {
            let written = environment("JWT_SECRET", given).unwrap();
            assert_eq!(text(written.jwt_secret).as_deref(), Some(given));
        }
    }

    #[test]
    fn an_empty_value_counts_as_absent_but_for_the_secret() {
        assert_eq!(text(environment("CLIENT_URL", "").unwrap().client_url), None);
        assert_eq!(text(file("CLIENT_URL = \"\"").unwrap().client_url), None);
        assert_eq!(text(environment("JWT_SECRET", "").unwrap().jwt_secret).as_deref(), Some(""));
    }

    #[test]
    fn every_name_is_a_setting_in_either_case() {
        for name in NAMES {
            environment(&name.to_uppercase(), "x").unwrap();
            file(&format!("{name} = \"x\"")).unwrap();
            file(&format!("{} = \"x\"", name.to_uppercase())).unwrap();
        }
        assert_eq!(text(file("EMAIL_PORT = 587").unwrap().email_port).as_deref(), Some("587"));
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused_with_those_that_are_known() {
        let error = file("jwt_secrte = \"x\"").unwrap_err().to_string();
        assert!(error.contains("jwt_secrte") && NAMES.iter().all(|name| error.contains(name)), "{error}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("satchel.toml");
        std::fs::write(&path, "email_user = \"file\"\nemail_host = \"file\"").unwrap();
        let environment = [("EMAIL_USER", "environment"), ("EMAIL_HOST", "")];
        let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned())).into_iter();
        let written = Written::merged(Some(&path), environment).unwrap();
        assert_eq!(text(written.email_user).as_deref(), Some("environment"));
        assert_eq!(text(written.email_host).as_deref(), Some("file"));
    }
}
