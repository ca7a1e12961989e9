//! End-to-end scenarios on a real engine: what is asked for, and the state that the engine then reports.
//!
//! Each scenario has a project of its own, takes everything away again, and can run beside any other.

mod actor;
mod ages;
mod attached;
mod builds;
mod change;
mod digests;
mod engine;
mod examples;
mod failing;
mod files;
mod fire;
mod habits;
mod images;
mod inside;
mod interop;
mod left;
mod life;
mod lifecycle;
mod menu;
mod mistakes;
mod once;
mod order;
mod peer;
mod planning;
mod private;
mod proxy;
mod reading;
mod registry;
mod scenario;
mod sealed;
mod seat;
mod secrets;
mod seeing;
mod siege;
mod start_hooks;
mod telling;
mod waiting;
mod watch;
mod window;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use actor::Actor;
use engine::Engine;
use scenario::Scenario;

/// A scenario's name and what happens in it.
type Story = (&'static str, fn(&Scenario));

/// Names functions as scenarios.
#[macro_export]
macro_rules! stories {
    ($($story:ident),* $(,)?) => { pub const STORIES: &[$crate::Story] = &[$((stringify!($story), $story)),*]; };
}

const ROOMS: &[&[Story]] = &[
    order::STORIES,
    waiting::STORIES,
    secrets::STORIES,
    start_hooks::STORIES,
    life::STORIES,
    lifecycle::STORIES,
    change::STORIES,
    planning::STORIES,
    mistakes::STORIES,
    failing::STORIES,
    fire::STORIES,
    attached::STORIES,
    menu::STORIES,
    seeing::STORIES,
    telling::STORIES,
    reading::STORIES,
    digests::STORIES,
    images::STORIES,
    builds::STORIES,
    inside::STORIES,
    files::STORIES,
    once::STORIES,
    watch::STORIES,
    habits::STORIES,
    ages::STORIES,
    examples::STORIES,
];

/// Scenarios mostly wait for the engine: more of them than there are processors can run at once.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    // Both live as long as the process: trials run in threads of their own.
    let engine: &Engine = Box::leak(Box::new(Engine::named()));
    let actor = (!arguments.list).then(|| Actor::import(engine));
    let image: &str = actor.as_ref().map_or("", |actor| actor.image.clone().leak());
    let trial = |&(name, story): &Story| {
        Trial::test(name, move || {
            scenario::play(name, engine, image, story);
            Ok(())
        })
    };
    let mut trials: Vec<_> = ROOMS.iter().copied().flatten().map(trial).collect();
    let mut add = |stories: &[Story], possible: bool, needs: &str| {
        trials.extend(stories.iter().map(|story| trial(story).with_ignored_flag(!possible)));
        if !possible {
            eprintln!(
                "left out, for want of {needs}: {}",
                stories.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
            );
        }
    };
    add(siege::STORIES, private::is_possible(), "root, or a dockerd that can be started");
    add(window::STORIES, window::is_possible(), "tmux");
    add(builds::WITH_BUILDX, builds::has_buildx(), "docker buildx");
    add(sealed::STORIES, builds::has_buildx() && sealed::is_possible(), "docker buildx and openssl");
    add(interop::STORIES, interop::is_there(), "docker compose");
    add(peer::STORIES, interop::is_there(), "docker compose");
    add(planning::WITH_DOCKER_COMPOSE, interop::is_there(), "docker compose");
    add(examples::WITH_IMAGES, actor.is_some() && examples::has_images(engine), "the images that examples/stack uses");
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(actor);
    conclusion.exit_code()
}
