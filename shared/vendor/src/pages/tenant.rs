//! One tenant: the head of its pages, the vendor's overview, turning it on and off, deleting it.

use directory::tenants::Status;
use maud::{Markup, html};
use service::wire::Preconditions;

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts::{self, Question};
use super::reply::Reply;
use super::text;
use super::{glance, keys, requests, tenant_frame};
use crate::actor::Operation;
use crate::operations::switch;
use crate::operations::tenants::TenantDetail;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[
    Page::get("/tenants/{tenant}", "console.tenant", Who::Vendor, |desk| {
        Box::pin(overview(desk))
    }),
    Page::post("/on", "console.switchOn", Who::Either, |desk| {
        Box::pin(switch_on(desk))
    }),
    Page::get("/off", "console.askToSwitchOff", Who::Either, |desk| {
        Box::pin(ask_to_switch_off(desk))
    }),
    Page::post("/off", "console.switchOff", Who::Either, |desk| {
        Box::pin(switch_off(desk))
    }),
    Page::get(
        "/tenants/{tenant}/delete",
        "console.askToDelete",
        Who::Vendor,
        |desk| Box::pin(ask_to_delete(desk)),
    ),
    Page::post(
        "/tenants/{tenant}/delete",
        "console.deleteTenant",
        Who::Vendor,
        |desk| Box::pin(delete(desk)),
    ),
];

async fn overview(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let keys = keys::list(desk).await?;
    let figures = glance::figures(desk, &keys).await;
    let failures = requests::latest(desk).await?;
    let content = html! {
        (tenant_frame::head(desk, &tenant, ""))
        (figures)
        div.pair {
            (connection(&tenant.tenant.base_url))
            (switch_card(desk, tenant.tenant.status))
        }
        (failures)
    };
    Ok(Reply::page(tenant_frame::page(
        desk, &tenant, "Overview", &content,
    )))
}

fn connection(base_url: &str) -> Markup {
    html! {
        section.card {
            header { h2 { "Connection" } }
            (parts::copied("base-url", "Base URL", base_url))
            p.small { "Identity providers call it base URL, tenant URL or SCIM connector base URL." }
        }
    }
}

/// The controls that turn a tenant on and off, and delete it.
fn switch_card(desk: &Desk<'_>, status: Status) -> Markup {
    let home = desk.home();
    html! {
        section.card {
            header { h2 { "Provisioning" } }
            @match status {
                Status::On => {
                    p { "Identity providers can create, change and remove users of this tenant." }
                    p.actions { a.button.bad href={ (home) "/off" } { "Turn off" } }
                }
                Status::Off => {
                    p { "Every request is rejected with an error that says so. Users and groups are kept." }
                    div.actions {
                        (parts::button(desk, &format!("{home}/on"), "main", "Turn on"))
                        @if !desk.is_customer() {
                            a.button.bad href={ (home) "/delete" } { "Delete tenant" }
                        }
                    }
                }
                Status::Closing => { p { "This tenant is being deleted. It can no longer be read or changed." } }
            }
        }
    }
}

/// Turns a tenant on. The first time, it shows the token of a new key.
async fn switch_on(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let id = &desk.tenant()?;
    let switched = |work| async move { switch::on(&work, id).await };
    let switched = desk.act(Operation::SwitchTenantOn, switched).await?;
    match switched.key.and_then(|key| key.token) {
        Some(token) => {
            let tenant = tenant_frame::read(desk).await?;
            Ok(keys::shown(desk, &tenant, &token, "Provisioning is on"))
        }
        None => Ok(Reply::elsewhere(desk.home())),
    }
}

async fn ask_to_switch_off(desk: &Desk<'_>) -> Result<Reply, Problem> {
    tenant_frame::read(desk).await?;
    let question = Question {
        title: "Turn provisioning off?",
        words: html! {
            p {
                "Within a minute, all requests of your identity provider will be rejected. Users, groups and tokens are kept. Provisioning continues when you turn it on again."
            }
            p.small { "While it is off, people who lose access in the identity provider keep it here." }
        },
        action: format!("{}/off", desk.home()),
        yes: "Turn off",
        class: "bad",
        no: desk.home(),
    };
    Ok(Reply::page(question.page(desk)))
}

async fn switch_off(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let id = &desk.tenant()?;
    let switched = |work| async move { switch::off(&work, id).await };
    desk.act(Operation::SwitchTenantOff, switched).await?;
    Ok(Reply::elsewhere(desk.home()))
}

async fn ask_to_delete(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    Ok(Reply::page(deletion(desk, &tenant, None)))
}

fn deletion(desk: &Desk<'_>, tenant: &TenantDetail, problem: Option<&Problem>) -> Markup {
    let (id, called) = (&tenant.tenant.id, tenant.tenant.called());
    let question = Question {
        title: "Delete this tenant?",
        words: html! {
            (parts::wrong(problem))
            p {
                "All users, groups, tokens and log entries of " b { (text::given(called)) }
                " are deleted. This cannot be undone."
            }
            div.field {
                label for="confirm" { "To confirm, type the tenant's id: " code { (id) } }
                input #confirm name="confirm" type="text" required autocomplete="off" spellcheck="false";
            }
        },
        action: format!("{}/delete", desk.home()),
        yes: "Delete tenant",
        class: "bad",
        no: desk.home(),
    };
    question.page(desk)
}

async fn delete(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let id = &desk.tenant()?;
    if desk.form.text("confirm") != id.as_str() {
        let problem = reason::other_id_typed().at("");
        let page = deletion(desk, &tenant, Some(&problem));
        return Ok(Reply::refused(page, &problem));
    }
    let known = &Preconditions::default();
    let deleted = |work| async move { switch::delete(&work, id, known).await };
    desk.act(Operation::DeleteTenant, deleted).await?;
    Ok(Reply::elsewhere(format!("{}/tenants", desk.visit.base)))
}
