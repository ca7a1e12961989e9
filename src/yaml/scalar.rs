//! What a scalar means: the mixture of YAML 1.1 and 1.2 that docker compose reads.

use super::Kind;

/// A tag that is written on a scalar, as far as it changes what the scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarTag {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Binary,
    Timestamp,
    /// A tag that nothing here knows: the text stays text.
    Foreign,
}

impl ScalarTag {
    /// The name in the namespace of YAML's own tags (`!!int`); `None` for those without a meaning on scalars.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "str" => Self::Str,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "null" => Self::Null,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            _ => return None,
        })
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Str | Self::Foreign => "a string",
            Self::Int => "an integer",
            Self::Float => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
            Self::Binary => "base64",
            Self::Timestamp => "a date",
        }
    }
}

/// The value of a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Kind {
    resolve_other(text).unwrap_or_else(|| Kind::Str(text.into()))
}

/// The same; nothing for what is a text.
pub(super) fn resolve_other(text: &str) -> Option<Kind> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Kind::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Kind::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Kind::Float(f64::NAN),
        _ => return number(text).or_else(|| Some(Kind::Time(super::timestamp::canonical(text)?.into()))),
    })
}

/// The value of a scalar that carries a tag.
///
/// # Errors
/// When the text is not of the kind that the tag asks for; the text is a message.
pub(super) fn resolve_tagged(text: &str, tag: ScalarTag) -> Result<Kind, String> {
    let kind = match tag {
        ScalarTag::Str | ScalarTag::Foreign => return Ok(Kind::Str(text.into())),
        ScalarTag::Binary => base64(text).map(|decoded| Kind::Str(decoded.into())),
        ScalarTag::Timestamp => super::timestamp::canonical(text).map(|time| Kind::Time(time.into())),
        ScalarTag::Int => Some(resolve(text)).filter(|kind| matches!(kind, Kind::Int(_) | Kind::Uint(_))),
        ScalarTag::Float => match resolve(text) {
            Kind::Int(number) => Some(Kind::Float(number as f64)),
            Kind::Uint(number) => Some(Kind::Float(number as f64)),
            kind => Some(kind).filter(|kind| matches!(kind, Kind::Float(_))),
        },
        ScalarTag::Bool => Some(resolve(text)).filter(|kind| matches!(kind, Kind::Bool(_))),
        ScalarTag::Null => Some(resolve(text)).filter(|kind| matches!(kind, Kind::Null)),
    };
    kind.ok_or_else(|| format!("`{text}` is not {}, as its tag says", tag.noun()))
}

/// How long a number may be, in bytes: what is longer is a text, and nobody reads megabytes of digits.
const NUMBER_LIMIT: usize = 1000;

fn number(text: &str) -> Option<Kind> {
    let first = *text.as_bytes().first()?;
    if text.len() > NUMBER_LIMIT {
        return None;
    }
    if !first.is_ascii_digit() && !matches!(first, b'+' | b'-' | b'.') {
        return None;
    }
    let digits = text.replace('_', "");
    let integer = if first == b'.' { None } else { integer(&digits) };
    integer.or_else(|| float(&digits).map(Kind::Float))
}

/// Decimal, `0x`, `0o`, `0b` and the old octal with a bare `0`; a sign may stand before each.
fn integer(digits: &str) -> Option<Kind> {
    let (negative, unsigned) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    let (base, bare) = match unsigned.get(..2) {
        Some("0x" | "0X") => (16, &unsigned[2..]),
        Some("0o" | "0O") => (8, &unsigned[2..]),
        Some("0b" | "0B") => (2, &unsigned[2..]),
        Some(_) if unsigned.starts_with('0') => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if bare.is_empty() || !bare.chars().all(|digit| digit.is_digit(base)) {
        return None;
    }
    let magnitude = u64::from_str_radix(bare, base).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Kind::Int);
    }
    Some(i64::try_from(magnitude).map_or(Kind::Uint(magnitude), Kind::Int))
}

/// A decimal number, with a fraction, an exponent, both or neither; `None` when it is too large for a float.
fn float(digits: &str) -> Option<f64> {
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let well_formed = has_digits
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|part| !part.is_empty() && all_digits(part));
    if !well_formed {
        return None;
    }
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Decodes standard base64 with padding; white space is ignored. `None` when it is malformed or no UTF-8 text.
fn base64(text: &str) -> Option<String> {
    let symbols: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(symbols.len() / 4 * 3);
    for (index, group) in symbols.chunks(4).enumerate() {
        let last = (index + 1) * 4 == symbols.len();
        let padding = group.iter().rev().take_while(|symbol| **symbol == b'=').count();
        if padding > 2 || (padding > 0 && !last) {
            return None;
        }
        let mut bits = 0_u32;
        for symbol in &group[..4 - padding] {
            bits = bits << 6 | u32::from(sextet(*symbol)?);
        }
        bits <<= 6 * padding;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    String::from_utf8(bytes).ok()
}

fn sextet(symbol: u8) -> Option<u8> {
    Some(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
