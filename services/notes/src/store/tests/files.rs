//! What the store does with its directory.

use std::os::unix::fs::PermissionsExt;

use chassis::dir::DirError;

use super::*;

#[test]
fn what_was_committed_is_there_after_reopening() {
    let world = World::new();
    world.insert(note(ADA, 1));
    let world = world.reopened();
    assert_eq!(world.page(ADA, &all()), Listed { notes: vec![note(ADA, 1)], total: 1 });
}

#[test]
fn a_directory_in_use_is_refused_and_its_owner_unharmed() {
    let world = World::new();
    let refused = Store::open(world.dir.path(), 1, false).err().unwrap();
    assert!(matches!(refused, OpenError::Dir(DirError::Locked { .. })), "{refused}");
    assert!(world.insert(note(ADA, 1)));
}

#[test]
fn every_file_belongs_to_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let database = dir.path().join("notes.db");
    std::fs::write(&database, "").unwrap();
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o666)).unwrap();
    let world = World { store: Store::open(dir.path(), 4, false).unwrap(), dir };
    world.insert(note(ADA, 1));
    let mut names = Vec::new();
    for entry in world.dir.path().read_dir().unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(mode & 0o777, 0o600, "{names:?}");
    }
    names.sort();
    assert_eq!(names, ["history", "lock", "notes.db", "notes.db-shm", "notes.db-wal"]);
}

#[test]
fn a_file_that_is_no_database_of_ours_is_refused_with_its_path() {
    let refused = |bytes: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("notes.db"), bytes).unwrap();
        Store::open(dir.path(), 1, false).err().unwrap()
    };
    let error = refused(&b"This is a letter, not a database. ".repeat(40));
    assert!(matches!(&error, OpenError::Database { path, .. } if path.ends_with("notes.db")), "{error}");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let blocked = Store::open(&dir.path().join("file"), 1, false).err().unwrap();
    assert!(
        matches!(&blocked, OpenError::Dir(DirError::Io { path, .. }) if path.ends_with("file")),
        "{blocked}"
    );
}

#[test]
fn a_database_that_lost_its_end_is_refused_until_that_is_accepted() {
    let world = World::new();
    world.insert(note(ADA, 1));
    let before = std::fs::read(world.dir.path().join("history")).unwrap();
    world.insert(note(ADA, 2));
    let database = world.dir.path().join("notes.db");
    let World { store, dir } = world;
    drop(store);
    let past = Connection::open(&database).unwrap();
    past.execute_batch("UPDATE history SET commits = commits - 1").unwrap();
    drop(past);
    let refused = Store::open(dir.path(), 1, false).err().unwrap();
    assert!(matches!(refused, OpenError::Lost { has: 1, had: 2, .. }), "{refused}");
    let told = refused.to_string();
    assert!(told.contains("notes.db") && told.contains("--accept-loss"), "{told}");
    drop(Store::open(dir.path(), 1, true).unwrap());
    let world = World { store: Store::open(dir.path(), 4, false).unwrap(), dir };
    world.insert(note(ADA, 3));
    // The file may lag behind: it is not synced.
    let World { store, dir } = world;
    drop(store);
    std::fs::write(dir.path().join("history"), before).unwrap();
    Store::open(dir.path(), 1, false).unwrap();
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let world = World::new();
    world.raw().pragma_update(None, "user_version", 99).unwrap();
    let World { store, dir } = world;
    drop(store);
    let refused = Store::open(dir.path(), 1, false).err().unwrap();
    assert!(matches!(refused, OpenError::TooNew { version: 99, .. }), "{refused}");
}
