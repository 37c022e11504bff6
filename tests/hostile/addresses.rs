//! H-08, H-09, H-10: ids, tenants and parameters beyond those of `conformance::addresses`.

use super::{Fort, told};
use crate::support::client::encode;
use crate::support::table::tenant_of;

#[tokio::test(flavor = "multi_thread")]
async fn h08_h09_ids_in_the_language_of_the_storage_name_nothing() {
    let fort = Fort::start().await;
    let tenant = tenant_of(&fort.client).to_owned();
    for id in [
        format!("{tenant}#user"),
        format!("{}#{}", fort.group, fort.user),
        format!("{}\u{0}", fort.user),
        format!("{} ", fort.user),
        format!("{}/../{}", fort.user, fort.user),
        format!("{{{}}}", fort.user),
        fort.user.replace('-', ""),
        "attribute_exists(pk)".to_owned(),
        ":v0 OR 1=1".to_owned(),
        "#pk".to_owned(),
        "~".to_owned(),
        "\u{10ffff}".to_owned(),
        ".*".to_owned(),
        "{\"$ne\":null}".to_owned(),
        "#{7*7}".to_owned(),
        "\r\nSet-Cookie: a=b".to_owned(),
        "x".repeat(2_500),
    ] {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            for endpoint in ["/Users", "/Groups"] {
                let line = format!("{method} {endpoint}/{}", encode(&id));
                let answer = fort.send(&line, &[], "{}").await;
                told(&answer, &line);
                assert!([400, 404].contains(&answer.status.as_u16()), "{line}");
                assert!(!answer.headers.contains_key("set-cookie"), "{line}");
            }
        }
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_ids_longer_than_a_request_line_are_refused_before_anything_is_asked() {
    let fort = Fort::start().await;
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let line = format!("{method} /Users/{}", "%2e".repeat(20_000));
        let status = fort.send(&line, &[], "").await.status.as_u16();
        assert!((400..500).contains(&status), "{method}: {status}");
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_tenants_and_parameters_are_decoded_only_once() {
    let fort = Fort::start().await;
    let tenant = tenant_of(&fort.client).to_owned();
    for path in [
        format!("/{tenant}%23user/scim/v2/Users"),
        format!("/%2e%2e/{tenant}%00/scim/v2/Users"),
        format!("/{tenant}/../x/scim/v2/Users"),
        format!("/{tenant}%20/scim/v2/Users"),
        "/%2A/scim/v2/Users".to_owned(),
        "/.*/scim/v2/Users".to_owned(),
    ] {
        let answer = fort.send(&format!("GET origin:{path}"), &[], "").await;
        told(&answer, &path);
        assert!([401, 404].contains(&answer.status.as_u16()), "{path}");
    }
    for query in [
        "filter=userName%2520eq%2520%2522anna%2522",
        "filter=userName%20eq%20%22anna%22&Filter=title%20pr",
        "filter=userName%20eq%20%22anna%22%00",
        "filter=userName%20eq%20%22anna%22%0d%0aX:%20y",
        "count=1&count=1",
        "count=0x1",
        "count=1%00",
        "startIndex=1;count=1",
        "sortBy=userName%26count=1",
        "sortBy=userName&sortOrder=%27",
        "attributes=%C0%AE",
        "filter=%ED%A0%80",
        "filter=%u0041",
    ] {
        let answer = fort.send(&format!("GET /Users?{query}"), &[], "").await;
        told(&answer, query);
        assert_eq!(answer.status, 400, "{query}");
    }
    fort.stands().await;
}
