//! The keys of a tenant: the list, creation, rotation with overlap, revocation.

use maud::{Markup, html};

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts::{self, Field, Question};
use super::reply::Reply;
use super::text;
use super::{tenant_frame, words};
use crate::actor::Operation;
use crate::operations::keys::{self, Given, KeyView, Rotation};
use crate::operations::tenants::TenantDetail;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get("/keys", "console.keys", Who::Either, |desk| {
        Box::pin(show(desk))
    }),
    Page::post("/keys", "console.createKey", Who::Either, |desk| {
        Box::pin(create(desk))
    }),
    Page::get(
        "/keys/{key}/rotate",
        "console.askToRotate",
        Who::Either,
        |desk| Box::pin(ask_to_rotate(desk)),
    ),
    Page::post(
        "/keys/{key}/rotate",
        "console.rotateKey",
        Who::Either,
        |desk| Box::pin(rotate(desk)),
    ),
    Page::get(
        "/keys/{key}/revoke",
        "console.askToRevoke",
        Who::Either,
        |desk| Box::pin(ask_to_revoke(desk)),
    ),
    Page::post(
        "/keys/{key}/revoke",
        "console.revokeKey",
        Who::Either,
        |desk| Box::pin(revoke(desk)),
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

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    page(desk, None).await.map(Reply::page)
}

async fn page(desk: &Desk<'_>, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let keys = list(desk).await?;
    let content = html! {
        (tenant_frame::head(desk, &tenant, "keys"))
        section.card {
            header {
                h2 { "Tokens" }
                p { "Your identity provider authenticates with a token. Create one for each provider, so that you can replace each one separately." }
            }
            (table(desk, &keys))
        }
        (new(desk, problem))
    };
    Ok(tenant_frame::page(desk, &tenant, "Tokens", &content))
}

pub(super) async fn list(desk: &Desk<'_>) -> Result<Vec<KeyView>, Problem> {
    let keys = keys::list(&desk.work()?, &desk.tenant()?).await?;
    Ok(keys.items)
}

pub(super) fn table(desk: &Desk<'_>, keys: &[KeyView]) -> Markup {
    if keys.is_empty() {
        let words = html! { "Identity providers need a token. Create the first one below." };
        return parts::empty("No tokens yet", &words);
    }
    let rows = html! {
        @for key in keys {
            tr role="row" {
                td.name role="cell" data-label="Purpose" {
                    (text::given(&key.purpose))
                    span.small { code { (key.id) } @if key.imported { " · imported" } }
                }
                td role="cell" data-label="Created" { (desk.ago(key.created.0)) }
                td role="cell" data-label="Last used" { (used(desk, key)) }
                td role="cell" data-label="Expires" { (expiry(desk, key)) }
                td.end role="cell" {
                    div.actions {
                        a.button.small-button href={ (desk.home()) "/keys/" (key.id) "/rotate" } {
                            "Rotate" span.unseen { " the token " (key.purpose) }
                        }
                        a.button.small-button.bad href={ (desk.home()) "/keys/" (key.id) "/revoke" } {
                            "Revoke" span.unseen { " the token " (key.purpose) }
                        }
                    }
                }
            }
        }
    };
    let heads = ["Purpose", "Created", "Last used", "Expires", ""];
    parts::table("Tokens", &heads, &rows)
}

fn used(desk: &Desk<'_>, key: &KeyView) -> Markup {
    match key.last_used {
        None => html! { span.soft { "Never" } },
        Some(instant) => desk.ago(instant.0),
    }
}

fn expiry(desk: &Desk<'_>, key: &KeyView) -> Markup {
    let Some(end) = key.expires else {
        return html! { span.soft { "Never" } };
    };
    let left = end.0.duration_since(desk.visit.now);
    match left {
        left if left.is_negative() => html! { span.badge.bad { "Expired" } },
        left if left.as_hours() < 14 * 24 => {
            html! { span.badge.warn { "In " (words::length(left)) } }
        }
        _ => desk.ago(end.0),
    }
}

fn new(desk: &Desk<'_>, problem: Option<&Problem>) -> Markup {
    let purpose = Field {
        name: "purpose",
        label: "Purpose",
        help: "What it is for, such as “Okta production”.",
        value: desk.form.text("purpose"),
        kind: "text",
        required: true,
    };
    let sources = Field {
        name: "sources",
        label: "Networks (optional)",
        help: "Accept the token only from these networks, such as 203.0.113.0/24. Separate several with commas.",
        value: desk.form.text("sources"),
        kind: "text",
        required: false,
    };
    // The form does not repeat the token, not even after an error.
    let token = Field {
        name: "token",
        label: "Token of another system (optional)",
        help: "To keep a token that the identity provider already has, enter it here. Leave this empty to create a new one.",
        value: "",
        kind: "password",
        required: false,
    };
    html! {
        section.card {
            header { h2 #new-key { "New token" } }
            (parts::wrong(problem))
            form.fields method="post" action={ (desk.home()) "/keys" } {
                (parts::mark(desk))
                (purpose.show())
                (parts::choice("life", "Expires after", &LIVES, desk.form.text("life")))
                (sources.show())
                @if !desk.is_customer() { (token.show()) }
                p.actions { button.main { "Create key" } }
            }
        }
    }
}

/// The input of the form.
fn wanted(desk: &Desk<'_>) -> Given {
    let sources = desk.form.text("sources").split([',', ' ']);
    let sources: Vec<String> = sources
        .filter(|source| !source.is_empty())
        .map(str::to_owned)
        .collect();
    let token = desk.form.given("token").filter(|_| !desk.is_customer());
    Given {
        purpose: desk.form.text("purpose").to_owned(),
        expires: end(desk),
        sources: Some(sources),
        token: token.map(str::to_owned),
        ..Given::default()
    }
}

/// The end of a key with the chosen lifetime. It is the end of a day, so that sending the form again requests the
/// same key.
pub(super) fn end(desk: &Desk<'_>) -> Option<String> {
    const DAY: i64 = 86_400;
    let days: i64 = desk.form.given("life")?.parse().ok()?;
    let today = desk.visit.now.as_second().div_euclid(DAY);
    let end = (today + days.clamp(1, 3_650) + 1) * DAY;
    let end = jiff::Timestamp::from_second(end).ok()?;
    Some(end.to_string())
}

async fn create(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let (id, given) = (&desk.tenant()?, wanted(desk));
    let made = |work| async move { keys::create(&work, id, given).await };
    match desk.act(Operation::CreateKey, made).await {
        Ok(key) => Ok(match &key.token {
            Some(token) => shown(desk, &tenant, token, "Token created"),
            // An imported token is not shown: its owner already has it.
            None => Reply::elsewhere(back(desk)),
        }),
        Err(problem) => Ok(Reply::refused(page(desk, Some(&problem)).await?, &problem)),
    }
}

/// The page with a new key's token.
pub(super) fn shown(desk: &Desk<'_>, tenant: &TenantDetail, token: &str, title: &str) -> Reply {
    let content = html! {
        (tenant_frame::head(desk, tenant, "keys"))
        (parts::token(desk, token, &tenant.tenant.base_url))
    };
    Reply::page(tenant_frame::page(desk, tenant, title, &content))
}

/// The key in the path.
async fn key(desk: &Desk<'_>) -> Result<KeyView, Problem> {
    keys::read(&desk.work()?, &desk.tenant()?, desk.variable("key")).await
}

async fn ask_to_rotate(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let key = key(desk).await?;
    Ok(Reply::page(asked_rotation(desk, &key, None)))
}

fn asked_rotation(desk: &Desk<'_>, key: &KeyView, problem: Option<&Problem>) -> Markup {
    let question = Question {
        title: "Rotate this token",
        words: html! {
            (parts::wrong(problem))
            p {
                "A new token replaces " b { (text::given(&key.purpose)) }
                ". The old token stays valid for a while, so that you can enter the new one without an interruption."
            }
            (parts::choice("overlap", "Keep the old token valid for", &OVERLAPS, desk.form.text("overlap")))
            (parts::choice("life", "The new token expires after", &LIVES, desk.form.text("life")))
        },
        action: format!("{}/keys/{}/rotate", desk.home(), key.id),
        yes: "Create new token",
        class: "main",
        no: back(desk),
    };
    question.page(desk)
}

fn back(desk: &Desk<'_>) -> String {
    match desk.is_customer() {
        true => desk.home(),
        false => format!("{}/keys", desk.home()),
    }
}

async fn rotate(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let rotation = &Rotation {
        overlap_seconds: desk.form.text("overlap").parse::<u32>().ok().map(i64::from),
        expires: end(desk),
    };
    let (id, old) = (&desk.tenant()?, desk.variable("key"));
    let made = |work| async move { keys::rotate(&work, id, (old, rotation)).await };
    match desk.act(Operation::RotateKey, made).await {
        Ok(key) => {
            let token = key.token.as_deref().unwrap_or_default();
            Ok(shown(desk, &tenant, token, "Token rotated"))
        }
        Err(problem) => {
            let old = key(desk).await?;
            let page = asked_rotation(desk, &old, Some(&problem));
            Ok(Reply::refused(page, &problem))
        }
    }
}

async fn ask_to_revoke(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let key = key(desk).await?;
    let question = Question {
        title: "Revoke this token?",
        words: html! {
            p {
                "Requests with the token " b { (text::given(&key.purpose)) }
                " will be rejected within a minute. This cannot be undone."
            }
            p.small { "Last used: " (used(desk, &key)) "." }
        },
        action: format!("{}/keys/{}/revoke", desk.home(), key.id),
        yes: "Revoke token",
        class: "bad",
        no: back(desk),
    };
    Ok(Reply::page(question.page(desk)))
}

async fn revoke(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (id, key) = (&desk.tenant()?, desk.variable("key"));
    let revoked = |work| async move { keys::revoke(&work, id, key).await };
    desk.act(Operation::RevokeKey, revoked).await?;
    Ok(Reply::elsewhere(back(desk)))
}
