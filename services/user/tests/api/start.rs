//! Opening the service, and opening it again.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chassis::dir::DirError;
use serde_json::json;
use user::{OpenError, User};

use crate::world::World;

#[tokio::test]
async fn a_second_process_is_refused_and_the_first_goes_on() {
    let world = World::new().await;
    let (_, ada) = world.register(1, "ada").await;
    let refused = User::open(world.config.clone()).unwrap_err();
    assert!(matches!(refused, OpenError::Dir(DirError::Locked { .. })), "{refused}");
    assert_eq!(world.ask("GET", "/users/me", &ada, json!(null)).await.status, 200);
}

#[tokio::test]
async fn everything_on_disk_is_the_owners_alone() {
    let world = World::new().await;
    let mut seen = 0;
    each_below(&world.config.data_dir, &mut |path, mode| {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
        seen += 1;
    });
    assert!(seen > 3, "a lock, a folder and the database's files");
}

fn each_below(path: &Path, look: &mut impl FnMut(&Path, u32)) {
    look(path, fs::metadata(path).unwrap().mode() & 0o777);
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            each_below(&entry.unwrap().path(), look);
        }
    }
}

#[tokio::test]
async fn a_directory_that_is_a_file_is_named() {
    let world = World::new().await;
    let file = world.config.data_dir.join("lock");
    let config = user::Config { data_dir: file.clone(), ..world.config.clone() };
    let refused = User::open(config).unwrap_err();
    assert!(refused.to_string().contains("lock"), "{refused}");
    assert!(file.is_file());
}
