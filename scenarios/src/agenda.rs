//! The agenda: what is to happen, in order of time, with stable ties.
//!
//! The simulator, the load test and the planner all run on this one queue, which is what makes a real and a virtual run comparable.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::SimTime;

/// A queue ordered by `(due, sequence)`: what was entered first comes first among equals.
#[derive(Debug)]
pub struct Agenda<T> {
    entries: BinaryHeap<Entry<T>>,
    next_sequence: u64,
}

impl<T> Agenda<T> {
    /// Returns an empty agenda.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: BinaryHeap::new(), next_sequence: 0 }
    }

    /// Enters `item`, to happen at `due`.
    pub fn enter(&mut self, due: SimTime, item: T) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.entries.push(Entry { due, sequence, item });
    }

    /// Takes the next item if it is due at `now`, with the moment it was due.
    pub fn take_due(&mut self, now: SimTime) -> Option<(SimTime, T)> {
        if self.next_due()? > now {
            return None;
        }
        self.entries.pop().map(|entry| (entry.due, entry.item))
    }

    /// Puts items to other moments: `when` says to which, and none for those that stay. Among equals, what was entered first still comes first.
    pub fn reschedule(&mut self, mut when: impl FnMut(SimTime, &T) -> Option<SimTime>) {
        let mut entries = std::mem::take(&mut self.entries).into_vec();
        for entry in &mut entries {
            if let Some(due) = when(entry.due, &entry.item) {
                entry.due = due;
            }
        }
        self.entries = entries.into();
    }

    /// When the next item is due; none when the agenda is empty.
    #[must_use]
    pub fn next_due(&self) -> Option<SimTime> {
        self.entries.peek().map(|entry| entry.due)
    }

    /// Returns what has not happened yet, in the order in which it will: entered again like this, it happens as it would have.
    #[must_use]
    pub fn in_order(&self) -> Vec<(SimTime, &T)> {
        let mut entries: Vec<&Entry<T>> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|entry| (entry.due, entry.sequence));
        entries.into_iter().map(|entry| (entry.due, &entry.item)).collect()
    }

    /// Returns what has not happened yet, in no order: for whoever looks for one thing.
    pub fn iter(&self) -> impl Iterator<Item = (SimTime, &T)> {
        self.entries.iter().map(|entry| (entry.due, &entry.item))
    }

    /// How many items are entered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is entered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes every item that has not happened, in no particular order.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Entry<T> {
    due: SimTime,
    sequence: u64,
    item: T,
}

// `BinaryHeap` yields the greatest, and the next to happen is the smallest: compared the other way round.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.sequence).cmp(&(self.due, self.sequence))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.sequence) == (other.due, other.sequence)
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_come_in_order_of_time_and_ties_in_order_of_entry(dues in prop::collection::vec(0_u64..20, 0..200)) {
            let mut agenda = Agenda::new();
            for (index, due) in dues.iter().enumerate() {
                agenda.enter(SimTime::from_micros(*due), index);
            }
            let mut expected: Vec<(u64, usize)> = dues.iter().copied().zip(0..).collect();
            expected.sort_unstable();
            let foreseen: Vec<(u64, usize)> = agenda.in_order().into_iter().map(|(due, index)| (due.as_micros(), *index)).collect();
            prop_assert_eq!(&foreseen, &expected);
            let taken: Vec<(u64, usize)> =
                std::iter::from_fn(|| agenda.take_due(SimTime::MAX)).map(|(due, index)| (due.as_micros(), index)).collect();
            prop_assert_eq!(taken, expected);
        }

        #[test]
        fn what_is_put_to_other_moments_keeps_its_order_among_equals(dues in prop::collection::vec(0_u64..20, 0..200)) {
            let mut agenda = Agenda::new();
            for (index, due) in dues.iter().enumerate() {
                agenda.enter(SimTime::from_micros(*due), index);
            }
            agenda.reschedule(|due, index| (index % 2 == 0).then(|| SimTime::from_micros(due.as_micros() / 2)));
            let moved = |index: usize, due: u64| if index.is_multiple_of(2) { due / 2 } else { due };
            let mut expected: Vec<(u64, usize)> = dues.iter().enumerate().map(|(index, due)| (moved(index, *due), index)).collect();
            expected.sort_unstable();
            let taken: Vec<(u64, usize)> =
                std::iter::from_fn(|| agenda.take_due(SimTime::MAX)).map(|(due, index)| (due.as_micros(), index)).collect();
            prop_assert_eq!(taken, expected);
        }

        #[test]
        fn nothing_is_taken_before_it_is_due(due in 1_u64..1000, early in 0_u64..1000) {
            let mut agenda = Agenda::new();
            agenda.enter(SimTime::from_micros(due), ());
            prop_assert_eq!(agenda.take_due(SimTime::from_micros(early)).is_some(), early >= due);
        }
    }
}
