//! The last word when something went wrong: the cause, its evidence, what it held up, and what to try.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::plan::{Action, Subject};

use super::paint::{BAD, FAINT, Paint, STRONG};

/// All that is told at the end. Nothing of it is ever cut.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order in which they happened: the first is most likely why the others did, and is told in full.
    pub causes: Vec<Cause>,
    /// A word for programs: what kind of failure the first one is.
    pub class: &'static str,
    /// What was not done because of that.
    pub skipped: Vec<(Subject, Action)>,
    /// The names of the project's containers that run now.
    pub running: Vec<String>,
    /// What the person can do next, each a command or a short sentence.
    pub advice: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// A lower-case sentence.
    pub message: String,
    pub service: Option<String>,
    pub container: Option<String>,
    /// How the container ended, if it did.
    pub exit: Option<Exit>,
    pub probe: Option<Probe>,
    /// Who has the port that was wanted.
    pub held_by: Option<String>,
    pub last_logs: Vec<String>,
    pub help: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    pub code: i64,
    pub out_of_memory: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    pub command: String,
    pub exit_code: i64,
    pub output: String,
}

impl Report {
    pub fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        if let Some(first) = self.causes.first() {
            first.tell(&mut text, paint);
        }
        let others: Vec<String> = self.causes.iter().skip(1).map(Cause::in_short).collect();
        let all = [others.is_empty(), self.skipped.is_empty(), self.running.is_empty(), self.advice.is_empty()];
        if !text.is_empty() && all.contains(&false) {
            text.push('\n');
        }
        let mut line = |title: &str, items: &[String], separator: &str| {
            if !items.is_empty() {
                let _ = writeln!(text, "{} {}", paint.paint(STRONG, format_args!("{title}:")), items.join(separator));
            }
        };
        line("also failed", &others, "\n             ");
        line("not done because of that", &self.held_up(), ", ");
        line("still running", &self.running, ", ");
        line("try", &self.advice, "\n     ");
        text
    }

    /// For programs, one object.
    pub fn object(&self) -> Value {
        let causes: Vec<Value> = self.causes.iter().map(Cause::object).collect();
        json!({
            "error": true,
            "message": self.causes.first().map_or("", |cause| cause.message.as_str()),
            "class": self.class,
            "causes": causes,
            "skipped": self.held_up(),
            "running": self.running,
            "help": self.advice,
        })
    }

    /// Each thing once, with all that was to be done with it: `container shop-web-1 (create, start)`.
    fn held_up(&self) -> Vec<String> {
        let mut things: Vec<(String, Vec<&str>)> = Vec::new();
        for (subject, action) in &self.skipped {
            let name = subject.to_string();
            match things.iter_mut().find(|(known, _)| *known == name) {
                Some((_, actions)) if actions.contains(&action.imperative()) => {}
                Some((_, actions)) => actions.push(action.imperative()),
                None => things.push((name, vec![action.imperative()])),
            }
        }
        things.into_iter().map(|(name, actions)| format!("{name} ({})", actions.join(", "))).collect()
    }
}

impl Cause {
    /// One line.
    fn in_short(&self) -> String {
        self.message.lines().next().unwrap_or_default().to_owned()
    }

    fn tell(&self, text: &mut String, paint: Paint) {
        let _ = writeln!(text, "{} {}", paint.paint(BAD, "error:"), paint.paint(STRONG, &self.message));
        let mut fact = |name: &str, value: &str| {
            let mut lines = value.lines();
            let _ =
                writeln!(text, "  {} {}", paint.paint(FAINT, format_args!("{name:<10}")), lines.next().unwrap_or(""));
            for line in lines {
                let _ = writeln!(text, "  {:<10} {line}", "");
            }
        };
        if let Some(service) = &self.service {
            fact("service", service);
        }
        if let Some(container) = &self.container {
            fact("container", container);
        }
        if let Some(exit) = &self.exit {
            fact("ended", &exit.to_string());
        }
        if let Some(probe) = &self.probe {
            fact("probe", &probe.command);
            fact("answer", format!("exit status {}\n{}", probe.exit_code, probe.output.trim_end()).trim_end());
        }
        if let Some(holder) = &self.held_by {
            fact("held by", holder);
        }
        if !self.last_logs.is_empty() {
            fact("last lines", &self.last_logs.join("\n"));
        }
        if let Some(help) = &self.help {
            fact("help", help);
        }
    }

    fn object(&self) -> Value {
        let mut object = json!({ "message": self.message });
        let mut field = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                object[name] = value;
            }
        };
        field("service", self.service.as_ref().map(|service| json!(service)));
        field("container", self.container.as_ref().map(|container| json!(container)));
        field("exit_code", self.exit.map(|exit| json!(exit.code)));
        field("out_of_memory", self.exit.map(|exit| json!(exit.out_of_memory)));
        field(
            "probe",
            self.probe
                .as_ref()
                .map(|probe| json!({ "command": probe.command, "exit_code": probe.exit_code, "output": probe.output })),
        );
        field("held_by", self.held_by.as_ref().map(|holder| json!(holder)));
        field("last_logs", (!self.last_logs.is_empty()).then(|| json!(self.last_logs)));
        field("help", self.help.as_ref().map(|help| json!(help)));
        object
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit status {}", self.code)?;
        if self.out_of_memory {
            return f.write_str(" (killed: out of memory)");
        }
        match meaning(self.code) {
            Some(meaning) => write!(f, " ({meaning})"),
            None => Ok(()),
        }
    }
}

/// What an exit status usually means.
fn meaning(code: i64) -> Option<&'static str> {
    Some(match code {
        125 => "the engine could not run it",
        126 => "the command cannot be executed",
        127 => "the command was not found",
        129 => "SIGHUP",
        130 => "SIGINT",
        131 => "SIGQUIT",
        132 => "SIGILL",
        134 => "SIGABRT",
        135 => "SIGBUS",
        136 => "SIGFPE",
        137 => "SIGKILL",
        139 => "SIGSEGV",
        141 => "SIGPIPE",
        143 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SubjectKind;

    fn report() -> Report {
        let subject = |kind, name: &str| Subject { kind, name: name.into() };
        Report {
            causes: vec![
                Cause {
                    message: "container shop-store-1 is unhealthy".into(),
                    service: Some("store".into()),
                    container: Some("shop-store-1".into()),
                    probe: Some(Probe {
                        command: "pg_isready -U shop".into(),
                        exit_code: 2,
                        output: "/run/postgresql:5432 - no response\nsecond line\n".into(),
                    }),
                    last_logs: vec!["starting".into(), "FATAL: data directory has wrong ownership".into()],
                    ..Cause::default()
                },
                Cause {
                    message: "container shop-migrate-1 exited (137)".into(),
                    service: Some("migrate".into()),
                    container: Some("shop-migrate-1".into()),
                    exit: Some(Exit { code: 137, out_of_memory: true }),
                    help: Some("raise mem_limit, now 16m".into()),
                    ..Cause::default()
                },
            ],
            class: "service",
            skipped: vec![
                (subject(SubjectKind::Container, "shop-web-1"), Action::Create),
                (subject(SubjectKind::Container, "shop-web-1"), Action::Start),
                (subject(SubjectKind::Service, "web"), Action::Await),
                (subject(SubjectKind::Service, "web"), Action::Await),
            ],
            running: vec!["shop-store-1".into()],
            advice: vec!["convoke logs store".into(), "convoke down".into()],
        }
    }

    #[test]
    fn everything_is_told() {
        insta::assert_snapshot!(report().text(Paint::PLAIN));
    }

    #[test]
    fn programs_get_one_object() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&report().object()).expect("json"));
    }

    #[test]
    fn exit_statuses_are_explained() {
        let told = |code, out_of_memory| Exit { code, out_of_memory }.to_string();
        assert_eq!(told(1, false), "exit status 1");
        assert_eq!(told(143, false), "exit status 143 (SIGTERM)");
        assert_eq!(told(137, true), "exit status 137 (killed: out of memory)");
        assert_eq!(told(127, false), "exit status 127 (the command was not found)");
    }

    #[test]
    fn who_holds_a_port_is_told() {
        let cause = Cause {
            message: "start container shop-web-1: port is already allocated".into(),
            service: Some("web".into()),
            held_by: Some("container other-web-1 of project other".into()),
            ..Cause::default()
        };
        insta::assert_snapshot!(Report { causes: vec![cause], ..Report::default() }.text(Paint::PLAIN), @r"
        error: start container shop-web-1: port is already allocated
          service    web
          held by    container other-web-1 of project other
        ");
    }

    #[test]
    fn an_error_alone_is_one_line() {
        let cause = Cause { message: "no such service: x".into(), ..Cause::default() };
        assert_eq!(
            Report { causes: vec![cause], ..Report::default() }.text(Paint::PLAIN),
            "error: no such service: x\n"
        );
    }
}
