//! The search for the arrival rate at which the objectives break: a bracket first, then halves of it.
//!
//! Pure: it says which rate to try next, and is told what came of it. Whoever asks plays the runs.

use std::fmt;

/// How many times a rate grows at most while nothing breaks, before the search gives up.
const GROWTH_MAX: u32 = 12;

/// What came of the runs at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of them held.
    Held,
    /// At least one did not.
    Broke,
    /// The generator was the bottleneck, or there was too little to judge: nobody can say.
    Unknown,
}

/// What the search was told to find.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// The rate to begin with, a second.
    pub from: f64,
    /// How wide the bracket may be in the end, as a share of its lower end.
    pub within: f64,
}

/// The search as far as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    goal: Goal,
    held: Option<f64>,
    broke: Option<f64>,
    unknown: Option<f64>,
    tries: u32,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Play runs at this rate.
    Try(f64),
    /// It is over.
    Found(Capacity),
}

/// Between which rates the objectives break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// The highest rate at which all runs held; none: not even the lowest that was tried.
    pub held: Option<f64>,
    /// The lowest rate at which a run did not hold, or nobody could say; none: nothing broke as far as the search went.
    pub broke: Option<f64>,
    /// Whether the upper end is where the generator, and not what was tested, was the limit.
    pub by_generator: bool,
}

impl Search {
    /// Begins a search.
    #[must_use]
    pub const fn new(goal: Goal) -> Self {
        Self { goal, held: None, broke: None, unknown: None, tries: 0 }
    }

    /// Says what is to be done next.
    #[must_use]
    pub fn next(&self) -> Next {
        let above = [self.broke, self.unknown].into_iter().flatten().reduce(f64::min);
        let found = || Next::Found(Capacity { held: self.held, broke: above, by_generator: above.is_some() && above == self.unknown });
        match (self.held, above) {
            _ if self.tries >= GROWTH_MAX && (self.held.is_none() || above.is_none()) => found(),
            (None, None) => Next::Try(self.goal.from),
            (Some(held), None) => Next::Try(held * 2.0),
            // Where nobody can say, fewer applicants say no more.
            (None, Some(above)) if Some(above) == self.unknown => found(),
            (None, Some(above)) => Next::Try(above / 2.0),
            (Some(held), Some(above)) if above - held <= held * self.goal.within => found(),
            // The geometric middle: rates are compared by ratio.
            (Some(held), Some(above)) => Next::Try((held * above).sqrt()),
        }
    }

    /// Takes in what came of the runs at `rate`.
    pub fn tell(&mut self, rate: f64, verdict: Verdict) {
        self.tries += 1;
        match verdict {
            Verdict::Held => self.held = Some(self.held.map_or(rate, |held| held.max(rate))),
            Verdict::Broke => self.broke = Some(self.broke.map_or(rate, |broke| broke.min(rate))),
            Verdict::Unknown => self.unknown = Some(self.unknown.map_or(rate, |unknown| unknown.min(rate))),
        }
    }
}

/// How likely a run holds, at least, at a rate at which `runs` of `runs` held, with a confidence of 95 %: the one-sided Clopper-Pearson bound.
#[must_use]
pub fn holds_at_least(runs: u32) -> f64 {
    0.05_f64.powf(1.0 / f64::from(runs.max(1)))
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.held, self.broke) {
            (Some(held), Some(broke)) => write!(f, "between {held:.1} and {broke:.1} applicants a second"),
            (Some(held), None) => write!(f, "more than {held:.1} applicants a second"),
            (None, Some(broke)) => write!(f, "less than {broke:.1} applicants a second"),
            (None, None) => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Searches a system that breaks at `limit`, and whose generator gives up at `generator`.
    fn search(from: f64, limit: f64, generator: f64) -> (Capacity, u32) {
        let mut search = Search::new(Goal { from, within: 0.1 });
        let mut tries = 0;
        loop {
            match search.next() {
                Next::Found(capacity) => return (capacity, tries),
                Next::Try(rate) => {
                    tries += 1;
                    let verdict = if rate >= generator {
                        Verdict::Unknown
                    } else if rate >= limit {
                        Verdict::Broke
                    } else {
                        Verdict::Held
                    };
                    search.tell(rate, verdict);
                }
            }
        }
    }

    #[test]
    fn a_limit_above_the_first_rate_is_found() {
        let (capacity, tries) = search(10.0, 77.0, f64::INFINITY);
        let (held, broke) = (capacity.held.unwrap(), capacity.broke.unwrap());
        assert!(held < 77.0 && 77.0 <= broke && broke - held <= 0.1 * held, "{capacity:?}");
        assert!(!capacity.by_generator && tries < 10, "{tries}");
    }

    #[test]
    fn the_generators_own_limit_is_not_the_systems() {
        let (capacity, _) = search(10.0, 1000.0, 100.0);
        assert!(capacity.by_generator, "{capacity:?}");
        assert!(capacity.held.unwrap() < 100.0 && capacity.broke.unwrap() >= 100.0);
    }

    #[test]
    fn where_nobody_can_say_the_search_ends_at_once() {
        let (capacity, tries) = search(10.0, 1000.0, 5.0);
        assert_eq!((capacity.held, capacity.broke, tries), (None, Some(10.0), 1));
        assert!(capacity.by_generator);
    }

    #[test]
    fn a_search_without_an_end_ends() {
        assert_eq!(search(1.0, f64::INFINITY, f64::INFINITY).0.broke, None);
        assert_eq!(search(1.0, 0.0, f64::INFINITY).0.held, None);
    }

    #[test]
    fn more_runs_say_more() {
        assert!((holds_at_least(1) - 0.05).abs() < 1e-9);
        assert!((holds_at_least(3) - 0.368).abs() < 1e-3 && (holds_at_least(10) - 0.741).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn whatever_the_limit_it_lies_in_the_bracket(from in 0.5..200.0_f64, limit in 1.0..500.0_f64) {
            let (capacity, tries) = search(from, limit, f64::INFINITY);
            prop_assert!(capacity.held.is_none_or(|held| held < limit), "{capacity:?}");
            prop_assert!(capacity.broke.is_none_or(|broke| limit <= broke), "{capacity:?}");
            prop_assert!(tries <= 30, "{tries}");
        }
    }
}
