//! Tells that a world is ready: a file for programs, a line of JSON, or a few lines for people.

use std::path::Path;

use chassis::dir::DirError;
use serde::Serialize;

use crate::home::{self, World};

/// Addresses and pid of a ready world.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready<'a> {
    #[serde(flatten)]
    services: std::collections::BTreeMap<&'a str, Address<'a>>,
    pid: u32,
    data_dir: &'a Path,
}

#[derive(Debug, Serialize)]
struct Address<'a> {
    url: &'a str,
}

impl<'a> Ready<'a> {
    /// The services of `world`, which keeps its data in `data_dir`.
    pub(crate) fn new(world: &'a World, data_dir: &'a Path) -> Self {
        let services =
            world.iter().map(|(name, running)| (name.as_str(), Address { url: &running.url })).collect();
        Self { services, pid: std::process::id(), data_dir }
    }

    /// Writes the ready file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), DirError> {
        home::write_whole(path, self)
    }

    /// One line of JSON.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A few lines for people.
    pub(crate) fn banner(&self) -> String {
        let mut lines = vec![format!("Satchel is ready, data in {}", self.data_dir.display())];
        for name in ["gateway", "auth", "user", "notes", "control"] {
            if let Some(address) = self.services.get(name) {
                lines.push(format!("  {name:<8} {}", address.url));
            }
        }
        lines.join("\n")
    }
}
