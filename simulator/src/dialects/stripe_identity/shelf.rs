//! Things that a customer may list: kept in the order in which they came, so that pages stay put while new ones arrive.

use std::collections::BTreeMap;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use super::errors::{invalid, no_such};
use super::form::Fields;
use crate::refusal::Refusal;

/// How many things a page has, unless it is asked for more or fewer.
const LIMIT: usize = 10;
/// How many things a page may have.
const LIMIT_MAX: i64 = 100;

/// Something with an id.
pub(super) trait Named {
    fn id(&self) -> &str;
}

/// Things of one kind, by id and by age. There are so many at most: then the oldest go.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    try_from = "Kept<T>",
    into = "Kept<T>",
    bound(serialize = "T: Clone + Serialize + Named", deserialize = "T: Deserialize<'de> + Named")
)]
pub(super) struct Shelf<T> {
    holds: usize,
    next: u64,
    /// Boxed, so that making room for more moves pointers only: it happens under the tenant's lock.
    by_age: BTreeMap<u64, Box<T>>,
    places: HashMap<String, u64>,
}

/// A shelf as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    holds: usize,
    next: u64,
    things: Vec<(u64, T)>,
}

impl<T: Clone> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self { holds: self.holds, next: self.next, by_age: self.by_age.clone(), places: self.places.clone() }
    }
}

impl<T> From<Shelf<T>> for Kept<T> {
    fn from(shelf: Shelf<T>) -> Self {
        Self { holds: shelf.holds, next: shelf.next, things: shelf.by_age.into_iter().map(|(place, thing)| (place, *thing)).collect() }
    }
}

impl<T: Named> From<Kept<T>> for Shelf<T> {
    fn from(kept: Kept<T>) -> Self {
        let places = kept.things.iter().map(|(place, thing)| (thing.id().to_owned(), *place)).collect();
        Self {
            holds: kept.holds,
            next: kept.next,
            by_age: kept.things.into_iter().map(|(place, thing)| (place, Box::new(thing))).collect(),
            places,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paging {
    limit: usize,
    from: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cursor {
    /// The next page: what is older than this.
    After(String),
    /// The page before: what is newer than this.
    Before(String),
}

impl Paging {
    /// Takes the parameters of a page out of a query.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Refusal> {
        let limit = match fields.integer("limit")? {
            None => LIMIT,
            Some(limit) if (1..=LIMIT_MAX).contains(&limit) => usize::try_from(limit).unwrap_or(LIMIT),
            Some(limit) if limit < 1 => {
                return Err(invalid(Some("limit"), "This value must be greater than or equal to 1.".to_owned()));
            }
            Some(_) => return Err(invalid(Some("limit"), "This value must be less than or equal to 100.".to_owned())),
        };
        let after = fields.text("starting_after", 255)?.value();
        let before = fields.text("ending_before", 255)?.value();
        let from = match (after, before) {
            (Some(_), Some(_)) => {
                let message = "You cannot parameterize a request with both starting_after and ending_before.";
                return Err(invalid(Some("ending_before"), message.to_owned()));
            }
            (after, before) => after.map(Cursor::After).or(before.map(Cursor::Before)),
        };
        Ok(Self { limit, from })
    }
}

/// One page, the newest first, and whether there is more in the direction in which it was turned.
#[derive(Debug)]
pub(super) struct Page<'s, T> {
    pub(super) things: Vec<&'s T>,
    pub(super) has_more: bool,
}

impl<T: Named> Shelf<T> {
    pub(super) fn new(holds: usize) -> Self {
        Self { holds, next: 0, by_age: BTreeMap::new(), places: HashMap::default() }
    }

    /// How many there have ever been.
    pub(super) const fn count(&self) -> u64 {
        self.next
    }

    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// Puts the newest thing on it, in place of the oldest if it is full.
    pub(super) fn put(&mut self, thing: T) {
        if self.by_age.len() >= self.holds
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.places.remove(oldest.id());
        }
        self.places.insert(thing.id().to_owned(), self.next);
        self.by_age.insert(self.next, Box::new(thing));
        self.next += 1;
    }

    /// Drops the oldest as long as `is_old` says so.
    pub(super) fn drop_while(&mut self, is_old: impl Fn(&T) -> bool) {
        while let Some(oldest) = self.by_age.first_entry().filter(|oldest| is_old(oldest.get())) {
            self.places.remove(oldest.remove().id());
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.by_age.get(self.places.get(id)?).map(Box::as_ref)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.by_age.get_mut(self.places.get(id)?).map(Box::as_mut)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        self.by_age.remove(&self.places.remove(id)?).map(|thing| *thing)
    }

    /// All of them, the oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.by_age.values().map(Box::as_ref)
    }

    /// Returns the page of those that `pick` picks. `what` they are called, for a cursor that names none.
    pub(super) fn page(&self, paging: &Paging, what: &str, pick: impl Fn(&T) -> bool) -> Result<Page<'_, T>, Refusal> {
        let place = |id: &str, param| self.places.get(id).copied().ok_or_else(|| no_such(what, id, param));
        let wanted = paging.limit + 1; // one more than a page: there is more
        let mut things: Vec<&T> = match &paging.from {
            None => self.all().rev().filter(|thing| pick(thing)).take(wanted).collect(),
            Some(Cursor::After(id)) => {
                let older = self.by_age.range(..place(id, "starting_after")?).rev();
                older.map(|(_, thing)| thing.as_ref()).filter(|thing| pick(thing)).take(wanted).collect()
            }
            Some(Cursor::Before(id)) => {
                let newer = self.by_age.range(place(id, "ending_before")? + 1..);
                newer.map(|(_, thing)| thing.as_ref()).filter(|thing| pick(thing)).take(wanted).collect()
            }
        };
        let has_more = things.len() > paging.limit;
        things.truncate(paging.limit);
        if matches!(paging.from, Some(Cursor::Before(_))) {
            things.reverse(); // they were found from the cursor on
        }
        Ok(Page { things, has_more })
    }
}

/// When something must have been made to be listed, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Created {
    from: i64,
    to: i64,
}

impl Created {
    /// Takes the parameter out of a query: a moment, or bounds.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Refusal> {
        let name = fields.name("created");
        let (moment, mut bounds) = fields.text_or_fields("created")?;
        if let Some(moment) = moment {
            let moment = moment.parse().map_err(|_| invalid(Some(&name), "Invalid integer".to_owned()))?;
            return Ok(Self { from: moment, to: moment });
        }
        let from = [bounds.integer("gte")?, bounds.integer("gt")?.map(|above| above.saturating_add(1))];
        let to = [bounds.integer("lte")?, bounds.integer("lt")?.map(|below| below.saturating_sub(1))];
        bounds.nothing_else()?;
        Ok(Self { from: from.into_iter().flatten().max().unwrap_or(i64::MIN), to: to.into_iter().flatten().min().unwrap_or(i64::MAX) })
    }

    pub(super) fn has(self, created: i64) -> bool {
        (self.from..=self.to).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Serialize, Deserialize)]
    struct Book(String);

    impl Named for Book {
        fn id(&self) -> &str {
            &self.0
        }
    }

    fn shelf(holds: usize, books: std::ops::Range<u32>) -> Shelf<Book> {
        let mut shelf = Shelf::new(holds);
        books.for_each(|book| shelf.put(Book(book.to_string())));
        shelf
    }

    #[track_caller]
    fn check(shelf: &Shelf<Book>, query: &str, expected: &str, has_more: bool) {
        let mut fields = Fields::parse(query.as_bytes()).unwrap();
        let paging = Paging::read(&mut fields).unwrap();
        let page = shelf.page(&paging, "book", |_| true).unwrap();
        let ids: Vec<&str> = page.things.iter().map(|book| book.id()).collect();
        assert_eq!((ids.join(" ").as_str(), page.has_more), (expected, has_more), "{query}");
    }

    #[test]
    fn pages_stay_put_while_new_things_arrive() {
        let mut books = shelf(9, 0..5);
        check(&books, "limit=2", "4 3", true);
        books.put(Book("5".to_owned()));
        check(&books, "limit=2&starting_after=3", "2 1", true);
        check(&books, "limit=2&starting_after=1", "0", false);
        check(&books, "limit=2&ending_before=1", "3 2", true);
        check(&books, "limit=9&ending_before=3", "5 4", false);
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let mut books = shelf(3, 0..5);
        check(&books, "", "4 3 2", false);
        assert!(books.get("1").is_none() && books.get("2").is_some());
        books.drop_while(|book| book.id() == "2");
        check(&books, "", "4 3", false);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for query in ["limit=0", "limit=101", "limit=x", "starting_after=a&ending_before=b"] {
            assert!(Paging::read(&mut Fields::parse(query.as_bytes()).unwrap()).is_err(), "{query}");
        }
        let unknown = Paging::read(&mut Fields::parse(b"starting_after=7").unwrap()).unwrap();
        assert!(shelf(3, 0..2).page(&unknown, "book", |_| true).is_err());
    }

    #[test]
    fn it_comes_back_as_it_was() {
        let kept = serde_json::to_value(shelf(3, 0..5)).unwrap();
        let mut books: Shelf<Book> = serde_json::from_value(kept).unwrap();
        books.put(Book("5".to_owned()));
        check(&books, "", "5 4 3", false);
    }

    #[test]
    fn a_moment_or_bounds_say_when() {
        let has = |query: &str, moment| Created::read(&mut Fields::parse(query.as_bytes()).unwrap()).unwrap().has(moment);
        assert!(has("", 5) && has("created=5", 5) && !has("created=5", 6));
        assert!(has("created[gte]=5&created[lt]=7", 5) && has("created%5Bgte%5D=5", 9));
        assert!(!has("created[gt]=5", 5) && !has("created[lte]=4", 5) && !has("created[gte]=5&created[lt]=7", 7));
    }
}
