//! A drawing as a picture: columns from what nothing else needs to what needs nothing.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{Drawing, Kind, Node};

/// All in pixels.
const LETTER: usize = 8;
const LINE: usize = 18;
const PADDING: usize = 10;
const GAP: usize = 24;
const WAY: usize = 110;
const MARGIN: usize = 20;

const STYLE: &str = "text{font:13px sans-serif;fill:#222}.name{font-weight:bold}.note{fill:#666}\
rect{fill:#fff;stroke:#555}.network{fill:#eef4fb}path{fill:none;stroke:#888}.optional{stroke-dasharray:5 4}\
marker path{fill:#888}.label{font-size:11px;fill:#666}";

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The picture's text.
pub fn svg(drawing: &Drawing) -> String {
    let places = places(drawing);
    let right = places.iter().map(|place| place.x + place.width).max().unwrap_or(0) + MARGIN;
    let bottom = places.iter().map(|place| place.y + place.height).max().unwrap_or(0) + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{right}\" height=\"{bottom}\" viewBox=\"0 0 {right} {bottom}\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
         markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        escaped(&drawing.title)
    );
    for edge in &drawing.edges {
        let (from, to) = (places[edge.from], places[edge.to]);
        let (x1, y1, x2, y2) = (from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2);
        let class = if edge.optional { " class=\"optional\"" } else { "" };
        let half = WAY / 2;
        // Writing to a String cannot go wrong.
        let _ = writeln!(
            text,
            "<path{class} d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\" marker-end=\"url(#end)\"/>",
            x1 + half,
            x2.saturating_sub(half),
        );
        if !edge.label.is_empty() {
            let (x, y) = (x2.saturating_sub(8), y2.saturating_sub(5));
            let label = escaped(&edge.label);
            let _ = writeln!(text, "<text class=\"label\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{label}</text>");
        }
    }
    for (node, place) in drawing.nodes.iter().zip(&places) {
        draw(node, *place, &mut text);
    }
    text.push_str("</svg>\n");
    text
}

fn draw(node: &Node, place: Place, text: &mut String) {
    let Place { x, y, width, height } = place;
    let (class, round) = match node.kind {
        Kind::Service => ("service", 4),
        Kind::Network => ("network", height / 2),
    };
    let _ = writeln!(
        text,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
    );
    for (number, line) in lines(node).enumerate() {
        let class = if number == 0 { "name" } else { "note" };
        let (x, y) = (x + PADDING, y + PADDING / 2 + LINE * (number + 1) - 5);
        let _ = writeln!(text, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(line));
    }
}

fn lines(node: &Node) -> impl Iterator<Item = &String> {
    std::iter::once(&node.name).chain(&node.notes)
}

fn places(drawing: &Drawing) -> Vec<Place> {
    let columns = columns(drawing);
    let mut places = vec![Place::default(); drawing.nodes.len()];
    let mut x = MARGIN;
    for column in 0..=columns.iter().copied().max().unwrap_or(0) {
        let members: Vec<usize> = (0..columns.len()).filter(|node| columns[*node] == column).collect();
        let size = |node: usize| {
            let width = lines(&drawing.nodes[node]).map(|line| line.width()).max().unwrap_or(0);
            (width * LETTER + 2 * PADDING, lines(&drawing.nodes[node]).count() * LINE + PADDING)
        };
        let widest = members.iter().map(|node| size(*node).0).max().unwrap_or(0);
        let mut y = MARGIN;
        for node in members {
            let height = size(node).1;
            places[node] = Place { x, y, width: widest, height };
            y += height + GAP;
        }
        x += widest + WAY;
    }
    places
}

/// The column of each node: to the right of all that needs it. What stands in a circle is left where it has come to.
fn columns(drawing: &Drawing) -> Vec<usize> {
    let mut columns = vec![0; drawing.nodes.len()];
    for _ in 0..drawing.nodes.len() {
        let mut moved = false;
        for edge in &drawing.edges {
            if columns[edge.to] <= columns[edge.from] && columns[edge.from] + 1 < drawing.nodes.len() {
                columns[edge.to] = columns[edge.from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
