//! Who comes, and when: the scenario's schedule, or some of those who stand in it.

use std::collections::BTreeSet;

use kycsim_scenarios::language::Schedule;
use kycsim_scenarios::{ApplicantKey, Scenario, SimTime};

/// The arrivals of a run, each with the applicant's place in the schedule: whoever else comes or stays away, everybody keeps moment and fate.
#[derive(Debug)]
pub(super) struct Arrivals<'a> {
    schedule: std::iter::Enumerate<Schedule<'a>>,
    /// The places of those who are still to come; none: everybody comes.
    only: Option<BTreeSet<u64>>,
}

impl<'a> Arrivals<'a> {
    /// Everybody in the schedule, or those of `only` if there are any.
    pub(super) fn new(scenario: &'a Scenario, only: &BTreeSet<ApplicantKey>) -> Self {
        let places = only.iter().filter_map(ApplicantKey::number).collect();
        Self { schedule: scenario.arrivals.schedule(scenario.seed).enumerate(), only: (!only.is_empty()).then_some(places) }
    }
}

impl Iterator for Arrivals<'_> {
    type Item = (u64, SimTime);

    fn next(&mut self) -> Option<(u64, SimTime)> {
        loop {
            if self.only.as_ref().is_some_and(BTreeSet::is_empty) {
                return None; // the rest of a long schedule need not be drawn
            }
            let (place, at) = self.schedule.next()?;
            let place = place as u64;
            if self.only.as_mut().is_none_or(|only| only.remove(&place)) {
                return Some((place, at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::catalogue;

    use super::*;

    fn arrivals(scenario: &Scenario, only: &[u64]) -> Vec<(u64, SimTime)> {
        Arrivals::new(scenario, &only.iter().map(|place| ApplicantKey::numbered(*place)).collect()).collect()
    }

    #[test]
    fn whoever_is_picked_out_comes_at_their_own_moment() {
        let scenario = catalogue::load("baseline").unwrap().unwrap();
        let everybody = arrivals(&scenario, &[]);
        assert!(everybody.len() > 100, "{}", everybody.len());
        assert!(everybody.iter().enumerate().all(|(place, (number, _))| place as u64 == *number));
        assert_eq!(arrivals(&scenario, &[42]), [everybody[42]]);
        assert_eq!(arrivals(&scenario, &[42, 7]), [everybody[7], everybody[42]]);
        assert_eq!(arrivals(&scenario, &[1_000_000]), []);
    }
}
