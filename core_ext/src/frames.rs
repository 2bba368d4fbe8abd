//! Scores of one decoded frame, from its 8-bit Y, U and V planes in one pass; knows nothing of
//! Python and decodes nothing.

#![forbid(unsafe_code)]

use std::fmt;

use fearless_simd::{Level, Simd, dispatch};

/// Nominal black and white of limited-range video (ITU-R BT.601-7, 2.5.3).
pub const BLACK: u8 = 16;
pub const WHITE: u8 = 235;

const HASH_COLUMNS: usize = 9;
const HASH_ROWS: usize = 8;

// Squared Laplacians reach 1020²: 1024 of them still fit an i32, which keeps the lanes narrow.
const LANE_PIXELS: usize = 1024;

// Eight tables: equal neighbours (slides are flat) then never wait for each other's count.
const TABLES: usize = 8;

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

struct LumaSums {
    tables: [[u32; 256]; TABLES],
    laplacian: i64,
    laplacian_squared: i64,
    cells: [[u64; HASH_COLUMNS]; HASH_ROWS],
}

/// First and one-past-last pixel of cell `index` of `count` over `length` pixels.
///
/// A pixel on a border counts in both cells, so no cell is empty, however small the frame.
fn cell(index: usize, count: usize, length: usize) -> (usize, usize) {
    (
        index * length / count,
        ((index + 1) * length).div_ceil(count),
    )
}

// One walk over the rows, so that each is read from memory once and then from the L1 cache.
#[inline(always)]
fn luma_sums<S: Simd>(_: S, luma: Plane<'_>) -> LumaSums {
    let mut sums = LumaSums {
        tables: [[0; 256]; TABLES],
        laplacian: 0,
        laplacian_squared: 0,
        cells: [[0; HASH_COLUMNS]; HASH_ROWS],
    };
    let columns: [_; HASH_COLUMNS] = std::array::from_fn(|x| cell(x, HASH_COLUMNS, luma.width));
    let bands: [_; HASH_ROWS] = std::array::from_fn(|y| cell(y, HASH_ROWS, luma.height));
    for y in 0..luma.height {
        let row = luma.row(y);
        count_levels(row, &mut sums.tables);
        let line = columns.map(|(start, end)| sum(&row[start..end]));
        for (cells, (start, end)) in sums.cells.iter_mut().zip(bands) {
            if (start..end).contains(&y) {
                for (cell, part) in cells.iter_mut().zip(line) {
                    *cell += part;
                }
            }
        }
        if y > 0 && y + 1 < luma.height {
            let (plain, squared) = laplacian(luma.row(y - 1), row, luma.row(y + 1));
            sums.laplacian += plain;
            sums.laplacian_squared += squared;
        }
    }
    sums
}

#[inline(always)]
fn count_levels(row: &[u8], tables: &mut [[u32; 256]; TABLES]) {
    let (groups, rest) = row.as_chunks::<TABLES>();
    for group in groups {
        let mut levels = u64::from_le_bytes(*group);
        for table in tables.iter_mut() {
            table[(levels & 0xff) as usize] += 1;
            levels >>= 8;
        }
    }
    for &level in rest {
        tables[0][usize::from(level)] += 1;
    }
}

#[inline(always)]
fn sum(samples: &[u8]) -> u64 {
    let mut total = 0;
    for part in samples.chunks(LANE_PIXELS) {
        total += u64::from(part.iter().map(|&sample| u32::from(sample)).sum::<u32>());
    }
    total
}

/// Sum and sum of squares of the Laplacian along the interior of one row.
#[inline(always)]
fn laplacian(above: &[u8], row: &[u8], below: &[u8]) -> (i64, i64) {
    let inner = row.len() - 2;
    let (mut plain, mut squared) = (0, 0);
    for start in (0..inner).step_by(LANE_PIXELS) {
        let length = LANE_PIXELS.min(inner - start);
        let up = &above[start + 1..][..length];
        let left = &row[start..][..length];
        let here = &row[start + 1..][..length];
        let right = &row[start + 2..][..length];
        let down = &below[start + 1..][..length];
        let (mut part, mut part_squared) = (0i32, 0i32);
        for x in 0..length {
            let around =
                i16::from(up[x]) + i16::from(down[x]) + i16::from(left[x]) + i16::from(right[x]);
            let value = around - 4 * i16::from(here[x]);
            part += i32::from(value);
            part_squared += i32::from(value) * i32::from(value);
        }
        plain += i64::from(part);
        squared += i64::from(part_squared);
    }
    (plain, squared)
}

impl LumaSums {
    fn scores(&self, width: usize, height: usize, colourfulness: f64) -> Scores {
        let count = (width * height) as f64;
        let histogram: [u64; 256] =
            std::array::from_fn(|level| self.tables.iter().map(|t| u64::from(t[level])).sum());
        let moment = |power: fn(u64) -> u64| -> f64 {
            let weigh = |(level, &n): (usize, &u64)| power(level as u64) * n;
            histogram.iter().enumerate().map(weigh).sum::<u64>() as f64
        };
        let mean = moment(|level| level) / count;
        let share = |levels: &[u64]| levels.iter().sum::<u64>() as f64 / count;
        let bits = |&n: &u64| {
            let p = n as f64 / count;
            -p * p.log2()
        };
        Scores {
            sharpness: variance(
                self.laplacian as f64,
                self.laplacian_squared as f64,
                ((width - 2) * (height - 2)) as f64,
            ),
            mean,
            deviation: variance(mean * count, moment(|level| level * level), count).sqrt(),
            dark_share: share(&histogram[..=usize::from(BLACK)]),
            bright_share: share(&histogram[usize::from(WHITE)..]),
            entropy: histogram.iter().filter(|&&n| n > 0).map(bits).sum(),
            colourfulness,
            difference_hash: self.difference_hash(width, height),
        }
    }

    fn difference_hash(&self, width: usize, height: usize) -> u64 {
        let mut hash = 0;
        for (y, cells) in self.cells.iter().enumerate() {
            let (top, bottom) = cell(y, HASH_ROWS, height);
            let area = |x| {
                let (left, right) = cell(x, HASH_COLUMNS, width);
                ((right - left) * (bottom - top)) as u64
            };
            for x in 1..HASH_COLUMNS {
                // Means are compared as fractions, so no rounding decides a bit.
                let rises = cells[x] * area(x - 1) > cells[x - 1] * area(x);
                hash = hash << 1 | u64::from(rises);
            }
        }
        hash
    }
}

#[derive(Default)]
struct ChromaSums {
    u: i64,
    v: i64,
    uu: i64,
    vv: i64,
    uv: i64,
}

#[inline(always)]
fn chroma_sums<S: Simd>(_: S, u: Plane<'_>, v: Plane<'_>) -> ChromaSums {
    let mut sums = ChromaSums::default();
    for y in 0..u.height {
        let (u_parts, v_parts) = (u.row(y).chunks(LANE_PIXELS), v.row(y).chunks(LANE_PIXELS));
        for (u, v) in u_parts.zip(v_parts) {
            let (mut su, mut sv, mut suu, mut svv, mut suv) = (0i32, 0i32, 0i32, 0i32, 0i32);
            for (&u, &v) in u.iter().zip(v) {
                let (u, v) = (i16::from(u) - 128, i16::from(v) - 128);
                su += i32::from(u);
                sv += i32::from(v);
                suu += i32::from(u) * i32::from(u);
                svv += i32::from(v) * i32::from(v);
                suv += i32::from(u) * i32::from(v);
            }
            sums.u += i64::from(su);
            sums.v += i64::from(sv);
            sums.uu += i64::from(suu);
            sums.vv += i64::from(svv);
            sums.uv += i64::from(suv);
        }
    }
    sums
}

impl ChromaSums {
    /// Luma cancels in both opponent axes, so chroma alone gives them.
    fn colourfulness(&self, count: f64) -> f64 {
        // BT.601: R−G = 0.344u + 2.116v and ½(R+G)−B = −1.944u + 0.344v.
        let axes = [(0.344, 2.116), (-1.944, 0.344)];
        let (mut spread, mut offset) = (0.0, 0.0);
        for (a, b) in axes {
            let sum = a * self.u as f64 + b * self.v as f64;
            let squares =
                a * a * self.uu as f64 + b * b * self.vv as f64 + 2.0 * a * b * self.uv as f64;
            spread += variance(sum, squares, count);
            offset += (sum / count).powi(2);
        }
        spread.sqrt() + 0.3 * offset.sqrt()
    }
}

/// Population variance; rounding may not make it negative.
fn variance(sum: f64, squares: f64, count: f64) -> f64 {
    let mean = sum / count;
    (squares / count - mean * mean).max(0.0)
}
