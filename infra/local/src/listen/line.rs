//! An event as one line for people.

use serde_json::Value;

const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const PLAIN: &str = "\u{1b}[0m";

/// The line of an event: time (UTC), tenant, type, whom it concerns, what changed, who did it, position.
pub(super) fn of(event: &Value, with_tenant: bool, coloured: bool) -> String {
    let text = |name: &str| printable(event[name].as_str().unwrap_or_default());
    let (kind, time) = (text("type"), text("timestamp"));
    let paint = |colour: &str, text: &str| match coloured && !text.is_empty() {
        true => format!("{colour}{text}{PLAIN}"),
        false => text.to_owned(),
    };
    let time = time.get(11..23).unwrap_or(&time).to_owned();
    let by = match text("by").as_str() {
        "" => String::new(),
        by => format!("by {by}"),
    };
    let tenant = if with_tenant {
        text("tenant")
    } else {
        String::new()
    };
    let parts = [
        paint(DIM, &time),
        tenant,
        paint(colour_of(&kind), &format!("{kind:<22}")),
        subject(&event["data"]),
        changes(&event["data"]),
        paint(DIM, &by),
        paint(DIM, &event["position"].to_string()),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}

fn colour_of(kind: &str) -> &'static str {
    match kind.rsplit('.').next() {
        Some("created" | "reactivated" | "turned_on") => GREEN,
        Some("deleted" | "deactivated" | "resync_required" | "turned_off" | "closing") => RED,
        _ => YELLOW,
    }
}

/// Whom an event concerns: a name, before an id.
fn subject(data: &Value) -> String {
    let named = |resource: &Value| {
        let name = resource["userName"]
            .as_str()
            .or(resource["displayName"].as_str());
        name.map(printable)
    };
    let other = || {
        let id = data["id"].as_str().or(data["tenant"].as_str());
        id.or(data["reason"].as_str()).map(printable)
    };
    named(&data["resource"])
        .or_else(|| named(&data["before"]))
        .or_else(other)
        .unwrap_or_default()
}

/// What changed: names of attributes without their schema, and numbers of members.
fn changes(data: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut parts: Vec<String> = list(&data["changed"])
        .iter()
        .filter_map(Value::as_str)
        .map(|name| printable(name.rsplit(':').next().unwrap_or(name)))
        .collect();
    let members = &data["members"];
    for (name, sign) in [("added", '+'), ("removed", '−')] {
        let number = list(&members[name]).len();
        if number > 0 {
            parts.push(format!("{sign}{number}"));
        }
    }
    if members["unknown"] == true {
        parts.push("members unknown".to_owned());
    }
    for name in ["deleted", "restored", "imported", "adopted", "truncated"] {
        if data[name] == true {
            parts.push(name.to_owned());
        }
    }
    parts.join(", ")
}

/// Text of somebody else, without characters that act on a terminal or turn the text around.
pub(super) fn printable(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    let replaced = text
        .chars()
        .map(|c| if is_unsafe(c) { '\u{fffd}' } else { c });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, data: &Value) -> Value {
        json!({"id": "evt_1", "type": kind, "timestamp": "2026-11-28T10:02:00.123Z", "tenant": "acme",
            "position": 476_640_000_000_003_u64, "by": "key:k3v9q0s7me", "data": data})
    }

    #[test]
    fn a_line_says_when_who_and_what() {
        let changed = event(
            "user.updated",
            &json!({"id": "2819c223", "resource": {"userName": "ann@example.com"},
                "changed": ["active", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"]}),
        );
        let members = event(
            "group.members_changed",
            &json!({"id": "e9e30dba", "resource": {"displayName": "Sales"},
                "members": {"added": [{"value": "1"}, {"value": "2"}], "removed": [{"value": "3"}]}}),
        );
        let deleted = event(
            "user.deleted",
            &json!({"id": "2819c223", "before": {"userName": "ann"}}),
        );
        let resync = event("directory.resync_required", &json!({"reason": "restored"}));
        for (event, line) in [
            (
                changed,
                "10:02:00.123  user.updated            ann@example.com  active, department  by key:k3v9q0s7me  476640000000003",
            ),
            (
                members,
                "10:02:00.123  group.members_changed   Sales  +2, −1  by key:k3v9q0s7me  476640000000003",
            ),
            (
                deleted,
                "10:02:00.123  user.deleted            ann  by key:k3v9q0s7me  476640000000003",
            ),
            (
                resync,
                "10:02:00.123  directory.resync_required  restored  by key:k3v9q0s7me  476640000000003",
            ),
        ] {
            assert_eq!(of(&event, false, false), line);
        }
    }

    #[test]
    fn a_name_cannot_act_on_the_terminal() {
        let named = json!({"resource": {"userName": "ann\u{1b}[2J\n\u{202e}b\u{9b}"}});
        let line = of(&event("user.created", &named), true, false);
        assert!(
            line.contains("ann\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}"),
            "{line:?}"
        );
        assert!(!line.contains(char::is_control), "{line:?}");
        let coloured = of(&event("user.created", &named), true, true);
        assert!(coloured.contains("\u{1b}[32muser.created"), "{coloured:?}");
        assert_eq!(coloured.matches('\u{1b}').count(), 8, "{coloured:?}");
    }
}
