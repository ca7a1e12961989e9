//! What is done because files changed, in the words of docker compose where it has any.

use crate::event::WatchNews;
use crate::model::ServiceName;

/// One line, without its end.
pub fn words(news: &WatchNews) -> String {
    match news {
        WatchNews::Enabled => "Watch enabled".to_owned(),
        WatchNews::Disabled => "Watch disabled".to_owned(),
        WatchNews::Syncing { service, changes } => {
            format!("Syncing service \"{service}\" after {changes} changes were detected")
        }
        WatchNews::Synced { label, written, removed, .. } => {
            let parts = [(written, "written"), (removed, "removed")];
            let parts: Vec<String> =
                parts.iter().filter(|(count, _)| **count > 0).map(|(count, what)| format!("{count} {what}")).collect();
            format!("{label} synced: {}", parts.join(", "))
        }
        WatchNews::Rebuilding { services } => {
            format!("Rebuilding service(s) {} after changes were detected...", list(services))
        }
        WatchNews::Rebuilt { services } => format!("service(s) {} successfully built", list(services)),
        WatchNews::Restarted { services } => format!("service(s) {} restarted", list(services)),
    }
}

/// `["api" "web"]`
fn list(services: &[ServiceName]) -> String {
    let names: Vec<String> = services.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_news_is_a_line() {
        let services = vec!["api".into(), "web".into()];
        let synced =
            |written, removed| WatchNews::Synced { service: "web".into(), label: "web-1".into(), written, removed };
        let table = [
            (WatchNews::Enabled, "Watch enabled"),
            (WatchNews::Disabled, "Watch disabled"),
            (
                WatchNews::Syncing { service: "web".into(), changes: 2 },
                "Syncing service \"web\" after 2 changes were detected",
            ),
            (synced(2, 1), "web-1 synced: 2 written, 1 removed"),
            (synced(0, 1), "web-1 synced: 1 removed"),
            (
                WatchNews::Rebuilding { services: services.clone() },
                "Rebuilding service(s) [\"api\" \"web\"] after changes were detected...",
            ),
            (WatchNews::Rebuilt { services: services.clone() }, "service(s) [\"api\" \"web\"] successfully built"),
            (WatchNews::Restarted { services }, "service(s) [\"api\" \"web\"] restarted"),
        ];
        for (news, expected) in table {
            assert_eq!(words(&news), expected);
        }
    }
}
