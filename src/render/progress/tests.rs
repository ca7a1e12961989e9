//! Screens from hand-made events, at two widths.

use std::time::Duration;

use super::*;
use crate::engine::PullProgress;
use crate::event::Phase;
use crate::plan::{Action, StepId, Subject, SubjectKind};
use crate::terminal::Size;

use SubjectKind::{Container, Image, Network, Service};

fn step(id: usize, kind: SubjectKind, name: &str, action: Action, phase: Phase) -> Event {
    Event::Step { id: StepId(id), subject: Subject { kind, name: name.into() }, action, phase }
}

fn pull(layer: &str, status: &str, bytes: Option<(u64, u64)>) -> Event {
    let progress = PullProgress {
        layer: layer.into(),
        status: status.into(),
        current: bytes.map(|bytes| bytes.0),
        total: bytes.map(|bytes| bytes.1),
    };
    Event::Pull { id: StepId(9), progress }
}

/// A small project on its way up: something done, something running, something waiting, something gone wrong.
fn story() -> Vec<(u64, Event)> {
    let done = |time| Phase::Done { elapsed: Duration::from_millis(time) };
    vec![
        (0, step(0, Network, "shop_default", Action::Create, Phase::Began)),
        (80, step(0, Network, "shop_default", Action::Create, done(80))),
        (80, step(1, Container, "shop-store-1", Action::Create, Phase::Began)),
        (120, step(9, Image, "registry.example.com/team/gateway:2024-11-23", Action::Pull, Phase::Began)),
        (150, pull("aaaaaaaaaaaa", "Downloading", Some((1_000_000, 4_000_000)))),
        (160, pull("bbbbbbbbbbbb", "Already exists", None)),
        (210, step(1, Container, "shop-store-1", Action::Create, done(130))),
        (300, step(2, Container, "shop-store-1", Action::Start, Phase::Began)),
        (640, step(2, Container, "shop-store-1", Action::Start, done(340))),
        (640, step(3, Service, "store", Action::Await, Phase::Began)),
        (700, Event::Warning("volume shop_old is not used any more".into())),
        (
            10_640,
            Event::StillWaiting {
                subject: Subject { kind: Service, name: "store".into() },
                what: "healthy, needed by catalogue and orders; last probe: connection refused".into(),
                elapsed: Duration::from_secs(10),
            },
        ),
        (
            11_000,
            step(
                4,
                Container,
                "shop-migrate-1",
                Action::Start,
                Phase::Failed { message: "start container shop-migrate-1: exec: \"/migrate\": no such file".into() },
            ),
        ),
        (
            11_000,
            step(
                5,
                Container,
                "shop-orders-1",
                Action::Start,
                Phase::Skipped { because: "shop-migrate-1 failed".into() },
            ),
        ),
        (11_100, step(6, Image, "shop-mail", Action::Pull, Phase::Tolerated { message: "no such image".into() })),
        (11_200, step(7, Container, "shop-mail-1", Action::Create, Phase::Unneeded)),
    ]
}

fn at(milliseconds: u64, columns: usize) -> Moment {
    Moment { time: Duration::from_millis(milliseconds), size: Size { columns, rows: 24 } }
}

/// The last frame of the story.
fn board(columns: usize, rows: usize) -> String {
    let mut board = board::Board::new("up", Paint::PLAIN);
    let mut written = Vec::new();
    for (time, event) in story() {
        board.show(&event, at(time, columns), &mut written).expect("memory takes everything");
    }
    let moment = Moment { size: Size { columns, rows }, ..at(11_300, columns) };
    let lines = board.frame(moment);
    for (line, width) in &lines {
        assert!(*width < columns, "{line:?} would wrap");
        assert_eq!(unicode_width::UnicodeWidthStr::width(line.as_str()), *width, "{line:?}");
    }
    assert!(lines.len() < rows, "{} lines in {rows} rows", lines.len());
    lines.iter().map(|(line, _)| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn a_live_list_in_a_usual_window() {
    insta::assert_snapshot!(board(100, 24));
    insta::assert_snapshot!(board(80, 24));
}

#[test]
fn a_live_list_in_a_narrow_window() {
    insta::assert_snapshot!(board(40, 24));
    insta::assert_snapshot!(board(20, 24));
}

#[test]
fn a_live_list_in_a_low_window_keeps_what_is_unfinished() {
    insta::assert_snapshot!(board(80, 7));
}

#[test]
fn every_width_is_kept() {
    for columns in 6..120 {
        board(columns, 24);
    }
}

fn told(mut progress: Progress) -> String {
    let mut written = Vec::new();
    for (time, event) in story() {
        progress.show(&event, at(time, 80), &mut written).expect("memory takes everything");
    }
    String::from_utf8(written).expect("progress is text")
}

#[test]
fn lines() {
    insta::assert_snapshot!(told(Progress::plain(Paint::PLAIN)));
}

#[test]
fn objects() {
    let schema = crate::schemas::of::<objects::Change<'static>>();
    crate::schemas::keep_true("progress.json", &schema);
    let text = told(Progress::json());
    for line in text.lines() {
        crate::schemas::assert_valid(&schema, line);
    }
    insta::assert_snapshot!(text);
}

/// What an object says stands in the line about the same event. Only how far a pull is by bytes is for programs alone.
#[test]
fn lines_and_objects_tell_the_same() {
    let (mut lines, mut objects) = (Progress::plain(Paint::PLAIN), Progress::json());
    let tell = |progress: &mut Progress, event: &Event| {
        let mut written = Vec::new();
        progress.show(event, at(0, 80), &mut written).expect("memory takes everything");
        String::from_utf8(written).expect("progress is text")
    };
    let extra = [
        Event::Notice("Gracefully Stopping...".into()),
        Event::Build { id: StepId(10), text: "#1 COPY . .".into() },
        pull("bbbbbbbbbbbb", "Pull complete", None),
    ];
    for event in story().into_iter().map(|(_, event)| event).chain(extra) {
        let (line, object) = (tell(&mut lines, &event), tell(&mut objects, &event));
        let object: serde_json::Value = serde_json::from_str(&object).expect("an object");
        if object["current"].is_number() {
            continue;
        }
        for fact in ["id", "parent_id", "text", "details"].into_iter().filter_map(|name| object[name].as_str()) {
            // That it builds is what the row of a build says from its beginning.
            assert!(line.contains(fact) || fact == "Building", "{fact:?} is not in {line:?}");
        }
        let marks = [("Working", false), ("Done", false), ("Warning", true), ("Error", true)];
        let (_, is_marked) = marks.into_iter().find(|(status, _)| object["status"] == *status).expect("a status");
        let said = ["warning:", "  Warning", "  Error", "  Skipped"].iter().any(|mark| line.contains(mark));
        assert_eq!(said, is_marked, "{line:?} {object}");
    }
}

#[test]
fn quiet() {
    assert_eq!(told(Progress::Quiet), "");
}

#[test]
fn a_list_is_redrawn_over_itself_even_after_the_window_became_narrower() {
    let mut board = board::Board::new("up", Paint::PLAIN);
    let event = step(0, Container, "shop-a-service-with-a-long-name-1", Action::Create, Phase::Began);
    board.show(&event, at(0, 80), &mut Vec::new()).expect("memory takes everything");
    let mut written = Vec::new();
    board.draw(at(100, 80), &mut written).expect("memory takes everything");
    assert!(written.starts_with(b"\x1b[2A\r\x1b[J"), "two lines back: title and row");
    let mut written = Vec::new();
    board.draw(at(100, 40), &mut written).expect("memory takes everything");
    assert!(written.starts_with(b"\x1b[3A\r\x1b[J"), "the row of 79 columns takes two lines now");
}

#[test]
fn a_warning_stays_above_the_list_and_logs_take_its_place() {
    let mut progress = Progress::tty("up", Paint::PLAIN);
    let mut written = Vec::new();
    let begun = step(0, Container, "shop-web-1", Action::Start, Phase::Began);
    progress.show(&begun, at(0, 80), &mut written).expect("memory takes everything");
    written.clear();
    progress.show(&Event::Warning("orphans".into()), at(0, 80), &mut written).expect("memory takes everything");
    let text = String::from_utf8(written).expect("progress is text");
    assert!(text.starts_with("\x1b[2A\r\x1b[Jwarning: orphans\n[+] up"), "{text:?}");

    let mut written = Vec::new();
    progress.give_way(at(0, 80), &mut written).expect("memory takes everything");
    assert_eq!(written, b"\x1b[2A\r\x1b[J");
    written.clear();
    let done = step(0, Container, "shop-web-1", Action::Start, Phase::Done { elapsed: Duration::ZERO });
    let stopped = step(1, Container, "shop-web-1", Action::Stop, Phase::Began);
    progress.show(&done, at(0, 80), &mut written).expect("memory takes everything");
    progress.show(&stopped, at(0, 80), &mut written).expect("memory takes everything");
    assert_eq!(String::from_utf8(written).expect("progress is text"), " Container shop-web-1  Stopping\n");
}
