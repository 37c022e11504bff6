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

use super::desk::Desk;
use super::guard::{self, CUSTOMER_LIFE, customer_cookie};
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use super::visit::Visit;
use super::words;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};

const PATH: &str = "/open/{tenant}/{link}/{secret}";

pub(super) static PAGES: &[Page] = &[
    Page::get(PATH, "console.showLink", Who::Anyone, |desk| {
        Box::pin(show(desk))
    }),
    Page::post(PATH, "console.useLink", Who::Anyone, |desk| {
        Box::pin(open(desk))
    }),
    Page::post("/leave", "console.leave", Who::Customer, |desk| {
        Box::pin(leave(desk))
    }),
];

/// The link in the path; `None` if it does not exist.
async fn find(desk: &Desk<'_>) -> Result<Option<(TenantId, Link)>, Problem> {
    let tenant = TenantId::parse(desk.variable("tenant"));
    let id = KeyId::parse(desk.variable("link"));
    let (Some(tenant), Some(id)) = (tenant, id) else {
        return Ok(None);
    };
    let secret = LinkSecret::presented(desk.variable("secret"));
    let link = desk.visit.links(&tenant).find(id, &secret).await?;
    Ok(link.map(|link| (tenant, link)))
}

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let visit = desk.visit;
    let found = find(desk).await?;
    let Some((id, link)) = &found else {
        return Ok(closed(visit, None));
    };
    let tenants = visit.admin.service.tenants();
    let loaded = tenants.load(id, Age::Current, Closing::Hide, visit.meter);
    let tenant = match loaded.await {
        Ok(tenant) => Some(tenant),
        Err(NotLoaded::Absent | NotLoaded::Closing) => None,
        Err(NotLoaded::Failed(error)) => return Err(error.into()),
    };
    Ok(match tenant {
        Some(tenant) if link.state(visit.now) == LinkStatus::Open => {
            Reply::page(invitation(desk, &tenant, link))
        }
        _ => closed(visit, Some(link)),
    })
}

fn invitation(desk: &Desk<'_>, tenant: &Tenant, link: &Link) -> Markup {
    let visit = desk.visit;
    let action = format!(
        "{}/open/{}/{}/{}",
        visit.base,
        tenant.id,
        link.id,
        desk.variable("secret")
    );
    let name = match tenant.name.as_str() {
        "" => tenant.id.as_str(),
        name => name,
    };
    let left = words::length(link.ends.duration_since(visit.now));
    let life = words::length(CUSTOMER_LIFE);
    let content = html! {
        section.door {
            h1 { "Set up user provisioning" }
            p.lead {
                "Use this link to connect your identity provider to " b { (text::given(name)) }
                ". Users are then added and removed automatically."
            }
            form method="post" action=(action) {
                button.main.wide { "Open the setup page" }
            }
            ul.small.plain {
                li { "This link can be used once and expires in " (left) "." }
                li { "The setup page then stays open in this browser for " (life) "." }
                li { "Do not share this link: anyone who opens it can create tokens." }
            }
        }
    };
    visit.frame().page("Set up user provisioning", &content)
}

async fn open(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let visit = desk.visit;
    let ids = visit.admin.service.ids();
    let Some((tenant, link)) = find(desk).await? else {
        return Ok(closed(visit, None));
    };
    let links = visit.links(&tenant);
    if !links.consume(link.id, visit.now, &ids.write()).await? {
        let now = find(desk).await?;
        return Ok(closed(visit, now.as_ref().map(|(_, link)| link)));
    }
    tracing::info!(tenant.id = %tenant, link.id = %link.id, "setup link opened");
    let (secret, session) = (
        SessionSecret::new(ids.bytes()),
        Session {
            holder: Holder::Customer {
                tenant: tenant.to_string(),
                link: link.id.to_string(),
            },
            created: visit.now,
            seen: visit.now,
            ends: visit.now + CUSTOMER_LIFE,
        },
    );
    let name = customer_cookie(&tenant);
    if let Some(old) = guard::presented(visit.request.headers(), &name) {
        visit.sessions().end(&old).await?;
    }
    let sessions = visit.sessions();
    sessions.begin(&secret, &session, &ids.write()).await?;
    let cookie = guard::cookie(&name, &secret, CUSTOMER_LIFE);
    Ok(Reply::elsewhere(format!("{}/setup/{tenant}", visit.base)).with_cookie(cookie))
}

/// The page that says why a link does not open, and what to do.
fn closed(visit: &Visit<'_>, link: Option<&Link>) -> Reply {
    let moment = |at| OwnWords::ours(words::moment(at));
    let (title, problem) = match link.map(|link| link.state(visit.now)) {
        Some(LinkStatus::Used(at)) => ("This link was already used", reason::link_used(moment(at))),
        Some(LinkStatus::Revoked(at)) => {
            ("This link was revoked", reason::link_revoked(moment(at)))
        }
        Some(LinkStatus::Ended(at)) => ("This link has expired", reason::link_expired(moment(at))),
        Some(LinkStatus::Open) | None => ("This link does not work", reason::link_incomplete()),
    };
    let content = html! {
        section.notice {
            h1 { (title) }
            p { (text::sentence(problem.detail())) }
            p {
                "Ask the sender for a new link. "
                "If you opened the link in another browser, the setup page may still be open there."
            }
        }
    };
    Reply::refused(visit.frame().page(title, &content), &problem)
}

/// The page for an expired customer session.
pub(super) fn ended(visit: &Visit<'_>) -> Reply {
    let content = html! {
        section.notice {
            h1 { "This session has ended" }
            p {
                "The setup page stays open for " (words::length(CUSTOMER_LIFE))
                " in the browser that opened the setup link. Your setup is unchanged."
            }
            p { "To make changes, ask the sender of the setup link for a new one." }
        }
    };
    let problem = reason::setup_session_ended();
    Reply::refused(
        visit.frame().page("This session has ended", &content),
        &problem,
    )
}

async fn leave(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let visit = desk.visit;
    let tenant = desk.tenant()?;
    if let Some(secret) = desk.entrant.secret() {
        visit.sessions().end(secret).await?;
    }
    let content = html! {
        section.notice {
            h1 { "Session ended" }
            p { "This browser can no longer open the setup page. Your setup is unchanged." }
        }
    };
    let page = Reply::page(visit.frame().page("Session ended", &content));
    Ok(page.with_cookie(guard::no_cookie(&customer_cookie(&tenant))))
}
