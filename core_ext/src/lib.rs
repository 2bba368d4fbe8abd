//! Lectern's compiled core: digests, frame scores and confinement, with a thin Python binding.

pub mod digest;
pub mod frames;

#[cfg(feature = "python")]
mod python;
