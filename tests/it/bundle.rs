//! `satchel export` and `satchel import`: a world in a file, and the same world from it.
//!
//! Worlds are made by people of whom a seed says what they do; what comes out, goes in elsewhere and comes out again is
//! the same to the byte, and nobody can tell the two worlds apart.

mod damage;
mod kill;
mod life;
mod living;
mod refusal;
mod speed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use self::life::Life;
use crate::kit::command::{Finished, run, satchel};
use crate::kit::{Setup, World, proof};

/// `satchel WHAT FILE --data-dir DATA` with the secret of every world here.
fn bundle(what: &str, file: &Path, data: &Path) -> Finished {
    let mut command = satchel([what]);
    command.arg(file).arg("--data-dir").arg(data);
    run(command.env("JWT_SECRET", Setup::ci().secret()))
}

/// Where one proof keeps its worlds and files.
struct Shelf(Arc<TempDir>);

impl Shelf {
    fn new() -> Self {
        Self(Arc::new(tempfile::tempdir().unwrap()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The world at `data`, exported into a fresh file.
    fn exported(&self, data: &Path, name: &str) -> Vec<u8> {
        let file = self.file(name);
        bundle("export", &file, data).expect(0);
        std::fs::read(&file).unwrap()
    }
}

#[test]
fn a_world_from_a_file_is_the_world_that_was_written_to_it() {
    let (worlds, deeds) = (proof::size(3, 30), 120);
    let mut records = 0;
    for seed in 0..u64::from(worlds) {
        let shelf = Shelf::new();
        let mut world = World::start(&Setup::ci());
        let mut life = Life::begin(&world, ChaCha8Rng::seed_from_u64(seed));
        (0..deeds).for_each(|_| life.go_on(&world));
        // One while the world runs, one when it is stopped.
        let written = shelf.exported(world.data(), "running");
        let before = life.seen(&world);
        world.stop();
        assert_eq!(shelf.exported(world.data(), "stopped"), written, "seed {seed}");

        let copies = Arc::new(tempfile::tempdir().unwrap());
        let data = copies.path().join("data");
        bundle("import", &shelf.file("running"), &data).expect(0);
        assert_eq!(shelf.exported(&data, "again"), written, "seed {seed}");
        let copy = World::start_in(&Setup::ci(), copies);
        assert_eq!(life.seen(&copy), before, "seed {seed}");
        life.can_be_taken_up(&copy);
        assert_eq!(copy.doctor().expect(0).stdout, "{\"clean\":true,\"findings\":[]}\n");
        records += lines(&shelf.file("again")).len();
    }
    println!(
        "{worlds} worlds of {deeds} deeds each went into files and out again: {records} records, all the same"
    );
}

/// The text of a bundle, line by line.
fn lines(file: &Path) -> Vec<String> {
    let text = run(std::process::Command::new("zcat").arg(file)).expect(0).stdout;
    text.lines().map(str::to_owned).collect()
}
