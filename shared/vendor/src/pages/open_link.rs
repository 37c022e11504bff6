//! The pages of a setup link, for its recipient.
//!
//! The link's address shows only a page with one button, because mail scanners and previews open addresses too. The
//! button uses up the link and starts a session for its tenant.

use directory::links::{Link, LinkSecret, LinkStatus};
use directory::sessions::{Holder, Session, SessionSecret};
use directory::tenants::{Age, Closing, NotLoaded, Tenant};
use keyring::KeyId;
use keyring::TenantId;
use maud::{Markup, html};

use super::context::PageContext;
use super::guard::{self, customer_cookie};
use super::page::{Page, Who};
use super::reply::Reply;
use super::request::PageRequest;
use super::text;
use super::words;
use crate::limits::CUSTOMER_SESSION;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};

const PATH: &str = "/open/{tenant}/{link}/{secret}";

pub(super) static PAGES: &[Page] = &[
    Page::get(PATH, "console.showLink", Who::Anyone, |context| {
        Box::pin(show(context))
    }),
    Page::post(PATH, "console.useLink", Who::Anyone, |context| {
        Box::pin(open(context))
    }),
    Page::post("/leave", "console.leave", Who::Customer, |context| {
        Box::pin(leave(context))
    }),
];

/// The link in the path; `None` if it does not exist.
async fn find(context: &PageContext<'_>) -> Result<Option<(TenantId, Link)>, Problem> {
    let tenant = TenantId::parse(context.variable("tenant"));
    let id = KeyId::parse(context.variable("link"));
    let (Some(tenant), Some(id)) = (tenant, id) else {
        return Ok(None);
    };
    let secret = LinkSecret::presented(context.variable("secret"));
    let link = context.request.links(&tenant).find(id, &secret).await?;
    Ok(link.map(|link| (tenant, link)))
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let request = context.request;
    let found = find(context).await?;
    let Some((id, link)) = &found else {
        return Ok(unusable(request, None));
    };
    let tenants = request.vendor.service.tenants();
    let loaded = tenants.load(id, Age::Current, Closing::Hide, request.meter);
    let tenant = match loaded.await {
        Ok(tenant) => Some(tenant),
        Err(NotLoaded::Absent | NotLoaded::Closing) => None,
        Err(NotLoaded::Failed(error)) => return Err(error.into()),
    };
    Ok(match tenant {
        Some(tenant) if link.state(request.now) == LinkStatus::Open => {
            Reply::page(invitation(context, &tenant, link))
        }
        _ => unusable(request, Some(link)),
    })
}

fn invitation(context: &PageContext<'_>, tenant: &Tenant, link: &Link) -> Markup {
    let request = context.request;
    let action = format!(
        "{}/open/{}/{}/{}",
        request.base,
        tenant.id,
        link.id,
        context.variable("secret")
    );
    let name = match tenant.name.as_str() {
        "" => tenant.id.as_str(),
        name => name,
    };
    let left = words::length(link.ends.duration_since(request.now));
    let life = words::length(CUSTOMER_SESSION);
    let main = html! {
        section.door {
            h1 { "Set up user provisioning" }
            p.lead {
                "Use this link to connect your identity provider to " b { (text::isolated(name)) }
                ". Users are then added and removed automatically."
            }
            form method="post" action=(action) {
                button.main.wide { "Open the setup page" }
            }
            ul.small.plain {
                li { "This link can be opened once and expires in " (left) "." }
                li { "The setup page then stays open in this browser for " (life) "." }
                li { "Do not share this link: anyone who opens it can create tokens." }
            }
        }
    };
    request.frame().page("Set up user provisioning", &main)
}

async fn open(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let request = context.request;
    let ids = request.vendor.service.ids();
    let Some((tenant, link)) = find(context).await? else {
        return Ok(unusable(request, None));
    };
    let links = request.links(&tenant);
    if !links.consume(link.id, request.now, &ids.write()).await? {
        let now = find(context).await?;
        return Ok(unusable(request, now.as_ref().map(|(_, link)| link)));
    }
    tracing::info!(tenant.id = %tenant, link.id = %link.id, "setup_link.opened");
    let (secret, session) = (
        SessionSecret::new(ids.bytes()),
        Session {
            holder: Holder::Customer {
                tenant: tenant.to_string(),
                link: link.id.to_string(),
            },
            created: request.now,
            seen: request.now,
            ends: request.now + CUSTOMER_SESSION,
        },
    );
    let name = customer_cookie(&tenant);
    if let Some(old) = guard::presented(request.http.headers(), &name) {
        request.sessions().end(&old).await?;
    }
    let sessions = request.sessions();
    sessions.begin(&secret, &session, &ids.write()).await?;
    let cookie = guard::cookie(&name, &secret, CUSTOMER_SESSION);
    Ok(Reply::redirect(format!("{}/setup/{tenant}", request.base)).with_cookie(cookie))
}

/// The page that says why a link does not open, and what to do.
fn unusable(request: &PageRequest<'_>, link: Option<&Link>) -> Reply {
    let moment = |at| OwnWords::ours(words::moment(at));
    let (title, problem) = match link.map(|link| link.state(request.now)) {
        Some(LinkStatus::Used(at)) => (
            "This link was already opened",
            reason::link_used(moment(at)),
        ),
        Some(LinkStatus::Revoked(at)) => {
            ("This link was revoked", reason::link_revoked(moment(at)))
        }
        Some(LinkStatus::Ended(at)) => ("This link has expired", reason::link_expired(moment(at))),
        Some(LinkStatus::Open) | None => ("This link does not work", reason::link_incomplete()),
    };
    let main = html! {
        section.notice {
            h1 { (title) }
            p { (text::sentence(problem.detail())) }
            p {
                "Ask the sender for a new link. "
                "If you opened the link in another browser, the setup page may still be open there."
            }
        }
    };
    Reply::rejected(request.frame().page(title, &main), &problem)
}

/// The page for an expired customer session.
pub(super) fn session_expired(request: &PageRequest<'_>) -> Reply {
    let main = html! {
        section.notice {
            h1 { "This session has ended" }
            p {
                "The setup page stays open for " (words::length(CUSTOMER_SESSION))
                " in the browser that opened the setup link. Your setup is unchanged."
            }
            p { "To make changes, ask the sender of the setup link for a new one." }
        }
    };
    let problem = reason::setup_session_ended();
    Reply::rejected(
        request.frame().page("This session has ended", &main),
        &problem,
    )
}

async fn leave(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let request = context.request;
    let tenant = context.tenant()?;
    if let Some(secret) = context.visitor.secret() {
        request.sessions().end(secret).await?;
    }
    let main = html! {
        section.notice {
            h1 { "Session ended" }
            p { "This browser can no longer open the setup page. Your setup is unchanged." }
        }
    };
    let page = Reply::page(request.frame().page("Session ended", &main));
    Ok(page.with_cookie(guard::no_cookie(&customer_cookie(&tenant))))
}
