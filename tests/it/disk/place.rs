//! Directories that cannot be used: the start is refused in one line, and nothing is made.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kit::command::{Finished, run};
use crate::kit::{Setup, mounts};

/// The data directory and the parts of it that services have to themselves.
const PLACES: [&str; 4] = ["", "auth", "user", "notes"];
/// Someone who is not known in a namespace that knows its maker only.
const STRANGER: u32 = 12_345;

/// What is wrong with a directory.
#[derive(Clone, Copy, Debug)]
enum Fault {
    ReadOnly,
    Strangers,
    File,
    WithoutParent,
}

#[test]
fn a_directory_that_cannot_be_used_is_named_in_one_line_and_nothing_is_made() {
    let mut refused = 0;
    for fault in [Fault::ReadOnly, Fault::Strangers, Fault::File, Fault::WithoutParent] {
        for name in PLACES {
            refused += u32::from(is_refused(fault, name));
        }
    }
    println!("directories that cannot be used: {refused} of 16 starts tried, all refused, nothing made");
}

/// Starts a world whose directory `name` has the fault; tells whether that could be tried here.
fn is_refused(fault: Fault, name: &str) -> bool {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let part = if name.is_empty() { data.clone() } else { data.join(name) };
    let Some(prepared) = prepare(fault, &part) else {
        println!("NOT RUN: {fault:?} {name:?} takes rights that this machine does not give");
        return false;
    };
    let before = tree(place.path());
    let is_absent = matches!(fault, Fault::WithoutParent) && name.is_empty();
    let data = if is_absent { prepared.named.join("data") } else { data };
    let mut command = Setup::ci().command(&data);
    command.args(["--ports", "auto"]);
    let finished = run(&mut prepared.mounted(&command));
    let Finished { code, stderr, .. } = &finished;
    assert!(*code == 1 && stderr.lines().count() == 1, "{fault:?} {name:?}: {finished:?}");
    let path = prepared.named.file_name().unwrap().to_str().unwrap();
    let what = format!("{path} cannot be used: ");
    assert!(stderr.starts_with("satchel: ") && stderr.contains(&what), "{fault:?} {name:?}: {stderr}");
    assert_eq!(tree(place.path()), before, "{fault:?} {name:?} left something");
    true
}

/// A directory with a fault.
struct Prepared {
    /// What makes it so, in a namespace; nothing where none is needed.
    script: Option<String>,
    /// What the complaint names.
    named: PathBuf,
}

impl Prepared {
    fn mounted(&self, command: &Command) -> Command {
        match &self.script {
            Some(script) => mounts::with(script, command),
            None => mounts::with("true", command),
        }
    }
}

/// Prepares the directory `part`; `None` where that is not possible here.
fn prepare(fault: Fault, part: &Path) -> Option<Prepared> {
    if !mounts::are_possible() {
        return None;
    }
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    let plain = |named: &Path| Some(Prepared { script: None, named: named.to_owned() });
    match fault {
        Fault::ReadOnly => {
            fs::create_dir(part).unwrap();
            let path = part.display();
            let script = format!("mount --bind {path} {path} && mount -o remount,bind,ro {path}");
            Some(Prepared { script: Some(script), named: part.to_owned() })
        }
        Fault::Strangers => {
            fs::create_dir(part).unwrap();
            // Open to all, so that nothing but its owner speaks against it.
            fs::set_permissions(part, PermissionsExt::from_mode(0o777)).unwrap();
            chown(part, Some(STRANGER), Some(STRANGER)).ok()?;
            plain(part)
        }
        Fault::File => {
            fs::write(part, "a letter").unwrap();
            plain(part)
        }
        Fault::WithoutParent if part.ends_with("data") => plain(&part.with_file_name("volume")),
        Fault::WithoutParent => {
            symlink(part.with_file_name("volume").join("part"), part).unwrap();
            plain(part)
        }
    }
}

/// Everything below `path`.
fn tree(path: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && !entry.is_symlink() {
            found.extend(tree(&entry));
        }
        found.insert(entry);
    }
    found
}
