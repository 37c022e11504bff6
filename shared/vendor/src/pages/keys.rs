//! The keys of a tenant: the list, creation, rotation with overlap, revocation.

use maud::{Markup, html};

use super::components::{self, Field, Question};
use super::context::PageContext;
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use super::{tenant_frame, words};
use crate::actor::Operation;
use crate::operations::keys::{self, KeyInput, KeyView, Rotation};
use crate::operations::tenants::TenantDetail;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get("/keys", "console.keys", Who::Either, |context| {
        Box::pin(show(context))
    }),
    Page::post("/keys", "console.createKey", Who::Either, |context| {
        Box::pin(create(context))
    }),
    Page::get(
        "/keys/{key}/rotate",
        "console.askToRotate",
        Who::Either,
        |context| Box::pin(ask_to_rotate(context)),
    ),
    Page::post(
        "/keys/{key}/rotate",
        "console.rotateKey",
        Who::Either,
        |context| Box::pin(rotate(context)),
    ),
    Page::get(
        "/keys/{key}/revoke",
        "console.askToRevoke",
        Who::Either,
        |context| Box::pin(ask_to_revoke(context)),
    ),
    Page::post(
        "/keys/{key}/revoke",
        "console.revokeKey",
        Who::Either,
        |context| Box::pin(revoke(context)),
    ),
];

/// The lifetimes to choose from, in days.
const LIVES: [(&str, &str); 5] = [
    ("", "No expiry"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("180", "6 months"),
    ("365", "1 year"),
];
/// The overlaps to choose from, in seconds.
const OVERLAPS: [(&str, &str); 5] = [
    ("86400", "24 hours"),
    ("3600", "1 hour"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
    ("0", "No overlap: revoke it now"),
];

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    page(context, None).await.map(Reply::page)
}

async fn page(context: &PageContext<'_>, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let keys = list(context).await?;
    let main = html! {
        (tenant_frame::head(context, &tenant, "keys"))
        section.card {
            header {
                h2 { "Tokens" }
                p { "Your identity provider authenticates with a token. Create one for each provider, so that you can replace each one separately." }
            }
            (table(context, &keys))
        }
        (create_form(context, problem))
    };
    Ok(tenant_frame::page(context, &tenant, "Tokens", &main))
}

pub(super) async fn list(context: &PageContext<'_>) -> Result<Vec<KeyView>, Problem> {
    let keys = keys::list(&context.work()?, &context.tenant()?).await?;
    Ok(keys.items)
}

pub(super) fn table(context: &PageContext<'_>, keys: &[KeyView]) -> Markup {
    if keys.is_empty() {
        let words = html! { "Identity providers need a token. Create the first one below." };
        return components::empty("No tokens yet", &words);
    }
    let rows = html! {
        @for key in keys {
            tr role="row" {
                td.name role="cell" data-label="Purpose" {
                    (text::isolated(&key.purpose))
                    span.small { code { (key.id) } @if key.imported { " · imported" } }
                }
                td role="cell" data-label="Created" { (context.ago(key.created.0)) }
                td role="cell" data-label="Last used" { (used(context, key)) }
                td role="cell" data-label="Expires" { (expiry(context, key)) }
                td.end role="cell" {
                    div.actions {
                        a.button.small-button href={ (context.home()) "/keys/" (key.id) "/rotate" } {
                            "Rotate" span.unseen { " the token " (key.purpose) }
                        }
                        a.button.small-button.bad href={ (context.home()) "/keys/" (key.id) "/revoke" } {
                            "Revoke" span.unseen { " the token " (key.purpose) }
                        }
                    }
                }
            }
        }
    };
    let heads = ["Purpose", "Created", "Last used", "Expires", ""];
    components::table("Tokens", &heads, &rows)
}

fn used(context: &PageContext<'_>, key: &KeyView) -> Markup {
    match key.last_used {
        None => html! { span.soft { "Never" } },
        Some(instant) => context.ago(instant.0),
    }
}

fn expiry(context: &PageContext<'_>, key: &KeyView) -> Markup {
    let Some(end) = key.expires else {
        return html! { span.soft { "Never" } };
    };
    let left = end.0.duration_since(context.request.now);
    match left {
        left if left.is_negative() => html! { span.badge.bad { "Expired" } },
        left if left.as_hours() < 14 * 24 => {
            html! { span.badge.warn { "In " (words::length(left)) } }
        }
        _ => context.ago(end.0),
    }
}

fn create_form(context: &PageContext<'_>, problem: Option<&Problem>) -> Markup {
    let purpose = Field {
        name: FormField::Purpose,
        label: "Purpose",
        help: "What it is for, such as “Okta production”.",
        value: context.form.text(FormField::Purpose),
        kind: "text",
        required: true,
    };
    let sources = Field {
        name: FormField::Sources,
        label: "Networks (optional)",
        help: "Accept the token only from these networks, such as 203.0.113.0/24. Separate several with commas.",
        value: context.form.text(FormField::Sources),
        kind: "text",
        required: false,
    };
    // The form does not repeat the token, not even after an error.
    let token = Field {
        name: FormField::Token,
        label: "Token of another system (optional)",
        help: "To keep a token that the identity provider already has, enter it here. Leave this empty to create a new one.",
        value: "",
        kind: "password",
        required: false,
    };
    html! {
        section.card {
            header { h2 #new-key { "New token" } }
            (components::wrong(problem))
            form.fields method="post" action={ (context.home()) "/keys" } {
                (components::form_start(context))
                (purpose.show())
                (components::choice(FormField::Life, "Expires after", &LIVES, context.form.text(FormField::Life)))
                (sources.show())
                @if !context.is_customer() { (token.show()) }
                p.actions { button.main { "Create token" } }
            }
        }
    }
}

/// The input of the form.
fn key_input(context: &PageContext<'_>) -> KeyInput {
    let sources = context.form.text(FormField::Sources).split([',', ' ']);
    let sources: Vec<String> = sources
        .filter(|source| !source.is_empty())
        .map(str::to_owned)
        .collect();
    let token = context
        .form
        .given(FormField::Token)
        .filter(|_| !context.is_customer());
    KeyInput {
        purpose: context.form.text(FormField::Purpose).to_owned(),
        expires: end(context),
        sources: Some(sources),
        token: token.map(str::to_owned),
        ..KeyInput::default()
    }
}

/// The end of a key with the chosen lifetime. It is the end of a day, so that sending the form again requests the
/// same key.
pub(super) fn end(context: &PageContext<'_>) -> Option<String> {
    const DAY: i64 = 86_400;
    let days: i64 = context.form.given(FormField::Life)?.parse().ok()?;
    let today = context.request.now.as_second().div_euclid(DAY);
    let end = (today + days.clamp(1, 3_650) + 1) * DAY;
    let end = jiff::Timestamp::from_second(end).ok()?;
    Some(end.to_string())
}

async fn create(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let (id, given) = (&context.tenant()?, key_input(context));
    let made = |work| async move { keys::create(&work, id, given).await };
    match context.perform(Operation::CreateKey, made).await {
        Ok(key) => Ok(match &key.token {
            Some(token) => shown(context, &tenant, token, "Token created"),
            // An imported token is not shown: its owner already has it.
            None => Reply::redirect(tokens_path(context)),
        }),
        Err(problem) => Ok(Reply::rejected(
            page(context, Some(&problem)).await?,
            &problem,
        )),
    }
}

/// The page with a new key's token.
pub(super) fn shown(
    context: &PageContext<'_>,
    tenant: &TenantDetail,
    token: &str,
    title: &str,
) -> Reply {
    let main = html! {
        (tenant_frame::head(context, tenant, "keys"))
        (components::token(context, token, &tenant.tenant.base_url))
    };
    Reply::page(tenant_frame::page(context, tenant, title, &main))
}

/// The key in the path.
async fn key(context: &PageContext<'_>) -> Result<KeyView, Problem> {
    keys::read(
        &context.work()?,
        &context.tenant()?,
        context.variable("key"),
    )
    .await
}

async fn ask_to_rotate(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let key = key(context).await?;
    Ok(Reply::page(asked_rotation(context, &key, None)))
}

fn asked_rotation(context: &PageContext<'_>, key: &KeyView, problem: Option<&Problem>) -> Markup {
    let question = Question {
        title: "Rotate this token",
        words: html! {
            (components::wrong(problem))
            p {
                "A new token replaces " b { (text::isolated(&key.purpose)) }
                ". The old token stays valid for a while, so that you can enter the new one without an interruption."
            }
            (components::choice(FormField::Overlap, "Keep the old token valid for", &OVERLAPS, context.form.text(FormField::Overlap)))
            (components::choice(FormField::Life, "The new token expires after", &LIVES, context.form.text(FormField::Life)))
        },
        action: format!("{}/keys/{}/rotate", context.home(), key.id),
        yes: "Create new token",
        class: "main",
        no: tokens_path(context),
    };
    question.page(context)
}

fn tokens_path(context: &PageContext<'_>) -> String {
    match context.is_customer() {
        true => context.home(),
        false => format!("{}/keys", context.home()),
    }
}

async fn rotate(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let rotation = &Rotation {
        overlap_seconds: context
            .form
            .text(FormField::Overlap)
            .parse::<u32>()
            .ok()
            .map(i64::from),
        expires: end(context),
    };
    let (id, old) = (&context.tenant()?, context.variable("key"));
    let made = |work| async move { keys::rotate(&work, id, (old, rotation)).await };
    match context.perform(Operation::RotateKey, made).await {
        Ok(key) => {
            let token = key.token.as_deref().unwrap_or_default();
            Ok(shown(context, &tenant, token, "Token rotated"))
        }
        Err(problem) => {
            let old = key(context).await?;
            let page = asked_rotation(context, &old, Some(&problem));
            Ok(Reply::rejected(page, &problem))
        }
    }
}

async fn ask_to_revoke(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let key = key(context).await?;
    let question = Question {
        title: "Revoke this token?",
        words: html! {
            p {
                "Requests with the token " b { (text::isolated(&key.purpose)) }
                " will be rejected within a minute. This cannot be undone."
            }
            p.small { "Last used: " (used(context, &key)) "." }
        },
        action: format!("{}/keys/{}/revoke", context.home(), key.id),
        yes: "Revoke token",
        class: "bad",
        no: tokens_path(context),
    };
    Ok(Reply::page(question.page(context)))
}

async fn revoke(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (id, key) = (&context.tenant()?, context.variable("key"));
    let revoked = |work| async move { keys::revoke(&work, id, key).await };
    context.perform(Operation::RevokeKey, revoked).await?;
    Ok(Reply::redirect(tokens_path(context)))
}
