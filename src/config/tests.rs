//! Settings as somebody writes them, and what becomes of each.

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

fn world(arguments: &[&str], settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let line = ["satchel", "up"].iter().chain(arguments);
    let Command::Up(args) = Cli::try_parse_from(line).unwrap().command else { panic!("up is not up") };
    Config::settle(&args.world, Profile::Original, written(settings))
}

fn place(arguments: &[&str], settings: &[(&str, &str)]) -> Place {
    let line = ["satchel", "mail", "list"].iter().chain(arguments);
    let Command::Mail(args) = Cli::try_parse_from(line).unwrap().command else { panic!("mail is not mail") };
    Place::settle(&args.home, written(settings)).unwrap()
}

fn written(settings: &[(&str, &str)]) -> Written {
    let settings = settings.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Written::merged(None, settings).unwrap()
}

fn refusal(arguments: &[&str], name: &str, text: &str) -> String {
    let refused = world(arguments, &[(name, text)]);
    refused.err().unwrap_or_else(|| panic!("{name}={text} is accepted")).to_string()
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    for (name, text) in [
        ("JWT_SECRET", ""),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_PORT", "0"),
        ("EMAIL_PORT", "65536"),
        ("SATCHEL_LOG", "auth=loud"),
        ("SATCHEL_LIMITS", "no"),
        ("SATCHEL_CONNECTIONS", "0"),
        ("SATCHEL_CONNECTIONS_PER_ADDRESS", "many"),
        ("CLIENT_URL", "localhost"),
        ("CLIENT_URL", "http://localhost/app"),
        ("CLIENT_URL", "http://localhost?a=b"),
        ("CLIENT_URL", "http://localhost/#a"),
        ("CLIENT_URL", "http://me@localhost"),
    ] {
        let message = refusal(&[], name, text);
        assert!(message.starts_with(name), "{name}={text}: {message}");
    }
}

#[test]
fn a_client_url_is_an_origin_with_or_without_its_slash() {
    for text in ["https://notes.example.test", "https://notes.example.test/", "http://[::1]:5173"] {
        let origin = world(&[], &[("CLIENT_URL", text)]).unwrap().client_url;
        assert_eq!(origin, text.trim_end_matches('/'));
    }
}

#[test]
fn only_the_url_of_a_service_that_runs_elsewhere_is_looked_at() {
    for text in ["https://notes.example.test", "notes", "http://notes/path", "http://notes?a"] {
        assert!(world(&[], &[("NOTES_SERVICE_URL", text)]).unwrap().notes_url.is_none());
        let message = refusal(&["--only", "gateway"], "NOTES_SERVICE_URL", text);
        assert!(message.starts_with("NOTES_SERVICE_URL"), "{message}");
    }
    let elsewhere = world(&["--only", "gateway"], &[("NOTES_SERVICE_URL", "http://127.0.0.1:3003")]);
    assert_eq!(elsewhere.unwrap().notes_url.unwrap(), "http://127.0.0.1:3003/");
}

#[test]
fn where_other_machines_come_in_the_secret_is_strong() {
    let strong = "k3#mQ9vLx7pR2tWz8nB5cF1hJ4yD6g0s";
    let refused = |arguments: &[&str], settings: &[(&str, &str)]| {
        let message = world(arguments, settings).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.is_empty() || message.starts_with("JWT_SECRET "), "{message}");
        assert!(message.is_empty() || message.contains("openssl rand -hex 32"), "{message}");
        !message.is_empty()
    };
    let weak =
        ["secret", "your-256-bit-secret", "a-string-secret-at-least-256-bits-long", strong.get(1..).unwrap()];
    // On loopback anything goes, also nothing.
    assert!(!refused(&[], &[]));
    for host in ["127.0.0.1", "127.8.8.8", "::1"] {
        assert!(weak.iter().all(|secret| !refused(&["--host", host], &[("JWT_SECRET", secret)])), "{host}");
    }
    for host in ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1"] {
        assert!(refused(&["--host", host], &[]), "{host}");
        assert!(weak.iter().all(|secret| refused(&["--host", host], &[("JWT_SECRET", secret)])), "{host}");
        assert!(!refused(&["--host", host], &[("JWT_SECRET", strong)]), "{host}");
    }
    // A service on another machine is one, too.
    let only = ["--only", "gateway"];
    for (url, is_elsewhere) in [
        ("http://notes:3003", true),
        ("http://192.0.2.1:3003", true),
        ("http://[::1]:3003", false),
        ("http://localhost:3003", false),
    ] {
        assert_eq!(refused(&only, &[("NOTES_SERVICE_URL", url)]), is_elsewhere, "{url}");
        assert!(!refused(&only, &[("NOTES_SERVICE_URL", url), ("JWT_SECRET", strong)]), "{url}");
    }
}

#[test]
fn flags_go_before_variables_and_variables_before_what_is_usual() {
    let variable = [("SATCHEL_DATA_DIR", "there")];
    assert_eq!(place(&["--data-dir", "here"], &variable).data_dir, PathBuf::from("here"));
    assert_eq!(place(&[], &variable).data_dir, PathBuf::from("there"));
    assert_eq!(place(&[], &[]).data_dir, PathBuf::from("data"));
    assert_eq!(world(&[], &variable).unwrap().data_dir, Some("there".into()));
    assert_eq!(world(&["--ephemeral"], &variable).unwrap().data_dir, None);
}

#[test]
fn a_mail_server_is_as_it_was_written() {
    let settings = [("EMAIL_HOST", "mail"), ("EMAIL_PORT", "587"), ("EMAIL_PASS", "007")];
    let smtp = world(&[], &settings).unwrap().smtp.unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.user), ("mail", Some(587), None));
    assert_eq!(smtp.password.unwrap().expose(), "007");
    assert!(world(&[], &[("EMAIL_HOST", "")]).unwrap().smtp.is_none());
}

#[test]
fn the_help_lists_every_setting() {
    let help = Cli::try_parse_from(["satchel", "up", "--help"]).unwrap_err().to_string();
    for name in written::NAMES.map(str::to_uppercase) {
        assert!(help.contains(&name), "{name} is not in the help");
    }
}
