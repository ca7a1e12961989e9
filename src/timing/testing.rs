//! A run of a small shop, for tests.

use super::{Lap, Run};

/// A step that took from `began` to `ended`, both in milliseconds.
pub fn lap(step: usize, service: &str, action: &str, after: &[usize], began: u64, ended: u64) -> Lap {
    Lap {
        step,
        service: (!service.is_empty()).then(|| service.to_owned()),
        kind: if service.is_empty() { "network" } else { "container" }.to_owned(),
        name: if service.is_empty() { "shop_default".to_owned() } else { format!("shop-{service}-1") },
        action: action.to_owned(),
        why: "because".to_owned(),
        after: after.to_vec(),
        began: began * 1000,
        ended: ended * 1000,
        failed: false,
    }
}

/// `web` waits for `db` to be ready; `cache` is beside them.
pub fn shop() -> Run {
    Run {
        project: "shop".into(),
        command: "up".into(),
        began: "2026-01-02T03:04:05Z".into(),
        elapsed: 2_450_000,
        laps: vec![
            lap(1, "", "create", &[], 0, 150),
            lap(2, "db", "create", &[1], 150, 200),
            lap(3, "db", "start", &[2], 200, 450),
            lap(4, "db", "await", &[3], 450, 1950),
            lap(5, "cache", "create", &[1], 150, 220),
            lap(6, "cache", "start", &[5], 220, 480),
            lap(7, "web", "build", &[], 0, 900),
            lap(8, "web", "create", &[1, 7], 900, 960),
            lap(9, "web", "start", &[4, 6, 8], 1950, 2450),
        ],
    }
}
