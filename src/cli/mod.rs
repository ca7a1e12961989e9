//! The street door: one file per command.
