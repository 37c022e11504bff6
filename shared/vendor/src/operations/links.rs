//! Setup links: the vendor gives one to a customer's administrator, who then sets up provisioning alone.
//!
//! A link opens the setup page of its tenant once, within a lifetime that the vendor chooses. `pages::open_link` serves
//! its address.

use directory::limits::OPEN_LINKS;
use directory::links::{Link, LinkSecret, LinkStatus, Links};
use directory::tenants::Closing;
use directory::to_millis;
use jiff::Timestamp;
use keyring::KeyId;
use keyring::TenantId;
use serde::{Deserialize, Serialize};

use super::page::WholeList;
use super::times::Instant;
use super::{Work, no_tenant};
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::{LINK_SECONDS, LONGEST_LINK_SECONDS, SHORTEST_LINK_SECONDS};
use crate::problem::{Problem, reason};

/// The input for a new link.
#[derive(Default)]
pub(crate) struct LinkInput {
    pub(crate) expires_in_seconds: Option<i64>,
}

impl FromBody for LinkInput {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            expires_in_seconds: body.optional_number("expiresInSeconds"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LinkState {
    Open,
    Used,
    Revoked,
    Expired,
}

/// A link as shown.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkView {
    pub(crate) id: String,
    pub(crate) state: LinkState,
    pub(crate) created: Instant,
    pub(crate) created_by: String,
    pub(crate) expires: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) used: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revoked: Option<Instant>,
}

/// A new link with its address, which is shown only once.
#[derive(Serialize, Deserialize)]
pub(crate) struct NewLinkView {
    #[serde(flatten)]
    pub(crate) link: LinkView,
    pub(crate) url: String,
}

impl LinkView {
    fn of(link: &Link, now: Timestamp) -> Self {
        Self {
            id: link.id.as_str().to_owned(),
            state: match link.state(now) {
                LinkStatus::Open => LinkState::Open,
                LinkStatus::Used(_) => LinkState::Used,
                LinkStatus::Revoked(_) => LinkState::Revoked,
                LinkStatus::Ended(_) => LinkState::Expired,
            },
            created: Instant(link.created),
            created_by: link.key.clone(),
            expires: Instant(link.ends),
            used: link.used.map(Instant),
            revoked: link.revoked.map(Instant),
        }
    }
}

pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
) -> Result<WholeList<LinkView>, Problem> {
    work.check(Operation::ListLinks, Some(tenant))?;
    work.tenant(tenant, Closing::Hide).await?;
    let (links, now) = (links(work, tenant).list().await?, work.now());
    Ok(WholeList {
        items: links.iter().map(|link| LinkView::of(link, now)).collect(),
    })
}

pub(crate) async fn create(
    work: &Work<'_>,
    tenant: &TenantId,
    given: &LinkInput,
) -> Result<NewLinkView, Problem> {
    work.check(Operation::CreateLink, Some(tenant))?;
    work.tenant(tenant, Closing::Hide).await?;
    let life = given.expires_in_seconds.unwrap_or(LINK_SECONDS);
    if !(SHORTEST_LINK_SECONDS..=LONGEST_LINK_SECONDS).contains(&life) {
        return Err(
            reason::other_link_life(SHORTEST_LINK_SECONDS, LONGEST_LINK_SECONDS)
                .at("/expiresInSeconds"),
        );
    }
    let (links, now) = (links(work, tenant), work.now());
    let known = links.list().await?;
    let open = known
        .iter()
        .filter(|link| link.state(now) == LinkStatus::Open);
    if open.count() >= OPEN_LINKS {
        return Err(reason::too_many_links(OPEN_LINKS));
    }
    let link = Link {
        id: work.ids.key(),
        key: work.actor.name().to_owned(),
        created: to_millis(now),
        // It is stored in seconds: a list must show the same end.
        ends: Timestamp::from_second(now.as_second().saturating_add(life)).unwrap_or(now),
        used: None,
        revoked: None,
    };
    let secret = LinkSecret::new(work.ids.bytes());
    let write = work.ids.write();
    if !links.put(&link, &secret, &write).await? {
        return Err(no_tenant(tenant.as_str()));
    }
    tracing::info!(tenant.id = %tenant, link.id = %link.id, "setup_link.created");
    Ok(NewLinkView {
        url: address(work.site, tenant, link.id, &secret),
        link: LinkView::of(&link, now),
    })
}

/// The address of a link on the pages at `site`.
fn address(site: &str, tenant: &TenantId, link: KeyId, secret: &LinkSecret) -> String {
    format!("{site}/console/open/{tenant}/{link}/{}", secret.expose())
}

/// Revokes a link and ends the session that it opened.
pub(crate) async fn revoke(work: &Work<'_>, tenant: &TenantId, name: &str) -> Result<(), Problem> {
    work.check(Operation::RevokeLink, Some(tenant))?;
    work.tenant(tenant, Closing::Hide).await?;
    let no_link = || reason::no_link(name);
    let id = KeyId::parse(name).ok_or_else(no_link)?;
    let links = links(work, tenant);
    if links.revoke(id, work.now(), &work.ids.write()).await? {
        tracing::info!(tenant.id = %tenant, link.id = %id, "setup_link.revoked");
        return Ok(());
    }
    // Revoking a link that is no longer open succeeds.
    let is_there = links.list().await?.iter().any(|link| link.id == id);
    is_there.then_some(()).ok_or_else(no_link)
}

fn links(work: &Work<'_>, tenant: &TenantId) -> Links {
    Links {
        table: work.service().table(tenant, work.meter),
    }
}
