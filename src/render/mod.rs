//! Telling: events and values → text.
