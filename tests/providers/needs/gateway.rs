//! 6: how the gateway and its functions must not fail a provider.

use super::Section;

pub(super) const SECTIONS: &[Section] = &[(
    "6 Traps of the AWS front door",
    &[
        (
            "bodies come as text and as base64; answers are text",
            &[
                "bodies_arrive_as_text_and_as_base64",
                "scim_bodies_are_base64_and_json_bodies_are_text",
            ],
        ),
        (
            "no authorizer of the gateway's; what no route takes is answered by a function",
            &[
                "callers_are_authenticated_by_the_functions_only",
                "the_template_has_the_routes_of_the_code",
                "what_the_gateway_refuses_itself_is_no_failure_of_a_function",
            ],
        ),
        (
            "addresses have the host and path that the provider called",
            &["addresses_begin_with_what_the_client_called"],
        ),
        (
            "a raw query is decoded once",
            &[
                "queries_are_decoded_once",
                "odd_queries_have_defined_answers",
                "unencoded_quotes_and_spaces_are_accepted",
            ],
        ),
        (
            "time and size stay within those of gateway, function and item",
            &[
                "functions_run_on_arm_with_memory_and_time_that_fit_the_gateway",
                "answers_over_the_limit_are_refused_with_what_to_ask_for",
                "a_resource_over_the_limit_of_an_item_is_413_and_nothing_is_stored",
            ],
        ),
        (
            "names are unique by a transaction, and a lookup right after a create finds it",
            &[
                "of_20_renames_to_one_name_at_once_one_wins",
                "every_write_of_a_user_is_seen_by_the_next_filter_list_and_total",
            ],
        ),
        (
            "pages by startIndex with an exact total",
            &[
                "pages_of_any_size_and_in_any_order_join_to_the_same_whole",
                "totals_are_exact_after_parallel_creations_and_deletions",
            ],
        ),
        (
            "no log has a body or a token",
            &[
                "no_log_has_a_token_a_body_a_value_or_a_query",
                "no_log_holds_a_query_a_path_or_an_address",
            ],
        ),
    ],
)];
