//! 2: Okta.

use super::Section;

pub(super) const SECTIONS: &[Section] = &[
    (
        "2 the client",
        &[
            (
                "Accept, Accept-Charset and a Content-Type with charset on everything",
                &["okta/test-credentials", "okta/create"],
            ),
            (
                "an answer before the socket is closed after 60 s",
                &[
                    "a_slow_function_times_out",
                    "functions_run_on_arm_with_memory_and_time_that_fit_the_gateway",
                ],
            ),
            (
                "a base address without an underscore",
                &["tenant_ids_are_short_lower_case_labels"],
            ),
        ],
    ),
    (
        "2.1 Which verb",
        &[
            (
                "PUT and PATCH of a profile",
                &["okta/update-put", "okta/update-patch"],
            ),
            (
                "PUT and PATCH for activation, deactivation and password",
                &[
                    "okta/deactivate-reactivate/02-deactivate",
                    "okta/deactivate-reactivate/07-wizard-deactivates-by-put",
                ],
            ),
            (
                "PUT and PATCH for names and members of groups",
                &["okta/group-push-put", "okta/group-push-patch"],
            ),
        ],
    ),
    (
        "2.2 Conversation",
        &[
            (
                "the test of the credentials gives lists, also without users and groups",
                &["okta/test-credentials"],
            ),
            (
                "the lookup gives one or nobody, in any case",
                &["okta/lookup"],
            ),
            (
                "a create with groups and password gives the whole user with its id",
                &["okta/create/01-post"],
            ),
            (
                "a user who exists is found, active or not, under the same id",
                &[
                    "okta/create-duplicate/06-still-one",
                    "okta/deactivate-reactivate/04-lookup",
                ],
            ),
            (
                "a PUT of what was read, id, meta, groups and empty texts included",
                &[
                    "okta/update-put/04-put",
                    "u13_a_representation_can_be_sent_back",
                ],
            ),
            (
                "deactivation without a path",
                &["okta/deactivate-reactivate/02-deactivate"],
            ),
            (
                "reactivation under the same id",
                &["okta/deactivate-reactivate/05-reactivate"],
            ),
            (
                "a password alone is taken and not echoed",
                &["okta/deactivate-reactivate/06-password"],
            ),
            (
                "no deletion is needed: the deactivated user stays",
                &["okta/deactivate-reactivate/03-still-there"],
            ),
            (
                "users are imported by full pages in a stable order, the inactive ones too",
                &[
                    "okta/import-users",
                    "a_walk_over_5000_users_sees_each_of_them_while_others_are_created",
                ],
            ),
            (
                "groups are imported with their members",
                &["okta/import-groups"],
            ),
        ],
    ),
    (
        "2.2 CRUD suite",
        &[(
            "create, another first name, deactivation, reactivation, unassignment, each read back",
            &["okta/crud-test"],
        )],
    ),
    (
        "2.2 SPEC suite",
        &[
            (
                "a list of one with name, userName, active and an e-mail",
                &["okta/spec-test/02-users"],
            ),
            (
                "an unknown userName gives a total of 0",
                &["okta/spec-test/04-unknown-user-name"],
            ),
            (
                "an unknown id gives a 404 with detail and status as text",
                &["okta/spec-test/05-unknown-id"],
            ),
            (
                "a create as application/json, and a duplicate that is a 409",
                &["okta/spec-test/07-create", "okta/spec-test/08-recreate"],
            ),
            ("a lookup in upper case", &["okta/spec-test/09-upper-case"]),
            (
                "groups within 600 ms",
                &[
                    "okta/spec-test/10-groups",
                    "a_page_of_100_groups_with_members_takes_4_round_trips",
                ],
            ),
            (
                "a bad token is a 401 with an Error",
                &["okta/spec-test/11-bad-token"],
            ),
        ],
    ),
    (
        "2.3 Group push",
        &[
            (
                "a group is found by its name, whatever is in the name",
                &["okta/group-push-patch/04-find", "okta/group-odd-name"],
            ),
            (
                "a group is created with an empty list of members",
                &["okta/group-push-patch/05-push"],
            ),
            (
                "removals by filtered paths and additions in one PATCH",
                &["okta/group-push-patch/10-remove-and-add"],
            ),
            (
                "a full push replaces the members",
                &["okta/group-push-patch/16-full-push"],
            ),
            (
                "members as a key of a value without a path, and an empty list of them",
                &["okta/group-push-shapes"],
            ),
            (
                "a rename with the group's own id, beside a change of members",
                &["okta/group-push-patch/13-rename-with-own-id-and-membership"],
            ),
            (
                "a PUT of the group with display null and with its id",
                &["okta/group-push-put/05-members"],
            ),
            (
                "DELETE of the group is a 204",
                &["okta/group-unlink/03-delete"],
            ),
            (
                "another id never re-keys the group",
                &["okta/group-push-refused/05-foreign-id"],
            ),
            (
                "a member without a type is a user",
                &["okta/group-push-patch/07-after-add"],
            ),
            (
                "a filtered removal takes out one: not all, not nobody",
                &["okta/group-push-patch/11-after-remove-and-add"],
            ),
            (
                "a PUT replaces members although their value is immutable",
                &["okta/group-push-put/06-other-members"],
            ),
            (
                "the removal of somebody who is no member is a 204",
                &["okta/group-push-patch/12-remove-a-stranger"],
            ),
        ],
    ),
    (
        "2.4 Limits and retries",
        &[
            (
                "429 has a Retry-After and an Error",
                &["failures_are_scim_errors_with_their_headers"],
            ),
            (
                "the burst of an assignment of a whole group is taken",
                &[
                    "of_100_equal_users_created_at_once_one_is_created_and_99_are_conflicts",
                    "50_members_added_by_50_patches_at_once_are_all_members",
                ],
            ),
            (
                "a detail for the administrator",
                &["every_detail_is_a_sentence_for_an_administrator"],
            ),
        ],
    ),
];
