//! Where the time of a run went, as a table, as JSON, and as a trace that browsers' profilers open.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::timing::{self, Run, Stretch, critical_path};

use super::human;
use super::paint::{FAINT, Paint};
use super::table::table;

/// A shorter stretch of the way is not worth a line of its own. Microseconds.
const WORTH_TELLING: u64 = 5_000;
/// A difference to the last run that is smaller is none. Microseconds.
const NOTICEABLE: u64 = 50_000;

/// Services with what they spent their time on, then the way that took longest; `last` is what is compared with.
pub fn report(run: &Run, last: Option<&Run>, paint: Paint) -> String {
    if run.laps.is_empty() {
        return "nothing was done, in no time\n".to_owned();
    }
    let before = last.map(Run::services).unwrap_or_default();
    let mut services: Vec<_> = run.services().into_iter().collect();
    services.sort_by_key(|(name, times)| (times.at, name.clone()));
    let rows: Vec<[String; 8]> = services
        .iter()
        .map(|(name, times)| {
            let change = before.get(name).and_then(|last| difference(times.at?, last.at?));
            let took = |time: Option<u64>| time.map_or("-".to_owned(), elapsed);
            [
                name.clone(),
                took(times.pull),
                took(times.build),
                took(times.create),
                took(times.start),
                took(times.ready),
                took(times.at),
                change.unwrap_or_default(),
            ]
        })
        .collect();
    let header =
        ["SERVICE", "PULL", "BUILD", "CREATE", "START", "READY", "UP AT", if last.is_some() { "CHANGE" } else { "" }];
    let mut text: String = table(header, &rows).lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let change = last.and_then(|last| difference(run.elapsed, last.elapsed));
    let change = change.map_or(String::new(), |change| format!(", {change} than the last time"));
    writeln!(text, "\n{} in all{change}; what was waited for:", elapsed(run.elapsed)).expect("text grows");
    text.push_str(&way(&critical_path(run), paint));
    text
}

/// The longest way, step by step. What took next to nothing is left out.
fn way(path: &[Stretch<'_>], paint: Paint) -> String {
    let told: Vec<_> = path.iter().filter(|stretch| stretch.took >= WORTH_TELLING).collect();
    let told = if told.is_empty() { path.iter().collect() } else { told };
    let widths = told
        .iter()
        .map(|stretch| (stretch.lap.kind.len() + stretch.lap.name.chars().count() + 1, stretch.lap.action.len()));
    let (name, action) = widths.fold((0, 0), |widest, width| (widest.0.max(width.0), widest.1.max(width.1)));
    let mut text = String::new();
    for Stretch { lap, took } in told {
        let subject = format!("{} {}", lap.kind, lap.name);
        let why = paint.paint(FAINT, &lap.why);
        let line = format!("  {:>6}  {subject:<name$}  {:<action$}  {why}", elapsed(*took), lap.action);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `1.2s slower`, where there is a difference that anybody would notice.
fn difference(now: u64, before: u64) -> Option<String> {
    let change = now.abs_diff(before);
    if change < NOTICEABLE || change * 20 < before {
        return None;
    }
    Some(format!("{} {}", elapsed(change), if now > before { "slower" } else { "faster" }))
}

/// As [`human::elapsed`], and milliseconds below a tenth of a second.
fn elapsed(micros: u64) -> String {
    match micros {
        ..100_000 => format!("{}ms", micros.div_ceil(1000)),
        _ => human::elapsed(timing::duration(micros)),
    }
}

/// The whole run, with what follows from it, for programs.
pub fn object(run: &Run, last: Option<&Run>) -> Value {
    let path: Vec<Value> =
        critical_path(run).iter().map(|stretch| json!({ "step": stretch.lap.step, "took": stretch.took })).collect();
    json!({
        "unit": "microseconds",
        "run": run,
        "services": run.services(),
        "critical_path": path,
        "last": last.map(|last| json!({ "began": last.began, "elapsed": last.elapsed, "services": last.services() })),
    })
}

/// Complete events in the trace event format: one track for each service, one for what belongs to none.
pub fn trace(run: &Run) -> Value {
    let mut tracks: Vec<Option<&str>> = run.laps.iter().map(|lap| lap.service.as_deref()).collect();
    tracks.sort_unstable();
    tracks.dedup();
    let critical: Vec<usize> = critical_path(run).iter().map(|stretch| stretch.lap.step).collect();
    let mut events = vec![json!({ "ph": "M", "name": "process_name", "pid": 1, "args": { "name": run.project } })];
    events.extend(tracks.iter().enumerate().map(|(track, service)| {
        let name = service.unwrap_or("networks and volumes");
        json!({ "ph": "M", "name": "thread_name", "pid": 1, "tid": track, "args": { "name": name } })
    }));
    events.extend(run.laps.iter().map(|lap| {
        json!({
            "ph": "X",
            "name": format!("{} {}", lap.action, lap.name),
            "cat": lap.action,
            "ts": lap.began,
            "dur": lap.took(),
            "pid": 1,
            "tid": tracks.iter().position(|track| *track == lap.service.as_deref()),
            "args": { "why": lap.why, "after": lap.after, "critical": critical.contains(&lap.step), "failed": lap.failed },
        })
    }));
    json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": { "command": run.command, "began": run.began } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::testing::shop;

    #[test]
    fn a_report_says_what_was_waited_for() {
        let mut last = shop();
        last.laps[8].ended -= 300_000;
        last.elapsed -= 300_000;
        insta::assert_snapshot!(report(&shop(), Some(&last), Paint::PLAIN));
    }

    #[test]
    fn without_an_earlier_run_there_is_nothing_to_compare() {
        let text = report(&shop(), None, Paint::PLAIN);
        assert!(!text.contains("CHANGE") && text.contains("2.5s in all; what was waited for:"), "{text}");
        assert_eq!(report(&Run::default(), None, Paint::PLAIN), "nothing was done, in no time\n");
    }

    #[test]
    fn small_differences_are_none() {
        assert_eq!(difference(1_000_000, 1_049_000), None);
        assert_eq!(difference(100_000_000, 101_000_000), None);
        assert_eq!(difference(3_000_000, 1_800_000).as_deref(), Some("1.2s slower"));
        assert_eq!(difference(60_000, 400_000).as_deref(), Some("0.3s faster"));
    }

    #[test]
    fn a_trace_has_a_track_for_each_service() {
        let trace = trace(&shop());
        let events = trace["traceEvents"].as_array().expect("events");
        let complete: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
        assert_eq!((events.len(), complete.len()), (1 + 4 + 9, 9));
        assert_eq!(complete[3]["dur"], 1_500_000);
        assert_eq!(complete[3]["args"]["critical"], true);
    }
}
