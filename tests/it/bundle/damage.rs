//! A bundle that is not as it was written is refused with its line, before there is a world.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Shelf, bundle, lines};
use crate::kit::{Setup, World};

/// Harm done to one file each.
const HARMS: u32 = 200;

#[test]
fn no_damaged_bundle_is_taken_in() {
    let shelf = Shelf::new();
    let world = World::start(&Setup::ci().fixture("small.json"));
    let good = shelf.exported(world.data(), "good");
    let text = lines(&shelf.file("good")).join("\n") + "\n";
    let mut draws = ChaCha8Rng::seed_from_u64(5);
    for number in 0..HARMS {
        // Every other one is harm to the text, which somebody unpacked.
        let whole = if number % 2 == 0 { good.as_slice() } else { text.as_bytes() };
        let harmed = harmed(whole, &mut draws);
        let file = shelf.file("harmed");
        std::fs::write(&file, &harmed).unwrap();
        let data = shelf.file("none");
        let refused = bundle("import", &file, &data).expect(1);
        let told = format!("{}: line ", file.display());
        assert!(refused.stderr.contains(&told), "harm {number}: {refused:?}");
        assert_eq!(refused.stderr.lines().count(), 1, "harm {number}: {refused:?}");
        assert!(!data.exists(), "harm {number} made a world");
    }
    println!(
        "{HARMS} damaged bundles of {} and {} bytes: all refused, each with its line",
        good.len(),
        text.len()
    );
}

/// `whole` with some bytes changed, lost, added or moved.
fn harmed(whole: &[u8], draws: &mut ChaCha8Rng) -> Vec<u8> {
    // Bits after the last one of packed data mean nothing; the nine last bytes hold those, the sum and the length.
    let at = draws.random_range(0..whole.len() - 9);
    let mut harmed = whole.to_vec();
    match draws.random_range(0..5) {
        0 => harmed.truncate(at),
        1 => harmed[at] ^= draws.random_range(1..=255_u8),
        2 => drop(harmed.remove(at)),
        3 => harmed.insert(at, draws.random()),
        _ => {
            let other = draws.random_range(0..whole.len() - 9);
            harmed.swap(at, other);
            harmed[at] = harmed[at].wrapping_add(1);
        }
    }
    harmed
}

#[test]
fn a_bundle_of_the_future_and_what_is_no_bundle_are_told_as_such() {
    let shelf = Shelf::new();
    let file = shelf.file("file");
    for (text, why) in [
        ("{\"format\":\"satchel-bundle\",\"version\":2}\n", "line 1: version 2 is newer than this program"),
        ("{\"format\":\"satchel-bundle\",\"version\":1}\n", "line 2: the bundle breaks off"),
        ("PK\u{3}\u{4}\u{0}", "1:1: "),
        ("", "1:1: "),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = bundle("import", &file, &shelf.file("none")).expect(1);
        assert!(refused.stderr.contains(why), "{text:?}: {refused:?}");
    }
    std::fs::write(&file, [0x89, b'P', b'N', b'G', 0xff, 0xfe]).unwrap();
    let refused = bundle("import", &file, &shelf.file("none")).expect(1);
    assert!(
        refused.stderr.contains("line 1: neither a bundle nor a fixture begins like this"),
        "{refused:?}"
    );
    let refused = bundle("import", &shelf.file("absent"), &shelf.file("none")).expect(1);
    assert!(refused.stderr.contains("absent cannot be read: No such file"), "{refused:?}");
    assert!(!shelf.file("none").exists());
}
