//! Scores of one decoded frame, from its 8-bit Y, U and V planes each byte read where it lies; knows nothing of
//! Python and decodes nothing.

#![forbid(unsafe_code)]

use std::fmt;

use fearless_simd::{Level, dispatch};

use chroma::chroma_sums;
use luma::luma_sums;

mod chroma;
mod luma;

/// Nominal black and white of limited-range video (ITU-R BT.601-7, 2.5.3).
pub const BLACK: u8 = 16;
pub const WHITE: u8 = 235;

// Squared Laplacians reach 1020²: 1024 of them still fit an i32, which keeps the lanes narrow.
const LANE_PIXELS: usize = 1024;

/// Why a frame cannot be scored, with the numbers that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    TooSmall {
        width: usize,
        height: usize,
    },
    Stride {
        stride: usize,
        width: usize,
    },
    Short {
        bytes: usize,
        needed: usize,
    },
    Chroma {
        u: (usize, usize),
        v: (usize, usize),
    },
    Empty,
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooSmall { width, height } => write!(
                f,
                "A frame needs at least 3 × 3 pixels; this one is {width} × {height}."
            ),
            Self::Stride { stride, width } => write!(
                f,
                "A stride of {stride} bytes is shorter than the width of {width} pixels."
            ),
            Self::Short { bytes, needed } => write!(
                f,
                "The plane holds {bytes} bytes, but its size and stride need {needed}."
            ),
            Self::Chroma { u, v } => write!(
                f,
                "The chroma planes differ: U is {} × {}, V is {} × {}.",
                u.0, u.1, v.0, v.1
            ),
            Self::Empty => write!(f, "A chroma plane needs at least one pixel."),
        }
    }
}

impl std::error::Error for BadFrame {}

/// One 8-bit plane: `height` rows of `width` samples, each row `stride` bytes after the last.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a> Plane<'a> {
    /// Checks that `samples` hold the plane; the last row may lack its padding.
    pub fn new(
        samples: &'a [u8],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Self, BadFrame> {
        if stride < width {
            return Err(BadFrame::Stride { stride, width });
        }
        let before_last = height.saturating_sub(1).saturating_mul(stride);
        let needed = before_last.saturating_add(width);
        if samples.len() < needed {
            return Err(BadFrame::Short {
                bytes: samples.len(),
                needed,
            });
        }
        Ok(Self {
            samples,
            width,
            height,
            stride,
        })
    }

    #[inline(always)]
    fn row(&self, y: usize) -> &'a [u8] {
        &self.samples[y * self.stride..][..self.width]
    }
}

/// What one look at a frame tells; scores compare only between frames of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    /// Variance of the 4-neighbour Laplacian over the interior, squared grey levels.
    pub sharpness: f64,
    /// Mean luma, 0 to 255.
    pub mean: f64,
    /// Standard deviation of luma: root-mean-square contrast.
    pub deviation: f64,
    /// Share of pixels at or below [`BLACK`], 0 to 1.
    pub dark_share: f64,
    /// Share of pixels at or above [`WHITE`], 0 to 1.
    pub bright_share: f64,
    /// Shannon entropy of the luma histogram, 0 to 8 bits.
    pub entropy: f64,
    /// Hasler–Süsstrunk colourfulness; 0 without chroma.
    pub colourfulness: f64,
    /// 64-bit difference hash, row-major from the highest bit; a bit is set where luma rises.
    pub difference_hash: u64,
}

/// All scores of one frame; `chroma` is U (Cb) and V (Cr) of any subsampling.
///
/// Sharpness: Pech-Pacheco et al., ICPR 2000, doi:10.1109/ICPR.2000.903548.
/// Colourfulness: Hasler and Süsstrunk, SPIE 2003, doi:10.1117/12.477378.
pub fn score(luma: Plane<'_>, chroma: Option<(Plane<'_>, Plane<'_>)>) -> Result<Scores, BadFrame> {
    let (width, height) = (luma.width, luma.height);
    if width < 3 || height < 3 {
        return Err(BadFrame::TooSmall { width, height });
    }
    if let Some((u, v)) = chroma {
        if (u.width, u.height) != (v.width, v.height) {
            return Err(BadFrame::Chroma {
                u: (u.width, u.height),
                v: (v.width, v.height),
            });
        }
        if u.width == 0 || u.height == 0 {
            return Err(BadFrame::Empty);
        }
    }
    let level = Level::new();
    let sums = dispatch!(level, simd => luma_sums(simd, luma));
    let colourfulness = chroma.map_or(0.0, |(u, v)| {
        let sums = dispatch!(level, simd => chroma_sums(simd, u, v));
        sums.colourfulness((u.width * u.height) as f64)
    });
    Ok(sums.scores(width, height, colourfulness))
}

/// Population variance; rounding may not make it negative.
fn variance(sum: f64, squares: f64, count: f64) -> f64 {
    let mean = sum / count;
    (squares / count - mean * mean).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(samples: &[u8], width: usize, height: usize) -> Scores {
        let luma = Plane::new(samples, width, height, width).expect("the plane fits");
        score(luma, None).expect("the frame is large enough")
    }

    #[test]
    fn a_flat_frame_has_no_detail() {
        let scores = scored(&[128; 64 * 48], 64, 48);
        let expected = Scores {
            sharpness: 0.0,
            mean: 128.0,
            deviation: 0.0,
            dark_share: 0.0,
            bright_share: 0.0,
            entropy: 0.0,
            colourfulness: 0.0,
            difference_hash: 0,
        };
        assert_eq!(scores, expected);
    }

    #[test]
    fn the_sharpest_frame_there_is_does_not_overflow() {
        // A checkerboard gives ±1020 everywhere, over more than one lane and one column run.
        let (width, height) = (2 * LANE_PIXELS + 2, 2100);
        let samples: Vec<u8> = (0..width * height)
            .map(|i| {
                if (i % width + i / width) % 2 == 0 {
                    255
                } else {
                    0
                }
            })
            .collect();
        let scores = scored(&samples, width, height);
        assert_eq!(scores.sharpness, 1020.0 * 1020.0);
        assert_eq!((scores.mean, scores.entropy), (127.5, 1.0));
        assert_eq!((scores.dark_share, scores.bright_share), (0.5, 0.5));
    }

    #[test]
    fn a_bit_is_set_where_luma_rises() {
        let rising: Vec<u8> = (0..90 * 80).map(|i| (i % 90) as u8).collect();
        assert_eq!(scored(&rising, 90, 80).difference_hash, u64::MAX);
        let falling: Vec<u8> = rising.iter().map(|&level| 90 - level).collect();
        assert_eq!(scored(&falling, 90, 80).difference_hash, 0);
    }

    #[test]
    fn padding_at_the_end_of_rows_is_not_looked_at() {
        let tight: Vec<u8> = (0..31 * 17).map(|i| (i * 7 % 251) as u8).collect();
        let mut padded = vec![255; 64 * 17];
        for (row, samples) in padded.chunks_mut(64).zip(tight.chunks(31)) {
            row[..31].copy_from_slice(samples);
        }
        let plane = Plane::new(&padded, 31, 17, 64).expect("the plane fits");
        assert_eq!(score(plane, None), Ok(scored(&tight, 31, 17)));
    }

    #[test]
    fn what_cannot_be_scored_is_refused_with_its_numbers() {
        let bytes = [0; 100];
        let refused = |width, height, stride| {
            Plane::new(&bytes, width, height, stride).and_then(|luma| score(luma, None))
        };
        assert_eq!(
            refused(2, 9, 9),
            Err(BadFrame::TooSmall {
                width: 2,
                height: 9
            })
        );
        assert_eq!(
            refused(9, 9, 8),
            Err(BadFrame::Stride {
                stride: 8,
                width: 9
            })
        );
        assert_eq!(
            refused(10, 11, 10),
            Err(BadFrame::Short {
                bytes: 100,
                needed: 110
            })
        );
        assert!(refused(usize::MAX, usize::MAX, usize::MAX).is_err());
    }

    #[test]
    fn chroma_planes_must_be_of_one_size() {
        let bytes = [128; 100];
        let plane = |width, height| Plane::new(&bytes, width, height, width).expect("it fits");
        let differing = score(plane(10, 10), Some((plane(5, 5), plane(5, 4))));
        assert_eq!(
            differing,
            Err(BadFrame::Chroma {
                u: (5, 5),
                v: (5, 4)
            })
        );
        let empty = score(plane(10, 10), Some((plane(0, 5), plane(0, 5))));
        assert_eq!(empty, Err(BadFrame::Empty));
    }
}
