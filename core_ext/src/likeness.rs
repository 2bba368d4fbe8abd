//! A hash by which pictures that look alike are near each other; decodes nothing.

#![forbid(unsafe_code)]

use std::fmt;

/// Cells along each side, between whose neighbours brightness is compared.
const CELLS: usize = 16;
const MEANS: usize = CELLS + 1;
/// Grey levels by which a neighbour has to be brighter: less is what coding alone makes.
const RISE: f32 = 3.0;

/// Bytes of a hash: one bit for each cell and direction.
pub const HASH_BYTES: usize = CELLS * CELLS * 2 / 8;

/// Why a picture has no hash, with the numbers that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPicture {
    TooSmall { width: usize, height: usize },
    Short { bytes: usize, needed: usize },
}

impl fmt::Display for BadPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooSmall { width, height } => write!(
                f,
                "A picture needs at least {MEANS} × {MEANS} pixels; this one is {width} × {height}."
            ),
            Self::Short { bytes, needed } => write!(
                f,
                "The picture holds {bytes} bytes, but its size and stride need {needed}."
            ),
        }
    }
}

impl std::error::Error for BadPicture {}

/// 512 bits over 17 × 17 area means, row by row: set where luma clearly rises to the right, then
/// the same downwards. Flat areas have none set. Rows of `luma` begin `stride` bytes apart.
pub fn picture_hash(
    luma: &[u8],
    width: usize,
    height: usize,
    stride: usize,
) -> Result<[u8; HASH_BYTES], BadPicture> {
    if width < MEANS || height < MEANS {
        return Err(BadPicture::TooSmall { width, height });
    }
    let needed = (height - 1)
        .saturating_mul(stride.max(width))
        .saturating_add(width);
    if luma.len() < needed || stride < width {
        let bytes = luma.len();
        return Err(BadPicture::Short { bytes, needed });
    }
    let means = area_means(luma, width, height, stride);
    let mut hash = [0u8; HASH_BYTES];
    for y in 0..CELLS {
        for x in 0..CELLS {
            let here = means[y][x];
            let bit = y * CELLS + x;
            if means[y][x + 1] - here > RISE {
                hash[bit / 8] |= 128 >> (bit % 8);
            }
            if means[y + 1][x] - here > RISE {
                hash[HASH_BYTES / 2 + bit / 8] |= 128 >> (bit % 8);
            }
        }
    }
    Ok(hash)
}

fn area_means(luma: &[u8], width: usize, height: usize, stride: usize) -> [[f32; MEANS]; MEANS] {
    let mut means = [[0f32; MEANS]; MEANS];
    for (row, means) in means.iter_mut().enumerate() {
        let (top, bottom) = (row * height / MEANS, (row + 1) * height / MEANS);
        let mut sums = [0u64; MEANS];
        for y in top..bottom {
            let line = &luma[y * stride..][..width];
            for (column, sum) in sums.iter_mut().enumerate() {
                let (left, right) = (column * width / MEANS, (column + 1) * width / MEANS);
                *sum += line[left..right].iter().map(|&v| u64::from(v)).sum::<u64>();
            }
        }
        for (column, mean) in means.iter_mut().enumerate() {
            let columns = (column + 1) * width / MEANS - column * width / MEANS;
            *mean = sums[column] as f32 / ((bottom - top) * columns) as f32;
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(samples: &[u8], width: usize, height: usize) -> [u8; HASH_BYTES] {
        picture_hash(samples, width, height, width).expect("the picture is large enough")
    }

    fn apart(a: &[u8], b: &[u8]) -> u32 {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// Soft blobs, the same at every size.
    fn scene(width: usize, height: usize, seed: f32) -> Vec<u8> {
        let mut samples = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
                let wave = (u * 9.0 + seed).sin() * (v * 7.0 + seed * 2.0).cos();
                samples.push((128.0 + 100.0 * wave) as u8);
            }
        }
        samples
    }

    #[test]
    fn a_flat_picture_sets_no_bit() {
        assert_eq!(hashed(&[77; 40 * 30], 40, 30), [0; HASH_BYTES]);
    }

    #[test]
    fn a_ramp_rises_in_its_direction_only() {
        let right: Vec<u8> = (0..170 * 34).map(|i| (i % 170) as u8).collect();
        let hash = hashed(&right, 170, 34);
        assert_eq!(hash[..32], [255; 32]);
        assert_eq!(hash[32..], [0; 32]);
        let down: Vec<u8> = (0..34 * 170).map(|i| (i / 34) as u8).collect();
        let hash = hashed(&down, 34, 170);
        assert_eq!(hash[..32], [0; 32]);
        assert_eq!(hash[32..], [255; 32]);
    }

    #[test]
    fn size_and_slight_noise_hardly_matter_but_the_scene_does() {
        let large = scene(640, 360, 0.3);
        let small = scene(212, 120, 0.3);
        let noisy: Vec<u8> = large
            .iter()
            .enumerate()
            .map(|(i, &v)| v.saturating_add(((i * 2_654_435_761) >> 7) as u8 % 5))
            .collect();
        let hash = hashed(&large, 640, 360);
        assert!(apart(&hash, &hashed(&small, 212, 120)) < 20);
        assert!(apart(&hash, &hashed(&noisy, 640, 360)) < 20);
        assert!(apart(&hash, &hashed(&scene(640, 360, 2.0), 640, 360)) > 80);
    }

    #[test]
    fn a_picture_below_the_grid_or_cut_short_is_refused() {
        let small = BadPicture::TooSmall {
            width: 16,
            height: 16,
        };
        assert_eq!(picture_hash(&[0; 256], 16, 16, 16), Err(small));
        let short = BadPicture::Short {
            bytes: 399,
            needed: 400,
        };
        assert_eq!(picture_hash(&[0; 399], 20, 20, 20), Err(short));
        assert!(picture_hash(&[0; 400], 20, 20, 19).is_err());
    }
}
