//! What every engine does.

mod containers;
mod images;
mod networks;
mod sight;
mod streams;
mod talk;
mod volumes;

use std::future::Future;
use std::pin::Pin;

use convoke::engine::{Container, ContainerId, ContainerSpec, ErrorKind, EventRequest, Filters, Removal};
use futures_util::StreamExt;

use crate::stage::Stage;

pub type Behaviour = for<'s> fn(&'s Stage) -> Pin<Box<dyn Future<Output = ()> + 's>>;

macro_rules! behaviours {
    ($($room:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), |stage| Box::pin($room::$name(stage)))),*]
    };
}

/// What every engine does, real or not.
pub const EVERYWHERE: &[(&str, Behaviour)] = behaviours![
    containers::a_container_lives_and_dies,
    containers::a_name_is_taken_once,
    containers::nothing_is_made_from_an_image_that_is_not_there,
    containers::starting_and_stopping_twice_is_once,
    containers::a_running_container_is_removed_by_force_only,
    containers::a_container_gets_another_name,
    containers::a_paused_container_goes_on,
    containers::a_killed_container_says_so,
    containers::a_stop_that_is_not_heeded_ends_in_a_kill,
    containers::a_restarted_container_runs_again,
    containers::what_was_asked_for_is_reported,
    containers::a_list_is_narrowed_by_labels,
    containers::a_port_belongs_to_one,
    containers::a_policy_starts_it_again,
    containers::health_is_told,
    containers::a_failing_check_is_told_with_its_words,
    containers::a_command_runs_inside,
    containers::files_are_put_in,
    containers::files_are_taken_out_as_they_were_put_in,
    containers::a_container_becomes_an_image,
    containers::a_network_is_shared_with_another_container,
    networks::a_network_comes_and_goes,
    networks::a_network_in_use_stays,
    networks::a_container_is_on_all_its_networks,
    networks::a_container_is_on_all_its_networks_or_is_none,
    networks::a_container_joins_and_leaves,
    networks::an_address_is_kept,
    volumes::a_volume_comes_and_goes,
    volumes::a_volume_in_use_stays,
    volumes::an_anonymous_volume_goes_with_its_container,
    images::an_image_has_names_and_stays_while_it_is_used,
    images::what_cannot_be_pulled_is_an_error,
    images::what_no_registry_has_has_no_digest,
    sight::an_end_is_waited_for,
    sight::processes_are_listed,
    sight::what_a_container_uses_is_told_once_or_again_and_again,
    sight::changed_paths_are_listed,
    sight::networks_and_volumes_are_told_whole,
    sight::an_image_has_a_history,
    streams::what_a_container_writes_is_read_on_two_streams,
    streams::logs_are_read_from_their_end,
    streams::lines_carry_their_time,
    streams::following_ends_with_the_container,
    streams::a_terminal_has_one_stream,
    streams::a_life_is_told_in_order,
    streams::what_happened_can_be_asked_for_later,
    talk::a_command_inside_is_listened_to,
    talk::a_command_inside_is_talked_with_until_its_input_ends,
    talk::a_command_inside_is_left_alone,
    talk::a_container_is_talked_with_from_its_start_to_the_end_of_its_input,
    talk::only_what_runs_has_a_window,
];

/// What needs real files.
pub const FOR_REAL: &[(&str, Behaviour)] = behaviours![
    volumes::data_outlives_containers,
    streams::long_lines_and_broken_letters_arrive_whole,
    talk::a_terminal_is_as_large_as_it_was_made,
];

const ALL_OF_IT: Removal = Removal { force: true, volumes: true };

async fn listed(stage: &Stage, id: &ContainerId) -> Option<Container> {
    let containers = stage.engine.containers(&Filters::default()).await.expect("a list");
    containers.into_iter().find(|container| container.id == *id)
}

async fn created(stage: &Stage, spec: &ContainerSpec) -> ContainerId {
    stage.engine.create_container(spec).await.expect("created").id
}

async fn started(stage: &Stage, spec: &ContainerSpec) -> ContainerId {
    let id = created(stage, spec).await;
    stage.engine.start_container(&id).await.expect("started");
    id
}

async fn removed(stage: &Stage, id: &ContainerId) {
    stage.engine.remove_container(id, ALL_OF_IT).await.expect("removed");
}

/// Waits until something has happened to the container: it may be in the past already.
async fn happened(stage: &Stage, id: &ContainerId, event: &str) {
    let filters = Filters::default().and("container", id.as_str()).and("event", event);
    let mut events = stage.engine.events(&EventRequest { filters, since: "0".into(), ..Default::default() });
    events.next().await.expect("an event").expect("readable");
}

/// Waits for the container's own end. Docker tells of it before its list knows; an inspection waits for that.
async fn ended(stage: &Stage, id: &ContainerId) {
    happened(stage, id, "die").await;
    stage.engine.inspect_container(id).await.expect("details");
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, convoke::engine::EngineError>) -> ErrorKind {
    outcome.expect_err("an error").kind
}
