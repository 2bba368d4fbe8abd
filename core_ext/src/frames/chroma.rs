//! Colourfulness from the U and V planes alone.

#![forbid(unsafe_code)]

use fearless_simd::Simd;

use super::{LANE_PIXELS, Plane, variance};

/// First and second moments of chroma, exact: u and v run from −128 to 127.
#[derive(Default)]
pub(super) struct ChromaSums {
    u: i64,
    v: i64,
    uu: i64,
    vv: i64,
    uv: i64,
}

#[inline(always)]
pub(super) fn chroma_sums<S: Simd>(_: S, u: Plane<'_>, v: Plane<'_>) -> ChromaSums {
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
    pub(super) fn colourfulness(&self, count: f64) -> f64 {
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
