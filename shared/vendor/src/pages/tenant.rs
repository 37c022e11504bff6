//! One tenant: the head of its pages, the vendor's overview, turning it on and off, deleting it.

use directory::tenants::Status;
use maud::{Markup, html};
use service::wire::Preconditions;

use super::components::{self, Question};
use super::context::PageContext;
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use super::{failures, figures, keys, tenant_frame};
use crate::actor::Operation;
use crate::operations::lifecycle;
use crate::operations::tenants::TenantDetail;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}",
        "console.tenant",
        Who::Vendor,
        |context| Box::pin(overview(context)),
    ),
    Page::post("/on", "console.turnOn", Who::Either, |context| {
        Box::pin(turn_on(context))
    }),
    Page::get("/off", "console.askToTurnOff", Who::Either, |context| {
        Box::pin(ask_to_turn_off(context))
    }),
    Page::post("/off", "console.turnOff", Who::Either, |context| {
        Box::pin(turn_off(context))
    }),
    Page::get(
        "/tenants/{tenant}/delete",
        "console.askToDelete",
        Who::Vendor,
        |context| Box::pin(ask_to_delete(context)),
    ),
    Page::post(
        "/tenants/{tenant}/delete",
        "console.deleteTenant",
        Who::Vendor,
        |context| Box::pin(delete(context)),
    ),
];

async fn overview(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let keys = keys::list(context).await?;
    let figures = figures::figures(context, &keys).await;
    let failures = failures::latest(context).await?;
    let main = html! {
        (tenant_frame::head(context, &tenant, ""))
        (figures)
        div.pair {
            (connection(&tenant.tenant.base_url))
            (status_card(context, tenant.tenant.status))
        }
        (failures)
    };
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, "Overview", &main,
    )))
}

fn connection(base_url: &str) -> Markup {
    html! {
        section.card {
            header { h2 { "Connection" } }
            (components::copied("base-url", "Base URL", base_url))
            p.small { "Identity providers call it base URL, tenant URL or SCIM connector base URL." }
        }
    }
}

/// The controls that turn a tenant on and off, and delete it.
fn status_card(context: &PageContext<'_>, status: Status) -> Markup {
    let home = context.home();
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
                        (components::button(context, &format!("{home}/on"), "main", "Turn on"))
                        @if !context.is_customer() {
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
async fn turn_on(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let id = &context.tenant()?;
    let turned = |work| async move { lifecycle::on(&work, id).await };
    let turned = context.perform(Operation::TurnTenantOn, turned).await?;
    match turned.key.and_then(|key| key.token) {
        Some(token) => {
            let tenant = tenant_frame::read(context).await?;
            Ok(keys::shown(context, &tenant, &token, "Provisioning is on"))
        }
        None => Ok(Reply::redirect(context.home())),
    }
}

async fn ask_to_turn_off(context: &PageContext<'_>) -> Result<Reply, Problem> {
    tenant_frame::read(context).await?;
    let question = Question {
        title: "Turn provisioning off?",
        words: html! {
            p {
                "Within a minute, all requests of your identity provider will be rejected. Users, groups and tokens are kept. Provisioning continues when you turn it on again."
            }
            p.small { "While it is off, people who lose access in the identity provider keep it here." }
        },
        action: format!("{}/off", context.home()),
        yes: "Turn off",
        class: "bad",
        no: context.home(),
    };
    Ok(Reply::page(question.page(context)))
}

async fn turn_off(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let id = &context.tenant()?;
    let turned = |work| async move { lifecycle::off(&work, id).await };
    context.perform(Operation::TurnTenantOff, turned).await?;
    Ok(Reply::redirect(context.home()))
}

async fn ask_to_delete(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    Ok(Reply::page(deletion(context, &tenant, None)))
}

fn deletion(context: &PageContext<'_>, tenant: &TenantDetail, problem: Option<&Problem>) -> Markup {
    let (id, called) = (&tenant.tenant.id, tenant.tenant.called());
    let question = Question {
        title: "Delete this tenant?",
        words: html! {
            (components::wrong(problem))
            p {
                "All users, groups, tokens and log entries of " b { (text::isolated(called)) }
                " are deleted. This cannot be undone."
            }
            div.field {
                label for="confirm" { "To confirm, type the tenant's id: " code { (id) } }
                input #confirm name=(FormField::Confirm) type="text" required autocomplete="off" spellcheck="false";
            }
        },
        action: format!("{}/delete", context.home()),
        yes: "Delete tenant",
        class: "bad",
        no: context.home(),
    };
    question.page(context)
}

async fn delete(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let id = &context.tenant()?;
    if context.form.text(FormField::Confirm) != id.as_str() {
        let problem = reason::other_id_typed().at("");
        let page = deletion(context, &tenant, Some(&problem));
        return Ok(Reply::rejected(page, &problem));
    }
    let known = &Preconditions::default();
    let deleted = |work| async move { lifecycle::delete(&work, id, known).await };
    context.perform(Operation::DeleteTenant, deleted).await?;
    Ok(Reply::redirect(format!("{}/tenants", context.request.base)))
}
