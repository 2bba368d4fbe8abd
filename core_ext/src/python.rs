//! The Python face: converts arguments, releases the GIL, maps errors; nothing else.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use crate::confine::{Limits, Paths, Unconfined};
use crate::digest::{self, Reading, Unreadable};
use crate::frames::{self, Plane};

mod chain;
mod prints;

// Same threshold as CPython's HASHLIB_GIL_MINSIZE.
const RELEASE_GIL_FROM_BYTES: usize = 2048;

/// Compiled core of Lectern: digests, frame scores, fingerprints, confinement.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::chain::{AuditEntries, canonical_json};
    #[pymodule_export]
    use super::prints::{SoundAlignment, SoundPrinter, align_sounds, picture_hash};
    #[pymodule_export]
    use super::{
        Confinement, FrameScores, Hasher, confine, die_with_parent, digest_and_crc, digest_file,
        digest_files, score_frame,
    };
}

/// An `OSError`; Python picks the subclass by the number, and appends number and path itself.
fn os_error(error: &io::Error, before: &str, path: Option<PathBuf>) -> PyErr {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    match error.raw_os_error() {
        Some(number) => PyOSError::new_err((
            number,
            format!("{before}{words}"),
            path.map(PathBuf::into_os_string),
        )),
        None => PyOSError::new_err(format!("{before}{words}")),
    }
}

impl From<Unreadable> for PyErr {
    fn from(error: Unreadable) -> Self {
        os_error(&error.source, "", Some(error.path))
    }
}

impl From<Unconfined> for PyErr {
    fn from(error: Unconfined) -> Self {
        os_error(&error.source, &format!("{}: ", error.what), None)
    }
}

/// The bytes of a contiguous buffer, without a copy.
#[allow(unsafe_code)]
fn bytes_of(buffer: &PyBuffer<u8>) -> PyResult<&[u8]> {
    let slice = buffer
        .as_slice_ptr()
        .ok_or_else(|| PyBufferError::new_err("The buffer is not contiguous."))?;
    // SAFETY: while the `PyBuffer` lives, its exporter neither moves nor frees the memory. That no
    // other thread writes to it is the caller's promise, stated in the docstrings; breaking it
    // gives a wrong number, as it does in `hashlib` and in the `blake3` package (ADR 6).
    Ok(unsafe { slice.as_ref() })
}

/// BLAKE3-256 of one file, 64 lowercase hex digits.
#[pyfunction]
#[pyo3(signature = (path, *, parallel = None))]
fn digest_file(py: Python<'_>, path: PathBuf, parallel: Option<bool>) -> PyResult<String> {
    let reading = match parallel {
        None => Reading::BySize,
        Some(true) => Reading::AllCores,
        Some(false) => Reading::OneThread,
    };
    let digest = py.detach(|| digest::of_file(&path, reading))?;
    Ok(digest.to_hex().to_string())
}

/// BLAKE3-256 and CRC-32 of one file, read once.
#[pyfunction]
fn digest_and_crc(py: Python<'_>, path: PathBuf) -> PyResult<(String, u32)> {
    let (digest, crc) = py.detach(|| digest::with_crc(&path))?;
    Ok((digest.to_hex().to_string(), crc))
}

/// BLAKE3-256 of many files, in their order.
#[pyfunction]
fn digest_files(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Vec<String>> {
    let digests = py.detach(|| digest::of_files(&paths))?;
    Ok(digests.iter().map(|d| d.to_hex().to_string()).collect())
}

/// BLAKE3-256 of bytes that arrive in pieces.
#[pyclass(frozen, module = "core_ext._core")]
struct Hasher(Mutex<blake3::Hasher>);

#[pymethods]
impl Hasher {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// Takes the next bytes.
    fn update(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let buffer = PyBuffer::get(data)?;
        let bytes = bytes_of(&buffer)?;
        if bytes.len() < RELEASE_GIL_FROM_BYTES {
            self.locked(py, |hasher| hasher.update(bytes).count());
        } else {
            // The lock is taken and given back without the GIL, so the two cannot deadlock.
            py.detach(|| {
                let mut hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                hasher.update(bytes);
            });
        }
        Ok(())
    }

    /// Digest of all bytes so far; more may follow.
    fn hexdigest(&self, py: Python<'_>) -> String {
        self.locked(py, |hasher| hasher.finalize().to_hex().to_string())
    }

    /// Another hasher with the same bytes so far.
    fn copy(&self, py: Python<'_>) -> Self {
        Self(Mutex::new(self.locked(py, |hasher| hasher.clone())))
    }

    /// Forgets all bytes.
    fn reset(&self, py: Python<'_>) {
        self.locked(py, |hasher| hasher.reset().count());
    }
}

impl Hasher {
    fn locked<T>(&self, py: Python<'_>, action: impl FnOnce(&mut blake3::Hasher) -> T) -> T {
        let guard = self.0.lock_py_attached(py);
        action(&mut guard.unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one look at a frame tells; scores compare only between frames of one size.
#[pyclass(frozen, get_all, module = "core_ext._core")]
struct FrameScores {
    sharpness: f64,
    mean: f64,
    deviation: f64,
    dark_share: f64,
    bright_share: f64,
    entropy: f64,
    colourfulness: f64,
    difference_hash: u64,
}

impl From<frames::Scores> for FrameScores {
    fn from(scores: frames::Scores) -> Self {
        let frames::Scores {
            sharpness,
            mean,
            deviation,
            dark_share,
            bright_share,
            entropy,
            colourfulness,
            difference_hash,
        } = scores;
        Self {
            sharpness,
            mean,
            deviation,
            dark_share,
            bright_share,
            entropy,
            colourfulness,
            difference_hash,
        }
    }
}

/// All scores of one 8-bit frame in one pass over its Y, U and V planes.
#[pyfunction]
#[pyo3(signature = (luma, u = None, v = None, *, width, height, stride = None,
                    chroma_width = None, chroma_height = None, chroma_stride = None))]
#[expect(
    clippy::too_many_arguments,
    reason = "a frame has this many facts; all but planes are named"
)]
fn score_frame(
    py: Python<'_>,
    luma: PyBuffer<u8>,
    u: Option<PyBuffer<u8>>,
    v: Option<PyBuffer<u8>>,
    width: usize,
    height: usize,
    stride: Option<usize>,
    chroma_width: Option<usize>,
    chroma_height: Option<usize>,
    chroma_stride: Option<usize>,
) -> PyResult<FrameScores> {
    let samples = bytes_of(&luma)?;
    let chroma = match (&u, &v) {
        (Some(u), Some(v)) => Some((bytes_of(u)?, bytes_of(v)?)),
        (None, None) => None,
        _ => {
            return Err(PyValueError::new_err(
                "Give both chroma planes, or neither.",
            ));
        }
    };
    let columns = chroma_width.unwrap_or(width.div_ceil(2));
    let rows = chroma_height.unwrap_or(height.div_ceil(2));
    let step = chroma_stride.unwrap_or(columns);
    let score = || {
        let plane = |samples| Plane::new(samples, columns, rows, step);
        let chroma = match chroma {
            Some((u, v)) => Some((plane(u)?, plane(v)?)),
            None => None,
        };
        frames::score(
            Plane::new(samples, width, height, stride.unwrap_or(width))?,
            chroma,
        )
    };
    py.detach(score)
        .map(FrameScores::from)
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// What came into force beyond the layers without which `confine` fails.
#[pyclass(frozen, get_all, module = "core_ext._core")]
struct Confinement {
    landlock: i32,
    namespaces: Vec<&'static str>,
}

/// Confines the calling process for ever: limits, no network, no children, only these paths.
#[pyfunction]
#[pyo3(signature = (*, read, write, cpu_seconds, memory_bytes, file_bytes, open_files,
                    execute = Vec::new(), parent_pid = None))]
#[expect(
    clippy::too_many_arguments,
    reason = "each is a layer's setting, and all are named"
)]
fn confine(
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    cpu_seconds: u64,
    memory_bytes: u64,
    file_bytes: u64,
    open_files: u64,
    execute: Vec<PathBuf>,
    parent_pid: Option<i32>,
) -> PyResult<Confinement> {
    if cpu_seconds == 0 {
        return Err(PyValueError::new_err(
            "Give at least one second of CPU time.",
        ));
    }
    let paths = Paths {
        read,
        write,
        execute,
    };
    let limits = Limits {
        cpu_seconds,
        memory_bytes,
        file_bytes,
        open_files,
    };
    let parent = parent_pid.unwrap_or_else(crate::confine::parent);
    let crate::confine::Confinement {
        landlock,
        namespaces,
    } = crate::confine::confine(&paths, limits, parent)?;
    Ok(Confinement {
        landlock,
        namespaces,
    })
}

/// Has the kernel kill this process when its parent ends.
#[pyfunction]
fn die_with_parent(parent_pid: i32) -> PyResult<()> {
    crate::confine::die_with_parent(parent_pid).map_err(|error| os_error(&error, "", None))
}
