//! The audit log's chain: what of an entry is hashed, and entries as PostgreSQL's COPY reads them.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub type Hash = [u8; 32];

// "Binary Format" of COPY in PostgreSQL's manual: signature, flags, no extension.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: i16 = -1;
const COLUMNS: i16 = 10;
const NULL: i32 = -1;
const JSONB_VERSION: u8 = 1;
// Timestamps count from 2000-01-01, Unix time from 1970.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// What was done to what; `details` is canonical JSON.
#[derive(Clone)]
pub struct Entry {
    pub action: String,
    pub object_type: String,
    pub object_id: Option<u128>,
    pub details: String,
}

/// What entries written at once have in common.
pub struct Origin {
    pub workspace: u128,
    pub actor: Option<u128>,
    /// As it is hashed: ISO 8601.
    pub moment: String,
    /// The same as Unix time.
    pub microseconds: i64,
}

/// A key, ready to hash any number of entries.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        // HMAC takes keys of any length.
        #[expect(clippy::missing_panics_doc, reason = "it cannot fail")]
        Self(Hmac::new_from_slice(key).expect("a key of any length"))
    }

    /// HMAC-SHA256 over the entry as canonical JSON, then the hash before it.
    #[must_use]
    pub fn hash(&self, origin: &Origin, seq: i64, entry: &Entry, previous: &Hash) -> Hash {
        let mut row = String::with_capacity(256 + entry.details.len());
        row.push('[');
        write_id(&mut row, Some(origin.workspace));
        let _ = write!(row, ",{seq},");
        write_text(&mut row, &origin.moment);
        row.push(',');
        write_id(&mut row, origin.actor);
        row.push(',');
        write_text(&mut row, &entry.action);
        row.push(',');
        write_text(&mut row, &entry.object_type);
        row.push(',');
        write_id(&mut row, entry.object_id);
        row.push(',');
        row.push_str(&entry.details);
        row.push(']');
        let mut mac = self.0.clone();
        mac.update(row.as_bytes());
        mac.update(previous);
        mac.finalize().into_bytes().into()
    }

    /// The entries, numbered from `first` and chained to `previous`, for COPY in its binary format.
    ///
    /// Columns: workspace, seq, time, actor, action, object's type, object, details, both hashes.
    #[must_use]
    pub fn rows(&self, origin: &Origin, first: i64, previous: Hash, entries: &[Entry]) -> Vec<u8> {
        let mut rows = Vec::with_capacity(entries.len() * 400);
        rows.extend_from_slice(SIGNATURE);
        let mut previous = previous;
        for (seq, entry) in (first..).zip(entries) {
            let hash = self.hash(origin, seq, entry, &previous);
            rows.extend_from_slice(&COLUMNS.to_be_bytes());
            put_id(&mut rows, Some(origin.workspace));
            put(&mut rows, &seq.to_be_bytes());
            put(
                &mut rows,
                &(origin.microseconds - EPOCH_MICROSECONDS).to_be_bytes(),
            );
            put_id(&mut rows, origin.actor);
            put(&mut rows, entry.action.as_bytes());
            put(&mut rows, entry.object_type.as_bytes());
            put_id(&mut rows, entry.object_id);
            put_length(&mut rows, entry.details.len() + 1);
            rows.push(JSONB_VERSION);
            rows.extend_from_slice(entry.details.as_bytes());
            put(&mut rows, &previous);
            put(&mut rows, &hash);
            previous = hash;
        }
        rows.extend_from_slice(&END.to_be_bytes());
        rows
    }
}

/// A text as JSON in ASCII, the way Python's `json` writes it.
pub fn write_text(json: &mut String, text: &str) {
    json.push('"');
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
    {
        json.push_str(text);
        json.push('"');
        return;
    }
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

fn write_id(json: &mut String, id: Option<u128>) {
    let Some(id) = id else {
        json.push_str("null");
        return;
    };
    json.push('"');
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (number, byte) in id.to_be_bytes().into_iter().enumerate() {
        if matches!(number, 4 | 6 | 8 | 10) {
            json.push('-');
        }
        json.push(char::from(DIGITS[usize::from(byte >> 4)]));
        json.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    json.push('"');
}

fn put_length(rows: &mut Vec<u8>, length: usize) {
    // A field holds less than a gigabyte; PostgreSQL refuses what a larger one would become.
    rows.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
}

fn put(rows: &mut Vec<u8>, field: &[u8]) {
    put_length(rows, field.len());
    rows.extend_from_slice(field);
}

fn put_id(rows: &mut Vec<u8>, id: Option<u128>) {
    match id {
        Some(id) => put(rows, &id.to_be_bytes()),
        None => rows.extend_from_slice(&NULL.to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            action: "asset.name".into(),
            object_type: "asset".into(),
            object_id: Some(7),
            details: "{}".into(),
        }
    }

    fn origin() -> Origin {
        Origin {
            workspace: 1,
            actor: None,
            moment: "2026-01-01T00:00:00.000000+00:00".into(),
            microseconds: 1_767_225_600_000_000,
        }
    }

    #[test]
    fn texts_are_ascii_with_the_escapes_of_python() {
        let mut json = String::new();
        write_text(&mut json, "a\"\\\n\u{7f}é\u{1f600}");
        assert_eq!(json, r#""a\"\\\n\u007f\u00e9\ud83d\ude00""#);
    }

    #[test]
    fn rows_end_with_their_hash_and_the_end_of_the_copy() {
        let signer = Signer::new(b"key");
        let first = signer.hash(&origin(), 5, &entry(), &[0; 32]);
        let second = signer.hash(&origin(), 6, &entry(), &first);
        let rows = signer.rows(&origin(), 5, [0; 32], &[entry(), entry()]);
        assert!(rows.starts_with(SIGNATURE));
        assert_eq!(&rows[rows.len() - 34..rows.len() - 2], second);
        assert_eq!(&rows[rows.len() - 70..rows.len() - 38], first);
    }

    #[test]
    fn each_part_of_an_entry_is_hashed() {
        let signer = Signer::new(b"key");
        let hash = signer.hash(&origin(), 5, &entry(), &[0; 32]);
        let other = Entry {
            object_id: None,
            ..entry()
        };
        assert_ne!(signer.hash(&origin(), 5, &other, &[0; 32]), hash);
        assert_ne!(signer.hash(&origin(), 6, &entry(), &[0; 32]), hash);
        assert_ne!(signer.hash(&origin(), 5, &entry(), &[1; 32]), hash);
        assert_ne!(
            Signer::new(b"other").hash(&origin(), 5, &entry(), &[0; 32]),
            hash
        );
    }
}
