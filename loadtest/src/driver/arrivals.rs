//! Who comes, and when: the scenario's schedule, or some of those who stand in it.

use std::collections::BTreeSet;

use kycsim_scenarios::language::{Arrival, Schedule};
use kycsim_scenarios::{ApplicantKey, Scenario, Shard};

/// The arrivals of a run that are known beforehand: whoever else comes or stays away, everybody keeps moment and fate.
#[derive(Debug)]
pub(super) struct Arrivals<'a> {
    schedule: Schedule<'a>,
    /// Which part of the run is played.
    shard: Shard,
    seed: u64,
    /// The numbers of those who are still to come; none: everybody comes.
    only: Option<BTreeSet<u64>>,
}

impl<'a> Arrivals<'a> {
    /// Everybody in this part of the schedule, or those of `only` if there are any.
    pub(super) fn new(scenario: &'a Scenario, shard: Shard, only: &BTreeSet<ApplicantKey>) -> Self {
        let numbers = only.iter().filter_map(ApplicantKey::number).collect();
        let seed = scenario.seed;
        Self { schedule: scenario.arrivals.schedule(seed), shard, seed, only: (!only.is_empty()).then_some(numbers) }
    }
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            if self.only.as_ref().is_some_and(BTreeSet::is_empty) {
                return None; // the rest of a long schedule need not be drawn
            }
            let arrival = self.schedule.next()?;
            let picked = self.only.as_mut().is_none_or(|only| only.remove(&arrival.number));
            if picked && self.shard.takes(self.seed, arrival.number) {
                return Some(arrival);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::catalogue;

    use super::*;

    fn arrivals(scenario: &Scenario, only: &[u64]) -> Vec<Arrival> {
        Arrivals::new(scenario, Shard::WHOLE, &only.iter().map(|place| ApplicantKey::numbered(*place)).collect()).collect()
    }

    #[test]
    fn whoever_is_picked_out_comes_at_their_own_moment() {
        let scenario = catalogue::load("baseline").unwrap().unwrap();
        let everybody = arrivals(&scenario, &[]);
        assert!(everybody.len() > 100, "{}", everybody.len());
        assert!(everybody.iter().enumerate().all(|(place, arrival)| place as u64 == arrival.number));
        assert_eq!(arrivals(&scenario, &[42]), [everybody[42]]);
        assert_eq!(arrivals(&scenario, &[42, 7]), [everybody[7], everybody[42]]);
        assert_eq!(arrivals(&scenario, &[1_000_000]), []);
    }
}
