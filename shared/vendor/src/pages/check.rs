//! *Test connection*: runs the first requests of an identity provider, exactly as on the wire, and explains the
//! responses.
//!
//! Only the token is missing: the service stores just its digest. Whether the provider has the right token shows when
//! it uses the key.

use bytes::Bytes;
use directory::tenants::Status;
use http::Response;
use maud::{Markup, html};
use scim_core::ResourceId;
use scim_core::policy::Groups;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts;
use super::provider::Provider;
use super::reply::Reply;
use super::text;
use super::{keys, tenant_frame, words};
use crate::operations::people::{self, Listed, Parameters};
use crate::operations::tenants::TenantView;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[Page::post("/test", "console.test", Who::Either, |desk| {
    Box::pin(test(desk))
})];

/// A request that a provider sends when its administrator tests the connection.
struct Probe {
    /// Why the provider sends it.
    purpose: &'static str,
    path: &'static str,
    query: Parameters,
    /// The response that the provider needs.
    needs: Needs,
}

#[derive(Clone, Copy)]
enum Needs {
    /// Any list.
    List,
    /// An empty list.
    Nobody,
    /// Any success.
    Document,
}

/// The result of a check.
struct Outcome {
    purpose: &'static str,
    request: String,
    result: CheckResult,
}

/// The state of a check, with its explanation.
enum CheckResult {
    Passed(String),
    /// Nothing is wrong here; the administrator has to do something in the identity provider.
    Waiting(String),
    Failed(String),
}

/// The form that starts the test.
pub(super) fn card(desk: &Desk<'_>) -> Markup {
    let choices: Vec<(&str, &str)> = Provider::ALL
        .iter()
        .map(|provider| (provider.word(), provider.name()))
        .collect();
    html! {
        section.card {
            header {
                h2 #test { "Test connection" }
                p { "Runs the requests that your identity provider sends first, and shows the responses. Nothing is changed." }
            }
            form.search method="post" action={ (desk.home()) "/test" } {
                (parts::mark(desk))
                (parts::choice("provider", "Identity provider", &choices, desk.form.text("provider")))
                button.main { "Test connection" }
            }
        }
    }
}

async fn test(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let provider = Provider::parse(desk.form.text("provider")).unwrap_or(Provider::Other);
    let has_groups = tenant.tenant.settings.0.groups == Groups::Offered;
    let mut outcomes = vec![switched_on(&tenant.tenant), has_key(desk, provider).await?];
    for probe in probes(desk, provider, has_groups) {
        outcomes.push(ask(desk, probe).await?);
    }
    let content = html! {
        (tenant_frame::head(desk, &tenant, "test"))
        (results(provider, &outcomes))
        (card(desk))
    };
    Ok(Reply::page(tenant_frame::page(
        desk,
        &tenant,
        "Test connection",
        &content,
    )))
}

fn switched_on(tenant: &TenantView) -> Outcome {
    let is_on = tenant.status == Status::On;
    Outcome {
        purpose: "Provisioning is turned on",
        request: String::new(),
        result: match is_on {
            true => CheckResult::Passed("Accepting requests.".to_owned()),
            false => CheckResult::Failed(
                "Provisioning is off, so every request is rejected. Turn it on.".to_owned(),
            ),
        },
    }
}

async fn has_key(desk: &Desk<'_>, provider: Provider) -> Result<Outcome, Problem> {
    let keys = keys::list(desk).await?;
    let now = desk.visit.now;
    let live = keys.iter();
    let live = live.filter(|key| key.expires.is_none_or(|end| end.0 > now));
    let used = live.clone().filter_map(|key| key.last_used).max();
    let result = match (live.count(), used) {
        (0, _) => CheckResult::Failed(
            "There is no valid token. Create one and enter it in your identity provider."
                .to_owned(),
        ),
        (_, None) => CheckResult::Waiting(format!(
            "No request has used a token yet. Enter the token in {} and run the test there.",
            match provider {
                Provider::Other => "your identity provider",
                known => known.name(),
            }
        )),
        (number, Some(used)) => {
            let used = words::moment(used.0);
            CheckResult::Passed(format!(
                "{} valid; last used on {used}.",
                counted_keys(number)
            ))
        }
    };
    Ok(Outcome {
        purpose: "Valid token",
        request: String::new(),
        result,
    })
}

fn counted_keys(number: usize) -> String {
    let words = words::counted(i64::try_from(number).unwrap_or(i64::MAX), "token");
    format!("{words} {}", if number == 1 { "is" } else { "are" })
}

/// A request for a page of a list.
fn list(purpose: &'static str, path: &'static str, start_and_count: Option<(u32, u32)>) -> Probe {
    let page = start_and_count.map(|(start, count)| {
        [
            ("startIndex", start.to_string()),
            ("count", count.to_string()),
        ]
    });
    Probe {
        purpose,
        path,
        query: page.into_iter().flatten().collect(),
        needs: Needs::List,
    }
}

/// A search for a user or group that does not exist.
fn look_up(purpose: &'static str, path: &'static str, name: &str, nobody: ResourceId) -> Probe {
    Probe {
        purpose,
        path,
        query: vec![("filter", format!("{name} eq \"{nobody}\""))],
        needs: Needs::Nobody,
    }
}

/// The first requests of a provider.
fn probes(desk: &Desk<'_>, provider: Provider, has_groups: bool) -> Vec<Probe> {
    let nobody = desk.visit.admin.service.ids().resource();
    let user = |purpose| look_up(purpose, "Users", "userName", nobody);
    let group = |purpose| look_up(purpose, "Groups", "displayName", nobody);
    let mut probes = match provider {
        Provider::Okta => vec![
            list("Test API credentials: first users", "Users", Some((1, 2))),
            list(
                "Test API credentials: first groups",
                "Groups",
                Some((1, 100)),
            ),
            user("Search for a user before creating it"),
        ],
        Provider::Entra => vec![
            user("Test connection: a user that does not exist"),
            group("Test connection: a group that does not exist"),
        ],
        Provider::OneLogin => vec![
            user("Enabling the API: a user that does not exist"),
            list("Load the groups", "Groups", Some((1, 100))),
        ],
        Provider::JumpCloud => vec![
            user("Search for the test user"),
            group("Search for the test group"),
        ],
        Provider::Other => vec![
            Probe {
                purpose: "Service provider configuration",
                path: "ServiceProviderConfig",
                query: Vec::new(),
                needs: Needs::Document,
            },
            list("Schemas", "Schemas", None),
            list("First user", "Users", Some((1, 1))),
            user("Search for a user by userName"),
            list("First group", "Groups", Some((1, 1))),
        ],
    };
    probes.retain(|probe| has_groups || probe.path != "Groups");
    probes
}

async fn ask(desk: &Desk<'_>, probe: Probe) -> Result<Outcome, Problem> {
    let (path, asked) = (probe.path, (probe.path, &probe.query));
    let answer = people::rehearse(&desk.work()?, &desk.tenant()?, asked).await?;
    let shown = probe
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let shown = shown.collect::<Vec<_>>().join("&");
    let mark = if shown.is_empty() { "" } else { "?" };
    Ok(Outcome {
        purpose: probe.purpose,
        request: format!("GET /{path}{mark}{shown}"),
        result: judged(&answer, probe.needs),
    })
}

/// The part of an error that the page shows.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    detail: String,
}

/// Whether a response is what the provider needs, and why, in words.
fn judged(answer: &Response<Bytes>, needs: Needs) -> CheckResult {
    let status = answer.status();
    if !status.is_success() {
        let error: ErrorBody = serde_json::from_slice(answer.body()).unwrap_or_default();
        let detail = text::sentence(&error.detail);
        return CheckResult::Failed(format!("Response {}. {detail}", status.as_u16()));
    }
    let list: Option<Listed<IgnoredAny>> = serde_json::from_slice(answer.body()).ok();
    let (total, given) = list.map_or((0, 0), |list| (list.total, list.resources.len()));
    match needs {
        Needs::Document => CheckResult::Passed(format!("Response {}.", status.as_u16())),
        Needs::Nobody if total == 0 => CheckResult::Passed(format!(
            "Response {} with an empty list, as expected.",
            status.as_u16()
        )),
        Needs::Nobody => CheckResult::Failed(format!("Found {total} entries instead of none.")),
        Needs::List => CheckResult::Passed(format!(
            "Response {} with {} of {} entries.",
            status.as_u16(),
            given,
            words::grouped(total)
        )),
    }
}

fn results(provider: Provider, outcomes: &[Outcome]) -> Markup {
    let failed = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.result, CheckResult::Failed(_)))
        .count();
    html! {
        section.card aria-labelledby="results" {
            header { h2 #results { "Test results for " (provider.name()) } }
            @match failed {
                0 => { p.said role="status" { "All checks passed on our side. If the test in your identity provider still fails, check the base URL and the token there." } }
                _ => { p.wrong role="alert" { "Some checks failed. See below what to do." } }
            }
            ul.checks {
                @for outcome in outcomes {
                    @let (class, state, detail) = match &outcome.result {
                        CheckResult::Passed(detail) => ("badge good", "Passed", detail),
                        CheckResult::Waiting(detail) => ("badge warn", "Waiting", detail),
                        CheckResult::Failed(detail) => ("badge bad", "Failed", detail),
                    };
                    li {
                        span class=(class) { (state) }
                        div {
                            b { (outcome.purpose) }
                            @if !outcome.request.is_empty() { div.small { code { (outcome.request) } } }
                            div { (text::told(detail)) }
                        }
                    }
                }
            }
        }
    }
}
