//! Source → Project: one phase per file.

#[allow(dead_code, reason = "the phases that use it are being laid")]
mod path;
