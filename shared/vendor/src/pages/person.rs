//! Export and erasure of one person's data.

use maud::{Markup, html};

use super::components::Question;
use super::context::PageContext;
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use crate::actor::Operation;
use crate::api::response::ApiResponse;
use crate::operations::people::{self, ListKind, ScimDocument, UserView};
use crate::operations::person;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/users/{user}/export",
        "console.exportUser",
        Who::Vendor,
        |context| Box::pin(export(context)),
    ),
    Page::get(
        "/tenants/{tenant}/users/{user}/erase",
        "console.askToErase",
        Who::Vendor,
        |context| Box::pin(ask_to_erase(context)),
    ),
    Page::post(
        "/tenants/{tenant}/users/{user}/erase",
        "console.eraseUser",
        Who::Vendor,
        |context| Box::pin(erase(context)),
    ),
];

/// The links to export and erasure on the user's page.
pub(super) fn card(context: &PageContext<'_>, user: &UserView) -> Markup {
    let page = format!("{}/users/{}", context.home(), user.id);
    html! {
        section.card {
            header {
                h2 { "Personal data" }
                p { "Export or erase all data of this person. The user stays in the identity provider." }
            }
            p.actions {
                a.button href={ (page) "/export" } { "Export as JSON" }
                a.button.bad href={ (page) "/erase" } { "Erase" }
            }
        }
    }
}

async fn export(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (tenant, user) = (&context.tenant()?, context.variable("user"));
    let exported = |work| async move { person::export(&work, tenant, user).await };
    let person = context.perform(Operation::ExportUser, exported).await?;
    let main = serde_json::to_string_pretty(&person).unwrap_or_default();
    let name = format!("{tenant}-{user}.json");
    Ok(Reply::api(ApiResponse::file(
        &name,
        "application/json",
        main,
    )))
}

async fn ask_to_erase(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (_, user) = of_path(context).await?;
    let page = format!("{}/users/{}", context.home(), user.id);
    let question = Question {
        title: "Erase this person?",
        words: html! {
            p {
                b { (text::isolated(&user.user_name)) }
                " is deleted together with all memberships, the password and all log entries about this person. This cannot be undone."
            }
            p.small { "If the person is still assigned in the identity provider, it will create the user again. Unassign the person there first." }
        },
        action: format!("{page}/erase"),
        yes: "Erase",
        class: "bad",
        no: page,
    };
    Ok(Reply::page(question.page(context)))
}

async fn erase(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (tenant, user) = (&context.tenant()?, context.variable("user"));
    let erased = |work| async move { person::erase(&work, tenant, user).await };
    context.perform(Operation::EraseUser, erased).await?;
    Ok(Reply::redirect(format!("{}/users", context.home())))
}

/// The user in the path: the document, and the parts that the page shows.
pub(super) async fn of_path(
    context: &PageContext<'_>,
) -> Result<(ScimDocument, UserView), Problem> {
    let asked = (ListKind::Users, context.variable("user"), &Vec::new());
    let document = people::read(&context.work()?, &context.tenant()?, asked).await?;
    let user = document.read()?;
    Ok((document, user))
}
