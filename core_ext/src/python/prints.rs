//! Fingerprints for Python.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::bytes_of;
use crate::{likeness, sound};

/// A hash of one picture's luma, near to those of pictures that look alike.
#[pyfunction]
#[pyo3(signature = (luma, *, width, height, stride = None))]
pub(super) fn picture_hash<'py>(
    py: Python<'py>,
    luma: PyBuffer<u8>,
    width: usize,
    height: usize,
    stride: Option<usize>,
) -> PyResult<Bound<'py, PyBytes>> {
    let samples = bytes_of(&luma)?;
    let hash = py
        .detach(|| likeness::picture_hash(samples, width, height, stride.unwrap_or(width)))
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &hash))
}

/// Makes the fingerprint of sound that arrives in pieces.
#[pyclass(unsendable, module = "core_ext._core")]
pub(super) struct SoundPrinter(sound::Printer);

#[pymethods]
impl SoundPrinter {
    #[classattr]
    const RATE: u32 = sound::RATE;

    #[classattr]
    fn item_seconds() -> f32 {
        sound::item_seconds()
    }

    #[new]
    fn new() -> PyResult<Self> {
        let printer = sound::Printer::new();
        Ok(Self(printer.map_err(|error| {
            PyValueError::new_err(error.to_string())
        })?))
    }

    /// Takes the next samples.
    fn update(&mut self, samples: &Bound<'_, PyAny>) -> PyResult<()> {
        let buffer = PyBuffer::get(samples)?;
        let bytes = bytes_of(&buffer)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(PyValueError::new_err(
                "A sample has two bytes; one is left over.",
            ));
        }
        let samples: Vec<i16> = pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect();
        self.0.update(&samples);
        Ok(())
    }

    /// The fingerprint of all samples; nothing may follow.
    fn finish<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let items = self.0.finish();
        let bytes: Vec<u8> = items.iter().flat_map(|item| item.to_le_bytes()).collect();
        PyBytes::new(py, &bytes)
    }
}

/// How two fingerprints of sound lie over each other.
#[pyclass(frozen, get_all, module = "core_ext._core")]
pub(super) struct SoundAlignment {
    offset_s: f64,
    compared: usize,
    matched: usize,
    first: usize,
    second: usize,
}

/// The offset under which most of two fingerprints sounds the same.
#[pyfunction]
pub(super) fn align_sounds(
    py: Python<'_>,
    first: &[u8],
    second: &[u8],
) -> PyResult<SoundAlignment> {
    let (ours, theirs) = (items(first)?, items(second)?);
    let found = py.detach(|| sound::align(&ours, &theirs));
    Ok(SoundAlignment {
        offset_s: found.offset as f64 * f64::from(sound::item_seconds()),
        compared: found.compared,
        matched: found.matched,
        first: found.first,
        second: found.second,
    })
}

fn items(bytes: &[u8]) -> PyResult<Vec<u32>> {
    let (items, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(PyValueError::new_err(
            "A fingerprint's items have four bytes each.",
        ));
    }
    Ok(items.iter().map(|&item| u32::from_le_bytes(item)).collect())
}
