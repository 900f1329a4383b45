//! SIGKILL in the middle of an export or an import.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::{Shelf, bundle};
use crate::kit::command::satchel;
use crate::kit::{Setup, World, proof};

/// Kills of exports while the world runs: after each the services stay closed for a moment.
const OF_A_RUNNING_WORLD: u32 = 5;

/// Starts `command` and kills it after `delay`, if it has not ended by then; tells whether it was killed.
fn kill_after(delay: Duration, command: &mut Command) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::park_timeout(delay);
    let was_running = child.try_wait().unwrap().is_none();
    if was_running {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    was_running
}

fn command(what: &str, file: &Path, data: &Path) -> Command {
    let mut command = satchel([what]);
    command.arg(file).arg("--data-dir").arg(data).env("JWT_SECRET", Setup::ci().secret());
    command
}

/// The names in the folder of `shelf` that begin like those of bundles.
fn bundles(shelf: &Shelf) -> Vec<String> {
    let entries = std::fs::read_dir(shelf.0.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("world")).collect()
}

#[test]
fn a_killed_export_harms_no_older_file_and_leaves_nothing_that_the_next_one_does_not_clean() {
    let kills = proof::size(50, 200);
    let shelf = Shelf::new();
    let mut world = World::start(&Setup::ci().fixture("demo.json"));
    let (file, data) = (shelf.file("world"), world.data().to_owned());
    let good = shelf.exported(&data, "world");
    let mut draws = ChaCha8Rng::seed_from_u64(7);
    let (mut killed, mut took) = (0, Duration::ZERO);
    for number in 0..kills {
        if number == OF_A_RUNNING_WORLD {
            world.stop();
        }
        if number == 0 || number == OF_A_RUNNING_WORLD {
            let since = Instant::now();
            bundle("export", &file, &data).expect(0);
            took = since.elapsed();
        }
        let delay = took.mul_f64(draws.random_range(0.0..1.1));
        killed += u32::from(kill_after(delay, &mut command("export", &file, &data)));
        assert_eq!(std::fs::read(&file).unwrap(), good, "kill {number}");
    }
    assert!(killed > kills / 2, "only {killed} of {kills} exports were killed");
    bundle("export", &file, &data).expect(0);
    assert_eq!((std::fs::read(&file).unwrap(), bundles(&shelf)), (good, vec!["world".to_owned()]));
    println!(
        "{killed} of {kills} exports were killed under way: the file was whole and the old one each time"
    );
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_ended() {
    let kills = proof::size(20, 80);
    let shelf = Shelf::new();
    let world = World::start(&Setup::ci().fixture("demo.json"));
    let good = shelf.exported(world.data(), "world");
    let since = Instant::now();
    bundle("import", &shelf.file("world"), &shelf.file("first")).expect(0);
    let took = since.elapsed();
    let mut draws = ChaCha8Rng::seed_from_u64(8);
    let (mut killed, mut worlds) = (0, 0);
    while killed < kills {
        let data = shelf.file(&format!("copy{worlds}"));
        worlds += 1;
        while kill_after(
            took.mul_f64(draws.random_range(0.05..0.7)),
            &mut command("import", &shelf.file("world"), &data),
        ) {
            killed += 1;
        }
        bundle("import", &shelf.file("world"), &data).expect(0);
        assert_eq!(shelf.exported(&data, "again"), good, "copy {worlds}");
        std::fs::remove_dir_all(&data).unwrap();
    }
    println!("{killed} imports into {worlds} worlds were killed under way: each world is whole in the end");
}
