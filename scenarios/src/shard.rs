//! Parts of a run, each played by a process of its own.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use rand::RngExt;

use crate::fate::{ApplicantKey, Fate, Purpose};
use crate::language::QuantityError;

/// The most parts that a run may have.
const SHARDS_MAX: u32 = 10_000;

/// One of several parts of a run. Every arrival belongs to exactly one of them, and which is its applicant's fate: Poisson arrivals stay Poisson in each part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    number: u32,
    of: NonZeroU32,
}

impl Shard {
    /// The one part of a run that is played as a whole.
    pub const WHOLE: Self = Self { number: 1, of: NonZeroU32::MIN };

    /// Returns the `number`th part, from 1, of so many.
    ///
    /// # Errors
    /// When there is no such part.
    pub fn new(number: u32, of: u32) -> Result<Self, QuantityError> {
        match NonZeroU32::new(of) {
            Some(parts) if (1..=of).contains(&number) && of <= SHARDS_MAX => Ok(Self { number, of: parts }),
            Some(_) if of > SHARDS_MAX => Err(QuantityError::new(format!("{of} parts are too many; a run has at most {SHARDS_MAX}"))),
            Some(_) => Err(QuantityError::new(format!("there is no part {number} of {of}; the first is 1/{of}"))),
            None => Err(QuantityError::new("a run has at least one part")),
        }
    }

    /// Which part it is, from 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Of how many.
    #[must_use]
    pub const fn of(self) -> u32 {
        self.of.get()
    }

    /// Whether the run is played as a whole.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.of.get() == 1
    }

    /// Whether the applicant of this number belongs to it.
    #[must_use]
    pub fn takes(self, seed: u64, number: u64) -> bool {
        if self.is_whole() {
            return true;
        }
        let part = Fate::new(seed, ApplicantKey::numbered(number)).rng(Purpose::Shard, 0).random_range(0..self.of.get());
        part + 1 == self.number
    }

    /// How many of so many reviewers belong to it: they are dealt out one after another.
    #[must_use]
    pub const fn share_of(self, people: u32) -> u32 {
        let (each, rest) = (people / self.of.get(), people % self.of.get());
        each + if self.number <= rest { 1 } else { 0 }
    }
}

impl FromStr for Shard {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let (number, of) = parts.ok_or_else(|| QuantityError::new(format!("`{text}` is not a part of a run; write for example `3/16`")))?;
        Self::new(number, of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_applicant_belongs_to_exactly_one_part() {
        let parts: Vec<Shard> = (1..=4).map(|number| Shard::new(number, 4).unwrap()).collect();
        let mut taken = [0_u32; 4];
        for number in 0..4000 {
            let takers: Vec<usize> = (0..4).filter(|part| parts[*part].takes(7, number)).collect();
            let [taker] = takers[..] else { panic!("{number}: {takers:?}") };
            taken[taker] += 1;
        }
        // Four standard deviations of a binomial with n = 4000 and p = 1/4: 110.
        assert!(taken.iter().all(|taken| taken.abs_diff(1000) < 110), "{taken:?}");
        assert!((0..100).all(|number| Shard::WHOLE.takes(7, number)));
    }

    #[test]
    fn reviewers_are_dealt_out_and_none_is_lost() {
        for (people, of) in [(0, 3), (2, 3), (7, 3), (9, 1)] {
            let dealt: Vec<u32> = (1..=of).map(|number| Shard::new(number, of).unwrap().share_of(people)).collect();
            assert_eq!(dealt.iter().sum::<u32>(), people, "{dealt:?}");
            assert!(dealt.iter().max().unwrap() - dealt.iter().min().unwrap() <= 1, "{dealt:?}");
        }
    }

    #[test]
    fn a_part_is_written_as_people_write_it() {
        assert_eq!("3/16".parse::<Shard>().unwrap().to_string(), "3/16");
        for bad in ["", "3", "0/4", "5/4", "1/0", "a/4", "1/20000"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
