//! The frame of all pages: landmarks, navigation, and the error page.

use maud::{DOCTYPE, Markup, html};
use scim_core::ErrorKind;

use super::assets::{ICON, SCRIPT, STYLE};
use super::form::FormField;
use super::reply::Reply;
use super::text;
use crate::problem::Problem;

/// The frame of a page for one kind of reader.
pub(crate) struct Frame<'f> {
    base: &'f str,
    reader: Reader,
}

enum Reader {
    /// Somebody on the vendor's side without a session.
    Outside,
    /// A customer's administrator without a session; the address of the setup page, if it is known.
    Invited {
        home: Option<String>,
    },
    Vendor {
        form: String,
        key: String,
    },
    Customer {
        form: String,
        home: String,
    },
}

impl<'f> Frame<'f> {
    /// The frame for a reader without a session.
    pub(crate) const fn outside(base: &'f str) -> Self {
        Self {
            base,
            reader: Reader::Outside,
        }
    }

    /// The frame for a customer's administrator without a session.
    pub(crate) const fn invited(base: &'f str, home: Option<String>) -> Self {
        let reader = Reader::Invited { home };
        Self { base, reader }
    }

    pub(crate) const fn vendor(base: &'f str, form: String, key: String) -> Self {
        let reader = Reader::Vendor { form, key };
        Self { base, reader }
    }

    pub(crate) const fn customer(base: &'f str, form: String, home: String) -> Self {
        let reader = Reader::Customer { form, home };
        Self { base, reader }
    }

    /// A complete page.
    pub(crate) fn page(&self, title: &str, main: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · Muster" }
                    link rel="stylesheet" href={ (self.base) "/assets/" (STYLE.name) };
                    link rel="icon" type="image/svg+xml" href={ (self.base) "/assets/" (ICON.name) };
                    script defer src={ (self.base) "/assets/" (SCRIPT.name) } {}
                }
                body {
                    a.skip href="#content" { "Skip to content" }
                    (self.header())
                    main #content tabindex="-1" { (main) }
                    p #said.unseen role="status" aria-live="polite" {}
                }
            }
        }
    }

    fn header(&self) -> Markup {
        html! {
            header.top {
                div.inner {
                    @match &self.reader {
                        Reader::Outside => { (self.brand(self.base)) }
                        Reader::Invited { home: Some(home) } => { (self.brand(home)) }
                        Reader::Invited { home: None } => { span.brand { (self.name()) } }
                        Reader::Vendor { form, key } => {
                            (self.brand(&format!("{}/tenants", self.base)))
                            nav aria-label="Console" {
                                a href={ (self.base) "/tenants" } { "Tenants" }
                                a href={ (self.base) "/keys" } { "Admin keys" }
                            }
                            form.leave method="post" action={ (self.base) "/sign-out" } {
                                input type="hidden" name=(FormField::FormToken) value=(form);
                                span.who { "Signed in with key " b { (key) } }
                                button.quiet { "Sign out" }
                            }
                        }
                        Reader::Customer { form, home } => {
                            (self.brand(home))
                            form.leave method="post" action={ (home) "/leave" } {
                                input type="hidden" name=(FormField::FormToken) value=(form);
                                button.quiet { "End this session" }
                            }
                        }
                    }
                }
            }
        }
    }

    fn brand(&self, to: &str) -> Markup {
        html! {
            a.brand href=(to) { (self.name()) }
        }
    }

    fn name(&self) -> Markup {
        html! {
            img src={ (self.base) "/assets/" (ICON.name) } alt="" width="28" height="28";
            span { "Muster" }
        }
    }

    /// The link that leads on from a problem.
    fn way_out(&self) -> Option<(String, &'static str)> {
        match &self.reader {
            Reader::Outside => Some((self.base.to_owned(), "Go to the console")),
            Reader::Vendor { .. } => Some((format!("{}/tenants", self.base), "Go to the tenants")),
            Reader::Invited { home: None } => None,
            Reader::Invited { home: Some(home) } | Reader::Customer { home, .. } => {
                Some((home.clone(), "Go to the setup page"))
            }
        }
    }

    /// The page that shows a problem.
    pub(crate) fn problem(&self, problem: &Problem, request: &str) -> Reply {
        let title = title(problem.kind());
        let main = html! {
            section.notice {
                h1 { (title) }
                p { (text::sentence_markup(problem.detail())) }
                @if let Some((address, label)) = self.way_out() {
                    p.actions { a.button href=(address) { (label) } }
                }
                @if !request.is_empty() {
                    p.small { "If you contact support, give them this request id: " code { (request) } "." }
                }
            }
        };
        Reply::rejected(self.page(title, &main), problem)
    }
}

/// The title of a problem's page.
const fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "You are not signed in",
        ErrorKind::Forbidden => "Not allowed",
        ErrorKind::NotFound | ErrorKind::MethodNotAllowed => "Page not found",
        ErrorKind::Conflict | ErrorKind::Uniqueness | ErrorKind::PreconditionFailed => {
            "Conflict with the current state"
        }
        ErrorKind::TooManyRequests => "Too many attempts",
        ErrorKind::TooLarge | ErrorKind::TooMany => "Request too large",
        ErrorKind::Unavailable => "Temporarily unavailable",
        ErrorKind::Internal | ErrorKind::NotImplemented => "Something went wrong",
        _ => "Invalid input",
    }
}
