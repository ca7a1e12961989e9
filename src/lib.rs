//! convoke: runs multi-container applications from a Compose file.
//!
//! The rooms in reading order; each takes one value and returns one value. See ARCHITECTURE.md.
//!
//! ```text
//! source ─▶ yaml ─▶ load ─▶ model ─▶ graph ─▶ plan ─▶ run ─▶ engine
//!                                              ▲        │
//!                                   observed state      └─ Event ─▶ render
//! ```

pub mod diagnostic;
pub mod yaml;

pub mod model;

pub mod graph;

pub mod load;
pub mod source;

pub mod engine;

pub mod event;
pub mod explain;
pub mod plan;
pub mod timing;

pub mod build;
pub mod develop;
pub mod run;
#[cfg(test)]
mod schemas;

pub mod render;
pub mod terminal;

pub mod cli;
