//! `x-convoke-ready`: what its keys say, and that they go together.

use crate::diagnostic::Diagnostic;
use crate::model::{Ready, Sign};

use super::{Subject, pointed};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let name = subject.name;
    match Ready::of(subject.service) {
        None => {}
        Some(Ok(Ready { sign: Sign::Log { pattern }, .. })) => {
            if let Err(error) = regex::Regex::new(&pattern) {
                // The last line says what is wrong, those before it show where; the place is shown by us.
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let message = format!("services.{name}.{}.log is no regular expression: {why}", Ready::KEY);
                let place = subject.value(&[Ready::KEY.into(), "log".into()]);
                findings.push(pointed(Diagnostic::error(message), place));
            }
        }
        Some(Ok(_)) => {}
        Some(Err(wrong)) => {
            let (place, message) = match wrong.key {
                Some(key) => (
                    subject.value(&[Ready::KEY.into(), key.into()]),
                    format!("{}.{key}: {}", Ready::KEY, wrong.message),
                ),
                None => (subject.place(&[Ready::KEY.into()]), format!("{} {}", Ready::KEY, wrong.message)),
            };
            findings.push(pointed(Diagnostic::error(format!("services.{name}.{message}")).help(wrong.help), place));
        }
    }
}
