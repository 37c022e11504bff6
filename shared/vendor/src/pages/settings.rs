//! The settings of a tenant, as the vendor changes them.

use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::desk::Desk;
use super::parts::{self, Field, items, text};
use super::reply::Reply;
use super::routes::{Page, Who};
use super::tenant;
use crate::api::Problem;

const PATH: &str = "/tenants/{tenant}/settings";

pub(super) static PAGES: &[Page] = &[
    Page::get(PATH, "console.settings", Who::Vendor, |desk| {
        Box::pin(show(desk))
    }),
    Page::post(PATH, "console.changeSettings", Who::Vendor, |desk| {
        Box::pin(change(desk))
    }),
];

const EMAILS: [(&str, &str); 2] = [
    ("any", "Any number of addresses, of any type"),
    ("work", "One address, of type work, which is primary"),
];
const UNKNOWN: [(&str, &str); 2] = [
    ("reject", "Refuse the change, and say which"),
    ("ignore", "Leave them out, and make the rest of the change"),
];
const DELETES: [(&str, &str); 2] = [
    ("delete", "Delete the user"),
    ("deactivate", "Deactivate the user and keep it"),
];
const ADOPTS: [(&str, &str); 2] = [
    ("reject", "Refuse: somebody has the name"),
    ("link", "Link it to the user that is there"),
];

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant::read(desk).await?;
    let given = tenant.get("settings").cloned().unwrap_or(Value::Null);
    let name = tenant::name(&tenant).to_owned();
    let is_saved = desk.visit.query.get("saved").is_some();
    Ok(Reply::page(page(
        desk,
        &tenant,
        &name,
        &given,
        &Said::of(is_saved),
    )))
}

/// What is said above the form.
enum Said<'p> {
    Nothing,
    Saved,
    Wrong(&'p Problem),
}

impl Said<'_> {
    const fn of(is_saved: bool) -> Self {
        match is_saved {
            true => Self::Saved,
            false => Self::Nothing,
        }
    }
}

fn page(desk: &Desk<'_>, tenant: &Value, name: &str, settings: &Value, said: &Said<'_>) -> Markup {
    let content = html! {
        (tenant::head(desk, tenant, "settings"))
        @match said {
            Said::Nothing => {}
            Said::Saved => { p.said role="status" { "The settings are saved. They hold for every request within a minute." } }
            Said::Wrong(problem) => { (parts::wrong(Some(problem))) }
        }
        form.fields method="post" action={ (desk.home()) "/settings" } {
            (parts::mark(desk))
            (general(name, settings))
            (policy(settings))
            (life(settings))
            (schemas(settings))
            p.actions { button.main { "Save the settings" } }
        }
    };
    tenant::page(desk, tenant, "Settings", &content)
}

fn number_field(settings: &Value, name: &'static str, label: &str, help: &str) -> Markup {
    let value = match settings.get(name) {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let field = Field {
        name,
        label,
        help,
        value: &value,
        kind: "number",
        required: false,
    };
    field.show()
}

fn flag(settings: &Value, name: &str, usual: bool) -> bool {
    settings.get(name).and_then(Value::as_bool).unwrap_or(usual)
}

fn general(name: &str, settings: &Value) -> Markup {
    let field = Field {
        name: "name",
        label: "Name",
        help: "",
        value: name,
        kind: "text",
        required: true,
    };
    html! {
        section.card {
            header { h2 { "General" } }
            (field.show())
            div.fields.columns {
                (number_field(settings, "seats", "Seats", "How many users may be active. Empty: no limit."))
                (number_field(settings, "rate", "Requests a second", "Averaged over ten seconds. Empty: the service's own limit."))
                (number_field(settings, "largestPage", "Largest page", "How many entries a list may have. Empty: the usual."))
            }
            (parts::tick("groups", "Offer groups", "Without them a pushed group is refused with a clear error, and groups are not advertised.", flag(settings, "groups", true)))
        }
    }
}

fn policy(settings: &Value) -> Markup {
    let names: Vec<&str> = items(settings, "attributes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let attributes = Field {
        name: "attributes",
        label: "Accepted attributes",
        help: "Names of user attributes with commas between, such as name.givenName, name.familyName. Others are left out. Empty: all.",
        value: &names.join(", "),
        kind: "text",
        required: false,
    };
    html! {
        section.card {
            header { h2 { "Users" } }
            (parts::tick("userNameIsEmail", "userName must be the work e-mail address", "Checked after all changes of a request, so that both can change together.", flag(settings, "userNameIsEmail", false)))
            (parts::tick("uniqueEmails", "No two active users may have the same e-mail address", "", flag(settings, "uniqueEmails", false)))
            (parts::choice("emails", "E-mail addresses", &EMAILS, text(settings, "emails")))
            (attributes.show())
            (parts::choice("unknownAttributes", "When a change names attributes that no schema knows", &UNKNOWN, text(settings, "unknownAttributes")))
        }
    }
}

fn life(settings: &Value) -> Markup {
    html! {
        section.card {
            header { h2 { "Coming and going" } }
            (parts::choice("delete", "When the provider deletes a user", &DELETES, text(settings, "delete")))
            (parts::choice("adopt", "When the provider creates a user who is there from before", &ADOPTS, text(settings, "adopt")))
        }
    }
}

fn schemas(settings: &Value) -> Markup {
    let extensions = match settings.get("extensions") {
        Some(Value::String(text)) => text.clone(),
        Some(extensions) => serde_json::to_string_pretty(extensions).unwrap_or_default(),
        None => String::new(),
    };
    html! {
        section.card {
            header { h2 { "Extension schemas" } p { "Attributes of your application, which identity providers then find in /Schemas and offer for mapping." } }
            div.field {
                label for="extensions" { "Schemas in JSON" }
                textarea #extensions name="extensions" rows="8" spellcheck="false" aria-describedby="extensions-help" { (extensions) }
                p.small #extensions-help { "As the admin API takes them. Empty: none." }
            }
        }
    }
}

/// The settings as the form has them: what is empty is as usual.
fn wanted(desk: &Desk<'_>) -> Result<Value, Problem> {
    let form = &desk.form;
    let number = |name: &str| match form.given(name) {
        None => Ok(Value::Null),
        Some(text) => match text.parse::<u64>() {
            Ok(number) => Ok(json!(number)),
            Err(_) => Err(Problem::invalid(
                &format!("/settings/{name}"),
                "must be a whole number",
            )),
        },
    };
    let attributes: Vec<&str> = form
        .text("attributes")
        .split([',', ' ', '\n'])
        .filter(|name| !name.is_empty())
        .collect();
    let extensions = match form.given("extensions") {
        None => Value::Null,
        Some(text) => scim_core::json::read(text.as_bytes()).map_err(|unreadable| {
            let detail = unreadable.explain("this").detail().to_string();
            Problem::invalid("/settings/extensions", detail)
        })?,
    };
    Ok(json!({
        "seats": number("seats")?,
        "rate": number("rate")?,
        "largestPage": number("largestPage")?,
        "groups": form.is_ticked("groups"),
        "userNameIsEmail": form.is_ticked("userNameIsEmail"),
        "uniqueEmails": form.is_ticked("uniqueEmails"),
        "emails": form.given("emails"),
        "attributes": (!attributes.is_empty()).then_some(attributes),
        "unknownAttributes": form.given("unknownAttributes"),
        "delete": form.given("delete"),
        "adopt": form.given("adopt"),
        "extensions": extensions,
    }))
}

/// What somebody typed, to be shown again beside what is wrong with it.
fn typed(desk: &Desk<'_>) -> Value {
    let form = &desk.form;
    let attributes: Vec<&str> = form.given("attributes").into_iter().collect();
    json!({
        "seats": form.text("seats"),
        "rate": form.text("rate"),
        "largestPage": form.text("largestPage"),
        "groups": form.is_ticked("groups"),
        "userNameIsEmail": form.is_ticked("userNameIsEmail"),
        "uniqueEmails": form.is_ticked("uniqueEmails"),
        "emails": form.text("emails"),
        "attributes": attributes,
        "unknownAttributes": form.text("unknownAttributes"),
        "delete": form.text("delete"),
        "adopt": form.text("adopt"),
        "extensions": form.text("extensions"),
    })
}

async fn change(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let id = desk.variable("tenant");
    let changed = match wanted(desk) {
        Ok(settings) => {
            let body = json!({ "name": desk.form.text("name"), "settings": settings });
            desk.send(Method::PATCH, &["tenants", id], &body).await
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => Ok(Reply::elsewhere(format!(
            "{}/settings?saved=1",
            desk.home()
        ))),
        Err(problem) => {
            let tenant = tenant::read(desk).await?;
            let (name, said) = (desk.form.text("name"), Said::Wrong(&problem));
            let page = page(desk, &tenant, name, &typed(desk), &said);
            Ok(Reply::refused(page, &problem))
        }
    }
}
