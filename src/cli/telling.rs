//! What a command shows while it works: the screen, the clock, and who is still there to see it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;

use crate::event::{Event, Phase};
use crate::model::ServiceName;
use crate::plan::{Action, Plan, StepId, Subject, SubjectKind};
use crate::render::logs::Logs;
use crate::render::paint::Paint;
use crate::render::progress::{Moment, Outline, Progress};
use crate::render::records::Records;
use crate::render::screen::{Choice, Groups, Routes, Screen};
use crate::render::summary::Ready;
use crate::terminal;
use crate::timing::Laps;

use super::log_folder::LogFolder;
use super::outcome::Failure;
use super::settings::{ProgressKind, Settings};

/// How often spinners turn and kept back logs are shown.
const TICK: Duration = Duration::from_millis(50);

/// What a command may change about the telling.
#[derive(Clone, Debug)]
pub struct Style<'s> {
    /// Over the live list: `up`.
    pub title: &'s str,
    pub quiet_pull: bool,
    pub quiet_build: bool,
    pub color: bool,
    pub prefix: bool,
    pub announce: bool,
    /// Everything that containers wrote goes to standard output.
    pub errors_on_stdout: bool,
    /// Logs are JSON objects, also where progress is not.
    pub json_logs: bool,
    /// Shows the engine's time of each line.
    pub times: bool,
    pub groups: Groups,
    pub choice: Choice,
    /// Where lines are kept beside being shown.
    pub log_dir: Option<PathBuf>,
}

impl<'s> Style<'s> {
    pub fn titled(title: &'s str) -> Self {
        Self {
            title,
            quiet_pull: false,
            quiet_build: false,
            color: true,
            prefix: true,
            announce: false,
            errors_on_stdout: false,
            json_logs: false,
            times: false,
            groups: Groups::Headings,
            choice: Choice::default(),
            log_dir: None,
        }
    }
}

pub struct Telling {
    screen: RefCell<Screen<'static>>,
    folder: RefCell<Option<LogFolder>>,
    laps: RefCell<Laps>,
    /// What is told is about the plan that the command is for, and its steps are timed.
    is_timed: Cell<bool>,
    began: Instant,
    /// The time and the window when they were looked at last.
    moment: Cell<Moment>,
    /// There may be nothing to write for long, and yet it has to be seen when the reader leaves.
    follows: bool,
    /// What went wrong while telling; the first is enough.
    broken: RefCell<Option<io::Error>>,
    /// Whose step each one of the plan is.
    services: RefCell<Vec<Option<ServiceName>>>,
    /// When each service was last seen to become ready.
    ready: RefCell<BTreeMap<ServiceName, Ready>>,
}

impl Telling {
    /// # Errors
    /// When there is no place to keep logs where they are to be kept.
    pub fn new(settings: &Settings, style: &Style<'_>, project: &str) -> Result<Self, Failure> {
        let on_stdout = settings.progress_on_stdout;
        let paint = Paint::new(if on_stdout { settings.color_stdout } else { settings.color_stderr });
        let mut progress = match settings.progress {
            ProgressKind::Tty => Progress::tty(style.title, paint),
            ProgressKind::Plain => Progress::plain(paint),
            ProgressKind::Json => Progress::json(),
            ProgressKind::Quiet => Progress::Quiet,
        };
        if style.announce {
            progress.expect_logs();
        }
        if style.quiet_pull {
            progress.quiet_pull();
        }
        if style.quiet_build {
            progress.quiet_build();
        }
        let logs = Logs::new(Paint::new(settings.color_stdout && style.color), style.prefix).with_times(style.times);
        let records = Records { project: project.to_owned() };
        let folder = style.log_dir.as_deref().map(|folder| LogFolder::open(folder, records.clone())).transpose()?;
        let routes = Routes {
            progress_on_stdout: on_stdout,
            errors_on_stdout: style.errors_on_stdout,
            json_logs: style.json_logs || settings.progress == ProgressKind::Json,
            announce: style.announce,
            groups: style.groups,
        };
        let screen = Screen::new(progress, logs, routes, Box::new(io::stdout()), Box::new(io::stderr()))
            .with_records(records)
            .with_choice(style.choice.clone());
        Ok(Self {
            screen: RefCell::new(screen),
            folder: RefCell::new(folder),
            laps: RefCell::default(),
            is_timed: Cell::new(true),
            began: Instant::now(),
            moment: Cell::new(Moment { time: Duration::ZERO, size: terminal::size() }),
            follows: style.announce || style.errors_on_stdout,
            broken: RefCell::new(None),
            services: RefCell::default(),
            ready: RefCell::default(),
        })
    }

    /// The plan that the coming events are about.
    pub fn begin(&self, plan: &Plan, untouched: &[String]) {
        self.outline(plan);
        for name in untouched {
            let subject = Subject { kind: SubjectKind::Container, name: name.clone() };
            let (id, action, phase) = (StepId(usize::MAX), Action::Start, Phase::Unneeded);
            self.tell(&Event::Step { id, subject, action, phase });
        }
    }

    /// The same for a plan that is done after the one that the command is for.
    pub fn go_on(&self, plan: &Plan) {
        self.is_timed.set(false);
        self.outline(plan);
    }

    fn outline(&self, plan: &Plan) {
        self.screen.borrow_mut().outline(Outline::of(plan));
        self.services.replace(plan.steps().map(|(_, step)| step.service.clone()).collect());
    }

    pub fn tell(&self, event: &Event) {
        if !matches!(event, Event::Log(_)) {
            self.look();
        }
        if let Event::Step { id, action: action @ (Action::Start | Action::Await), phase: Phase::Done { .. }, .. } =
            event
            && let Some(Some(service)) = self.services.borrow().get(id.0)
        {
            let ready = Ready { after: self.moment.get().time, awaited: *action == Action::Await };
            self.ready.borrow_mut().insert(service.clone(), ready);
        }
        self.keep(event);
        if self.is_timed.get() {
            self.laps.borrow_mut().note(event, self.moment.get().time);
        }
        self.on_screen(|screen, moment| screen.show(event, moment));
    }

    /// The steps of the plan with their times, as far as they were done.
    pub fn laps(&self) -> Laps {
        self.laps.borrow().clone()
    }

    /// Keeps what is to be kept. When that is not possible any more, it is said, and the work goes on.
    fn keep(&self, event: &Event) {
        let Some(kept) = self.folder.borrow_mut().as_mut().map(|folder| folder.keep(event)) else { return };
        if let Err(error) = kept {
            self.folder.take();
            let warning = Event::Warning(format!("from here on no logs are kept in files: {error}"));
            self.on_screen(|screen, moment| screen.show(&warning, moment));
        }
    }

    /// Does the work, and meanwhile turns spinners and shows what was kept back.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        self.while_heard(work, || {}).await
    }

    /// Does work that is only done to be seen: `unheard` is called once when nobody looks any more.
    pub async fn while_heard<T>(&self, work: impl Future<Output = T>, unheard: impl FnOnce()) -> T {
        tokio::select! {
            biased;
            result = work => result,
            never = self.turn(unheard) => match never {},
        }
    }

    async fn turn(&self, unheard: impl FnOnce()) -> Infallible {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.broken.borrow().is_none() {
            ticks.tick().await;
            self.look();
            self.on_screen(Screen::tick);
            if self.follows && !terminal::is_heard() {
                self.broken.borrow_mut().get_or_insert(io::ErrorKind::BrokenPipe.into());
            }
        }
        unheard();
        std::future::pending().await
    }

    /// The work is done: what is shown stays.
    ///
    /// # Errors
    /// What went wrong while telling.
    pub fn finish(&self) -> io::Result<()> {
        self.look();
        self.on_screen(Screen::finish);
        self.broken.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// How long each service took to become ready, as far as it was seen.
    pub fn ready(&self) -> BTreeMap<ServiceName, Ready> {
        self.ready.borrow().clone()
    }

    /// Asks the system what time it is and how large the window is: too much to be asked for every line of a log.
    fn look(&self) {
        self.moment.set(Moment { time: self.began.elapsed(), size: terminal::size() });
    }

    fn on_screen(&self, act: impl FnOnce(&mut Screen<'static>, Moment) -> io::Result<()>) {
        if let Err(error) = act(&mut self.screen.borrow_mut(), self.moment.get()) {
            self.broken.borrow_mut().get_or_insert(error);
        }
    }
}
