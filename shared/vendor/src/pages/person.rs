//! What the vendor does for one person: hands out all that is stored of them, and erases it.

use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::desk::Desk;
use super::parts::{self, Question, text};
use super::reply::Reply;
use super::routes::{Page, Who};
use crate::api::{Answer, Problem};

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

/// The path of the person in the admin API.
pub(super) fn path<'d>(desk: &'d Desk<'_>) -> [&'d str; 4] {
    [
        "tenants",
        desk.variable("tenant"),
        "users",
        desk.variable("user"),
    ]
}

/// What can be done, on the page of the user.
pub(super) fn card(desk: &Desk<'_>, user: &Value) -> Markup {
    let page = format!("{}/users/{}", desk.home(), text(user, "id"));
    html! {
        section.card {
            header {
                h2 { "Personal data" }
                p { "For a person who asks what is stored, or wants it gone. Identity providers are not told." }
            }
            p.actions {
                a.button href={ (page) "/export" } { "Export as JSON" }
                a.button.bad href={ (page) "/erase" } { "Erase" }
            }
        }
    }
}

async fn export(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let [tenants, tenant, users, user] = path(desk);
    let asked = [tenants, tenant, users, user, "export"];
    let person = desk.ask(Method::GET, &asked).await?;
    Ok(Reply::answer(Answer::File {
        name: format!("{tenant}-{user}.json"),
        media_type: "application/json",
        content: serde_json::to_string_pretty(&person).unwrap_or_default(),
    }))
}

async fn ask_to_erase(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let user = desk.ask(Method::GET, &path(desk)).await?;
    let page = format!("{}/users/{}", desk.home(), text(&user, "id"));
    let question = Question {
        title: "Erase this person?",
        words: html! {
            p {
                b { (parts::given(text(&user, "userName"))) }
                " is deleted, with the memberships, the password and every entry of the log that names the person. There is no way back."
            }
            p.small { "An identity provider to which the person is still assigned creates them again. Unassign them there first." }
        },
        action: format!("{page}/erase"),
        yes: "Erase",
        class: "bad",
        no: page,
    };
    Ok(Reply::page(question.page(desk)))
}

async fn erase(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let [tenants, tenant, users, user] = path(desk);
    let asked = [tenants, tenant, users, user, "erase"];
    desk.send(Method::POST, &asked, &json!({})).await?;
    Ok(Reply::elsewhere(format!("{}/users", desk.home())))
}
