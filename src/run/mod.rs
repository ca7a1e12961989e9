//! Doing: the only place that waits.
