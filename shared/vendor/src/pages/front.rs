//! Signing in to the vendor's console with an admin key, and signing out.

use directory::attempts::{Chances, NoChance};
use directory::sessions::{Holder, Session, SessionSecret};
use keyring::AdminKey;
use keyring::{Presented, Token};
use maud::{Markup, html};
use scim_core::ErrorKind;

use super::desk::Desk;
use super::guard::{self, VENDOR_COOKIE, VENDOR_LIFE};
use super::page::{Page, Who};
use super::reply::Reply;
use super::text::sentence;
use super::visit::Visit;
use super::words;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};

pub(super) static PAGES: &[Page] = &[
    Page::get("/", "console.front", Who::Anyone, |desk| {
        Box::pin(front(desk))
    }),
    Page::post("/sign-in", "console.signIn", Who::Anyone, |desk| {
        Box::pin(sign_in(desk))
    }),
    Page::post("/sign-out", "console.signOut", Who::Vendor, |desk| {
        Box::pin(sign_out(desk))
    }),
];

/// The most failed sign-in attempts from one address in five minutes. The limit protects the first key, which may be
/// a text of the vendor's choice. Created keys have 256 random bits and a checksum, so attempts with them are always
/// checked. There is no limit for all addresses together, because an attacker could use it to lock everybody out.
const FROM_ONE: i64 = 10;

/// The sign-in form, or a redirect to the tenants if already signed in.
async fn front(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let visit = desk.visit;
    match guard::vendor(visit).await? {
        Some(_) => Ok(Reply::elsewhere(format!("{}/tenants", visit.base))),
        None => Ok(Reply::page(page(visit, visit.query.get("to"), None))),
    }
}

/// The sign-in form in place of a page that needs it; signing in then leads to that page.
pub(super) fn wanted(visit: &Visit<'_>) -> Reply {
    let problem = reason::signed_out();
    let to = visit.request.uri().path_and_query();
    let is_shown = *visit.request.method() == http::Method::GET;
    let to = to.map(http::uri::PathAndQuery::as_str).filter(|_| is_shown);
    let said = (!is_shown).then_some(&problem);
    Reply::refused(page(visit, to, said), &problem)
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

fn page(visit: &Visit<'_>, to: Option<&str>, problem: Option<&Problem>) -> Markup {
    let content = html! {
        section.door {
            h1 { "Sign in" }
            p.lead { "Sign in with an admin key. This console is for the operators of the service." }
            form method="post" action={ (visit.base) "/sign-in" } {
                @if let Some(to) = to {
                    input type="hidden" name="to" value=(to);
                }
                @if let Some(problem) = problem {
                    p #wrong.wrong role="alert" { (sentence(problem.detail())) }
                }
                label for="key" { "Admin key" }
                input #key type="password" name="key" required autocomplete="current-password"
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
    visit.frame().page("Sign in", &content)
}

async fn sign_in(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let visit = desk.visit;
    let (key, to) = (desk.form.text("key"), desk.form.text("to"));
    let presented = Token::parse(key);
    let chances = match presented {
        Presented::Issued(_) => None,
        Presented::Imported(_) | Presented::Malformed => Some(chances(visit)),
    };
    if let Some(chances) = &chances {
        let taken = chances.take().await?;
        if let Err(problem) = taken.map_err(|why| too_many(visit, why)) {
            return Ok(Reply::refused(page(visit, None, Some(&problem)), &problem));
        }
    }
    let admitted = visit.admin.admit(&presented, visit.origin).await;
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
            return Ok(Reply::refused(
                page(visit, Some(to), Some(&problem)),
                &problem,
            ));
        }
    };
    begin(visit, &key)
        .await
        .map(|cookie| Reply::elsewhere(destination(&visit.base, to)).with_cookie(cookie))
}

/// Starts a session for an admin key and returns its cookie.
async fn begin(visit: &Visit<'_>, key: &AdminKey) -> Result<String, Problem> {
    // A new secret replaces that of any earlier session, because somebody else may know the old one.
    if let Some(old) = guard::presented(visit.request.headers(), VENDOR_COOKIE) {
        visit.sessions().end(&old).await?;
    }
    let ids = visit.admin.service.ids();
    let (secret, session) = (
        SessionSecret::new(ids.bytes()),
        Session {
            holder: Holder::Vendor {
                key: key.id.to_string(),
                sha256: key.sha256.to_hex(),
            },
            created: visit.now,
            seen: visit.now,
            ends: visit.now + VENDOR_LIFE,
        },
    );
    let sessions = visit.sessions();
    sessions.begin(&secret, &session, &ids.write()).await?;
    tracing::info!(admin_key.id = key.name(), "signed in");
    Ok(guard::cookie(VENDOR_COOKIE, &secret, VENDOR_LIFE))
}

/// The source of an attempt: an IPv4 address, or the network of an IPv6 address.
fn source(visit: &Visit<'_>) -> String {
    match visit.origin.source {
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
fn chances<'v>(visit: &'v Visit<'v>) -> Chances<'v> {
    let table = (&**visit.admin.service.store(), &**visit.meter);
    Chances::of_address(table, &source(visit), FROM_ONE, visit.now)
}

fn too_many(visit: &Visit<'_>, why: NoChance) -> Problem {
    tracing::warn!(source = source(visit), ?why, "too many attempts to sign in");
    let seconds = match why {
        NoChance::Failed(left) => left,
        NoChance::Busy => 1,
    };
    let wait = words::length(jiff::SignedDuration::from_secs(seconds + 59));
    reason::too_many_sign_ins(OwnWords::ours(wait)).after(seconds)
}

async fn sign_out(desk: &Desk<'_>) -> Result<Reply, Problem> {
    if let Some(secret) = desk.entrant.secret() {
        desk.visit.sessions().end(secret).await?;
    }
    let front = Reply::elsewhere(desk.visit.base.clone());
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
