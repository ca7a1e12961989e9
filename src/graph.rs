//! Services ordered by what they depend on.
