//! Sharpness, histogram and difference hash from the Y plane.

#![forbid(unsafe_code)]

use fearless_simd::Simd;

use super::{BLACK, LANE_PIXELS, Plane, Scores, WHITE, variance};

const HASH_COLUMNS: usize = 9;
const HASH_ROWS: usize = 8;

// Equal neighbours in different tables need not wait for each other's count.
const TABLES: usize = 8;

// So many samples of 255 just fit a u16.
const COLUMN_ROWS: usize = 257;

/// Everything that the luma scores follow from, as exact integers.
pub(super) struct LumaSums {
    tables: [[u32; 256]; TABLES],
    laplacian: i64,
    laplacian_squared: i64,
    cells: [[u64; HASH_COLUMNS]; HASH_ROWS],
}

#[inline(always)]
pub(super) fn luma_sums<S: Simd>(_: S, luma: Plane<'_>) -> LumaSums {
    let mut tables = [[0; 256]; TABLES];
    let (mut plain, mut squared) = (0, 0);
    for y in 0..luma.height {
        count_levels(luma.row(y), &mut tables);
    }
    for y in 1..luma.height - 1 {
        let (part, part_squared) = laplacian(luma.row(y - 1), luma.row(y), luma.row(y + 1));
        plain += part;
        squared += part_squared;
    }
    LumaSums {
        tables,
        laplacian: plain,
        laplacian_squared: squared,
        cells: cell_sums(luma),
    }
}

#[inline(always)]
fn count_levels(row: &[u8], tables: &mut [[u32; 256]; TABLES]) {
    let (groups, rest) = row.as_chunks::<TABLES>();
    // By value and by index: otherwise the compiler reads each sample anew after each count, for a
    // count could have changed it.
    for &group in groups {
        let levels = u64::from_le_bytes(group);
        // Slides are mostly flat, where one count for eight pixels halves the time.
        if levels.rotate_left(8) == levels {
            tables[0][usize::from(group[0])] += TABLES as u32;
        } else {
            for index in 0..TABLES {
                tables[index][usize::from(group[index])] += 1;
            }
        }
    }
    for &level in rest {
        tables[0][usize::from(level)] += 1;
    }
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

/// First and one-past-last pixel of cell `index` of `count` over `length` pixels.
///
/// A pixel on a border counts in both cells, so no cell is empty, however small the frame.
fn cell(index: usize, count: usize, length: usize) -> (usize, usize) {
    (
        index * length / count,
        ((index + 1) * length).div_ceil(count),
    )
}

/// Sums of the 9 × 8 cells, column by column first: adding rows needs no sum across lanes.
#[inline(always)]
fn cell_sums(luma: Plane<'_>) -> [[u64; HASH_COLUMNS]; HASH_ROWS] {
    let mut cells = [[0; HASH_COLUMNS]; HASH_ROWS];
    let mut columns = vec![0u16; luma.width];
    for (y, sums) in cells.iter_mut().enumerate() {
        let (top, bottom) = cell(y, HASH_ROWS, luma.height);
        for first in (top..bottom).step_by(COLUMN_ROWS) {
            columns.fill(0);
            for y in first..bottom.min(first + COLUMN_ROWS) {
                for (column, &sample) in columns.iter_mut().zip(luma.row(y)) {
                    *column += u16::from(sample);
                }
            }
            for (x, sum) in sums.iter_mut().enumerate() {
                let (left, right) = cell(x, HASH_COLUMNS, luma.width);
                *sum += columns[left..right]
                    .iter()
                    .map(|&n| u64::from(n))
                    .sum::<u64>();
            }
        }
    }
    cells
}

impl LumaSums {
    pub(super) fn scores(&self, width: usize, height: usize, colourfulness: f64) -> Scores {
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
