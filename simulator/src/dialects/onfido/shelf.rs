//! A shelf: things in the order in which they came, found by their ids.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something with an id of its own.
pub(super) trait Named {
    fn id(&self) -> &str;
}

/// Things in the order in which they came. Nothing is ever taken out, so that whoever reads in pages misses nothing; bounded by whoever puts in.
pub(super) struct Shelf<T> {
    rows: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Named> Shelf<T> {
    pub(super) fn put(&mut self, thing: T) {
        self.places.insert(thing.id().to_owned(), self.rows.len());
        self.rows.push(thing);
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(*self.places.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows.get_mut(*self.places.get(id)?)
    }

    /// All, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter()
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<T: Serialize> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, T: Named + DeserializeOwned> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<T>::deserialize(deserializer)?;
        let places = rows.iter().enumerate().map(|(place, thing)| (thing.id().to_owned(), place)).collect();
        Ok(Self { rows, places })
    }
}
