//! Telling: events and values become text.

pub mod human;
pub mod paint;
pub mod table;
