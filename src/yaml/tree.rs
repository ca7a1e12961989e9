//! Events to a tree: anchors and aliases, merge keys, double keys, and the limits on all of them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::parse::Parsed;
use super::scalar::{self, ScalarTag};
use super::{Kind, Map, Node, Tag, syntax};
use crate::diagnostic::{Diagnostic, Span, nearest};

/// How many nodes aliases may add to a file before it is refused.
pub(super) const ALIAS_BUDGET: usize = 100_000;

/// How deep lists and mappings may be nested, so that no later phase can run out of stack.
pub(super) const DEPTH_LIMIT: usize = 256;

/// How many findings are worth showing.
const FINDING_LIMIT: usize = 100;

/// How long a key may be to be one that is likely to come again, in bytes.
const WORD_LIMIT: usize = 32;

/// How deep the names of services and other parts of a project stand, each of which there is but once.
const NAMES_DEPTH: usize = 2;

/// How many names of anchors are compared with one that is not known.
const NAMES_LOOKED_AT: usize = 1000;

/// One thing that the parser saw.
#[derive(Clone, Debug)]
pub(super) enum Event<'t> {
    /// With the version that a `%YAML` directive asks for.
    DocumentStart(Option<(u32, u32)>),
    Alias(u32),
    UnknownAlias(Cow<'t, str>),
    /// Names the anchor of the node before it.
    Anchor(Cow<'t, str>),
    Scalar {
        text: Cow<'t, str>,
        style: Style,
        /// Zero is none.
        anchor: u32,
        tag: Option<ScalarTag>,
        own: Option<Tag>,
        /// Whether `<<` would be a merge key here.
        merge: bool,
    },
    Sequence {
        anchor: u32,
        own: Option<Tag>,
        flow: bool,
    },
    Mapping {
        anchor: u32,
        own: Option<Tag>,
        flow: bool,
    },
    End,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// Where an event stands, and where its tag stands, which few have.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) span: Span,
    pub(super) tag: Option<Box<Span>>,
}

/// A node that is complete, with what it costs to repeat it.
#[derive(Clone)]
struct Finished {
    node: Node,
    /// The number of nodes in it, itself included.
    size: usize,
    /// How many levels it nests, itself included.
    depth: usize,
}

struct Key {
    name: Arc<str>,
    span: Span,
    /// `<<`
    merge: bool,
    /// Whether the entry counts; a key with a fault is read over.
    sound: bool,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Map,
        /// Keys that are no entries.
        odd: HashMap<Arc<str>, Span>,
        key: Option<Key>,
        merged: Vec<Node>,
    },
}

/// A list or mapping whose end was not seen yet.
struct Open {
    content: Content,
    span: Span,
    own: Option<Tag>,
    anchor: u32,
    flow: bool,
    size: usize,
    depth: usize,
}

/// Builds the documents of one file, event by event.
pub(super) struct Tree<'t> {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// Anchors that some alias uses; `None` while the node is not complete.
    anchors: HashMap<u32, Option<Finished>>,
    used: HashSet<u32>,
    names: Vec<&'t str>,
    budget: usize,
    findings: Vec<Diagnostic>,
    /// Set when going on would cost too much.
    stopped: bool,
    /// Whether what `<<` brings in vain is worth keeping.
    remember: bool,
    /// The number of events.
    values: usize,
    /// Whether anything has a tag that the format gives a meaning to.
    tagged: bool,
    /// The keys so far.
    words: HashSet<Arc<str>, RandomState>,
}

impl<'t> Tree<'t> {
    pub(super) fn new(events: &'t [(Event<'_>, Place)], remember: bool) -> Self {
        let used = events.iter().filter_map(|(event, _)| match event {
            Event::Alias(id) => Some(*id),
            _ => None,
        });
        Self {
            documents: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            used: used.collect(),
            names: Vec::new(),
            budget: ALIAS_BUDGET,
            findings: Vec::new(),
            stopped: false,
            remember,
            values: events.len(),
            tagged: false,
            words: HashSet::default(),
        }
    }

    /// The documents and everything that is wrong; what the reader of the text found stands behind what was found here.
    /// A text that was not read to its end leaves its last document open, and the last key in it without a value.
    pub(super) fn finish(mut self, found: Vec<Diagnostic>, unread: Option<Span>) -> Parsed {
        let stopped = self.findings.last().filter(|_| self.stopped).and_then(|finding| finding.span);
        let unread = unread.or(stopped.map(|place| Span { end: u32::MAX, ..place }));
        if !self.stopped {
            self.findings.extend(found);
            while let Some(Open { content, span, .. }) = self.open.last_mut() {
                if let Content::Mapping { key, .. } = content {
                    *key = None;
                }
                let span = *span;
                self.end(span);
            }
        }
        let Self { documents, findings, values, tagged, .. } = self;
        Parsed { documents, findings, unread, values, tagged }
    }

    pub(super) fn add(&mut self, event: &'t Event<'_>, place: &Place) {
        if self.stopped {
            return;
        }
        match event {
            Event::DocumentStart(version) => self.start_document(*version, place.span),
            Event::Anchor(name) => self.name_anchor(name, place.span),
            Event::Alias(id) => self.alias(*id, place.span),
            Event::UnknownAlias(name) => self.unknown_alias(name, place.span),
            Event::Scalar { .. } => self.scalar(event, place),
            Event::Sequence { anchor, own, flow } => {
                self.start(Content::Sequence(Vec::new()), *anchor, *own, *flow, place);
            }
            Event::Mapping { anchor, own, flow } => {
                let content =
                    Content::Mapping { entries: Map::default(), odd: HashMap::new(), key: None, merged: Vec::new() };
                self.start(content, *anchor, *own, *flow, place);
            }
            Event::End => self.end(place.span),
        }
    }

    fn report(&mut self, finding: Diagnostic) {
        if !self.is_full() {
            self.findings.push(finding);
        }
    }

    /// Whether there are more findings already than anybody would read, and another one need not be made.
    fn is_full(&self) -> bool {
        self.findings.len() >= FINDING_LIMIT
    }

    fn stop(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
        self.stopped = true;
    }

    fn start_document(&mut self, version: Option<(u32, u32)>, span: Span) {
        self.names.clear();
        if let Some((major, minor)) = version.filter(|version| *version != (1, 1)) {
            let finding = Diagnostic::error(format!("compose files are YAML 1.1, not {major}.{minor}"));
            self.report(finding.at(span).help("remove the `%YAML` line"));
        }
    }

    fn name_anchor(&mut self, name: &'t str, span: Span) {
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')) {
            let finding = Diagnostic::error(format!("`{name}` cannot be the name of an anchor")).at(span);
            self.report(finding.help("use letters, digits, `-` and `_`"));
        }
        self.names.push(name);
    }

    fn unknown_alias(&mut self, name: &str, span: Span) {
        if !self.is_full() {
            let mut finding = Diagnostic::error(format!("no anchor `{name}` is defined before this alias")).at(span);
            let names = self.names.iter().rev().take(NAMES_LOOKED_AT);
            if let Some(meant) = nearest(name, names.copied()) {
                finding = finding.help(format!("did you mean `*{meant}`?"));
            }
            self.report(finding);
        }
        self.put_faulty(span);
    }

    fn alias(&mut self, id: u32, span: Span) {
        let Some(Some(target)) = self.anchors.get(&id) else {
            self.report(Diagnostic::error("an anchor cannot contain an alias of itself").at(span));
            return self.put_faulty(span);
        };
        if target.depth + self.open.len() > DEPTH_LIMIT {
            return self.stop(Diagnostic::error(syntax::too_deep()).at(span));
        }
        let Some(rest) = self.budget.checked_sub(target.size) else {
            let message = format!("aliases make this file grow by more than {ALIAS_BUDGET} values");
            return self.stop(Diagnostic::error(message).at(span));
        };
        self.budget = rest;
        let mut copy = target.clone();
        copy.node.span = span;
        self.put(copy);
    }

    fn scalar(&mut self, event: &Event<'_>, place: &Place) {
        let Event::Scalar { text, style, anchor, tag, own, merge } = event else { return };
        self.tagged |= own.is_some();
        let span = if place.span.start == place.span.end { self.stand_in(place) } else { place.span };
        let kind = match tag {
            Some(tag) => scalar::resolve_tagged(text, *tag).unwrap_or_else(|message| {
                self.report(Diagnostic::error(message).at(span));
                Kind::Str((**text).into())
            }),
            None if *style == Style::Plain => scalar::resolve_other(text).unwrap_or_else(|| Kind::Str(self.text(text))),
            None => Kind::Str(self.text(text)),
        };
        let finished = Finished { node: Node { tag: *own, ..Node::new(kind, span) }, size: 1, depth: 1 };
        self.keep(*anchor, &finished);
        if self.expects_key() {
            return self.key(text, &finished.node, *merge && text == "<<");
        }
        self.put(finished);
    }

    /// A text of its own, or that of an equal key before it: services have the same ones again and again.
    fn text(&mut self, text: &str) -> Arc<str> {
        let is_name = self.open.len() == NAMES_DEPTH;
        if text.len() > WORD_LIMIT || is_name || !self.expects_key() {
            return text.into();
        }
        if let Some(known) = self.words.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.words.insert(Arc::clone(&new));
        new
    }

    /// The place of a value that was left out: its tag, or its key.
    fn stand_in(&self, place: &Place) -> Span {
        let key = self.open.last().and_then(|open| match &open.content {
            Content::Mapping { key, .. } => key.as_ref().map(|key| key.span),
            Content::Sequence(_) => None,
        });
        place.tag.as_deref().copied().or(key).unwrap_or(place.span)
    }

    fn start(&mut self, content: Content, anchor: u32, own: Option<Tag>, flow: bool, place: &Place) {
        if self.open.len() >= DEPTH_LIMIT {
            return self.stop(Diagnostic::error(syntax::too_deep()).at(place.span));
        }
        if self.is_used(anchor) {
            self.anchors.insert(anchor, None);
        }
        self.tagged |= own.is_some();
        self.open.push(Open { content, span: place.span, own, anchor, flow, size: 1, depth: 1 });
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let kind = match open.content {
            Content::Sequence(items) => Kind::Seq(items),
            Content::Mapping { mut entries, merged, .. } => {
                for source in merged {
                    self.merge(&mut entries, source);
                }
                Kind::Map(entries)
            }
        };
        let end = if open.flow { span.end } else { open.span.end };
        let node = Node { tag: open.own, ..Node::new(kind, Span { end, ..open.span }) };
        let finished = Finished { node, size: open.size, depth: open.depth };
        self.keep(open.anchor, &finished);
        self.put(finished);
    }

    /// Adds what `<<` brings: entries that the mapping does not have yet, from the first source that has them.
    fn merge(&mut self, entries: &mut Map, source: Node) {
        let place = source.span;
        let sources = match source.kind {
            Kind::Seq(items) => items,
            kind => vec![Node { kind, ..source }],
        };
        for source in sources {
            let noun = source.noun();
            let Kind::Map(map) = source.kind else {
                let finding = Diagnostic::error(format!("`<<` takes a mapping or a list of mappings, found {noun}"));
                self.report(finding.at(place));
                continue;
            };
            for (name, span, mut value) in map {
                match entries.get_mut(&name) {
                    None => drop(entries.insert(name, span, value)),
                    Some(own) if self.remember => {
                        value.remember_anchored();
                        own.follow(value);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Remembers a node for the aliases that follow.
    fn keep(&mut self, anchor: u32, finished: &Finished) {
        if !self.is_used(anchor) {
            return;
        }
        match self.budget.checked_sub(finished.size) {
            Some(rest) => {
                self.budget = rest;
                self.anchors.insert(anchor, Some(finished.clone()));
            }
            None => self.stop(
                Diagnostic::error(format!("anchors hold more than {ALIAS_BUDGET} values")).at(finished.node.span),
            ),
        }
    }

    /// Whether some alias uses an anchor; zero is none.
    fn is_used(&self, anchor: u32) -> bool {
        anchor != 0 && self.used.contains(&anchor)
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Mapping { key: None, .. }, .. }))
    }

    /// Stands in for a node that could not be made; what is wrong with it was reported.
    fn put_faulty(&mut self, span: Span) {
        if self.expects_key() {
            return self.set_key(Key { name: "".into(), span, merge: false, sound: false });
        }
        // An empty mapping is right wherever a value may stand, even behind `<<`.
        let node = Node::new(Kind::Map(Map::default()), span);
        self.put(Finished { node, size: 1, depth: 1 });
    }

    /// Hands a complete node to the list or mapping around it.
    fn put(&mut self, finished: Finished) {
        if self.expects_key() {
            let text = finished.node.as_str().unwrap_or_default().to_owned();
            return self.key(&text, &finished.node, false);
        }
        let Finished { node, size, depth } = finished;
        let Some(open) = self.open.last_mut() else { return self.documents.push(node) };
        open.size += size;
        open.depth = open.depth.max(depth + 1);
        // An alias stands in this file too, so that the last child always ends where its parent does.
        open.span.end = open.span.end.max(node.span.end);
        match &mut open.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key, merged, .. } => match key.take() {
                Some(key) if !key.sound => {}
                Some(key) if key.merge => merged.push(node),
                Some(key) => drop(entries.insert(key.name, key.span, node)),
                None => {}
            },
        }
    }

    /// Takes a node as the key of the entry that follows. Keys are the same when their texts are: `1` and `"1"` are.
    fn key(&mut self, text: &str, node: &Node, merge: bool) {
        let Node { kind, span, .. } = node;
        let Some(Open { content: Content::Mapping { entries, odd, .. }, .. }) = self.open.last_mut() else { return };
        let name: Arc<str> = match kind {
            Kind::Str(name) => name.clone(),
            _ => text.into(),
        };
        let is_scalar = !matches!(kind, Kind::Seq(_) | Kind::Map(_));
        let sound = merge || matches!(kind, Kind::Str(_));
        let first = if is_scalar { entries.key_span(text).or_else(|| odd.get(text).copied()) } else { None };
        if let Some(first) = first {
            if !self.is_full() {
                let finding = Diagnostic::error(format!("`{text}` is defined twice")).at(*span);
                self.report(finding.label(first, "first defined here"));
            }
            return self.set_key(Key { name, span: *span, merge, sound: false });
        }
        if is_scalar && (merge || !sound) {
            odd.insert(text.into(), *span);
        }
        if !sound {
            let finding = Diagnostic::error(format!("a key must be a string, found {}", node.noun())).at(*span);
            self.report(match kind {
                Kind::Map(_) => finding.help("quote a text that starts with `{`"),
                Kind::Seq(_) => finding.help("quote a text that starts with `[`"),
                _ if text.is_empty() => finding,
                _ => finding.help(format!("quote it: `\"{text}\"`")),
            });
        }
        self.set_key(Key { name, span: *span, merge, sound });
    }

    fn set_key(&mut self, next: Key) {
        if let Some(Open { content: Content::Mapping { key, .. }, span, .. }) = self.open.last_mut() {
            span.end = span.end.max(next.span.end);
            *key = Some(next);
        }
    }
}
