//! Variables in the values of a document.

use std::collections::{BTreeMap, HashSet};

use super::Scope;
use super::damage::Damage;
use super::growth::Growth;
use crate::diagnostic::{Diagnostic, FINDING_LIMIT, Files, Span, nearest};
use crate::source::{
    Expansion, Fault, FaultKind, Looked, Mention, Origin, Places, Source, Unset, expand, mentions_that_count, shown,
};
use crate::yaml::{Author, Kind, Node, Template, Variable, VariableFrom};

/// Where a variable was looked for, in a sentence.
pub(super) fn places_looked_at(source: &Source, included: &[String]) -> String {
    let path = |path| shown(path, &source.current_dir).display().to_string();
    let places = source.looked_for.iter().map(|looked| match looked {
        Looked::Shell => "the shell".to_owned(),
        Looked::EnvFile { path: file, found: true } => path(file),
        Looked::EnvFile { path: file, found: false } => format!("{} (which does not exist)", path(file)),
        Looked::Disabled => ".env (which is switched off)".to_owned(),
    });
    let places = places.collect::<Vec<_>>().join(", ");
    if included.is_empty() {
        return format!("looked for it in {places}");
    }
    format!("looked for it in {places}, and for included files in {}", included.join(", "))
}

/// Has every text that remembers keep its template, and the variables that count in it.
pub(super) fn remember(node: &mut Node, scope: &Scope<'_>) {
    let Some(trail) = &mut node.trail else { return };
    match &mut node.kind {
        Kind::Str(text) if text.contains('$') => {
            trail.template = Some(Template { text: text.clone(), variables: variables(text, scope) });
        }
        Kind::Seq(items) => items.iter_mut().for_each(|item| remember(item, scope)),
        Kind::Map(map) => map.iter_mut().for_each(|(_, _, value)| remember(value, scope)),
        _ => {}
    }
}

/// Has every variable that got its value from the environment under its own name know where that comes from.
pub(super) fn remember_own(document: &mut Node, scope: &Scope<'_>) {
    if document.remembers() {
        own(document, "", scope);
    }
}

fn own(node: &mut Node, key: &str, scope: &Scope<'_>) {
    match &mut node.kind {
        Kind::Str(text) if node.author == Author::Environment => {
            let trail = node.trail.get_or_insert_default();
            let name = match key {
                "" => text.split('=').next().unwrap_or_default(),
                "name" => "COMPOSE_PROJECT_NAME",
                name => name,
            };
            let template = || Template { text: name.into(), variables: variables(&format!("${{{name}}}"), scope) };
            trail.template.get_or_insert_with(template);
        }
        Kind::Seq(items) => items.iter_mut().for_each(|item| own(item, "", scope)),
        Kind::Map(map) => map.iter_mut().for_each(|(key, _, value)| own(value, key, scope)),
        _ => {}
    }
}

fn variables(template: &str, scope: &Scope<'_>) -> Vec<Variable> {
    let value = |mention: &Mention| {
        let value = scope.environment.get(&mention.name);
        value.filter(|value| !mention.empty_is_unset || !value.is_empty())
    };
    let lookup = |name: &str| scope.environment.get(name).cloned();
    let mut variables: Vec<Variable> = Vec::new();
    for mention in mentions_that_count(template, &|mention| value(mention).is_some()) {
        let (value, from) = match value(&mention) {
            Some(_) if !mention.alternative.is_empty() => {
                (Some(expand(&mention.alternative, &lookup).text), VariableFrom::Template)
            }
            Some(value) => (Some(value.clone()), from(scope.origin(&mention.name))),
            None if !mention.default.is_empty() => {
                (Some(expand(&mention.default, &lookup).text), VariableFrom::Template)
            }
            None => (None, VariableFrom::Nowhere),
        };
        let variable = Variable { name: mention.name, value, from };
        if !variables.contains(&variable) {
            variables.push(variable);
        }
    }
    variables
}

fn from(origin: Origin) -> VariableFrom {
    match origin {
        Origin::Shell => VariableFrom::Shell,
        Origin::File(span) => VariableFrom::File(span),
        Origin::Provided => VariableFrom::Provided,
    }
}

/// Puts the values of variables into every text of a document but its keys; what stands there stays a text.
///
/// The findings are errors, and values that hold one are given up; so are those whose variables may be set in an env file
/// that could not be read. Places are exact wherever a text stands in the file
/// as it is read.
pub(super) fn apply(
    document: &mut Node,
    environment: &BTreeMap<String, String>,
    files: &Files,
    unset: &mut Unset,
    damage: &mut Damage,
    growth: &mut Growth,
) -> Vec<Diagnostic> {
    let mut walk = Walk { environment, files, unset, damage, growth, findings: Vec::new(), told: HashSet::new() };
    walk.node(document);
    walk.findings
}

struct Walk<'w> {
    environment: &'w BTreeMap<String, String>,
    files: &'w Files,
    unset: &'w mut Unset,
    damage: &'w mut Damage,
    growth: &'w mut Growth,
    findings: Vec<Diagnostic>,
    told: HashSet<(Span, String)>,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node) {
        if self.growth.is_over() {
            return;
        }
        match &mut node.kind {
            Kind::Str(text) if text.contains('$') => *text = self.text(text, node.span).into(),
            Kind::Seq(items) => items.iter_mut().for_each(|item| self.node(item)),
            Kind::Map(map) => map.iter_mut().for_each(|(_, _, value)| self.node(value)),
            _ => {}
        }
    }

    fn text(&mut self, template: &str, span: Span) -> String {
        let Expansion { text, mut unset, mut faults } = expand(template, &|name| self.environment.get(name).cloned());
        if unset.is_empty() && faults.is_empty() {
            return self.kept(text, template, span);
        }
        let places = Places::new(self.files.slice(span), template, span);
        if self.damage.variables {
            let known = |fault: &Fault| !matches!(fault.kind, FaultKind::Required { .. });
            if !unset.is_empty() || !faults.iter().all(known) {
                self.damage.note(span);
            }
            faults.retain(known);
            unset.clear();
        }
        for used in unset {
            self.unset.add(used.name, places.of(used.range), self.environment.keys().map(String::as_str));
        }
        if !faults.is_empty() {
            self.damage.note(span);
        }
        for fault in faults.into_iter().take((FINDING_LIMIT + 1).saturating_sub(self.findings.len())) {
            let place = places.of(fault.range.clone());
            let finding = self.finding(&fault, place);
            if self.told.insert((place, finding.message.clone())) {
                self.findings.push(finding);
            }
        }
        self.kept(text, template, span)
    }

    /// The text, unless there is no room for it.
    fn kept(&mut self, text: String, template: &str, span: Span) -> String {
        let more = text.len().saturating_sub(template.len());
        if self.growth.text(more, Some(span), &mut self.findings) { text } else { String::new() }
    }

    fn finding(&self, fault: &Fault, place: Span) -> Diagnostic {
        let finding = fault.finding(place);
        let FaultKind::Required { name, .. } = &fault.kind else { return finding };
        match nearest(name, self.environment.keys().map(String::as_str)).filter(|near| near != name) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn environment() -> BTreeMap<String, String> {
        [("IMAGE", "web:1"), ("PORT", "80"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    struct Interpolated {
        document: Node,
        unset: Unset,
        findings: Vec<Diagnostic>,
        files: Files,
    }

    fn interpolate(text: &str) -> Interpolated {
        let mut files = Files::default();
        let file = files.add("compose.yaml", text.to_owned());
        let mut document = parse(file, text).unwrap().remove(0);
        let mut unset = Unset::default();
        let findings =
            apply(&mut document, &environment(), &files, &mut unset, &mut Damage::default(), &mut Growth::default());
        Interpolated { document, unset, findings, files }
    }

    fn value<'n>(document: &'n Node, key: &str) -> &'n Node {
        document.as_map().unwrap().get(key).unwrap()
    }

    #[test]
    fn values_are_replaced_and_stay_texts() {
        let text = "image: $IMAGE\nport: ${PORT}\n$PORT: key\nlist: [\"$$PORT\", {a: '${EMPTY:-x}'}]\nn: 12\n";
        let Interpolated { document, unset, findings, .. } = interpolate(text);
        assert_eq!(value(&document, "image").as_str(), Some("web:1"));
        assert_eq!(value(&document, "port").as_str(), Some("80"));
        assert_eq!(value(&document, "$PORT").as_str(), Some("key"));
        let list = value(&document, "list").as_seq().unwrap();
        assert_eq!(list[0].as_str(), Some("$PORT"));
        assert_eq!(value(&list[1], "a").as_str(), Some("x"));
        assert!(findings.is_empty() && unset.is_empty());
    }

    #[test]
    fn places_are_exact_as_far_as_the_file_shows_them() {
        for (text, place) in [
            ("a: x${B:?m}y\n", "${B:?m}"),
            ("a: \"é ${B:?m}\"\n", "${B:?m}"),
            ("a: 'it''s ${B:?m}'\n", "${B:?m}"),
            ("a: |\n  one\n  two ${B:?m}\n", "${B:?m}"),
            ("a: \"\\x24{B:?m}\"\n", "\"\\x24{B:?m}\""),
            ("a: ${B:?two\n  lines}\n", "${B:?two\n  lines}"),
            ("a: ${IMAGE:-${B:?m}}\n", "${B:?m}"),
            ("a: x${!}\n", "${!}"),
        ] {
            let Interpolated { findings, files, .. } = interpolate(text);
            assert_eq!(files.slice(findings[0].span.unwrap()), place, "{text}");
        }
    }

    #[test]
    fn an_unset_variable_is_told_once_with_all_its_uses() {
        let text = "a: &a $IMAEG\nb: [x, *a]\nc: ${IMAEG}-$IMAEG ${OTHER-}\nd: $ZEBRA\n";
        let Interpolated { unset, files, .. } = interpolate(text);
        let looked_for = vec![Looked::Shell, Looked::EnvFile { path: "/p/.env".into(), found: false }];
        let source = Source { looked_for, current_dir: "/p".into(), ..Source::default() };
        let findings = unset.findings(&places_looked_at(&source, &[]));
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].message, "variable IMAEG is not set: it becomes an empty text in 4 places");
        let labels: Vec<_> = findings[0].labels.iter().map(|(span, _)| files.slice(*span)).collect();
        assert_eq!(labels, ["*a", "${IMAEG}", "$IMAEG"]);
        assert_eq!(
            findings[0].help,
            [
                "did you mean `IMAGE`?",
                "looked for it in the shell, .env (which does not exist)",
                "write `${IMAEG:-}` if it may be missing"
            ]
        );
        assert_eq!(findings[1].help.len(), 2);
    }

    #[test]
    fn a_missing_variable_that_is_required_is_an_error_with_its_reason() {
        let Interpolated { findings, .. } = interpolate("a: ${PROT:?set it}\nb: ${EMPTY:?}\nc: ${EMPTY?}\n");
        let told: Vec<_> = findings.iter().map(|finding| (&*finding.message, finding.help.join(""))).collect();
        let expected = [
            ("required variable PROT is missing a value: set it", "did you mean `PORT`?".to_owned()),
            ("required variable EMPTY is missing a value", String::new()),
        ];
        assert_eq!(told, expected);
    }
}
