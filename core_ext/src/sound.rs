//! Fingerprints of sound by Chromaprint, and how two of them lie over each other.
//!
//! An item of a fingerprint is 32 bits that describe about two seconds, one item each
//! [`item_seconds`]. Source: Lalinský, "How does Chromaprint work?", 2011.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::HashMap;

use rusty_chromaprint::{Configuration, Fingerprinter, ResetError};

/// Samples per second that the fingerprint is made of; other rates are resampled.
pub const RATE: u32 = 11_025;

// One look at both fingerprints: about a second.
const WINDOW: usize = 8;
// Chromaprint's own bound between a match and chance, in bits of 32.
const MOST_BITS: u32 = 10;
// An item in more places than this says nothing of where.
const MOST_PLACES: usize = 6;
const OFFSETS_TRIED: usize = 4;
const FEWEST_VOTES: u32 = 3;

/// Seconds between two items.
pub fn item_seconds() -> f32 {
    Configuration::default().item_duration_in_seconds()
}

/// Makes a fingerprint of mono samples that arrive in pieces.
pub struct Printer(Fingerprinter);

impl Printer {
    pub fn new() -> Result<Self, ResetError> {
        let mut fingerprinter = Fingerprinter::new(&Configuration::default());
        fingerprinter.start(RATE, 1)?;
        Ok(Self(fingerprinter))
    }

    pub fn update(&mut self, samples: &[i16]) {
        self.0.consume(samples);
    }

    pub fn finish(&mut self) -> Vec<u32> {
        self.0.finish();
        self.0.fingerprint().to_vec()
    }
}

/// How two fingerprints lie over each other. All but the offset count looks of about a second at
/// sound that changes; silence and held tones, which are alike everywhere, are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Items by which the first has to be moved on to meet the second: `first[i + offset]` sounds
    /// as `second[i]`.
    pub offset: i64,
    /// Looks where both overlap, and those of them that sound the same.
    pub compared: usize,
    pub matched: usize,
    /// Looks in the whole of each.
    pub first: usize,
    pub second: usize,
}

/// The offset under which most of the two sounds the same; without one nothing is compared.
pub fn align(first: &[u32], second: &[u32]) -> Alignment {
    let blank = Alignment {
        first: looks(first).iter().filter(|&&told| told).count(),
        second: looks(second).iter().filter(|&&told| told).count(),
        ..Alignment::default()
    };
    offsets(first, second)
        .into_iter()
        .map(|offset| laid_over(first, second, offset, blank))
        // Neighbours of the true offset match as often, but not as well.
        .max_by_key(|&(found, apart)| (found.matched, Reverse(apart)))
        .map_or(blank, |(found, _)| found)
}

/// The offsets that most items with few places vote for, the best first.
fn offsets(first: &[u32], second: &[u32]) -> Vec<i64> {
    let mut votes: HashMap<i64, u32> = HashMap::new();
    // Coding flips single bits: each half of an item votes on its own.
    for shift in [0, 16] {
        let (ours, theirs) = (places(first, shift), places(second, shift));
        for (half, here) in &ours {
            let there = theirs.get(half).map_or(&[][..], Vec::as_slice);
            if here.len() > MOST_PLACES || there.len() > MOST_PLACES {
                continue;
            }
            for &i in here {
                for &j in there {
                    *votes.entry(i as i64 - j as i64).or_default() += 1;
                }
            }
        }
    }
    // The true offset may lie between two items, and then both get votes.
    let around = |offset: i64| {
        (offset - 1..=offset + 1)
            .map(|each| votes.get(&each).copied().unwrap_or(0))
            .sum::<u32>()
    };
    let mut found: Vec<(u32, i64)> = votes
        .keys()
        .map(|&offset| (around(offset), offset))
        .filter(|&(count, _)| count >= FEWEST_VOTES)
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(3 * OFFSETS_TRIED);
    found.into_iter().map(|(_, offset)| offset).collect()
}

/// Where each half of an item begins to be heard; while it is held on counts once.
fn places(items: &[u32], shift: u32) -> HashMap<u16, Vec<usize>> {
    let mut found: HashMap<u16, Vec<usize>> = HashMap::new();
    let mut before = None;
    for (i, item) in items.iter().enumerate() {
        let half = (item >> shift) as u16;
        if before != Some(half) {
            found.entry(half).or_default().push(i);
        }
        before = Some(half);
    }
    found
}

/// For each look whether the sound changes in it.
fn looks(items: &[u32]) -> Vec<bool> {
    items.chunks_exact(WINDOW).map(changes).collect()
}

fn changes(window: &[u32]) -> bool {
    window.windows(2).filter(|pair| pair[0] != pair[1]).count() >= WINDOW / 2
}

/// How well they agree under that offset, and in how many bits they differ where they match.
fn laid_over(first: &[u32], second: &[u32], offset: i64, blank: Alignment) -> (Alignment, u32) {
    let (i, j) = (offset.max(0) as usize, (-offset).max(0) as usize);
    let (ours, theirs) = (
        first.get(i..).unwrap_or_default(),
        second.get(j..).unwrap_or_default(),
    );
    let mut found = Alignment { offset, ..blank };
    let mut differing = 0;
    for (a, b) in ours.chunks_exact(WINDOW).zip(theirs.chunks_exact(WINDOW)) {
        if changes(a) || changes(b) {
            let apart: u32 = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
            found.compared += 1;
            if apart < MOST_BITS * WINDOW as u32 {
                found.matched += 1;
                differing += apart;
            }
        }
    }
    (found, differing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A melody that the seed decides, with harmonics; a note about every third of a second.
    fn melody(seed: u64, seconds: u32) -> Vec<i16> {
        let mut state = seed;
        let mut pitch = 220.0;
        (0..RATE * seconds)
            .map(|i| {
                if i % (RATE / 3) == 0 {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(99);
                    pitch = 130.0 * f64::powf(2.0, ((state >> 40) % 36) as f64 / 12.0);
                }
                let phase = f64::from(i) / f64::from(RATE) * pitch * std::f64::consts::TAU;
                (6000.0 * (phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (3.0 * phase).sin()))
                    as i16
            })
            .collect()
    }

    fn printed(samples: &[i16]) -> Vec<u32> {
        let mut printer = Printer::new().expect("the rate is fit");
        for piece in samples.chunks(5_000) {
            printer.update(piece);
        }
        printer.finish()
    }

    #[test]
    fn a_fingerprint_has_eight_items_a_second() {
        let items = printed(&melody(1, 30));
        assert!((200..245).contains(&items.len()), "{}", items.len());
        assert!((0.12..0.13).contains(&item_seconds()));
    }

    #[test]
    fn the_same_sound_lies_over_itself() {
        let items = printed(&melody(1, 60));
        let found = align(&items, &items);
        assert_eq!(found.offset, 0);
        assert_eq!(found.matched, found.compared);
        assert!(found.matched > 40, "{found:?}");
    }

    #[test]
    fn a_beginning_that_was_cut_off_is_measured() {
        let whole = melody(2, 90);
        let cut = &whole[RATE as usize * 13 + 700..];
        let quiet: Vec<i16> = cut.iter().map(|sample| sample / 3).collect();
        let found = align(&printed(&whole), &printed(&quiet));
        let seconds = found.offset as f32 * item_seconds();
        assert!((seconds - 13.06).abs() < 0.3, "{seconds}");
        assert!(found.matched * 10 >= found.compared * 9, "{found:?}");
        assert!(found.first > found.second);
    }

    #[test]
    fn another_melody_does_not_match() {
        let found = align(&printed(&melody(3, 90)), &printed(&melody(4, 90)));
        assert!(found.matched * 2 < found.first, "{found:?}");
    }

    #[test]
    fn a_shared_beginning_matches_no_longer_than_it_lasts() {
        let (mut ours, mut theirs) = (melody(5, 20), melody(5, 20));
        ours.extend(melody(6, 60));
        theirs.extend(melody(7, 60));
        let found = align(&printed(&ours), &printed(&theirs));
        assert_eq!(found.offset, 0);
        assert!((15..26).contains(&found.matched), "{found:?}");
        assert!(found.compared > 60, "{found:?}");
    }

    #[test]
    fn silence_tells_nothing() {
        let silence = printed(&[0; RATE as usize * 60]);
        assert_eq!(align(&silence, &silence), Alignment::default());
        assert_eq!(align(&[], &silence), Alignment::default());
    }
}
