//! Source → Project: one phase per file.
