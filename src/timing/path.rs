//! What a run could not have been faster than: the chain of steps that each waited for the one before it.

use std::collections::HashMap;

use super::{Lap, Run};

/// One step of the chain, and how much of the whole time went by with nothing but it to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<'r> {
    pub lap: &'r Lap,
    /// Microseconds from the end of the one before it to its own end.
    pub took: u64,
}

/// The chain of steps that ends with the one that ended last, in the order in which they were done.
pub fn critical_path(run: &Run) -> Vec<Stretch<'_>> {
    let laps: HashMap<usize, &Lap> = run.laps.iter().map(|lap| (lap.step, lap)).collect();
    let mut path = Vec::new();
    let mut next = run.laps.iter().max_by_key(|lap| (lap.ended, lap.step));
    while let Some(lap) = next {
        // A step only waits for earlier ones, and a file that says otherwise must not lead around in circles.
        let before = lap.after.iter().filter(|step| **step < lap.step).filter_map(|step| laps.get(step));
        let before = before.max_by_key(|earlier| (earlier.ended, earlier.step)).copied();
        let from = before.map_or(0, |earlier| earlier.ended);
        path.push(Stretch { lap, took: lap.ended.saturating_sub(from) });
        next = before;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::super::testing::{lap, shop};
    use super::*;

    #[test]
    fn the_path_goes_over_what_was_waited_for_last() {
        let run = shop();
        let path: Vec<_> =
            critical_path(&run).into_iter().map(|stretch| (stretch.lap.step, stretch.took / 1000)).collect();
        assert_eq!(path, [(1, 150), (2, 50), (3, 250), (4, 1500), (9, 500)]);
        let whole: u64 = critical_path(&run).iter().map(|stretch| stretch.took).sum();
        assert_eq!(whole, run.elapsed);
    }

    #[test]
    fn a_run_of_nothing_has_no_path_and_a_crooked_one_has_an_end() {
        assert_eq!(critical_path(&Run::default()), []);
        let run = Run {
            laps: vec![lap(1, "a", "start", &[2, 1], 0, 1), lap(2, "a", "start", &[1, 9], 1, 2)],
            ..Run::default()
        };
        assert_eq!(critical_path(&run).len(), 2);
    }
}
