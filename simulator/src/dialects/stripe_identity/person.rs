//! What is read from a document. The vendor never saw one: the person is made up from the applicant's key, and is the same every time.

use serde::Serialize;

use crate::id::digest;

const WOMEN: [&str; 8] = ["Mara", "Ada", "Ingrid", "Zofia", "Lucía", "Amélie", "Noor", "Katarzyna"];
const MEN: [&str; 8] = ["Jonas", "Emil", "Mateo", "Łukasz", "Aksel", "Théo", "Idris", "Stefan"];
const FAMILIES: [&str; 8] = ["Lindqvist", "Okafor", "Nowak", "Moreau", "Castellanos", "Haugen", "Brandt", "O'Leary"];
const STREETS: [&str; 6] = ["Testgatan", "Sample Street", "Musterweg", "Rue de l'Exemple", "Calle Prueba", "Voorbeeldlaan"];
const CITIES: [&str; 6] = ["Uppsala", "Springfield", "Musterstadt", "Villeneuve", "Villanueva", "Voorbeeld"];

/// A day without a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Day {
    pub(super) day: u8,
    pub(super) month: u8,
    pub(super) year: u16,
}

/// Somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) sex: &'static str,
    pub(super) born: Day,
    pub(super) line1: String,
    pub(super) city: &'static str,
    pub(super) postal_code: String,
    /// Of the document.
    pub(super) number: String,
    pub(super) issued: Day,
    pub(super) expires: Day,
    pub(super) id_number: String,
}

impl Person {
    /// Returns who an applicant is said to be.
    pub(super) fn of(applicant: &str) -> Self {
        let mut chance = Chance(digest("a person", &[applicant.as_bytes()]));
        let woman = chance.below(2) == 0;
        let issued = chance.day(2019, 6);
        Self {
            first_name: chance.of(if woman { &WOMEN } else { &MEN }),
            last_name: chance.of(&FAMILIES),
            sex: if woman { "female" } else { "male" },
            born: chance.day(1950, 55),
            line1: format!("{} {}", chance.of(&STREETS), 1 + chance.below(120)),
            city: chance.of(&CITIES),
            postal_code: format!("{:05}", 10_000 + chance.below(89_999)),
            number: format!("T{:08}", chance.below(99_999_999)),
            issued,
            expires: Day { year: issued.year + 10, ..issued },
            id_number: format!("{:09}", chance.below(999_999_999)),
        }
    }
}

/// Small numbers out of one large one.
struct Chance(u128);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        let bound = u128::from(bound.max(1));
        let drawn = self.0 % bound;
        self.0 /= bound;
        u32::try_from(drawn).unwrap_or_default() // below a `u32`, so it always fits
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let place = self.below(u32::try_from(all.len()).unwrap_or(1));
        all[place as usize]
    }

    fn day(&mut self, first_year: u16, years: u16) -> Day {
        let number = |drawn: u32| u8::try_from(drawn).unwrap_or_default();
        let (day, month) = (number(1 + self.below(28)), number(1 + self.below(12)));
        Day { day, month, year: first_year + u16::try_from(self.below(u32::from(years))).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_applicant_is_the_same_person_every_time_and_grown_up() {
        assert_eq!(Person::of("a-1"), Person::of("a-1"));
        assert_ne!(Person::of("a-1"), Person::of("a-2"));
        for applicant in 0..500 {
            let person = Person::of(&format!("a-{applicant}"));
            assert!((1950..2005).contains(&person.born.year) && (1..=28).contains(&person.born.day), "{person:?}");
        }
    }
}
