//! 4: other providers.

use super::Section;

pub(super) const SECTIONS: &[Section] = &[
    (
        "4 OneLogin",
        &[
            (
                "a filter for a name that cannot exist, + for blanks, a trailing &",
                &["onelogin/users/01-connect"],
            ),
            (
                "all groups are loaded and missing ones created",
                &["onelogin/groups/03-load", "onelogin/groups/04-create"],
            ),
            (
                "members by a list of values, the keys of the PATCH in odd order",
                &["onelogin/groups/05-add", "onelogin/groups/07-remove"],
            ),
            (
                "updates and deactivation by PUT with a bare ?",
                &["onelogin/users/05-update", "onelogin/users/06-deactivate"],
            ),
            (
                "the Enterprise template: former URNs, nulls, blanks, a manager without a value",
                &["onelogin/enterprise-template"],
            ),
            ("DELETE if so configured", &["onelogin/users/08-delete"]),
        ],
    ),
    (
        "4 JumpCloud",
        &[
            (
                "activation creates, changes and deletes a test user and a test group",
                &["jumpcloud/activation"],
            ),
            (
                "updates by PUT, members removed in Entra's style, no extension schemas",
                &["jumpcloud/users-and-groups"],
            ),
        ],
    ),
    (
        "4 Google Workspace",
        &[
            ("a probe for one user", &["google/users/01-probe"]),
            (
                "users are created inactive, changed by PATCH, suspended, deleted later; no groups",
                &["google/users"],
            ),
        ],
    ),
    (
        "4 PingFederate and PingOne",
        &[
            (
                "a match by emails, without a sub-attribute",
                &[
                    "pingfederate/users-and-groups/04-found-by-email",
                    "pingone/users/03-lookup-by-email",
                ],
            ),
            ("two primary addresses", &["pingone/users/02-two-primaries"]),
            (
                "a PUT without the password leaves the password",
                &["a_put_without_a_password_leaves_the_password"],
            ),
            (
                "never a PATCH, Accept application/json",
                &["pingone/users", "pingfederate/users-and-groups"],
            ),
        ],
    ),
    (
        "4 CyberArk Identity",
        &[
            (
                "a probe, the configuration, both resource types, each schema by its id",
                &["cyberark/application"],
            ),
            (
                "PUT of users, PATCH of groups",
                &[
                    "cyberark/application/11-update",
                    "cyberark/application/15-add-member",
                ],
            ),
        ],
    ),
    (
        "4 SailPoint",
        &[
            (
                "every discovery endpoint",
                &[
                    "sailpoint/aggregation/01-configuration",
                    "sailpoint/aggregation/05-schemas",
                ],
            ),
            (
                "pages join to everything",
                &[
                    "sailpoint/aggregation/15-whole",
                    "a_walk_returns_each_resource_that_stays_exactly_once",
                ],
            ),
        ],
    ),
    (
        "4 Rippling",
        &[
            (
                "the configuration is readable",
                &["rippling/users-and-groups/01-probe"],
            ),
            (
                "externalId, and a primary address without a type",
                &["rippling/users-and-groups/03-create"],
            ),
            (
                "POSTs are retried: one user, one group",
                &[
                    "rippling/users-and-groups/04-retry",
                    "rippling/users-and-groups/11-retry-group",
                ],
            ),
            (
                "pages, PATCH and deletion of groups where the options say so",
                &["rippling/users-and-groups"],
            ),
        ],
    ),
    (
        "4 Keycloak",
        &[
            (
                "an id of its own on create",
                &["keycloak/slash/04-own-id-is-unknown"],
            ),
            ("e-mails without a type", &["keycloak/slash/03-create"]),
            (
                "two slashes in a row work, locations have one",
                &["keycloak/slash", "extra_slashes_make_no_difference"],
            ),
            (
                "PUT by default, the extension without its URN in schemas",
                &["keycloak/slash/07-update"],
            ),
            (
                "the value of a PATCH as JSON in text",
                &[
                    "keycloak/groups/05-rename",
                    "keycloak_wraps_the_value_in_text",
                ],
            ),
        ],
    ),
    (
        "4 authentik",
        &[
            (
                "the configuration tells PUT from PATCH",
                &["authentik/patch/01-configuration"],
            ),
            (
                "a PATCH without schemas",
                &[
                    "authentik/patch/10-update-group",
                    "m01_schemas_may_be_missing",
                ],
            ),
            (
                "a PUT with an empty list of members removes the last one",
                &["authentik/put/05-last-leaves"],
            ),
            (
                "the echoed resource is what was written",
                &["authentik/patch/07-update", "authentik/put/04-one-leaves"],
            ),
        ],
    ),
];
