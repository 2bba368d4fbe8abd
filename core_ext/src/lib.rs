//! Lectern's compiled core: digests, frame scores and confinement, with a thin Python binding.

pub mod confine;
pub mod digest;
pub mod frames;
mod seccomp;

#[cfg(feature = "python")]
mod python;
