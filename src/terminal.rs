//! The window to the person: size, colour, keys.
