//! The steps in each identity provider, in the words of its own pages.

use maud::{Markup, html};

use super::Facts;
use crate::pages::components;
use crate::pages::provider::Provider;

pub(super) fn steps(provider: Provider, facts: &Facts<'_>) -> Markup {
    html! {
        (match provider {
            Provider::Okta => okta(facts),
            Provider::Entra => entra(facts),
            Provider::OneLogin => one_login(facts),
            Provider::JumpCloud => jump_cloud(facts),
            Provider::Other => other(facts),
        })
        @if facts.is_email {
            p.hint { "This application identifies users by their work e-mail address. Map the same address to userName and to the work e-mail." }
        }
        @if !facts.has_groups {
            p.hint { "This application does not support groups. Leave group push and group mappings off." }
        }
    }
}

/// A field of a provider's page, and the value to enter.
fn enter(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn url(facts: &Facts<'_>) -> Markup {
    html! { code { (facts.base_url) } }
}

fn okta(facts: &Facts<'_>) -> Markup {
    html! {
        ol.steps {
            li {
                h3 { "Open the provisioning of the app" }
                p {
                    "In the Admin Console, open " b { "Applications" } " and your app. For a custom app, open " b { "General" } ", edit " b { "App Settings" }
                    ", choose " b { "SCIM" } " under Provisioning and save. For a catalogue app, continue with the next step."
                }
            }
            li {
                h3 { "Enter the connection" }
                p { "On the tab " b { "Provisioning" } " choose " b { "Integration" } " (or " b { "Configure API Integration" } ") and edit it:" }
                dl.facts {
                    (enter("SCIM connector base URL, or Base URL", &url(facts)))
                    (enter("Unique identifier field for users", &html! { code { "userName" } }))
                    (enter("Supported provisioning actions", &html! {
                        "Import New Users and Profile Updates, Push New Users, Push Profile Updates"
                        @if facts.has_groups { ", Push Groups, Import Groups" }
                    }))
                    (enter("Authentication Mode", &html! { "HTTP Header" }))
                    (enter("Authorization, or API Token", &html! { "the token" }))
                }
                p { "Press " b { "Test Connector Configuration" } " or " b { "Test API Credentials" } ", then save." }
            }
            li {
                h3 { "Choose what Okta may do" }
                p { "Under " b { "To App" } " edit and enable " b { "Create Users" } ", " b { "Update User Attributes" } " and " b { "Deactivate Users" } ". Enable " b { "Sync Password" } " only if people sign in here with their Okta password." }
            }
            li {
                h3 { "Assign people" @if facts.has_groups { " and push groups" } }
                p {
                    "On the tab " b { "Assignments" } " assign people or groups. They appear here within moments."
                    @if facts.has_groups { " On the tab " b { "Push Groups" } " choose the groups to push." }
                }
            }
        }
    }
}

/// Entra's attributes and the attributes that they are mapped to.
const ENTRA_USERS: [(&str, &str); 10] = [
    ("userPrincipalName", "userName"),
    (
        "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")",
        "active",
    ),
    ("objectId", "externalId"),
    ("displayName", "displayName"),
    ("mail", "emails[type eq \"work\"].value"),
    ("givenName", "name.givenName"),
    ("surname", "name.familyName"),
    ("Join(\" \", [givenName], [surname])", "name.formatted"),
    ("jobTitle", "title"),
    ("telephoneNumber", "phoneNumbers[type eq \"work\"].value"),
];
const ENTRA_GROUPS: [(&str, &str); 3] = [
    ("displayName", "displayName"),
    ("objectId", "externalId"),
    ("members", "members"),
];

fn mapping(caption: &str, rows: &[(&str, &str)]) -> Markup {
    let rows = html! {
        @for (from, to) in rows {
            tr role="row" {
                td role="cell" data-label="Entra" { span { code { (from) } } }
                td role="cell" data-label="Here" { span { code { (to) } } }
            }
        }
    };
    html! {
        h3 { (caption) }
        (components::table(caption, &["Microsoft Entra ID attribute", "Attribute here"], &rows))
    }
}

fn entra(facts: &Facts<'_>) -> Markup {
    // The flag makes Entra's requests follow RFC 7644; the service understands both dialects.
    let tenant_url = format!("{}?aadOptscim062020", facts.base_url);
    html! {
        ol.steps {
            li {
                h3 { "Open the provisioning of the application" }
                p {
                    "In the Entra admin center open " b { "Enterprise applications" } " and your application, or create one with " b { "New application" } ", "
                    b { "Create your own application" } ". Choose " b { "Provisioning" } " and set " b { "Provisioning Mode" } " to " b { "Automatic" } "."
                }
            }
            li {
                h3 { "Enter the admin credentials" }
                dl.facts {
                    (enter("Tenant URL", &html! { code { (tenant_url) } }))
                    (enter("Secret Token", &html! { "the token" }))
                }
                p { "Press " b { "Test Connection" } ", then save." }
            }
            li {
                h3 { "Check the mappings" }
                p { "Under " b { "Mappings" } " keep those below. Other mappings that Entra proposes work too, if the application uses them." }
                (mapping("Users", &ENTRA_USERS))
                @if facts.has_groups { (mapping("Groups", &ENTRA_GROUPS)) }
                @else { p { "Set " b { "Provision Microsoft Entra ID Groups" } " to " b { "No" } "." } }
            }
            li {
                h3 { "Choose who, and start" }
                p {
                    "Under " b { "Users and groups" } " assign people. Set " b { "Provisioning Status" } " to " b { "On" }
                    ". The first cycle starts within minutes; the following ones run about every 40 minutes. Use " b { "Provision on demand" } " to provision one person immediately."
                }
            }
        }
    }
}

fn one_login(facts: &Facts<'_>) -> Markup {
    html! {
        ol.steps {
            li {
                h3 { "Add the connector" }
                p { "In " b { "Applications" } " add " b { "SCIM Provisioner with SAML (SCIM v2 Core)" } ", or the one with " b { "Enterprise" } " for departments and managers." }
            }
            li {
                h3 { "Enter the connection" }
                p { "On the tab " b { "Configuration" } ":" }
                dl.facts {
                    (enter("SCIM Base URL", &url(facts)))
                    (enter("SCIM Bearer Token", &html! { "the token" }))
                    (enter("API Status", &html! { "press " b { "Enable" } }))
                }
            }
            li {
                h3 { "Enable provisioning" }
                p {
                    "On the tab " b { "Provisioning" } " tick " b { "Enable provisioning" } ". For users who are deleted in OneLogin, choose " b { "Suspend" } " to keep them here deactivated, or " b { "Delete" } "."
                }
                p { "On the tab " b { "Parameters" } " map " code { "scimusername" } " to " b { "Username" } " or " b { "Email" } @if facts.has_groups { ", and tick " b { "Include in User Provisioning" } " for groups" } "." }
            }
            li {
                h3 { "Assign people" }
                p { "On the tab " b { "Access" } " choose roles, and approve pending users under " b { "Users" } "." }
            }
        }
    }
}

fn jump_cloud(facts: &Facts<'_>) -> Markup {
    html! {
        ol.steps {
            li {
                h3 { "Open identity management" }
                p { "In " b { "SSO Applications" } " open your application, or add a custom one, and choose the tab " b { "Identity Management" } "." }
            }
            li {
                h3 { "Enter the connection" }
                dl.facts {
                    (enter("API Type", &html! { "SCIM API" }))
                    (enter("SCIM Version", &html! { "SCIM 2.0" }))
                    (enter("Base URL", &url(facts)))
                    (enter("Token Key", &html! { "the token" }))
                    (enter("Test User Email", &html! { "an address that no user here has" }))
                }
                p {
                    @if facts.has_groups { "Enable management of user groups and group membership if you push groups. " }
                    @else { "Leave the management of user groups off. " }
                    "Press " b { "Test Connection" } ", then " b { "Activate" } "."
                }
                p.small { "JumpCloud then creates a test user" @if facts.has_groups { " and a test group" } ", changes and removes them. They may show up here for a moment." }
            }
            li {
                h3 { "Choose who" }
                p { "On the tab " b { "User Groups" } " tick the groups whose members get access, and save." }
            }
        }
    }
}

fn other(facts: &Facts<'_>) -> Markup {
    html! {
        ol.steps {
            li {
                h3 { "Enter the connection" }
                p { "Providers use different names for the same values:" }
                dl.facts {
                    (enter("Base URL, tenant URL, SCIM endpoint", &url(facts)))
                    (enter("Token, secret, API key", &html! { "the token" }))
                    (enter("Authentication", &html! { "Bearer token, or HTTP header " code { "Authorization: Bearer TOKEN" } }))
                    (enter("Version", &html! { "SCIM 2.0" }))
                    (enter("Unique identifier, matching attribute", &html! { code { "userName" } }))
                }
            }
            li {
                h3 { "Choose what to send" }
                dl.facts {
                    (enter("Users", &html! { "create, update, deactivate, delete" }))
                    (enter("Groups", &html! { @if facts.has_groups { "create, update, delete, with members" } @else { "none" } }))
                    (enter("Updates", &html! { "PATCH or PUT" }))
                    (enter("Deactivation", &html! { code { "active" } " set to false" }))
                }
            }
            li {
                h3 { "Test, then assign people" }
                p { "Test the connection here and in your identity provider. Start with one person." }
            }
        }
    }
}
