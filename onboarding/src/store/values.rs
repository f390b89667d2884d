//! How values look in the database, and how they are read back.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::StoreError;
use crate::word::Word;

/// Returns a time as it is stored.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Returns the SHA-256 of some parts; a separator keeps `("a", "bc")` and `("ab", "c")` apart.
pub(crate) fn digest(parts: &[&str]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().to_vec()
}

/// Reading our own types out of a row. A value that is none of ours is an error: somebody else has been at the file.
pub(crate) trait Reading {
    fn word<W: Word>(&self, column: &'static str) -> Result<W, StoreError>;
    fn optional_word<W: Word>(&self, column: &'static str) -> Result<Option<W>, StoreError>;
    fn time(&self, column: &'static str) -> Result<Timestamp, StoreError>;
    /// Reads a text through a parser of its own, for ids and the like.
    fn parsed<T>(&self, column: &'static str, what: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError>;
}

impl Reading for SqliteRow {
    fn word<W: Word>(&self, column: &'static str) -> Result<W, StoreError> {
        self.parsed(column, W::WHAT, W::parse)
    }

    fn optional_word<W: Word>(&self, column: &'static str) -> Result<Option<W>, StoreError> {
        match self.try_get::<Option<&str>, _>(column)? {
            Some(_) => self.word(column).map(Some),
            None => Ok(None),
        }
    }

    fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        let value: i64 = self.try_get(column)?;
        Timestamp::from_microsecond(value).map_err(|_| StoreError::Unreadable { column, what: "time", value: value.to_string() })
    }

    fn parsed<T>(&self, column: &'static str, what: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let value: &str = self.try_get(column)?;
        parse(value).ok_or_else(|| StoreError::Unreadable { column, what, value: value.to_owned() })
    }
}
