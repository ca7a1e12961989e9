//! Durations: any text is one or refused, and what is printed is read as it was.

use convoke::model::Duration;

pub fn holds(text: &str) {
    let Ok(duration) = Duration::parse(text) else { return };
    let printed = duration.to_string();
    assert_eq!(Duration::parse(&printed), Ok(duration), "{text:?} is printed as {printed:?}");
}
