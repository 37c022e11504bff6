//! Access to pages, and protection of forms against forgery.

use directory::sessions::{Holder, Session, SessionSecret};
use http::{HeaderMap, Method, header};
use jiff::SignedDuration;
use keyring::TenantId;
use keyring::{Digest, KeyId};

use super::address::{PageAddress, Side};
use super::form::{Form, FormField};
use super::request::PageRequest;
use crate::actor::Actor;
use crate::limits::{CUSTOMER_SESSION, VENDOR_IDLE};
use crate::problem::{Problem, reason};

pub(crate) enum Visitor {
    /// A visitor of a page that needs no session.
    Nobody,
    /// A visitor with a session.
    Known {
        secret: SessionSecret,
        /// The actor of the session.
        actor: Actor,
    },
}

impl Visitor {
    /// The visitor's name in the log.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Known { actor, .. } => Some(actor.logged()),
        }
    }

    pub(crate) fn secret(&self) -> Option<&SessionSecret> {
        match self {
            Self::Nobody => None,
            Self::Known { secret, .. } => Some(secret),
        }
    }
}

/// Why a visitor may not see a page.
pub(crate) enum Refusal {
    Problem(Problem),
    /// The vendor must sign in first.
    NotSignedIn,
    /// The customer's session has expired.
    SessionExpired,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<directory::DirectoryError> for Refusal {
    fn from(error: directory::DirectoryError) -> Self {
        Self::Problem(error.into())
    }
}

/// The name of the cookie of a vendor's session. Browsers accept the prefix `__Host-` only from the host itself, for
/// all paths, over HTTPS or on this machine.
pub(crate) const VENDOR_COOKIE: &str = "__Host-muster-console";

/// The name of the cookie of a customer's session. It contains the tenant, because one person may set up several
/// tenants at a time.
pub(crate) fn customer_cookie(tenant: &TenantId) -> String {
    format!("__Host-muster-setup-{tenant}")
}

/// A session cookie. Scripts cannot read it, and other sites' requests do not send it, except when the user follows a
/// link.
pub(crate) fn cookie(name: &str, secret: &SessionSecret, life: SignedDuration) -> String {
    let (secret, seconds) = (secret.expose(), life.as_secs());
    format!("{name}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

/// The cookie that deletes another one.
pub(crate) fn no_cookie(name: &str) -> String {
    format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

/// Checks whether the visitor may see a page.
pub(crate) async fn admit(
    request: &PageRequest<'_>,
    address: &PageAddress,
) -> Result<Visitor, Refusal> {
    match address.side {
        Side::Anyone => Ok(Visitor::Nobody),
        Side::Vendor => match vendor(request).await? {
            Some(visitor) => Ok(visitor),
            None => Err(Refusal::NotSignedIn),
        },
        Side::Customer => {
            let tenant = address.tenant().and_then(TenantId::parse);
            let visitor = match &tenant {
                Some(tenant) => customer(request, tenant).await?,
                None => None,
            };
            visitor.ok_or(Refusal::SessionExpired)
        }
    }
}

/// The session of a visitor from the vendor, if any.
pub(crate) async fn vendor(request: &PageRequest<'_>) -> Result<Option<Visitor>, Problem> {
    let Some(secret) = presented(request.http.headers(), VENDOR_COOKIE) else {
        return Ok(None);
    };
    let session = request
        .sessions()
        .find(&secret, VENDOR_IDLE, request.now)
        .await?;
    let Some(session) = session else {
        return Ok(None);
    };
    let key = match &session.holder {
        Holder::Vendor { key, sha256 } => match (KeyId::parse(key), Digest::from_hex(sha256)) {
            (Some(key), Some(sha256)) => {
                request
                    .vendor
                    .of_session(key, &sha256, request.origin)
                    .await?
            }
            _ => None,
        },
        Holder::Customer { .. } => None,
    };
    Ok(key.map(|key| Visitor::Known {
        secret,
        actor: Actor::AdminKey(key),
    }))
}

async fn customer(
    request: &PageRequest<'_>,
    tenant: &TenantId,
) -> Result<Option<Visitor>, Problem> {
    let name = customer_cookie(tenant);
    let Some(secret) = presented(request.http.headers(), &name) else {
        return Ok(None);
    };
    let sessions = request.sessions();
    let session = sessions
        .find(&secret, CUSTOMER_SESSION, request.now)
        .await?;
    let session = session.filter(|session| session.tenant().as_ref() == Some(tenant));
    let Some(session) = session else {
        return Ok(None);
    };
    let Some(id) = link_of(&session) else {
        return Ok(None);
    };
    // Revoking the link or deleting the tenant ends the session.
    let link = request.links(tenant).read(id).await?;
    if link.is_none_or(|link| link.revoked.is_some()) {
        return Ok(None);
    }
    Ok(Some(Visitor::Known {
        secret,
        actor: Actor::Customer {
            tenant: tenant.clone(),
            link: id,
        },
    }))
}

/// The link that opened a session.
fn link_of(session: &Session) -> Option<KeyId> {
    match &session.holder {
        Holder::Customer { link, .. } => KeyId::parse(link),
        Holder::Vendor { .. } => None,
    }
}

/// The secret in the cookie with this name; `None` if there are several such cookies.
pub(crate) fn presented(headers: &HeaderMap, name: &str) -> Option<SessionSecret> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name);
    match (found.next(), found.next()) {
        (Some((_, secret)), None) => SessionSecret::parse(secret),
        _ => None,
    }
}

/// The form of a request, if it is from one of the visitor's own pages.
pub(crate) fn form(request: &PageRequest<'_>, visitor: &Visitor) -> Result<Form, Problem> {
    if *request.http.method() != Method::POST || !is_own(request) {
        return Err(reason::foreign_form());
    }
    let form = Form::parse(request.http.headers(), request.http.body())?;
    match visitor.secret() {
        Some(secret) if !secret.is_form_token(form.text(FormField::FormToken)) => {
            Err(reason::foreign_form())
        }
        _ => Ok(form),
    }
}

/// Whether a page of this site sent the request. Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`.
fn is_own(request: &PageRequest<'_>) -> bool {
    let headers = request.http.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text("origin") else {
        return false;
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let is_site = request
        .site
        .strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_site || (authority.is_some() && authority == text("host"))
}
