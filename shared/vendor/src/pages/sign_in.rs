//! Signing in to the vendor's console with an admin key, and signing out.

use directory::attempts::{Chances, NoChance};
use directory::sessions::{Holder, Session, SessionSecret};
use keyring::AdminKey;
use keyring::{Presented, Token};
use maud::{Markup, html};
use scim_core::ErrorKind;
use serde::Deserialize;

use super::context::PageContext;
use super::form::FormField;
use super::guard::{self, VENDOR_COOKIE};
use super::page::{Page, Who};
use super::reply::Reply;
use super::request::PageRequest;
use super::text::sentence;
use super::words;
use crate::limits::{SIGN_IN_FAILURES, VENDOR_SESSION};
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[
    Page::get("/", "console.front", Who::Anyone, |context| {
        Box::pin(front(context))
    }),
    Page::post("/sign-in", "console.signIn", Who::Anyone, |context| {
        Box::pin(sign_in(context))
    }),
    Page::post("/sign-out", "console.signOut", Who::Vendor, |context| {
        Box::pin(sign_out(context))
    }),
];

/// The page to show after signing in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SignInParameters {
    to: String,
}

/// The sign-in form, or a redirect to the tenants if already signed in.
async fn front(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let request = context.request;
    if guard::vendor(request).await?.is_some() {
        return Ok(Reply::redirect(format!("{}/tenants", request.base)));
    }
    let SignInParameters { to } = context.parameters();
    let to = Some(to.as_str()).filter(|to| !to.is_empty());
    Ok(Reply::page(page(request, to, None)))
}

/// The sign-in form in place of a page that needs it; signing in then leads to that page.
pub(super) fn sign_in_first(request: &PageRequest<'_>) -> Reply {
    let problem = reason::signed_out();
    let to = request.http.uri().path_and_query();
    let is_shown = *request.http.method() == http::Method::GET;
    let to = to.map(http::uri::PathAndQuery::as_str).filter(|_| is_shown);
    let said = (!is_shown).then_some(&problem);
    Reply::rejected(page(request, to, said), &problem)
}

/// The page to show after signing in: always one of the console's, whatever the client sends.
fn destination(base: &str, to: &str) -> String {
    let is_ours = to
        .strip_prefix(base)
        .is_some_and(|rest| rest.starts_with("/tenants") || rest.starts_with("/keys"));
    let is_plain = to
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    match is_ours && is_plain && !to.contains("//") && !to.contains("..") {
        true => to.to_owned(),
        false => format!("{base}/tenants"),
    }
}

fn page(request: &PageRequest<'_>, to: Option<&str>, problem: Option<&Problem>) -> Markup {
    let main = html! {
        section.door {
            h1 { "Sign in" }
            p.lead { "Sign in with an admin key. This console is for the operators of the service." }
            form method="post" action={ (request.base) "/sign-in" } {
                @if let Some(to) = to {
                    input type="hidden" name=(FormField::To) value=(to);
                }
                @if let Some(problem) = problem {
                    p #wrong.wrong role="alert" { (sentence(problem.detail())) }
                }
                label for="key" { "Admin key" }
                input #key type="password" name=(FormField::Key) required autocomplete="current-password"
                    spellcheck="false" autofocus
                    aria-describedby=[problem.map(|_| "wrong")] aria-invalid=[problem.map(|_| "true")];
                button.main.wide { "Sign in" }
            }
            p.small {
                "The initial admin key is in the secret named by the stack output " code { "AdminKeySecret" }
                ". Customers do not sign in here; send them a setup link."
            }
        }
    };
    request.frame().page("Sign in", &main)
}

async fn sign_in(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let request = context.request;
    let (key, to) = (
        context.form.text(FormField::Key),
        context.form.text(FormField::To),
    );
    let presented = Token::parse(key);
    let chances = match presented {
        Presented::Issued(_) => None,
        Presented::Imported(_) | Presented::Malformed => Some(chances(request)),
    };
    if let Some(chances) = &chances {
        let taken = chances.take().await?;
        if let Err(problem) = taken.map_err(|why| too_many(request, why)) {
            return Ok(Reply::rejected(
                page(request, None, Some(&problem)),
                &problem,
            ));
        }
    }
    let admitted = request.vendor.admit(&presented, request.origin).await;
    if let Some(chances) = &chances {
        match &admitted {
            Err(problem) if problem.kind() == ErrorKind::Unauthorized => chances.fail().await?,
            _ => chances.give_back().await?,
        }
    }
    let key = match admitted {
        Ok(key) => key,
        Err(problem) => {
            let problem = match problem.kind() {
                ErrorKind::Unauthorized => reason::wrong_admin_key(),
                _ => problem,
            };
            return Ok(Reply::rejected(
                page(request, Some(to), Some(&problem)),
                &problem,
            ));
        }
    };
    begin(request, &key)
        .await
        .map(|cookie| Reply::redirect(destination(&request.base, to)).with_cookie(cookie))
}

/// Starts a session for an admin key and returns its cookie.
async fn begin(request: &PageRequest<'_>, key: &AdminKey) -> Result<String, Problem> {
    // A new secret replaces that of any earlier session, because somebody else may know the old one.
    if let Some(old) = guard::presented(request.http.headers(), VENDOR_COOKIE) {
        request.sessions().end(&old).await?;
    }
    let ids = request.vendor.service.ids();
    let (secret, session) = (
        SessionSecret::new(ids.bytes()),
        Session {
            holder: Holder::Vendor {
                key: key.id.to_string(),
                sha256: key.sha256.to_hex(),
            },
            created: request.now,
            seen: request.now,
            ends: request.now + VENDOR_SESSION,
        },
    );
    let sessions = request.sessions();
    sessions.begin(&secret, &session, &ids.write()).await?;
    tracing::info!(admin_key.id = key.name(), "sign_in.succeeded");
    Ok(guard::cookie(VENDOR_COOKIE, &secret, VENDOR_SESSION))
}

/// The source of an attempt: an IPv4 address, or the network of an IPv6 address.
fn source(request: &PageRequest<'_>) -> String {
    match request.origin.source {
        Some(std::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(address) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

/// The attempts of this source. Each attempt is taken before the key is checked, so parallel attempts cannot exceed
/// the limit.
fn chances<'v>(request: &'v PageRequest<'v>) -> Chances<'v> {
    let table = (&**request.vendor.service.store(), &**request.meter);
    Chances::of_address(table, &source(request), SIGN_IN_FAILURES, request.now)
}

fn too_many(request: &PageRequest<'_>, why: NoChance) -> Problem {
    tracing::warn!(source = source(request), reason = ?why, "sign_in.limited");
    let seconds = match why {
        NoChance::Failed(left) => left,
        NoChance::Busy => 1,
    };
    // The wait is rounded up to a minute: an attempt after it must not be too early.
    let wait = words::length(jiff::SignedDuration::from_secs(seconds + 29));
    reason::too_many_sign_ins(OwnWords::ours(wait)).after(seconds)
}

async fn sign_out(context: &PageContext<'_>) -> Result<Reply, Problem> {
    if let Some(secret) = context.visitor.secret() {
        context.request.sessions().end(secret).await?;
    }
    let front = Reply::redirect(context.request.base.clone());
    Ok(front.with_cookie(guard::no_cookie(VENDOR_COOKIE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_a_page_of_the_console_and_nowhere_else() {
        let to = |to: &str| destination("/s/console", to);
        let page = "/s/console/tenants/acme/keys?a=b";
        assert_eq!(to(page), page);
        for odd in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/s/console//evil.example",
            "/s/console/tenants//evil.example",
            "/s/console/tenants/../../x",
            "/s/console/tenants\r\nset-cookie: a=b",
            "/s/consoletenants",
            "/s/console/setup/acme",
            "javascript:alert(1)",
        ] {
            assert_eq!(to(odd), "/s/console/tenants", "{odd}");
        }
    }
}
