//! Points in time as people type them: a date, a number of seconds, or how long ago.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::Duration;

use super::outcome::Failure;

/// Reads `2026-01-02T13:23:37Z`, `2026-01-02T13:23`, `2026-01-02`, `1795401855.5` or `42m`, as the engine's API takes it:
/// seconds since 1970 with nine digits of fraction. An empty text stays empty.
///
/// # Errors
/// A text that is none of these.
fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let local = |time: DateTime| time.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
    let time = if let Some(seconds) = seconds(text) {
        return Ok(seconds);
    } else if let Ok(ago) = Duration::parse(text) {
        now.checked_sub(SignedDuration::from_nanos(ago.nanoseconds))
    } else if let Ok(time) = text.parse::<Timestamp>() {
        Ok(time)
    } else if let Ok(time) = text.parse::<DateTime>() {
        local(time)
    } else if let Ok(date) = text.parse::<Date>() {
        local(date.to_datetime(jiff::civil::Time::midnight()))
    } else {
        return Err(format!(
            "{text:?} is no point in time: write a date (2026-01-02T13:23:37Z), seconds since 1970, or how long ago (42m)"
        ));
    };
    let time = time.map_err(|error| format!("{text:?} is no point in time: {error}"))?;
    Ok(format!("{}.{:09}", time.as_second(), time.subsec_nanosecond().abs()))
}

/// The value of a flag that names a point in time, or says how long ago it is.
///
/// # Errors
/// A value that is no point in time.
pub fn flag(name: &str, text: &str, now: Timestamp) -> Result<String, Failure> {
    parse(text, now, &TimeZone::system())
        .map_err(|message| Failure::plain(format!("invalid value for {name:?}: {message}")))
}

/// A plain number of seconds, with or without a fraction.
fn seconds(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && is_number(whole) && is_number(fraction) && fraction.len() <= 9;
    fits.then(|| format!("{whole}.{fraction:0<9}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_a_time() {
        let now = Timestamp::from_second(1_000_000_000).expect("a time");
        let cases = [
            ("", ""),
            ("1136073600.000000001", "1136073600.000000001"),
            ("1136073600", "1136073600.000000000"),
            ("1.5", "1.500000000"),
            ("42m", "999997480.000000000"),
            ("1h30m", "999994600.000000000"),
            ("-10s", "1000000010.000000000"),
            ("2001-09-09T01:46:40Z", "1000000000.000000000"),
            ("2001-09-09T03:46:40.25+02:00", "1000000000.250000000"),
            ("2001-09-09T01:46:40", "1000000000.000000000"),
            ("2001-09-09T01:46", "999999960.000000000"),
            ("2001-09-09", "999993600.000000000"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text, now, &TimeZone::UTC).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let now = Timestamp::from_second(0).expect("a time");
        for text in ["x", "yesterday", "1.2.3", "12:30", "2001-13-01"] {
            assert!(parse(text, now, &TimeZone::UTC).is_err(), "{text}");
        }
    }
}
