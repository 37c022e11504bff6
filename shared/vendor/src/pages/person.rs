//! Export and erasure of one person's data.

use maud::{Markup, html};

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts::Question;
use super::reply::Reply;
use super::text;
use crate::actor::Operation;
use crate::api::response::Answer;
use crate::operations::people::{self, Document, Kind, UserView};
use crate::operations::person;
use crate::problem::Problem;

pub(super) static PAGES: &[Page] = &[
    Page::get(
        "/tenants/{tenant}/users/{user}/export",
        "console.exportUser",
        Who::Vendor,
        |desk| Box::pin(export(desk)),
    ),
    Page::get(
        "/tenants/{tenant}/users/{user}/erase",
        "console.askToErase",
        Who::Vendor,
        |desk| Box::pin(ask_to_erase(desk)),
    ),
    Page::post(
        "/tenants/{tenant}/users/{user}/erase",
        "console.eraseUser",
        Who::Vendor,
        |desk| Box::pin(erase(desk)),
    ),
];

/// The links to export and erasure on the user's page.
pub(super) fn card(desk: &Desk<'_>, user: &UserView) -> Markup {
    let page = format!("{}/users/{}", desk.home(), user.id);
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

async fn export(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (tenant, user) = (&desk.tenant()?, desk.variable("user"));
    let exported = |work| async move { person::export(&work, tenant, user).await };
    let person = desk.act(Operation::ExportUser, exported).await?;
    let content = serde_json::to_string_pretty(&person).unwrap_or_default();
    let name = format!("{tenant}-{user}.json");
    Ok(Reply::answer(Answer::file(
        &name,
        "application/json",
        content,
    )))
}

async fn ask_to_erase(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (_, user) = of_path(desk).await?;
    let page = format!("{}/users/{}", desk.home(), user.id);
    let question = Question {
        title: "Erase this person?",
        words: html! {
            p {
                b { (text::given(&user.user_name)) }
                " is deleted together with all memberships, the password and all log entries about this person. This cannot be undone."
            }
            p.small { "If the person is still assigned in the identity provider, it will create the user again. Unassign the person there first." }
        },
        action: format!("{page}/erase"),
        yes: "Erase",
        class: "bad",
        no: page,
    };
    Ok(Reply::page(question.page(desk)))
}

async fn erase(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (tenant, user) = (&desk.tenant()?, desk.variable("user"));
    let erased = |work| async move { person::erase(&work, tenant, user).await };
    desk.act(Operation::EraseUser, erased).await?;
    Ok(Reply::elsewhere(format!("{}/users", desk.home())))
}

/// The user in the path: the document, and the parts that the page shows.
pub(super) async fn of_path(desk: &Desk<'_>) -> Result<(Document, UserView), Problem> {
    let asked = (Kind::Users, desk.variable("user"), &Vec::new());
    let document = people::read(&desk.work()?, &desk.tenant()?, asked).await?;
    let user = document.read()?;
    Ok((document, user))
}
