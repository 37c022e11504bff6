//! Queries over all resource types, and every way of paging.

use http::Method;
use serde_json::{Value, json};

use super::Functions;
use crate::support::client::{group, user};

/// All resources, with every way of paging.
pub(super) async fn all(functions: &Functions) {
    let user = functions.create("/Users", user("all@example.com")).await;
    let of = group("All", std::slice::from_ref(&user));
    let group = functions.create("/Groups", of).await;
    let cursors = ["?cursor=&count=1", "?sortBy=userName&cursor=&count=1"];
    for query in ["", "?count=1", "?startIndex=2"].into_iter().chain(cursors) {
        functions.get(query).await;
        functions.get(&format!("/Users{query}")).await;
    }
    for query in cursors {
        let first = functions.get(query).await;
        let next = first["nextCursor"].as_str().expect("a next page");
        let second = functions
            .get(&query.replace("cursor=", &format!("cursor={next}")))
            .await;
        assert!(second.get("nextCursor").is_none(), "{second}");
    }
    let search = |more: Value| {
        let mut body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        body
    };
    for more in [
        json!({ "filter": "meta.resourceType eq \"Group\"" }),
        json!({ "filter": "members pr or groups pr" }),
        json!({ "sortBy": "meta.lastModified" }),
    ] {
        let body = Some(search(more));
        functions.send(Method::POST, "/.search", body, 200).await;
    }
    functions.delete(&format!("/Groups/{group}")).await;
    functions.delete(&format!("/Users/{user}")).await;
}
