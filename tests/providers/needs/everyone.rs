//! 1: needs of all providers.

use super::Section;

pub(super) const SECTIONS: &[Section] = &[
    (
        "1 Authentication",
        &[
            (
                "the name of the scheme in any case",
                &["the_scheme_is_read_in_any_case"],
            ),
            (
                "anything else is a 401 with an Error, its status as text, a detail, WWW-Authenticate",
                &[
                    "okta/spec-test/11-bad-token",
                    "okta/hostile-basics/13-no-token",
                    "whatever_is_wrong_with_a_token_the_answer_is_the_same",
                    "failures_are_scim_errors_with_their_headers",
                ],
            ),
            (
                "a header without a scheme is a 401 when it is no token",
                &["okta/spec-test/11-bad-token"],
            ),
            (
                "tokens of more than 1 KB",
                &["a_token_of_4096_letters_opens_its_tenant"],
            ),
            (
                "the token alone, as header authentication sends it",
                &[
                    "the_scheme_is_read_in_any_case",
                    "an_imported_token_opens_its_tenant_and_no_other",
                ],
            ),
        ],
    ),
    (
        "1 Media types",
        &[
            (
                "both media types, with and without charset, in any case",
                &[
                    "bodies_of_both_media_types_are_read_on_every_method",
                    "media_types",
                ],
            ),
            (
                "a Content-Type on GET and DELETE",
                &[
                    "onelogin/users/02-lookup",
                    "everyone/queries/11-delete-with-content-type",
                    "a_body_on_a_method_that_takes_none_is_ignored",
                ],
            ),
            (
                "every body is application/scim+json; no Accept is a 406",
                &["every_answer_is_scim_json_whatever_is_accepted"],
            ),
        ],
    ),
    (
        "1 Resources",
        &[
            (
                "201 with a Location that is meta.location, whole and fetchable, and with the resource",
                &[
                    "okta/create",
                    "the_location_is_one_and_leads_to_the_resource",
                ],
            ),
            (
                "id and meta of the client are ignored",
                &[
                    "keycloak/slash/04-own-id-is-unknown",
                    "entra/create/01-post",
                    "okta/update-put/04-put",
                ],
            ),
            (
                "schemas follow the content, however it got there",
                &[
                    "keycloak/slash/07-update",
                    "okta/update-patch/04-extension",
                    "entra/manager/09-remove",
                    "entra/create-variants/02-nulls",
                ],
            ),
            (
                "unknown schemas, unknown attributes and null do not fail a create",
                &[
                    "entra/create-variants/02-nulls",
                    "entra/create-variants/05-unknown-parts",
                    "onelogin/enterprise-template/02-create",
                ],
            ),
            (
                "null, an empty list and absence are the same",
                &[
                    "entra/create-variants/02-nulls",
                    "authentik/patch/03-create-uma",
                    "m34_null_empty_arrays_and_blank_text_unassign",
                ],
            ),
            (
                "no answer has the password, whatever attributes asks for",
                &[
                    "okta/create/03-password-is-never-returned",
                    "no_answer_shows_a_password",
                ],
            ),
            (
                "groups of a user are ignored in POST and PUT, and a PATCH of them changes nothing",
                &[
                    "okta/create/01-post",
                    "okta/update-put/05-put-with-empty-groups",
                    "okta/update-patch/03-profile",
                    "entra/refused-patches/11-groups",
                ],
            ),
            (
                "one primary value at most; a new one clears the old one",
                &[
                    "entra/primary-email",
                    "pingone/users/02-two-primaries",
                    "m11_a_new_primary_value_replaces_the_old_one_with_any_path",
                ],
            ),
        ],
    ),
    (
        "1 Matching and uniqueness",
        &[
            (
                "userName is compared without case and answered as it was sent",
                &[
                    "okta/lookup/05-other-case",
                    "okta/create-duplicate/03-other-case",
                    "spellings_of_one_name_are_one_name",
                ],
            ),
            (
                "a conflict is 409 uniqueness",
                &["okta/create-duplicate/02-same-name"],
            ),
            (
                "deactivated users hold their name",
                &["okta/create-duplicate/05-deactivated-users-hold-their-name"],
            ),
            (
                "a rename frees the old name at once",
                &[
                    "entra/update-default-dialect/08-old-name",
                    "a_rename_frees_the_old_name_at_once_and_takes_the_new_one",
                ],
            ),
            (
                "another case of one's own name is no conflict",
                &[
                    "okta/update-put/08-rename-in-case-only",
                    "okta/group-rename/04-own-name-in-other-case",
                ],
            ),
            (
                "a deletion frees the name",
                &[
                    "entra/delete/10-create-anew",
                    "okta/group-unlink/07-name-is-free",
                ],
            ),
            (
                "externalId and id are compared with case",
                &[
                    "entra/match/06-external-id-in-other-case",
                    "everyone/filters/05-id-in-other-case",
                    "odd_ids_name_nothing_on_any_method",
                ],
            ),
            (
                "externalId is not unique",
                &["two_users_may_have_one_external_id_and_one_address"],
            ),
            (
                "displayName of groups is unique and matched without case",
                &[
                    "entra/validator-groups/03-duplicate",
                    "entra/validator-groups/06-filter-other-case",
                    "okta/group-rename/07-taken-name",
                ],
            ),
            (
                "a group that repeats its own name is no duplicate",
                &[
                    "okta/group-push-put/06-other-members",
                    "okta/group-rename/06-own-name-by-put",
                    "okta/group-push-patch/13-rename-with-own-id-and-membership",
                ],
            ),
            (
                "of equal POSTs at once one is a 201, the others are 409",
                &[
                    "of_100_equal_users_created_at_once_one_is_created_and_99_are_conflicts",
                    "of_50_equal_groups_created_at_once_one_is_created_and_49_are_conflicts",
                ],
            ),
        ],
    ),
    (
        "1 Queries",
        &[
            (
                "no match is 200 with a total of 0 and no Resources",
                &[
                    "okta/lookup/01-nobody",
                    "entra/test-connection",
                    "okta/test-credentials",
                ],
            ),
            (
                "eq and and over the attributes that providers match by",
                &[
                    "everyone/filters",
                    "entra/match",
                    "indexes_give_what_looking_at_everything_gives",
                ],
            ),
            (
                "names and operators in any case, the URN of the core schema, JSON escapes",
                &[
                    "okta/lookup/07-name-and-operator-in-any-case",
                    "okta/group-odd-name/02-find",
                    "everyone/filters/19-core-urn",
                ],
            ),
            (
                "blanks as %20 and +, %2B, a trailing &, a bare ?, raw quotes",
                &[
                    "okta/lookup/06-plus-sign",
                    "onelogin/users/01-connect",
                    "onelogin/users/07-user",
                    "queries_are_decoded_once",
                    "unencoded_quotes_and_spaces_are_accepted",
                    "raw_quotes_and_odd_hosts_do_not_end_the_process",
                ],
            ),
            (
                "totalResults, startIndex and itemsPerPage are integers; itemsPerPage is what was returned",
                &["okta/test-credentials", "okta/import-users/08-page-3"],
            ),
            (
                "one stable order for every page size",
                &[
                    "okta/import-users/09-page-of-100",
                    "pages_of_any_size_and_in_any_order_join_to_the_same_whole",
                ],
            ),
            (
                "pages of at least 100",
                &["a_page_has_100_unless_asked_otherwise_and_1000_at_most"],
            ),
            (
                "count 0 gives the total, negative counts are 0, startIndex below 1 is 1",
                &[
                    "okta/import-users/12-start-index-0",
                    "okta/import-users/13-negative-count",
                    "everyone/queries/06-count-0",
                ],
            ),
            (
                "attributes and excludedAttributes on one and on lists; id is always there",
                &[
                    "everyone/queries/07-attributes",
                    "everyone/queries/08-excluded-attributes",
                    "both_parameters_work_on_every_operation",
                ],
            ),
        ],
    ),
    (
        "1 PATCH",
        &[
            ("op in any case", &["entra/update-default-dialect"]),
            (
                "the members of an operation in any order",
                &["onelogin/groups/05-add", "onelogin/groups/07-remove"],
            ),
            (
                "all or nothing",
                &[
                    "entra/refused-patches/16-user",
                    "okta/group-push-refused",
                    "m04_an_error_changes_nothing_and_names_its_operation",
                ],
            ),
            (
                "200 with the whole resource for users, 204 without a body for groups",
                &[
                    "okta/deactivate-reactivate/02-deactivate",
                    "entra/groups-default-dialect/08-add-members",
                ],
            ),
            (
                "without a path each key applies, dotted or with its URN",
                &["entra/update-flag-dialect/02-no-path"],
            ),
            ("a complex value merges", &["okta/update-patch/03-profile"]),
            (
                "a removal without a path is noTarget",
                &["entra/stray-value-on-remove/03-remove-without-path"],
            ),
            (
                "a malformed path is invalidPath",
                &["rfc7644/errors/06-path-syntax", "malformed_paths"],
            ),
            (
                "an unknown op is invalidSyntax",
                &["entra/refused-patches/12-unknown-op"],
            ),
            (
                "a member who is added twice is a member once",
                &["okta/group-push-patch/08-add-again"],
            ),
            (
                "a replace without members leaves the members",
                &[
                    "entra/groups-flag-dialect/10-rename",
                    "okta/group-push-patch/14-after-rename",
                ],
            ),
        ],
    ),
    (
        "1 Errors",
        &[(
            "schemas, status as text, the scimType of the RFC, a detail that says what to do",
            &[
                "rfc7644/errors",
                "every_failure_says_what_the_table_says",
                "every_detail_is_a_sentence_for_an_administrator",
            ],
        )],
    ),
];
