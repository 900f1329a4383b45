//! What the figures were measured on: cores, disk and date. Without these a figure is a rumour.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

use crate::Failure;
use crate::histogram::Histogram;

/// Enough synced writes for a steady median, in well under a second on most disks.
const SYNCS: usize = 200;
/// One page, as a small commit writes.
const PAGE: [u8; 4_096] = [7; 4_096];

/// The machine at the time of the run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// The kind of file system under the world's data.
    pub(crate) file_system: String,
    /// Median time to write one page and sync it, in milliseconds: the floor under every durable write.
    pub(crate) fdatasync_p50_ms: f64,
    /// When the run began.
    pub(crate) date: String,
}

impl Machine {
    /// Looks at the machine, and at the disk under `directory`.
    pub(crate) fn look(directory: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            file_system: file_system(&fs::read_to_string("/proc/self/mounts")?, &directory),
            fdatasync_p50_ms: fdatasync_p50_ms(&directory)?,
            date: today()?,
        })
    }

    /// Whether data there is only in memory, where a synced write costs nothing and promises nothing.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.file_system.as_str(), "tmpfs" | "ramfs")
    }
}

#[expect(clippy::disallowed_methods, reason = "the date of a report is the real one")]
fn today() -> Result<String, Failure> {
    Ok(OffsetDateTime::from(SystemTime::now()).replace_nanosecond(0)?.format(&Rfc3339)?)
}

/// The kind of the innermost mount that holds the directory; of equal ones the last, which hides the others.
fn file_system(mounts: &str, directory: &Path) -> String {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    mounted
        .filter(|(point, _)| directory.starts_with(point))
        .max_by_key(|(point, _)| point.len())
        .map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}

fn fdatasync_p50_ms(directory: &Path) -> io::Result<f64> {
    let mut file: File = tempfile::tempfile_in(directory)?;
    let mut times = Histogram::default();
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.record(began.elapsed());
    }
    Ok(times.percentile_ms(50))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_innermost_and_latest_mount_names_the_file_system() {
        use super::file_system;
        use std::path::Path;

        let mounts =
            "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp xfs rw 0 0\n/dev/c /t btrfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/tmp/x")), "xfs");
        assert_eq!(file_system(mounts, Path::new("/tmpx")), "ext4");
        assert_eq!(file_system("", Path::new("/")), "unknown");
    }
}
