//! The features that vendors' applications offer to their customers, one by one.

use crate::house::source;

mod blacksmith;
mod blink;
mod blogin;
mod existing;
mod oktopost;

/// The features in the vendors' integration directories, each with its test.
const FEATURES: [(&str, &str, &str); 22] = [
    ("BlogIn", "create users", "blogin_create_update_deactivate"),
    ("BlogIn", "update users", "blogin_create_update_deactivate"),
    (
        "BlogIn",
        "deactivate users",
        "blogin_create_update_deactivate",
    ),
    ("BlogIn", "import users", "blogin_import_users"),
    ("BlogIn", "import groups", "blogin_import_groups"),
    ("BlogIn", "group push", "blogin_group_push"),
    ("BlogIn", "password sync", "blogin_password_sync"),
    (
        "BlogIn",
        "on and off, a token on the first save",
        "blogin_on_off_and_a_token_on_the_first_save",
    ),
    ("BlogIn", "test credentials", "blogin_test_credentials"),
    (
        "BlogIn",
        "the mapping table of Entra ID",
        "blogin_entra_mapping_table",
    ),
    (
        "Blink",
        "create, update, disable",
        "blink_create_update_disable",
    ),
    ("Blink", "refused group push", "blink_refused_group_push"),
    (
        "Oktopost",
        "create, update, deactivate, reactivate",
        "oktopost_create_update_deactivate_reactivate",
    ),
    ("Oktopost", "e-mail that exists", "oktopost_existing_e_mail"),
    ("Oktopost", "licence limit", "oktopost_licence_limit"),
    (
        "Oktopost",
        "list of what failed",
        "oktopost_the_failed_list_is_a_file_for_a_spreadsheet_without_formulas",
    ),
    ("Oktopost", "two targets", "oktopost_two_targets"),
    (
        "Oktopost",
        "supported attributes",
        "oktopost_supported_attributes",
    ),
    (
        "Oktopost",
        "userName is the work e-mail",
        "oktopost_the_user_name_is_the_work_e_mail_after_all_operations",
    ),
    (
        "Blacksmith",
        "key with a purpose",
        "blacksmith_a_key_is_made_with_a_purpose_and_shown_once",
    ),
    (
        "Blacksmith",
        "create, update, deactivate",
        "blacksmith_create_update_deactivate",
    ),
    ("Blacksmith", "group push", "blacksmith_group_push"),
];

#[test]
fn every_feature_of_the_vendors_has_its_test() {
    let sources = source::all();
    for (vendor, feature, test) in FEATURES {
        let head = format!("fn {test}()");
        assert!(
            test.starts_with(&vendor.to_lowercase()),
            "{test} is not named after {vendor}"
        );
        assert!(
            sources.iter().any(|source| source.bare.contains(&head)),
            "{vendor}, {feature}: there is no test {test}"
        );
    }
}
