//! Parts of several pages.

use directory::tenants::Status;
use maud::{Markup, html};

use super::context::PageContext;
use super::form::FormField;
use super::text;
use crate::problem::Problem;

/// A tenant's status.
pub(crate) fn status(status: Status) -> Markup {
    let (class, words) = match status {
        Status::On => ("badge good", "On"),
        Status::Off => ("badge", "Off"),
        Status::Closing => ("badge warn", "Being deleted"),
    };
    html! { span class=(class) { (words) } }
}

/// A value with a copy button; `id` is unique on its page.
pub(crate) fn copied(id: &str, label: &str, value: &str) -> Markup {
    html! {
        div.value {
            span.label { (label) }
            div.copy {
                code id=(id) { (value) }
                button type="button" hidden data-copy=(id) data-what=(label) aria-label={ "Copy " (label) } { "Copy" }
            }
        }
    }
}

/// A token, which is shown only once.
pub(crate) fn token(context: &PageContext<'_>, token: &str, base_url: &str) -> Markup {
    html! {
        section.once aria-labelledby="once" {
            h2 #once { "Copy the token now" }
            p { "You will see this token only once. Copy it before leaving the page." }
            (copied("token", "Token", token))
            (copied("base-url", "Base URL", base_url))
            p.actions { a.button.main href=(context.home()) { "I have copied it" } }
        }
    }
}

/// The start of every form: the session's form token, and a name under which the form takes effect once. Reloading
/// the page after the form therefore creates nothing twice, and shows the same token again.
pub(crate) fn form_start(context: &PageContext<'_>) -> Markup {
    html! {
        input type="hidden" name=(FormField::FormToken) value=(context.form_token());
        input type="hidden" name=(FormField::Once) value=(context.once());
    }
}

/// A form with only a button.
pub(crate) fn button(context: &PageContext<'_>, action: &str, class: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            (form_start(context))
            button class=(class) { (label) }
        }
    }
}

/// The faults of a form, shown above its fields.
pub(crate) fn wrong(problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            div #wrong.wrong role="alert" {
                @match problem.places() {
                    [] => { p { (text::sentence_markup(problem.detail())) } }
                    places => {
                        ul.plain {
                            @for (pointer, detail) in places {
                                li { @if !place(pointer).is_empty() { b { (place(pointer)) ": " } } (text::sentence_markup(detail)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The place of a fault as shown on the page.
fn place(pointer: &str) -> String {
    let name = pointer
        .trim_start_matches("/settings")
        .trim_start_matches('/');
    name.replace('/', " › ")
}

/// The placeholder of an empty list.
pub(crate) fn empty(title: &str, words: &Markup) -> Markup {
    html! { div.empty { p.title { (title) } p { (words) } } }
}

/// A page that asks for confirmation.
pub(crate) struct Question<'q> {
    pub(crate) title: &'q str,
    pub(crate) words: Markup,
    pub(crate) action: String,
    pub(crate) yes: &'q str,
    pub(crate) class: &'q str,
    pub(crate) no: String,
}

impl Question<'_> {
    pub(crate) fn page(&self, context: &PageContext<'_>) -> Markup {
        let main = html! {
            section.notice {
                h1 { (self.title) }
                form.fields method="post" action=(self.action) {
                    (form_start(context))
                    (self.words)
                    p.actions {
                        button class=(self.class) { (self.yes) }
                        a.button.quiet href=(self.no) { "Cancel" }
                    }
                }
            }
        };
        context.frame().page(self.title, &main)
    }
}

/// A one-line input field.
pub(crate) struct Field<'f> {
    pub(crate) name: FormField,
    pub(crate) label: &'f str,
    pub(crate) help: &'f str,
    pub(crate) value: &'f str,
    pub(crate) kind: &'f str,
    pub(crate) required: bool,
}

impl Field<'_> {
    /// The field with its label and help.
    pub(crate) fn show(&self) -> Markup {
        let help = format!("{}-help", self.name.name());
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value) required[self.required]
                    autocomplete="off" spellcheck="false" aria-describedby=[(!self.help.is_empty()).then_some(&help)];
                @if !self.help.is_empty() { p.small id=(help) { (self.help) } }
            }
        }
    }
}

/// A selection from several options.
pub(crate) fn choice(
    name: FormField,
    label: &str,
    options: &[(&str, &str)],
    chosen: &str,
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, words) in options {
                    option value=(value) selected[*value == chosen] { (words) }
                }
            }
        }
    }
}

/// A checkbox.
pub(crate) fn tick(name: FormField, label: &str, help: &str, ticked: bool) -> Markup {
    html! {
        div.tick {
            input id=(name) name=(name) type="checkbox" value="yes" checked[ticked];
            label for=(name) { (label) @if !help.is_empty() { span.small { (help) } } }
        }
    }
}

/// A table, which becomes a list of cards on a small screen.
pub(crate) fn table(caption: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        table.table role="table" aria-label=(caption) {
            thead role="rowgroup" {
                tr role="row" {
                    @for head in heads {
                        th scope="col" role="columnheader" {
                            @if head.is_empty() { span.unseen { "Actions" } } @else { (head) }
                        }
                    }
                }
            }
            tbody role="rowgroup" { (rows) }
        }
    }
}
