//! The engine's own time: starts at the same moment always, and no two things happen at once.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// 14 November 2023, 22:13:20 UTC.
const BEGINNING: i64 = 1_700_000_000_000_000_000;

#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    last: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), last: BEGINNING }
    }

    /// Nanoseconds since 1970; always later than before.
    pub(super) fn tick(&mut self) -> i64 {
        self.last = self.now().max(self.last + 1);
        self.last
    }

    /// Nanoseconds since 1970, without anything happening.
    pub(super) fn now(&self) -> i64 {
        BEGINNING.saturating_add(i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }
}

/// RFC 3339 with all nine digits; year 1 for never.
pub(super) fn written(nanoseconds: i64) -> String {
    if nanoseconds == 0 {
        return "0001-01-01T00:00:00Z".into();
    }
    let time = Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
}

/// Reads `seconds[.fraction]`; what is no such thing is the beginning of time.
pub(super) fn read(text: &str) -> i64 {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let nanoseconds = format!("{fraction:0<9}").get(..9).and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
    seconds.parse::<i64>().unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// A stretch of time as engines tell it.
pub(super) fn spoken(stretch: Duration) -> String {
    let seconds = stretch.as_secs();
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    match seconds {
        0 => "Less than a second".into(),
        1 => "1 second".into(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".into(),
        120..3600 => format!("{minutes} minutes"),
        3600..5400 => "About an hour".into(),
        5400..172_800 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        assert_eq!(written(BEGINNING + 5), "2023-11-14T22:13:20.000000005Z");
        assert_eq!(written(0), "0001-01-01T00:00:00Z");
        assert_eq!(read("1700000000.000000005"), BEGINNING + 5);
        assert_eq!(read("3.5"), 3_500_000_000);
        assert_eq!(read("0"), 0);
    }

    #[test]
    fn stretches_are_told_as_engines_tell_them() {
        let cases =
            [(0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (61, "About a minute"), (7200, "2 hours")];
        for (seconds, text) in cases {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }
}
