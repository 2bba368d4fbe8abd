//! BLAKE3-256 digests of files, and their CRC-32; knows nothing of Python.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use blake3::{Hash, Hasher};

/// From this size a memory map and all cores are worth their set-up; below it, one read wins.
pub const PARALLEL_FROM_BYTES: u64 = 1 << 20;

// Larger reads save system calls; beyond an L2 cache they gain no more.
const BUFFER_BYTES: usize = 1 << 20;

// The kernel copies into a buffer aligned to cache lines up to a quarter faster.
const CACHE_LINE_BYTES: usize = 64;

/// How a file's bytes reach the hasher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Read in pieces, hash on the calling thread.
    OneThread,
    /// Map into memory, hash on all cores. The file must not shrink meanwhile (SIGBUS).
    AllCores,
    /// `AllCores` from [`PARALLEL_FROM_BYTES`], else `OneThread`.
    BySize,
}

/// A file that could not be read to its end.
#[derive(Debug)]
pub struct Unreadable {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Digest of one file.
pub fn of_file(path: &Path, reading: Reading) -> Result<Hash, Unreadable> {
    let mut hasher = Hasher::new();
    let parallel = match reading {
        Reading::OneThread => Ok(false),
        Reading::AllCores => Ok(true),
        Reading::BySize => path
            .metadata()
            .map(|facts| facts.len() >= PARALLEL_FROM_BYTES),
    };
    let hashed = parallel.and_then(|parallel| {
        if parallel {
            hasher
                .update_mmap_rayon(path)
                .map(|hasher| hasher.finalize())
        } else {
            stream(path, Buffer::new().aligned())
        }
    });
    hashed.map_err(|source| unreadable(path, source))
}

/// Digests of many files in their order, one thread, through one buffer.
///
/// Stops at the first file that cannot be read.
pub fn of_files(paths: &[PathBuf]) -> Result<Vec<Hash>, Unreadable> {
    let mut buffer = Buffer::new();
    paths
        .iter()
        .map(|path| stream(path, buffer.aligned()).map_err(|source| unreadable(path, source)))
        .collect()
}

/// Digest and CRC-32 (ISO-HDLC, as ZIP has it) of one file, whose bytes are read once.
///
/// From [`PARALLEL_FROM_BYTES`] the digest uses all cores.
pub fn with_crc(path: &Path) -> Result<(Hash, u32), Unreadable> {
    let summed = File::open(path).and_then(|mut file| {
        let mut buffer = Buffer::new();
        let buffer = buffer.aligned();
        let (mut hasher, mut crc) = (Hasher::new(), crc32fast::Hasher::new());
        loop {
            let length = fill(&mut file, buffer)?;
            let bytes = &buffer[..length];
            crc.update(bytes);
            if length < buffer.len() {
                hasher.update(bytes);
                return Ok((hasher.finalize(), crc.finalize()));
            }
            hasher.update_rayon(bytes);
        }
    });
    summed.map_err(|source| unreadable(path, source))
}

struct Buffer(Vec<u8>);

impl Buffer {
    fn new() -> Self {
        Self(vec![0; BUFFER_BYTES + CACHE_LINE_BYTES])
    }

    fn aligned(&mut self) -> &mut [u8] {
        let start = self.0.as_ptr().align_offset(CACHE_LINE_BYTES);
        &mut self.0[start..][..BUFFER_BYTES]
    }
}

fn unreadable(path: &Path, source: io::Error) -> Unreadable {
    Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn stream(path: &Path, buffer: &mut [u8]) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let first = fill(&mut file, buffer)?;
    // A file that fits into the buffer skips the 2 KiB state of the incremental hasher.
    if first < buffer.len() {
        return Ok(blake3::hash(&buffer[..first]));
    }
    let mut hasher = Hasher::new();
    let mut length = first;
    while length > 0 {
        hasher.update(&buffer[..length]);
        length = fill(&mut file, buffer)?;
    }
    Ok(hasher.finalize())
}

/// Reads until the buffer is full or the file ends; shorter than the buffer means the end.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    // BLAKE3 test_vectors.json: the empty input.
    const EMPTY: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    /// The published vectors' input: bytes 0..=250, repeated.
    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8).collect()
    }

    fn file_of(name: &str, bytes: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("core-ext-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("the temporary folder is writable");
        path
    }

    #[test]
    fn every_way_of_reading_gives_the_digest_of_the_bytes() {
        let near = [BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1];
        for length in [0, 1, 1024, 1025].into_iter().chain(near).chain([3 << 20]) {
            let bytes = pattern(length);
            let path = file_of(&format!("ways-{length}"), &bytes);
            let expected = blake3::hash(&bytes);
            for reading in [Reading::OneThread, Reading::AllCores, Reading::BySize] {
                let digest = of_file(&path, reading).expect("the file is readable");
                assert_eq!(digest, expected, "{length} bytes, {reading:?}");
            }
            let batch = of_files(&[path.clone(), path.clone()]).expect("the file is readable");
            assert_eq!(batch, [expected, expected], "{length} bytes in a batch");
            let both = with_crc(&path).expect("the file is readable");
            assert_eq!(both, (expected, bitwise_crc(&bytes)), "{length} bytes");
            std::fs::remove_file(path).expect("the file is ours");
        }
    }

    /// CRC-32/ISO-HDLC bit by bit, as its polynomial says.
    fn bitwise_crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }

    #[test]
    fn the_check_value_of_the_catalogue_of_crcs_holds() {
        // reveng.sourceforge.io/crc-catalogue: CRC-32/ISO-HDLC, check.
        let path = file_of("check", b"123456789");
        let (_, crc) = with_crc(&path).expect("the file is readable");
        assert_eq!((crc, bitwise_crc(b"123456789")), (0xCBF4_3926, crc));
        std::fs::remove_file(path).expect("the file is ours");
    }

    #[test]
    fn an_empty_file_has_the_published_digest() {
        let path = file_of("empty", b"");
        let digest = of_file(&path, Reading::BySize).expect("the file is readable");
        assert_eq!(digest.to_hex().as_str(), EMPTY);
        std::fs::remove_file(path).expect("the file is ours");
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing = PathBuf::from("/nonexistent/lecture.mp4");
        for reading in [Reading::OneThread, Reading::AllCores, Reading::BySize] {
            let error = of_file(&missing, reading).expect_err("there is no such file");
            assert_eq!(error.path, missing);
            assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
        }
        let error = with_crc(&missing).expect_err("there is no such file");
        assert_eq!(error.path, missing);
        assert_eq!(
            of_files(std::slice::from_ref(&missing))
                .expect_err("missing")
                .path,
            missing
        );
    }
}
