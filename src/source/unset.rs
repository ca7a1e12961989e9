//! Variables that are used although they are not set.

use indexmap::{IndexMap, IndexSet};

use crate::diagnostic::{Diagnostic, Span, nearest};

/// How many variables are worth a look for a name that is nearly the same.
const LOOKED_UP: usize = 100;

/// How many variables are noted: nobody reads on.
const NOTED: usize = 1000;

/// How many uses of one variable are counted.
const COUNTED_USES: usize = 1000;

/// How many uses of one variable are shown.
const SHOWN_USES: usize = 4;

/// The variables that are not set, in the order in which they were met, with their uses.
#[derive(Debug, Default)]
pub(crate) struct Unset(IndexMap<String, Uses>);

#[derive(Debug, Default)]
struct Uses {
    places: IndexSet<Span>,
    /// A variable of nearly the same name that is set.
    near: Option<String>,
}

impl Unset {
    /// Notes a use, and the nearest of the names that are set.
    pub fn add<'n>(&mut self, name: String, place: Span, known: impl IntoIterator<Item = &'n str>) {
        if self.0.len() >= NOTED && !self.0.contains_key(&name) {
            return;
        }
        let worth = self.0.len() < LOOKED_UP;
        let near = |name: &String| if worth { nearest(name, known).map(str::to_owned) } else { None };
        let uses = self.0.entry(name).or_insert_with_key(|name| Uses { places: IndexSet::new(), near: near(name) });
        // What an alias repeats was written once.
        if uses.places.len() < COUNTED_USES {
            uses.places.insert(place);
        }
    }

    /// One warning for each variable, with its uses, and a sentence that says where it was looked for.
    pub fn findings(&self, looked: &str) -> Vec<Diagnostic> {
        self.0.iter().map(|(name, uses)| uses.finding(name, looked)).collect()
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Uses {
    fn finding(&self, name: &str, looked: &str) -> Diagnostic {
        let count = self.places.len();
        let uses = match count {
            1 => String::new(),
            COUNTED_USES => format!(" in {count} places or more"),
            _ => format!(" in {count} places"),
        };
        let mut finding = Diagnostic::warning(format!("variable {name} is not set: it becomes an empty text{uses}"));
        let mut places = self.places.iter();
        finding.span = places.next().copied();
        for place in places.take(SHOWN_USES - 1) {
            finding = finding.label(*place, "also used here");
        }
        if let Some(near) = &self.near {
            finding = finding.help(format!("did you mean `{near}`?"));
        }
        finding.help(looked).help(format!("write `${{{name}:-}}` if it may be missing"))
    }
}
