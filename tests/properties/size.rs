//! Sizes: any text is a number of bytes or refused, and that number is read as it was.

use convoke::model::Bytes;

pub fn holds(text: &str) {
    let Ok(size) = Bytes::parse(text) else { return };
    assert_eq!(Bytes::parse(&size.0.to_string()), Ok(size), "{text:?}");
}
