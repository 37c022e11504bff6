//! 3: Microsoft Entra ID.

use super::Section;

pub(super) const SECTIONS: &[Section] = &[
    (
        "3 the client",
        &[
            (
                "application/scim+json with a charset",
                &["entra/create/01-post"],
            ),
            (
                "more than 25 requests a second",
                &["of_100_equal_users_created_at_once_one_is_created_and_99_are_conflicts"],
            ),
        ],
    ),
    (
        "3.1 Users",
        &[
            (
                "Test Connection gives an empty list for whichever attribute matches, users and groups",
                &["entra/test-connection"],
            ),
            (
                "the match gives one or nobody by userName, externalId or the work address",
                &["entra/match"],
            ),
            (
                "a create with meta, empty roles and the extension is a 201 with an id",
                &["entra/create/01-post"],
            ),
            (
                "a user who is gone is a 404, after which it is matched and created anew",
                &["entra/create/04-unknown", "entra/delete/10-create-anew"],
            ),
            (
                "an update is a 200 with the user",
                &["entra/update-default-dialect/02-many-paths"],
            ),
            (
                "a disabled user is found by GET and by filter",
                &[
                    "entra/disable-restore/05-read",
                    "entra/disable-restore/06-match",
                ],
            ),
            (
                "a restored user has the same id",
                &["entra/disable-restore/07-restore"],
            ),
            (
                "DELETE is a 204, and again a 404",
                &["entra/delete/06-delete", "entra/delete/07-again"],
            ),
            (
                "nulls and unknown top-level attributes in a create",
                &["entra/create-variants/02-nulls"],
            ),
            (
                "active and primary as text",
                &[
                    "entra/create-variants/03-strings-for-booleans",
                    "entra/booleans",
                ],
            ),
            (
                "the manager as bare text, answered as an object",
                &["entra/create-variants/04-manager-as-a-string"],
            ),
            (
                "values as they were sent: no other telephone number, no other case",
                &["entra/update-default-dialect/03-after-many-paths"],
            ),
        ],
    ),
    (
        "3.2 The two PATCH dialects",
        &[
            (
                "the flag in the address is ignored",
                &[
                    "entra/test-connection/04-flag-in-the-url",
                    "entra/groups-flag-dialect/05-add",
                ],
            ),
            (
                "Add, Replace and Remove in both spellings",
                &["entra/update-default-dialect", "entra/update-flag-dialect"],
            ),
            (
                "active as \"False\" and as false",
                &[
                    "entra/update-default-dialect/05-disable",
                    "entra/update-flag-dialect/05-disable",
                ],
            ),
            (
                "one operation each, or one for all without a path",
                &[
                    "entra/update-default-dialect/02-many-paths",
                    "entra/update-flag-dialect/02-no-path",
                ],
            ),
            (
                "members are removed by a list of values, or by a filtered path",
                &[
                    "entra/groups-default-dialect/11-remove-by-value",
                    "entra/groups-flag-dialect/06-remove",
                ],
            ),
            (
                "active as \"false\"; other text is invalidValue",
                &["entra/booleans/06-yes"],
            ),
            (
                "a typed path without such a value makes the value, by Add and by Replace",
                &[
                    "entra/typed-paths/02-add-creates",
                    "entra/typed-paths/03-replace-creates",
                    "entra/typed-paths/06-two-terms",
                ],
            ),
            (
                "another work address leaves the home address and primary, and no path becomes a key",
                &[
                    "entra/primary-email/02-change-work",
                    "entra/update-default-dialect/03-after-many-paths",
                ],
            ),
            (
                "names of sub-attributes in another case",
                &["entra/typed-paths/04-parts-in-other-case"],
            ),
            (
                "roles[primary eq \"True\"]: a boolean compared with text",
                &[
                    "entra/roles/02-primary-role",
                    "entra/roles/07-by-primary-text",
                ],
            ),
            (
                "a role as a JSON document in text, roles as a list",
                &[
                    "entra/roles/04-json-in-a-string",
                    "entra/roles/05-assertive",
                ],
            ),
            (
                "the validator's own types of addresses, photos, ims",
                &["entra/typed-paths/05-untyped"],
            ),
            (
                "the manager as text, object and list; removed by Remove and by an empty value",
                &["entra/manager"],
            ),
            (
                "a stray value of a Remove is not written",
                &["entra/stray-value-on-remove/02-remove"],
            ),
            (
                "a new primary on home while work has it",
                &["entra/primary-email/04-home-becomes-primary"],
            ),
            (
                "userName stays when required attributes are removed: 400",
                &["entra/refused-patches/05-remove-user-name"],
            ),
        ],
    ),
    (
        "3.3 Groups",
        &[
            (
                "a match without members",
                &[
                    "entra/groups-default-dialect/05-match",
                    "entra/groups-default-dialect/10-match-without-members",
                ],
            ),
            (
                "a create with the second, proprietary schema",
                &["entra/groups-default-dialect/06-create"],
            ),
            (
                "a read without members",
                &["entra/groups-default-dialect/07-read"],
            ),
            (
                "many members at once, $ref null, 204",
                &["entra/groups-default-dialect/08-add-members"],
            ),
            (
                "a list of values removes only those listed",
                &["entra/groups-default-dialect/12-after-remove"],
            ),
            (
                "renamed and re-keyed, with a path and without; members untouched",
                &[
                    "entra/groups-default-dialect/14-after-rename",
                    "entra/groups-flag-dialect/13-group",
                ],
            ),
            (
                "reference checks count both halves of the filter",
                &["entra/reference-checks"],
            ),
            (
                "DELETE is a 204",
                &["entra/groups-default-dialect/19-delete"],
            ),
            (
                "a Remove of members with neither filter nor value empties the group",
                &["entra/groups-default-dialect/16-remove-all"],
            ),
            (
                "PATCHes of members at once do not overwrite each other",
                &[
                    "50_members_added_by_50_patches_at_once_are_all_members",
                    "members_added_and_removed_at_once_are_as_each_patch_said",
                ],
            ),
        ],
    ),
    (
        "3.4 Discovery",
        &[
            (
                "/Schemas is a list, without nulls, keywords camel-cased",
                &[
                    "schemas_are_listed_and_read_one_by_one",
                    "discovery_has_no_nulls_and_camel_cased_keywords",
                ],
            ),
            (
                "the types of a multi-valued attribute are named once each",
                &["discovery_has_no_nulls_and_camel_cased_keywords"],
            ),
        ],
    ),
    (
        "3.5 Quarantine and throttling",
        &[
            (
                "no answer but SCIM's, whatever the address, method and token",
                &[
                    "addresses_that_lead_nowhere_are_scim_errors",
                    "every_answer_is_scim_json_whatever_is_accepted",
                    "whatever_is_wrong_with_a_token_the_answer_is_the_same",
                ],
            ),
            (
                "429 has a Retry-After and an Error",
                &["failures_are_scim_errors_with_their_headers"],
            ),
        ],
    ),
    (
        "3.6 SCIM Validator",
        &[
            (
                "users: create, duplicate, filters, 36 replacements, additions, userName, disable, manager, delete",
                &["entra/validator-users"],
            ),
            (
                "groups: create, duplicate, filters, replacements, a member in and out, delete",
                &["entra/validator-groups"],
            ),
            (
                "preview: several operations on one attribute and on different ones",
                &[
                    "entra/validator-users/15-same-attribute-twice",
                    "entra/validator-users/06-replace-attributes",
                ],
            ),
            (
                "preview: delete twice, delete what never was",
                &[
                    "entra/validator-users/18-delete-again",
                    "entra/validator-users/19-delete-unknown",
                    "entra/validator-groups/15-delete-again",
                ],
            ),
            (
                "filters with + and with names in upper case",
                &["entra/validator-users/04-filter-other-case"],
            ),
        ],
    ),
];
