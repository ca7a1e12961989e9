//! The order in which docker compose prints the keys of a mapping.

use std::cmp::Ordering;

/// Compares two keys as people sort them: numbers inside them count as numbers (`a2` before `a10`), and what is no
/// letter stands before letters.
pub fn natural_order(left: &str, right: &str) -> Ordering {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let Some(at) = left.iter().zip(&right).position(|(left, right)| left != right) else {
        return left.len().cmp(&right.len());
    };
    let letters = (left[at].is_alphabetic(), right[at].is_alphabetic());
    let after_digit = at > 0 && left[at - 1].is_numeric();
    match letters {
        (true, true) => left[at].cmp(&right[at]),
        // Behind a digit the other side is a longer number, or nothing that sorts before a word.
        (true, false) => {
            if after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if after_digit {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let lead = leading_one(&left, &right, at);
            let (left_number, left_end) = number(&left, at, lead);
            let (right_number, right_end) = number(&right, at, lead);
            left_number.cmp(&right_number).then(left_end.cmp(&right_end)).then(left[at].cmp(&right[at]))
        }
    }
}

/// One where a zero stands inside a number that has begun before, so that the zero counts as a digit of it.
fn leading_one(left: &[char], right: &[char], at: usize) -> u128 {
    if left[at] != '0' && right[at] != '0' {
        return 0;
    }
    let begun = left[..at].iter().rev().take_while(|digit| digit.is_ascii_digit()).any(|digit| *digit != '0');
    u128::from(begun)
}

/// The number that the digits from a place on make, and where they end.
fn number(key: &[char], at: usize, lead: u128) -> (u128, usize) {
    let digits = key[at..].iter().map_while(|digit| digit.to_digit(10));
    let (value, length) = digits.fold((lead, 0), |(value, length), digit| {
        (value.saturating_mul(10).saturating_add(u128::from(digit)), length + 1)
    });
    (value, at + length)
}

#[cfg(test)]
mod tests {
    use super::natural_order;

    #[test]
    fn keys_are_sorted_as_docker_compose_sorts_them() {
        let sorted = ["_X", "1", "A.B", "A_B", "A1B", "A2", "A10", "AB", "B", "a", "a1", "a01", "a001"];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(natural_order(left, right), index.cmp(&other), "{left} {right}");
            }
        }
    }
}
