//! A tenant's settings, for the vendor.

use directory::tenants::{Adopt, Delete, Settings};
use maud::{Markup, html};
use scim_core::policy::{Emails, Groups, UnknownAttributes};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::wire::Preconditions;

use super::components::{self, Field};
use super::context::PageContext;
use super::form::{Form, FormField};
use super::page::{Page, Who};
use super::reply::Reply;
use super::tenant_frame;
use crate::actor::Operation;
use crate::operations::settings::{self, Patch};
use crate::operations::tenants::TenantDetail;
use crate::problem::{Problem, reason};

const PATH: &str = "/tenants/{tenant}/settings";

pub(super) static PAGES: &[Page] = &[
    Page::get(PATH, "console.settings", Who::Vendor, |context| {
        Box::pin(show(context))
    }),
    Page::post(PATH, "console.changeSettings", Who::Vendor, |context| {
        Box::pin(change(context))
    }),
];

const EMAILS: [(&str, &str); 2] = [
    ("any", "Any number of addresses, of any type"),
    ("work", "One address, which has the type work or is primary"),
];
const UNKNOWN: [(&str, &str); 2] = [
    ("reject", "Reject the change and name them"),
    ("ignore", "Ignore them and apply the rest"),
];
const DELETES: [(&str, &str); 2] = [
    ("delete", "Delete the user"),
    ("deactivate", "Deactivate the user"),
];
const ADOPTS: [(&str, &str); 2] = [
    ("reject", "Reject: the name is taken"),
    ("link", "Link it to the existing user"),
];

/// The values of the form's fields: the current settings, or what was entered, so that it can be corrected after an
/// error.
struct Fields {
    name: String,
    seats: String,
    rate: String,
    largest_page: String,
    groups: bool,
    user_name_is_email: bool,
    unique_emails: bool,
    emails: String,
    attributes: String,
    unknown_attributes: String,
    delete: String,
    adopt: String,
    extensions: String,
}

impl Fields {
    fn of(name: &str, settings: &Settings) -> Self {
        let number = |number: Option<String>| number.unwrap_or_default();
        let is_work = settings.emails.emails == Emails::Work;
        let is_ignored = settings.unknown_attributes == UnknownAttributes::Ignore;
        let is_deactivated = settings.delete == Delete::Deactivate;
        let is_linked = settings.adopt == Adopt::Link;
        let chosen = |options: &[(&str, &str); 2], is_second: bool| {
            let [(first, _), (second, _)] = *options;
            if is_second { second } else { first }.to_owned()
        };
        Self {
            name: name.to_owned(),
            seats: number(settings.seats.map(|seats| seats.to_string())),
            rate: number(settings.rate.map(|rate| rate.to_string())),
            largest_page: number(settings.largest_page.map(|page| page.to_string())),
            groups: settings.groups == Groups::Offered,
            user_name_is_email: settings.emails.user_name_is_email,
            unique_emails: settings.unique_emails,
            emails: chosen(&EMAILS, is_work),
            attributes: settings
                .attributes
                .as_deref()
                .unwrap_or_default()
                .join(", "),
            unknown_attributes: chosen(&UNKNOWN, is_ignored),
            delete: chosen(&DELETES, is_deactivated),
            adopt: chosen(&ADOPTS, is_linked),
            extensions: match settings.extensions.is_empty() {
                true => String::new(),
                false => serde_json::to_string_pretty(&settings.extensions).unwrap_or_default(),
            },
        }
    }

    fn from_form(form: &Form) -> Self {
        let text = |field| form.text(field).to_owned();
        Self {
            name: text(FormField::Name),
            seats: text(FormField::Seats),
            rate: text(FormField::Rate),
            largest_page: text(FormField::LargestPage),
            groups: form.is_ticked(FormField::Groups),
            user_name_is_email: form.is_ticked(FormField::UserNameIsEmail),
            unique_emails: form.is_ticked(FormField::UniqueEmails),
            emails: text(FormField::Emails),
            attributes: text(FormField::Attributes),
            unknown_attributes: text(FormField::UnknownAttributes),
            delete: text(FormField::Delete),
            adopt: text(FormField::Adopt),
            extensions: text(FormField::Extensions),
        }
    }
}

/// Whether the page follows a change.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SettingsParameters {
    saved: String,
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let there = Fields::of(tenant.tenant.called(), &tenant.tenant.settings.0);
    let SettingsParameters { saved } = context.parameters();
    let page = page(
        context,
        &tenant,
        &there,
        &FormMessage::of(!saved.is_empty()),
    );
    Ok(Reply::page(page))
}

/// The message above the form.
enum FormMessage<'p> {
    Nothing,
    Saved,
    Wrong(&'p Problem),
}

impl FormMessage<'_> {
    const fn of(is_saved: bool) -> Self {
        match is_saved {
            true => Self::Saved,
            false => Self::Nothing,
        }
    }
}

fn page(
    context: &PageContext<'_>,
    tenant: &TenantDetail,
    fields: &Fields,
    said: &FormMessage<'_>,
) -> Markup {
    let main = html! {
        (tenant_frame::head(context, tenant, "settings"))
        @match said {
            FormMessage::Nothing => {}
            FormMessage::Saved => { p.said role="status" { "Settings saved. They apply to all requests within a minute." } }
            FormMessage::Wrong(problem) => { (components::wrong(Some(problem))) }
        }
        form.fields method="post" action={ (context.home()) "/settings" } {
            (components::form_start(context))
            (general(fields))
            (policy(fields))
            (life(fields))
            (schemas(fields))
            p.actions { button.main { "Save settings" } }
        }
    };
    tenant_frame::page(context, tenant, "Settings", &main)
}

fn number_field(value: &str, name: FormField, label: &str, help: &str) -> Markup {
    let field = Field {
        name,
        label,
        help,
        value,
        kind: "number",
        required: false,
    };
    field.show()
}

fn general(fields: &Fields) -> Markup {
    let field = Field {
        name: FormField::Name,
        label: "Name",
        help: "",
        value: &fields.name,
        kind: "text",
        required: true,
    };
    html! {
        section.card {
            header { h2 { "General" } }
            (field.show())
            div.fields.columns {
                (number_field(&fields.seats, FormField::Seats, "Seats", "The limit of active users. Default: no limit."))
                (number_field(&fields.rate, FormField::Rate, "Requests per second", "Averaged over ten seconds. Default: the limit of the service."))
                (number_field(&fields.largest_page, FormField::LargestPage, "Largest page", "The most resources on a page of a list. Default: 1,000."))
            }
            (components::tick(FormField::Groups, "Support groups", "If off, groups are not advertised, and pushed groups are rejected with a clear error.", fields.groups))
        }
    }
}

fn policy(fields: &Fields) -> Markup {
    let attributes = Field {
        name: FormField::Attributes,
        label: "Accepted attributes",
        help: "User attributes separated by commas, such as name.givenName, name.familyName. Other attributes are ignored. Default: all.",
        value: &fields.attributes,
        kind: "text",
        required: false,
    };
    html! {
        section.card {
            header { h2 { "Users" } }
            (components::tick(FormField::UserNameIsEmail, "userName must be the work e-mail address", "Checked after all changes of a request, so both can change at the same time.", fields.user_name_is_email))
            (components::tick(FormField::UniqueEmails, "No two active users may have the same e-mail address", "", fields.unique_emails))
            (components::choice(FormField::Emails, "E-mail addresses", &EMAILS, &fields.emails))
            (attributes.show())
            (components::choice(FormField::UnknownAttributes, "When a change contains unknown attributes", &UNKNOWN, &fields.unknown_attributes))
        }
    }
}

fn life(fields: &Fields) -> Markup {
    html! {
        section.card {
            header { h2 { "Lifecycle" } }
            (components::choice(FormField::Delete, "When the provider deletes a user", &DELETES, &fields.delete))
            (components::choice(FormField::Adopt, "When the provider creates an existing user", &ADOPTS, &fields.adopt))
        }
    }
}

fn schemas(fields: &Fields) -> Markup {
    html! {
        section.card {
            header { h2 { "Extension schemas" } p { "Your application's own attributes. Identity providers find them in /Schemas and offer them for mapping." } }
            div.field {
                label for="extensions" { "Schemas in JSON" }
                textarea #extensions name=(FormField::Extensions) rows="8" spellcheck="false" aria-describedby="extensions-help" { (fields.extensions) }
                p.small #extensions-help { "In the format of the admin API. Default: none." }
            }
        }
    }
}

/// The change that the form requests. An empty field resets its setting to the default.
fn patch_of(form: &Form) -> Result<Patch, Problem> {
    // A text that is not a number is passed on, so that it is rejected together with all other faults.
    let number = |field| match form.given(field) {
        None => Value::Null,
        Some(text) => text
            .parse::<u64>()
            .map_or_else(|_| json!(text), Value::from),
    };
    let attributes: Vec<&str> = form
        .text(FormField::Attributes)
        .split([',', ' ', '\n'])
        .filter(|name| !name.is_empty())
        .collect();
    let text = |field| json!(form.given(field));
    let ticked = |field| json!(form.is_ticked(field));
    let settings = [
        (FormField::Seats, number(FormField::Seats)),
        (FormField::Rate, number(FormField::Rate)),
        (FormField::LargestPage, number(FormField::LargestPage)),
        (FormField::Groups, ticked(FormField::Groups)),
        (
            FormField::UserNameIsEmail,
            ticked(FormField::UserNameIsEmail),
        ),
        (FormField::UniqueEmails, ticked(FormField::UniqueEmails)),
        (FormField::Emails, text(FormField::Emails)),
        (
            FormField::Attributes,
            json!((!attributes.is_empty()).then_some(attributes)),
        ),
        (
            FormField::UnknownAttributes,
            text(FormField::UnknownAttributes),
        ),
        (FormField::Delete, text(FormField::Delete)),
        (FormField::Adopt, text(FormField::Adopt)),
        (FormField::Extensions, extensions(form)?),
    ];
    // A field has the name of its setting.
    let settings = settings.map(|(field, value)| (field.name().to_owned(), value));
    Ok(Patch {
        name: Some(form.text(FormField::Name).to_owned()),
        settings: Map::from_iter(settings),
    })
}

/// The extension schemas as JSON.
fn extensions(form: &Form) -> Result<Value, Problem> {
    let Some(text) = form.given(FormField::Extensions) else {
        return Ok(Value::Null);
    };
    scim_core::json::read(text.as_bytes()).map_err(|unreadable| {
        reason::invalid_setting(unreadable.explain("this")).at("/settings/extensions")
    })
}

async fn change(context: &PageContext<'_>) -> Result<Reply, Problem> {
    match apply_form(context).await {
        Ok(()) => Ok(Reply::redirect(format!(
            "{}/settings?saved=1",
            context.home()
        ))),
        Err(problem) => {
            let tenant = tenant_frame::read(context).await?;
            let (typed, said) = (
                Fields::from_form(&context.form),
                FormMessage::Wrong(&problem),
            );
            let page = page(context, &tenant, &typed, &said);
            Ok(Reply::rejected(page, &problem))
        }
    }
}

async fn apply_form(context: &PageContext<'_>) -> Result<(), Problem> {
    let patch = patch_of(&context.form)?;
    let (id, known) = (&context.tenant()?, &Preconditions::default());
    let change = |work| async move { settings::change(&work, id, (patch, known)).await };
    context
        .perform(Operation::ChangeTenant, change)
        .await
        .map(drop)
}
