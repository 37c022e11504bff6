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

use super::components;
use super::context::PageContext;
use super::form::FormField;
use super::page::{Page, Who};
use super::provider::Provider;
use super::reply::Reply;
use super::text;
use super::{keys, tenant_frame, words};
use crate::operations::people::{self, ListBody, Parameters};
use crate::operations::tenants::TenantView;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[Page::post(
    "/test",
    "console.test",
    Who::Either,
    |context| Box::pin(test(context)),
)];

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
struct Check {
    purpose: &'static str,
    request: String,
    result: CheckResult,
}

/// The state of the connection, with its explanation.
enum CheckResult {
    Passed(String),
    /// Nothing is wrong here; the administrator has to do something in the identity provider.
    Waiting(String),
    Failed(String),
}

/// The form that starts the test.
pub(super) fn card(context: &PageContext<'_>) -> Markup {
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
            form.search method="post" action={ (context.home()) "/test" } {
                (components::form_start(context))
                (components::choice(FormField::Provider, "Identity provider", &choices, context.form.text(FormField::Provider)))
                button.main { "Test connection" }
            }
        }
    }
}

async fn test(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let provider =
        Provider::parse(context.form.text(FormField::Provider)).unwrap_or(Provider::Other);
    let has_groups = tenant.tenant.settings.0.groups == Groups::Offered;
    let mut checks = vec![
        is_on_check(&tenant.tenant),
        has_key_check(context, provider).await?,
    ];
    for probe in probes(context, provider, has_groups) {
        checks.push(run_probe(context, probe).await?);
    }
    let main = html! {
        (tenant_frame::head(context, &tenant, "test"))
        (results(provider, &checks))
        (card(context))
    };
    Ok(Reply::page(tenant_frame::page(
        context,
        &tenant,
        "Test connection",
        &main,
    )))
}

fn is_on_check(tenant: &TenantView) -> Check {
    let is_on = tenant.status == Status::On;
    Check {
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

async fn has_key_check(context: &PageContext<'_>, provider: Provider) -> Result<Check, Problem> {
    let keys = keys::list(context).await?;
    let now = context.request.now;
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
    Ok(Check {
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
fn probes(context: &PageContext<'_>, provider: Provider, has_groups: bool) -> Vec<Probe> {
    let nobody = context.request.vendor.service.ids().resource();
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

async fn run_probe(context: &PageContext<'_>, probe: Probe) -> Result<Check, Problem> {
    let (path, asked) = (probe.path, (probe.path, &probe.query));
    let response = people::probe(&context.work()?, &context.tenant()?, asked).await?;
    let shown = probe
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let shown = shown.collect::<Vec<_>>().join("&");
    let mark = if shown.is_empty() { "" } else { "?" };
    Ok(Check {
        purpose: probe.purpose,
        request: format!("GET /{path}{mark}{shown}"),
        result: evaluate(&response, probe.needs),
    })
}

/// The part of an error that the page shows.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    detail: String,
}

/// Whether a response is what the provider needs, and why, in words.
fn evaluate(response: &Response<Bytes>, needs: Needs) -> CheckResult {
    let status = response.status();
    if !status.is_success() {
        let error: ErrorBody = serde_json::from_slice(response.body()).unwrap_or_default();
        let detail = text::sentence(&error.detail);
        return CheckResult::Failed(format!("Response {}. {detail}", status.as_u16()));
    }
    let list: Option<ListBody<IgnoredAny>> = serde_json::from_slice(response.body()).ok();
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

fn results(provider: Provider, checks: &[Check]) -> Markup {
    let failed = checks
        .iter()
        .filter(|check| matches!(check.result, CheckResult::Failed(_)))
        .count();
    html! {
        section.card aria-labelledby="results" {
            header { h2 #results { "Test results for " (provider.name()) } }
            @match failed {
                0 => { p.said role="status" { "All checks passed on our side. If the test in your identity provider still fails, check the base URL and the token there." } }
                _ => { p.wrong role="alert" { "Some checks failed. See below what to do." } }
            }
            ul.checks {
                @for check in checks {
                    @let (class, state, detail) = match &check.result {
                        CheckResult::Passed(detail) => ("badge good", "Passed", detail),
                        CheckResult::Waiting(detail) => ("badge warn", "Waiting", detail),
                        CheckResult::Failed(detail) => ("badge bad", "Failed", detail),
                    };
                    li {
                        span class=(class) { (state) }
                        div {
                            b { (check.purpose) }
                            @if !check.request.is_empty() { div.small { code { (check.request) } } }
                            div { (text::sentence_markup(detail)) }
                        }
                    }
                }
            }
        }
    }
}
