//! Text to events: the one place that knows the YAML parser underneath.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event as Raw, Parser, ScalarStyle, StructureStyle};

use super::escapes::{self, Hidden};
use super::scalar::ScalarTag;
use super::syntax::Fault;
use super::tree::{Event, Place, Style, Tree};
use super::{Node, Tag, characters, syntax};
use crate::diagnostic::{Diagnostic, FileId, Span};

/// YAML's own tags are short for names under this one.
const NAMESPACE: &str = "tag:yaml.org,2002:";

/// How many quoted texts may be read again for the sake of an escape that the parser does not know.
const MENDED_LIMIT: usize = 100;

/// How many keys, values and ends of lists and mappings the files of a project may have: more take too much memory.
pub const VALUE_LIMIT: usize = 250_000;

/// What could be read of a text.
#[derive(Debug)]
pub struct Parsed {
    /// One node for each document.
    pub documents: Vec<Node>,
    /// Everything that is wrong with the text, as far as that can be told in one pass.
    pub findings: Vec<Diagnostic>,
    /// What was not read, or not well: from the line of the fault that stopped the reader to the end of the text. The
    /// last document holds what stands before it.
    pub unread: Option<Span>,
    /// How many keys, values and ends of lists and mappings there are.
    pub values: usize,
    /// Whether anything is tagged `!reset` or `!override`.
    pub tagged: bool,
}

impl Parsed {
    fn nothing(file: FileId, findings: Vec<Diagnostic>) -> Self {
        let unread = Some(Span { file, start: 0, end: u32::MAX });
        Self { documents: Vec::new(), findings, unread, values: 0, tagged: false }
    }
}

/// Reads a text as YAML, one node for each document in it.
///
/// # Errors
/// Everything that is wrong with it, as far as that can be told in one pass.
pub fn parse(file: FileId, text: &str) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let Parsed { documents, findings, .. } = parse_all(file, text, false, VALUE_LIMIT);
    if findings.is_empty() { Ok(documents) } else { Err(findings) }
}

/// As [`parse`], with what stands before and between the faults. Trees that remember know also what `<<` brought and a
/// key of the mapping itself took the place of. A text with more values than there is room for is not read.
pub fn parse_all(file: FileId, text: &str, remember: bool, room: usize) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        return Parsed::nothing(file, vec![Diagnostic::error("the file is larger than 4 GiB")]);
    }
    let forbidden = characters::forbidden(file, text);
    if !forbidden.is_empty() {
        return Parsed::nothing(file, forbidden);
    }
    let mut mended = Cow::Borrowed(text);
    let mut hidden = Vec::new();
    let reading = loop {
        let reading = Reading::of(file, text, &mended, &hidden, room);
        let Some((at, Fault::UnknownEscape)) = reading.stopped else { break reading };
        let mut attempt = mended.clone().into_owned();
        match escapes::hide_apostrophes(&mut attempt, at) {
            Some(place) if hidden.len() < MENDED_LIMIT => hidden.push(place),
            _ => break reading,
        }
        drop(reading);
        mended = Cow::Owned(attempt);
    };
    let Reading { events, stopped, full } = reading;
    if let Some(place) = full {
        let finding = Diagnostic::error("too many values: the files of a project are read up to here").at(place);
        let help = format!("they may have {VALUE_LIMIT} keys, values and ends of lists and mappings together");
        return Parsed::nothing(file, vec![finding.help(help)]);
    }
    let mut findings =
        characters::leading_tabs(file, text, &events, stopped.as_ref().map_or(text.len(), |(at, _)| *at));
    // Where a tab went before, all that follows is its fault.
    let syntax_error = stopped.filter(|_| findings.is_empty());
    let syntax_error = syntax_error.map(|(at, fault)| syntax::explain(file, text, at, &fault, open_bracket(&events)));
    let stops = findings.iter().chain(&syntax_error).filter_map(|finding| finding.span).map(|place| place.start);
    let unread = stops.min().map(|stop| {
        let line = text[..stop as usize].rfind('\n').map_or(0, |end| end + 1);
        Span { file, start: line as u32, end: text.len() as u32 }
    });
    findings.extend(characters::line_separators(&events));
    findings.extend(escapes::findings(file, text, &events));
    findings.extend(syntax_error);
    let mut tree = Tree::new(&events, remember);
    for (event, place) in &events {
        tree.add(event, place);
    }
    let mut parsed = tree.finish(findings, unread);
    if remember {
        parsed.documents.iter_mut().for_each(Node::remember);
    }
    parsed
}

/// What the parser saw of a text.
struct Reading<'t> {
    events: Vec<(Event<'t>, Place)>,
    /// The first error in the syntax and its byte: there is nothing to be read behind it.
    stopped: Option<(usize, Fault)>,
    /// Where there was no room for more.
    full: Option<Span>,
}

impl<'t> Reading<'t> {
    /// Reads the mended text; places are the same in the original.
    fn of(file: FileId, original: &str, mended: &'t str, hidden: &[Hidden], room: usize) -> Self {
        // These read what docker compose reads; nesting is limited where the tree is built.
        let options = granit_parser::options! {
            emit_comments: false,
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            block_scalar_eof_without_line_feed: true,
            flow_nesting_limit: 1000,
            block_nesting_limit: 1000
        };
        let mut reading = Self { events: Vec::new(), stopped: None, full: None };
        for item in Parser::new_from_str_with_options(mended, options) {
            match item {
                Ok((raw, span)) => {
                    let at = event_range(file, original, &raw, &span);
                    let place =
                        Place { span: at, tag: span.tag_span().map(|tag| Box::new(range(file, original, &tag))) };
                    if let Some(event) = translate(raw, original, at, hidden) {
                        reading.events.push((event, place));
                    }
                    if reading.events.len() > room {
                        reading.full = Some(at);
                        break;
                    }
                }
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0);
                    reading.stopped = Some((at, fault(error.kind())));
                    break;
                }
            }
        }
        reading
    }
}

/// Where the innermost bracket stands that was not closed when reading stopped.
fn open_bracket(events: &[(Event<'_>, Place)]) -> Option<usize> {
    let mut open = Vec::new();
    for (event, place) in events {
        match event {
            Event::Sequence { flow, .. } | Event::Mapping { flow, .. } => {
                open.push(flow.then_some(place.span.start as usize));
            }
            Event::End => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().rev().flatten().next()
}

fn event_range(file: FileId, text: &str, raw: &Raw<'_>, span: &granit_parser::Span) -> Span {
    let mut range = range(file, text, span);
    if matches!(raw, Raw::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..)) {
        // Only the lines of a block count, not what indents the line behind it.
        let lines = text.get(range.start as usize..range.end as usize).unwrap_or_default();
        range.end = range.start + lines.trim_end().len() as u32;
    }
    range
}

fn range(file: FileId, text: &str, span: &granit_parser::Span) -> Span {
    let bytes = span.byte_range().unwrap_or(0..0);
    let end = bytes.end.min(text.len());
    Span { file, start: bytes.start.min(end) as u32, end: end as u32 }
}

/// Anchors are numbered; there are fewer than a text has bytes, which a span can count.
fn translate<'t>(raw: Raw<'t>, text: &str, span: Span, hidden: &[Hidden]) -> Option<Event<'t>> {
    Some(match raw {
        Raw::DocumentStart(_, version) => Event::DocumentStart(version.map(|version| (version.major, version.minor))),
        Raw::Alias(id) => Event::Alias(id as u32),
        Raw::UnresolvedAlias(name) => Event::UnknownAlias(name),
        Raw::Anchor(_, name) => Event::Anchor(name),
        Raw::Scalar(value, style, anchor, tag) => Event::Scalar {
            text: match hidden.iter().find(|hidden| hidden.start == span.start as usize) {
                Some(hidden) => Cow::Owned(value.replace(hidden.stand_in, "'")),
                None => value,
            },
            style: match style {
                ScalarStyle::Plain => Style::Plain,
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            },
            anchor: anchor as u32,
            tag: tag.as_deref().and_then(scalar_tag),
            own: tag.as_deref().and_then(own_tag),
            merge: style == ScalarStyle::Plain && tag.as_deref().is_none_or(keeps_merge),
        },
        Raw::SequenceStart(style, anchor, tag) => {
            let (anchor, own) = (anchor as u32, tag.as_deref().and_then(own_tag));
            Event::Sequence { anchor, own, flow: style == StructureStyle::Flow }
        }
        Raw::MappingStart(style, anchor, tag) => {
            let (anchor, own) = (anchor as u32, tag.as_deref().and_then(own_tag));
            Event::Mapping { anchor, own, flow: is_flow(style, text, span) }
        }
        Raw::SequenceEnd | Raw::MappingEnd => Event::End,
        // Starts and ends that say nothing, and what the options above switch off.
        _ => return None,
    })
}

/// A pair inside `[a: 1]` counts as a flow mapping, but no bracket of its own ends it.
fn is_flow(style: StructureStyle, text: &str, span: Span) -> bool {
    style == StructureStyle::Flow && text.get(span.start as usize..).is_some_and(|rest| rest.starts_with('{'))
}

fn full_name(tag: &granit_parser::Tag) -> Cow<'_, str> {
    Cow::Owned(format!("{}{}", tag.handle(), tag.suffix()))
}

fn own_tag(tag: &granit_parser::Tag) -> Option<Tag> {
    match &*full_name(tag) {
        "!reset" => Some(Tag::Reset),
        "!override" => Some(Tag::Override),
        _ => None,
    }
}

fn keeps_merge(tag: &granit_parser::Tag) -> bool {
    matches!(&*full_name(tag), "!" | "tag:yaml.org,2002:merge")
}

fn scalar_tag(tag: &granit_parser::Tag) -> Option<ScalarTag> {
    let name = full_name(tag);
    if name == "!" || name == "!reset" {
        return None;
    }
    Some(name.strip_prefix(NAMESPACE).and_then(ScalarTag::named).unwrap_or(ScalarTag::Foreign))
}

fn fault(kind: &ErrorKind) -> Fault {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => Fault::Tab,
        E::InvalidIndentation
        | E::InvalidBlockScalarIndent
        | E::InvalidFlowScalarIndent
        | E::InvalidQuotedScalarIndent => Fault::Indentation,
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => Fault::UnclosedQuote,
        E::UnclosedFlowCollection { open } => Fault::UnclosedBracket(*open),
        E::MismatchedFlowCollectionEnd { open, close } => Fault::WrongBracket { open: *open, close: *close },
        E::MisplacedFlowCollectionEnd => Fault::StrayBracket,
        E::SimpleKeyExpected | E::InvalidSimpleKey => Fault::MissingColon,
        E::MappingValueNotAllowed | E::MappingKeyNotAllowed | E::InvalidColonPlacement => Fault::UnexpectedValue,
        E::BlockEntryInFlowCollection | E::BlockSequenceEntryNotAllowed => Fault::UnexpectedItem,
        E::ExpectedBlockMappingKey | E::ExpectedDocumentStart => Fault::ExpectedKey,
        E::ExpectedBlockSequenceEntry => Fault::ExpectedItem,
        E::ExpectedFlowMappingSeparator => Fault::ExpectedComma('}'),
        E::ExpectedFlowSequenceSeparator => Fault::ExpectedComma(']'),
        E::ExpectedNodeContent
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping => Fault::ExpectedValue,
        E::UnexpectedCharacter { character } => Fault::Character(*character),
        E::UnknownQuotedScalarEscape => Fault::UnknownEscape,
        E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => Fault::InvalidEscape,
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => Fault::TextAfterQuote,
        E::CommentInterceptedScalar => Fault::CommentInText,
        E::CommentNotSeparated => Fault::CommentTooClose,
        E::MissingAnchorOrAliasName => Fault::Name,
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader => Fault::BlockHeader,
        E::UndeclaredTagHandle => Fault::UndeclaredTag,
        E::RecursionLimitExceeded => Fault::TooDeep,
        other => Fault::Other(other.to_string()),
    }
}
