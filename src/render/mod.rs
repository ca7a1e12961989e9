//! Telling: events and values become text.

pub mod caret;
pub mod config;
pub mod containers;
pub mod explain;
pub mod failure;
pub mod human;
pub mod logs;
pub mod paint;
pub mod parsed;
pub mod plan;
pub mod progress;
pub mod records;
pub mod screen;
pub mod sieve;
pub mod summary;
pub mod table;
pub mod timeline;
pub mod timing;
