//! The steps in each identity provider, with the tenant's values filled in.

use maud::{Markup, html};

use super::components;
use super::context::PageContext;
use super::page::{Page, Who};
use super::provider::Provider;
use super::reply::Reply;
use super::{tenant_frame, test_connection};
use crate::operations::tenants::TenantView;
use crate::problem::{Problem, reason};
use scim_core::policy::Groups;

mod providers;

pub(super) static PAGES: &[Page] = &[Page::get(
    "/steps/{provider}",
    "console.steps",
    Who::Either,
    |context| Box::pin(show(context)),
)];

/// The values of the tenant in the steps.
pub(super) struct Facts<'f> {
    pub(super) base_url: &'f str,
    pub(super) has_groups: bool,
    pub(super) is_email: bool,
}

impl<'f> Facts<'f> {
    fn of(tenant: &'f TenantView) -> Self {
        let settings = &tenant.settings.0;
        Self {
            base_url: &tenant.base_url,
            has_groups: settings.groups == Groups::Offered,
            is_email: settings.emails.user_name_is_email,
        }
    }
}

/// The links to the steps of each provider.
pub(super) fn list(context: &PageContext<'_>) -> Markup {
    html! {
        section.card {
            header {
                h2 { "Connect your identity provider" }
                p { "Step by step, with your values filled in." }
            }
            ul.providers {
                @for provider in Provider::ALL {
                    li {
                        a href={ (context.home()) "/steps/" (provider.word()) } {
                            (provider.name())
                            span { (provider.about()) }
                        }
                    }
                }
            }
        }
    }
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let word = context.variable("provider");
    let provider = Provider::parse(word).ok_or_else(reason::no_steps)?;
    let tenant = tenant_frame::read(context).await?;
    let facts = Facts::of(&tenant.tenant);
    let main = html! {
        (tenant_frame::head(context, &tenant, "steps"))
        section.card {
            header {
                h2 { "Steps for " (provider.name()) }
                p { "You need two values: the base URL below and your token." }
            }
            (components::copied("base-url", "Base URL", facts.base_url))
            (providers::steps(provider, &facts))
        }
        (test_connection::card(context))
    };
    let title = format!("Steps for {}", provider.name());
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, &title, &main,
    )))
}
