//! Dates and times as YAML writes them, and their canonical text.

/// The canonical text of a date or time (`2001-12-14T21:59:43.1-05:00`); `None` when the text is neither.
///
/// Taken are `2001-12-14`, `2001-12-14 21:59:43` and `2001-12-14T21:59:43Z` (or with an offset, or a small `t`). Month,
/// day, hour, minute and second may have one digit; a fraction of a second may follow.
pub(super) fn canonical(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let year: u32 = text[..4].parse().ok()?;
    let (month, rest) = short_number(&text[5..])?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    if !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let spaced = rest.starts_with(' ');
    let (time, zone) = clock(rest.strip_prefix(['t', 'T']).or(spaced.then(|| rest.trim_start_matches(' ')))?)?;
    let zone = match (spaced, zone) {
        (true, "") => "Z".to_owned(),
        (true, _) => return None,
        (false, zone) => offset(zone)?,
    };
    Some(format!("{date}T{time}{zone}"))
}

/// Hours, minutes and seconds in two digits each with what is left of the fraction, and the text behind them.
fn clock(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = short_number(text)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some((time, rest)) };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return None;
    }
    let nanoseconds = fraction[..length.min(9)].trim_end_matches('0');
    if !nanoseconds.is_empty() {
        time = format!("{time}.{nanoseconds}");
    }
    Some((time, &fraction[length..]))
}

/// `Z`, or hours and minutes with a sign; no offset at all is `Z` again.
fn offset(zone: &str) -> Option<String> {
    if zone == "Z" {
        return Some("Z".to_owned());
    }
    let digits = zone.strip_prefix(['+', '-'])?;
    let (hours, minutes) = digits.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hours) || !two(minutes) || hours > "24" || minutes > "59" {
        return None;
    }
    Some(if digits == "00:00" { "Z".to_owned() } else { zone.to_owned() })
}

/// A number of one or two digits and what follows it.
fn short_number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    Some((text.get(..length)?.parse().ok()?, &text[length..]))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}
