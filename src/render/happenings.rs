//! What happens on the engine, a line for each event, with the words and fields of docker compose.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::engine::EngineEvent;
use crate::model::labels;

/// Labels of this kind tell nothing that is not in the line already.
const OURS: &str = "com.docker.compose.";

/// `2026-11-26 05:45:12.123456 container start 1f2e… (image=busybox, name=shop-web-1)`
pub fn line(event: &EngineEvent, zone: &TimeZone) -> String {
    let time = time(event).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    let attributes: Vec<String> = attributes(event).map(|(name, value)| format!("{name}={value}")).collect();
    format!("{time} container {} {} ({})", event.action, event.actor, attributes.join(", "))
}

pub fn object(event: &EngineEvent, zone: &TimeZone) -> String {
    let zoned = time(event).to_zoned(zone.clone());
    let offset = if zoned.offset().is_zero() { "Z".to_owned() } else { zoned.strftime("%:z").to_string() };
    let service = event.attributes.get(labels::SERVICE).map_or("", String::as_str);
    let fields = [
        ("action", Value::from(event.action.as_str())),
        ("attributes", Value::Object(attributes(event).map(|(name, value)| (name.to_owned(), value.into())).collect())),
        ("id", event.actor.as_str().into()),
        ("service", service.into()),
        ("time", format!("{}{offset}", zoned.strftime("%Y-%m-%dT%H:%M:%S%.f")).into()),
        ("type", "container".into()),
    ];
    let object: Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    super::template::json(&Value::Object(object))
}

fn time(event: &EngineEvent) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(event.time)).unwrap_or_default()
}

fn attributes(event: &EngineEvent) -> impl Iterator<Item = (&str, &str)> {
    let all = event.attributes.iter().filter(|(name, _)| !name.starts_with(OURS));
    all.map(|(name, value)| (name.as_str(), value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_as_docker_compose_tells_it() {
        let attributes = [("image", "busybox"), ("com.docker.compose.service", "web"), ("name", "shop-web-1")];
        let event = EngineEvent {
            kind: "container".into(),
            action: "start".into(),
            actor: "1f2e".into(),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            time: 1_795_671_912_123_456_789,
        };
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        insta::assert_snapshot!(
            [line(&event, &TimeZone::UTC), object(&event, &TimeZone::UTC), object(&event, &zone)].join("\n")
        );
    }
}
