//! The admin keys. People also sign in to the console with them.

use maud::{Markup, html};

use super::components::{self, Field, Question};
use super::context::PageContext;
use super::form::FormField;
use super::keys;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use crate::actor::Operation;
use crate::operations::admin_keys::{self, AdminKeyInput, AdminKeyView};
use crate::operations::times::Instant;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get("/keys", "console.adminKeys", Who::Vendor, |context| {
        Box::pin(show(context))
    }),
    Page::post("/keys", "console.createAdminKey", Who::Vendor, |context| {
        Box::pin(create(context))
    }),
    Page::get(
        "/keys/{key}/revoke",
        "console.askToRevokeAdminKey",
        Who::Vendor,
        |context| Box::pin(async { Ok(Reply::page(ask_to_revoke(context))) }),
    ),
    Page::post(
        "/keys/{key}/revoke",
        "console.revokeAdminKey",
        Who::Vendor,
        |context| Box::pin(revoke(context)),
    ),
];

const LIVES: [(&str, &str); 4] = [
    ("", "No expiry"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
];

/// The scopes, in words.
const SCOPES: [(&str, &str); 5] = [
    ("read", "See tenants, keys and failures"),
    (
        "tenants",
        "Create, change, turn on, turn off and delete tenants",
    ),
    ("keys", "Create and revoke tokens and setup links"),
    (
        "data",
        "See users and groups, verify passwords, export and erase data",
    ),
    (
        "events",
        "Read what happened to users and groups, with their data",
    ),
];

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    page(context, None, None).await.map(Reply::page)
}

async fn page(
    context: &PageContext<'_>,
    made: Option<&AdminKeyView>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let found = admin_keys::list(&context.work()?).await?;
    let main = html! {
        div.head {
            h1 { "Admin keys" }
            p.lead { "Use admin keys to sign in here and to call the admin API. Create one for each person and program." }
        }
        @if let Some(token) = made.and_then(|made| made.token.as_deref()) {
            section.once aria-labelledby="once" {
                h2 #once { "Copy the key now" }
                p { "You will see this key only once. Copy it before leaving the page." }
                (components::copied("token", "Admin key", token))
            }
        }
        section.card aria-label="Admin keys" { (table(context, &found.items)) }
        (create_form(context, problem))
    };
    Ok(context.frame().page("Admin keys", &main))
}

fn table(context: &PageContext<'_>, keys: &[AdminKeyView]) -> Markup {
    if keys.is_empty() {
        let words = html! { "Only the initial admin key exists. Create one for each person and program, so that you can revoke each one separately." };
        return components::empty("No other keys yet", &words);
    }
    let rows = html! {
        @for key in keys {
            tr role="row" {
                td.name role="cell" data-label="Purpose" {
                    (text::isolated(&key.purpose))
                    span.small { code { (key.id) } }
                }
                td role="cell" data-label="Permissions" { (key.scopes.join(", ")) }
                td role="cell" data-label="Created" { (when(context, key.created, "At deployment")) }
                td role="cell" data-label="Expires" { (when(context, key.expires, "Never")) }
                td.end role="cell" {
                    @if !key.is_first() {
                        div.actions {
                            a.button.small-button.bad href={ (context.request.base) "/keys/" (key.id) "/revoke" } {
                                "Revoke" span.unseen { " the key " (key.purpose) }
                            }
                        }
                    }
                }
            }
        }
    };
    let heads = ["Purpose", "Permissions", "Created", "Expires", ""];
    components::table("Admin keys", &heads, &rows)
}

fn when(context: &PageContext<'_>, instant: Option<Instant>, otherwise: &str) -> Markup {
    match instant {
        None => html! { span.soft { (otherwise) } },
        Some(instant) => context.ago(instant.0),
    }
}

fn create_form(context: &PageContext<'_>, problem: Option<&Problem>) -> Markup {
    let purpose = Field {
        name: FormField::Purpose,
        label: "Purpose",
        help: "The person or program that uses it, such as “Support desk”.",
        value: context.form.text(FormField::Purpose),
        kind: "text",
        required: true,
    };
    let chosen: Vec<&str> = context.form.all(FormField::Scope).collect();
    html! {
        section.card {
            header { h2 { "New admin key" } }
            (components::wrong(problem))
            form.fields method="post" action={ (context.request.base) "/keys" } {
                (components::form_start(context))
                (purpose.show())
                fieldset {
                    legend { "Permissions" }
                    @for (scope, words) in SCOPES {
                        div.tick {
                            input id={ "scope-" (scope) } name=(FormField::Scope) type="checkbox" value=(scope)
                                checked[chosen.is_empty() || chosen.contains(&scope)];
                            label for={ "scope-" (scope) } { (scope) span.small { (words) } }
                        }
                    }
                }
                (components::choice(FormField::Life, "Expires after", &LIVES, context.form.text(FormField::Life)))
                p.actions { button.main { "Create key" } }
            }
        }
    }
}

async fn create(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let given = AdminKeyInput {
        purpose: context.form.text(FormField::Purpose).to_owned(),
        scopes: context
            .form
            .all(FormField::Scope)
            .map(str::to_owned)
            .collect(),
        expires: keys::end(context),
        sources: None,
    };
    let made = |work| async move { admin_keys::create(&work, given).await };
    match context.perform(Operation::CreateAdminKey, made).await {
        Ok(key) => page(context, Some(&key), None).await.map(Reply::page),
        Err(problem) => {
            let page = page(context, None, Some(&problem)).await?;
            Ok(Reply::rejected(page, &problem))
        }
    }
}

fn ask_to_revoke(context: &PageContext<'_>) -> Markup {
    let key = context.variable("key");
    let question = Question {
        title: "Revoke this admin key?",
        words: html! {
            p {
                "Within a minute, requests with the key " code { (key) } " are rejected and everyone signed in with it is signed out. This cannot be undone."
            }
        },
        action: format!("{}/keys/{key}/revoke", context.request.base),
        yes: "Revoke token",
        class: "bad",
        no: format!("{}/keys", context.request.base),
    };
    question.page(context)
}

async fn revoke(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let key = context.variable("key");
    let revoked = |work| async move { admin_keys::revoke(&work, key).await };
    context.perform(Operation::RevokeAdminKey, revoked).await?;
    Ok(Reply::redirect(format!("{}/keys", context.request.base)))
}

#[cfg(test)]
mod tests {
    use keyring::AdminScope;

    use super::*;

    #[test]
    fn every_scope_can_be_chosen() {
        let chosen = SCOPES.map(|(scope, _)| scope);
        assert_eq!(chosen, AdminScope::ALL.map(AdminScope::as_str));
    }
}
