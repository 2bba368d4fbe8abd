//! Lectern's compiled core: digests, frame scores, fingerprints and confinement, with a thin Python binding.

pub mod chain;
pub mod confine;
pub mod digest;
pub mod frames;
pub mod likeness;
mod seccomp;
pub mod sound;

#[cfg(feature = "python")]
mod python;
