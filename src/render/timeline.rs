//! A run as one page that can be sent around: bars over time, one row for each step, without scripts or anything from
//! elsewhere.

use std::fmt::Write;

use crate::timing::{Lap, Run, critical_path};

/// Above the bars there are about so many marks of time.
const MARKS: u64 = 8;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: light-dark(#1d2330, #e6e9f0); --faint: light-dark(#6b7280, #98a1b3);
  --rule: light-dark(#e3e6ec, #333a48); --paper: light-dark(#ffffff, #171b24) }
* { box-sizing: border-box }
body { margin: 2rem auto; padding: 0 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 14px/1.5 system-ui, sans-serif }
h1 { font-size: 1.3rem; margin: 0 } p { margin: .2rem 0 1rem; color: var(--faint) }
h2 { font-size: .95rem; margin: 1.1rem 0 .2rem }
.row { display: grid; grid-template-columns: minmax(7rem, 16rem) 1fr; gap: .8rem; align-items: center; min-height: 1.6rem }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--faint) }
.lane { position: relative; height: 1.2rem; border-left: 1px solid var(--rule) }
.bar { position: absolute; top: .1rem; bottom: .1rem; min-width: 2px; border-radius: 3px; background: var(--tint) }
.critical .bar { outline: 2px solid #d9480f; outline-offset: 1px } .critical .name { color: var(--ink); font-weight: 600 }
.failed .bar { background: repeating-linear-gradient(45deg, #c92a2a 0 4px, #ff8787 4px 8px) }
.took { position: absolute; top: 0; padding: 0 .4rem; font-size: 12px; white-space: nowrap; color: var(--faint) }
.mark { position: absolute; font-size: 11px; color: var(--faint); border-left: 1px solid var(--rule); padding-left: .2rem }
.key span { display: inline-block; margin-right: 1rem } .key i { display: inline-block; width: .8rem; height: .8rem;
  border-radius: 3px; margin-right: .3rem; vertical-align: -1px; background: var(--tint) }
";

/// What is done, and its colour.
const TINTS: &[(&str, &str)] = &[
    ("pull", "#845ef7"),
    ("build", "#5c7cfa"),
    ("create", "#339af0"),
    ("start", "#20c997"),
    ("await", "#fab005"),
    ("stop", "#f06595"),
    ("remove", "#868e96"),
];
const OTHER: &str = "#94a3b8";

/// The page. Services stand in the order in which they came up, steps within them in the order in which they began.
pub fn page(run: &Run) -> String {
    let critical: Vec<usize> = critical_path(run).iter().map(|stretch| stretch.lap.step).collect();
    let title = format!("{} {}", text(&run.command), text(&run.project));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n\
         <p>{} in all, begun {}. What everything else waited for has a frame.</p>\n{}",
        seconds(run.elapsed),
        text(&run.began),
        key()
    );
    page.push_str(&scale(run.elapsed));
    for (name, laps) in groups(run) {
        writeln!(page, "<h2>{}</h2>", text(name.unwrap_or("networks, volumes and images"))).expect("text grows");
        for lap in laps {
            page.push_str(&row(lap, run.elapsed, critical.contains(&lap.step)));
        }
    }
    page.push_str("</html>\n");
    page
}

/// The laps of each service, and of none.
fn groups(run: &Run) -> Vec<(Option<&str>, Vec<&Lap>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Lap>)> = Vec::new();
    for lap in &run.laps {
        let service = lap.service.as_deref();
        match groups.iter_mut().find(|(name, _)| *name == service) {
            Some((_, laps)) => laps.push(lap),
            None => groups.push((service, vec![lap])),
        }
    }
    for (_, laps) in &mut groups {
        laps.sort_by_key(|lap| (lap.began, lap.step));
    }
    let up = |laps: &[&Lap]| laps.iter().map(|lap| lap.ended).max();
    groups.sort_by_key(|(name, laps)| (name.is_some(), up(laps)));
    groups
}

fn row(lap: &Lap, whole: u64, critical: bool) -> String {
    let (left, width) = (percent(lap.began, whole), percent(lap.took(), whole));
    let class = match (critical, lap.failed) {
        (true, true) => "row critical failed",
        (true, false) => "row critical",
        (false, true) => "row failed",
        (false, false) => "row",
    };
    let told = format!("{} {} {}: {}", lap.action, lap.kind, lap.name, lap.why);
    // Beside its bar, on the side where there is room.
    let place =
        if left + width > 80.0 { format!("right:{:.3}%", 100.0 - left) } else { format!("left:{:.3}%", left + width) };
    format!(
        "<div class=\"{class}\" title=\"{}\"><div class=\"name\">{} {}</div><div class=\"lane\">\
         <div class=\"bar\" style=\"left:{left:.3}%;width:{width:.3}%;--tint:{}\"></div>\
         <div class=\"took\" style=\"{place}\">{}</div></div></div>\n",
        text(&told),
        text(&lap.action),
        text(&lap.name),
        tint(&lap.action),
        seconds(lap.took()),
    )
}

fn scale(whole: u64) -> String {
    let mut marks = String::new();
    let step = step(whole);
    for mark in (0..).map(|number| number * step).take_while(|mark| *mark <= whole) {
        write!(marks, "<div class=\"mark\" style=\"left:{:.3}%\">{}</div>", percent(mark, whole), seconds(mark))
            .expect("text grows");
    }
    format!("<div class=\"row\"><div></div><div class=\"lane\">{marks}</div></div>\n")
}

/// 1, 2 or 5 times a power of ten, in microseconds, so that there are about as many marks as wanted.
fn step(whole: u64) -> u64 {
    let least = (whole / MARKS).max(1);
    let mut power = 1;
    loop {
        if let Some(step) = [1, 2, 5].into_iter().map(|digit| digit * power).find(|step| *step >= least) {
            return step;
        }
        power *= 10;
    }
}

fn key() -> String {
    let items: String =
        TINTS.iter().map(|(action, color)| format!("<span><i style=\"--tint:{color}\"></i>{action}</span>")).collect();
    format!("<p class=\"key\">{items}</p>\n")
}

fn tint(action: &str) -> &'static str {
    TINTS.iter().find(|(known, _)| *known == action).map_or(OTHER, |(_, color)| color)
}

#[expect(clippy::cast_precision_loss, reason = "a part of a screen's width")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// `1.25 s`, `40 ms`
fn seconds(micros: u64) -> String {
    match micros {
        ..1_000_000 => format!("{} ms", micros.div_ceil(1000)),
        _ => {
            let hundredths = micros / 10_000;
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
    }
}

/// Text that is nothing but text in a page.
fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::testing::shop;

    #[test]
    fn a_page_stands_by_itself() {
        let page = page(&shop());
        for foreign in ["<script", "http:", "https:", "url(", "<link", "<img"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_eq!(page.matches("class=\"bar\"").count(), 9);
        assert_eq!(page.matches("row critical").count(), 5);
        assert!(page.contains("2.45 s in all"));
    }

    #[test]
    fn whatever_a_name_holds_is_shown_and_not_obeyed() {
        let mut run = shop();
        run.laps[0].name = "<script>\"&".into();
        assert!(page(&run).contains("&lt;script&gt;&quot;&amp;") && !page(&run).contains("<script"));
    }

    #[test]
    fn marks_are_round_numbers_and_not_too_many() {
        for (whole, expected) in [(0, 1), (2_450_000, 500_000), (900, 200), (60_000_000, 10_000_000)] {
            assert_eq!(step(whole), expected, "{whole}");
        }
    }
}
