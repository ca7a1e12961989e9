//! Source → Project: one phase per file.
#![allow(dead_code, unused_imports, reason = "the phases that use it are being laid")]

mod canonical;
mod casts;
mod check;
mod decode;
mod defaults;
mod normalize;
mod path;
mod shape;
mod words;
