//! A plan as people read it.

use std::collections::BTreeMap;
use std::fmt;

use super::{Action, Plan, StepId, SubjectKind};

impl fmt::Display for Plan {
    /// One line a step: number, what, action, why, and what it waits for. Below it, the fields that changed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 4]> = self
            .steps()
            .map(|(id, planned)| {
                let after = ranges(&self.needs(id));
                let after = if after.is_empty() { String::new() } else { format!("after {after}") };
                [planned.subject().to_string(), planned.action().imperative().to_owned(), planned.why(), after]
            })
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (subjects, actions, reasons) = (width(0), width(1), width(2));
        let numbers = rows.len().to_string().len();
        let indent = numbers + 5;
        for (number, ((_, planned), [subject, action, reason, after])) in self.steps().zip(&rows).enumerate() {
            let line = format!(
                "#{:<numbers$}  {subject:<subjects$}  {action:<actions$}  {reason:<reasons$}  {after}",
                number + 1
            );
            writeln!(f, "{}", line.trim_end())?;
            for change in planned.changes() {
                writeln!(f, "{:indent$}{change}", "")?;
            }
        }
        Ok(())
    }
}

/// Numbers as shown, from 1; three and more in a row are drawn together: `1, 4–6`.
fn ranges(steps: &[StepId]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for step in steps {
        let number = step.0 + 1;
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let one = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Plan {
    /// What comes to pass, in one line: `1 network and 3 containers to create, 3 containers to start`. Waits and hooks
    /// do not count; empty for an empty plan.
    pub fn summary(&self) -> String {
        let mut counts: BTreeMap<(usize, &'static str), BTreeMap<SubjectKind, usize>> = BTreeMap::new();
        for (_, planned) in self.steps() {
            let place = COUNTED.iter().position(|action| *action == planned.action());
            if let Some(place) = place {
                let kinds = counts.entry((place, COUNTED[place].imperative())).or_default();
                *kinds.entry(planned.subject().kind).or_default() += 1;
            }
        }
        let action = |((_, verb), kinds): (&(usize, &str), &BTreeMap<SubjectKind, usize>)| {
            let kinds: Vec<_> = kinds.iter().map(|(kind, count)| counted(*count, kind.as_str())).collect();
            let kinds = match kinds.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
                _ => kinds.concat(),
            };
            format!("{kinds} to {verb}")
        };
        counts.iter().map(action).collect::<Vec<_>>().join(", ")
    }
}

const COUNTED: [Action; 7] =
    [Action::Pull, Action::Build, Action::Push, Action::Create, Action::Start, Action::Stop, Action::Remove];

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_drawn_together() {
        let text = |steps: &[usize]| ranges(&steps.iter().map(|step| StepId(*step)).collect::<Vec<_>>());
        for (steps, expected) in
            [(&[][..], ""), (&[0], "1"), (&[0, 1], "1, 2"), (&[0, 1, 2], "1–3"), (&[0, 2, 3, 4, 8, 9], "1, 3–5, 9, 10")]
        {
            assert_eq!(text(steps), expected);
        }
    }
}
