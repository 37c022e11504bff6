//! Search and sorting: results from an index equal those of a full scan.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use directory::Spent;
use directory::keys::{self, Lookup};
use http::Request;
use keyring::TenantId;
use scim_core::effort::Effort;
use scim_core::filter::Filter;
use scim_core::{Catalogue, ResourceKind};
use serde_json::{Value, json};
use service::{Function, Origin};

use crate::support::client::{GROUP, USER, encode};
use crate::support::numbers::Numbers;
use crate::support::seed::{new_ids, put_all};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Users that differ in case, letters, dates, extension data and memberships.
async fn people(client: &Client) -> Vec<Value> {
    let names = [
        "anna@example.com",
        "Bert@example.com",
        "ÅSA@example.com",
        "carl",
        "CAROL",
        "dora",
        "Emil",
        "zoë",
    ];
    let mut ids = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut user = json!({
            "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": name,
            "externalId": if number % 3 == 0 { "shared" } else { name },
            "active": number % 2 == 0,
            "name": { "familyName": (["b", "A", "ä", "C"][number % 4]) },
            "emails": [
                { "value": format!("{number}@work.example.com"), "type": "work" },
                { "value": "Same@home.example.com", "type": "home", "primary": number % 2 == 1 }
            ],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": (["Sales", "IT"][number % 2]) }
        });
        if number > 5 {
            user.as_object_mut().unwrap().remove("name");
        }
        ids.push(client.post("/Users", &user).await.expect(201).id());
    }
    client.create_group("All", &ids).await;
    client.create_group("Some", &ids[..3]).await;
    all(client, "/Users").await
}

async fn all(client: &Client, path: &str) -> Vec<Value> {
    let list = client
        .get(&format!("{path}?count=1000"))
        .await
        .expect(200)
        .json();
    list["Resources"].as_array().unwrap().clone()
}

fn ids(list: &Value) -> Vec<String> {
    let resources = list["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A filter from these terms, nested at most `depth` levels.
fn random_filter(numbers: &mut Numbers, terms: &[String], depth: usize) -> String {
    let word = match (depth, numbers.below(6)) {
        (0, _) | (_, 0 | 1) => return terms[numbers.below(terms.len())].clone(),
        (_, 2) => return format!("not ({})", random_filter(numbers, terms, depth - 1)),
        (_, word) if word < 5 => "and",
        _ => "or",
    };
    let left = random_filter(numbers, terms, depth - 1);
    let right = random_filter(numbers, terms, depth - 1);
    format!("({left}) {word} ({right})")
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_indexes_give_what_looking_at_everything_gives() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = people(&client).await;
    let groups = all(&client, "/Groups").await;
    let user = users[0]["id"].as_str().unwrap();
    let group = groups[0]["id"].as_str().unwrap();
    let mut numbers = Numbers(7);
    for (kind, path, everything, terms) in [
        (
            ResourceKind::User,
            "/Users",
            &users,
            vec![
                r#"userName eq "ANNA@example.com""#.to_owned(),
                r#"userName sw "ca""#.to_owned(),
                r#"userName ge "carl""#.to_owned(),
                r#"userName lt "DORA""#.to_owned(),
                r#"userName le "emil""#.to_owned(),
                r#"userName gt "e""#.to_owned(),
                r#"userName co "example""#.to_owned(),
                r#"userName eq "nobody""#.to_owned(),
                r#"externalId eq "shared""#.to_owned(),
                r#"emails.value eq "1@WORK.example.com""#.to_owned(),
                r#"emails[type eq "home" and value eq "same@home.example.com"]"#.to_owned(),
                r#"emails[type eq "work"].value sw "2""#.to_owned(),
                "active eq true".to_owned(),
                "name pr".to_owned(),
                r#"department eq "sales""#.to_owned(),
                format!(r#"id eq "{user}""#),
                format!(r#"groups.value eq "{group}""#),
                format!(r#"groups[value eq "{group}"]"#),
                r#"groups.display eq "some""#.to_owned(),
                r#"meta.lastModified gt "2020-01-01T00:00:00Z""#.to_owned(),
                r#"userName eq null"#.to_owned(),
            ],
        ),
        (
            ResourceKind::Group,
            "/Groups",
            &groups,
            vec![
                r#"displayName eq "ALL""#.to_owned(),
                r#"displayName sw "s""#.to_owned(),
                r#"displayName pr"#.to_owned(),
                format!(r#"members.value eq "{user}""#),
                format!(r#"members eq "{user}""#),
                format!(r#"id eq "{group}""#),
                r#"members[type eq "User"]"#.to_owned(),
                r#"members pr"#.to_owned(),
                r#"externalId pr"#.to_owned(),
            ],
        ),
    ] {
        let of = Catalogue::standard().resource_type(kind);
        for _ in 0..50 {
            let text = random_filter(&mut numbers, &terms, 3);
            let filter = Filter::parse(&text).unwrap();
            let filter = filter.resolve(of).unwrap();
            let expected: BTreeSet<String> = everything
                .iter()
                .filter(|one| {
                    let effort = Effort::of_request();
                    filter.matches(one.as_object().unwrap(), &effort) == Ok(true)
                })
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect();
            let list = client.filter(path, &text).await.expect(200).json();
            let found = ids(&list);
            assert_eq!(
                found.iter().cloned().collect::<BTreeSet<_>>(),
                expected,
                "{text}"
            );
            assert_eq!(list["totalResults"], expected.len(), "{text}");
            assert!(found.is_sorted(), "{text}: pages need an order");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_o02_o04_o05_o07_results_are_sorted_before_they_are_paged() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = people(&client).await;
    let names = |list: &Value| -> Vec<String> {
        let resources = list["Resources"].as_array().unwrap();
        resources
            .iter()
            .map(|one| one["userName"].as_str().unwrap().to_owned())
            .collect()
    };
    let by_name = [
        "anna@example.com",
        "Bert@example.com",
        "carl",
        "CAROL",
        "dora",
        "Emil",
        "zoë",
        "ÅSA@example.com",
    ];
    let sorted = |query: &str| {
        let path = format!("/Users?{query}");
        let client = client.clone();
        async move { client.get(&path).await.expect(200).json() }
    };
    let whole = sorted("sortBy=userName").await;
    assert_eq!(names(&whole), by_name);
    assert_eq!(whole["totalResults"], users.len());
    let mut backwards = by_name;
    backwards.reverse();
    assert_eq!(
        names(&sorted("sortBy=USERNAME&sortOrder=descending").await),
        backwards
    );
    assert_eq!(
        names(&sorted("sortBy=userName&startIndex=3&count=2").await),
        by_name[2..4]
    );
    assert_eq!(
        names(&sorted("sortBy=userName&sortOrder=descending&startIndex=8&count=5").await),
        by_name[..1]
    );
    let active = sorted("sortBy=userName&filter=active+eq+true&count=2&startIndex=2").await;
    assert_eq!(names(&active), ["CAROL", "Emil"]);
    assert_eq!(active["totalResults"], 4);
    let family =
        sorted("sortBy=urn:ietf:params:scim:schemas:core:2.0:User:name.familyName&count=1000")
            .await;
    let keys: Vec<Option<&str>> = family["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"]["familyName"].as_str())
        .collect();
    assert_eq!(
        keys,
        [
            Some("A"),
            Some("A"),
            Some("b"),
            Some("b"),
            Some("C"),
            Some("ä"),
            None,
            None
        ]
    );
    let falling = sorted("sortBy=name.familyName&sortOrder=descending&attributes=name").await;
    assert!(
        falling["Resources"][0]["name"].is_null()
            && falling["Resources"][2]["name"]["familyName"] == "ä"
    );
    // Every page size gives the same order.
    for size in [1, 3, 5] {
        let mut walked = Vec::new();
        while walked.len() < users.len() {
            let start = walked.len() + 1;
            walked.extend(names(
                &sorted(&format!("sortBy=emails&startIndex={start}&count={size}")).await,
            ));
        }
        assert_eq!(
            walked,
            names(&sorted("sortBy=emails.value").await),
            "{size}"
        );
    }
    for bad in [
        "sortBy=shoeSize",
        "sortBy=name",
        "sortBy=password",
        "sortBy=userName&sortOrder=up",
    ] {
        let (status, kind, _) = client.get(&format!("/Users?{bad}")).await.error();
        assert_eq!((status, kind.as_str()), (400, "invalidValue"), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l07_a_filter_with_too_many_candidates_is_refused() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let tenant = TenantId::parse(tenant_of(&client)).unwrap();
    // The index entries of more than 10,000 users with one `externalId`.
    let items = (0..10_001).map(|_| {
        let id = new_ids().0;
        let key = keys::lookup(
            &tenant,
            ResourceKind::User,
            Lookup::ExternalId,
            "shared",
            id,
        );
        let texts = [("pk", key.pk), ("sk", key.sk)];
        texts
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
            .into()
    });
    put_all(&target, items.collect()).await;
    for filter in [
        r#"externalId eq "shared""#,
        r#"active eq true and externalId eq "shared""#,
    ] {
        let (status, scim_type, detail) = client.filter("/Users", filter).await.error();
        assert_eq!((status, scim_type.as_str()), (400, "tooMany"), "{filter}");
        assert!(detail.contains("userName"), "{detail}");
    }
    let narrowed = format!(r#"id eq "{id}" and not (externalId eq "shared")"#);
    let found = client.filter("/Users", &narrowed).await.expect(200);
    assert_eq!(found.json()["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_e06_l08_a_search_request_gives_what_the_query_gives_and_creates_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client).await;
    for (path, filter) in [
        ("/Users", r#"userName sw "ca" and active eq false"#),
        ("/Groups", "displayName pr"),
    ] {
        let body = json!({
            "schemas": [SEARCH], "filter": filter, "startIndex": 1, "count": 1,
            "attributes": ["userName", "displayName"], "sortBy": "meta.created", "sortOrder": "descending"
        });
        let searched = client
            .post(&format!("{path}/.search"), &body)
            .await
            .expect(200)
            .json();
        let query = format!(
            "{path}?filter={}&startIndex=1&count=1&attributes=userName,displayName&sortBy=meta.created&sortOrder=descending",
            encode(filter)
        );
        assert_eq!(searched, client.get(&query).await.expect(200).json());
        assert_eq!(searched["itemsPerPage"], 1);
    }
    let before = client.get("/Users?count=0").await.json();
    for odd in [
        json!({ "schemas": ["urn:x"] }),
        json!([]),
        json!({ "schemas": [USER], "userName": "x" }),
        json!({ "schemas": [SEARCH], "count": "x" }),
    ] {
        let (status, _, _) = client.post("/Users/.search", &odd).await.error();
        assert_eq!(status, 400, "{odd}");
    }
    assert_eq!(client.get("/Users?count=0").await.json(), before);
    let empty = client
        .post("/Groups/.search", &json!({ "schemas": [SEARCH] }))
        .await
        .expect(200)
        .json();
    assert_eq!(empty["totalResults"], 2);
    assert_eq!(empty["Resources"][0]["schemas"], json!([GROUP]));
}

#[tokio::test(flavor = "multi_thread")]
async fn l08_a_search_without_a_body_finds_what_a_query_without_parameters_finds() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client).await;
    for (list, search) in [
        ("/", "/.search"),
        ("/Users", "/Users/.search"),
        ("/Groups", "/Groups/.search"),
    ] {
        let all = client.get(list).await.expect(200).json();
        let found = client.send("POST", search, &[], None).await;
        assert_eq!(found.expect(200).json(), all, "{search}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_names_in_an_or_are_looked_up_together_and_once() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for number in 0..5 {
        client.create_user(&format!("u{number}")).await;
    }
    let terms = (0..240).map(|at| match at % 4 {
        0 => format!(r#"userName eq "U{}""#, at % 5),
        1 => format!(r#"externalId eq "nobody{}""#, at % 40),
        _ => format!(r#"userName eq "nobody{at}""#),
    });
    let filter = terms.collect::<Vec<_>>().join(" or ");
    let body = json!({ "schemas": [SEARCH], "filter": filter, "excludedAttributes": ["groups"] });
    let request = Request::post(format!("/{}/scim/v2/Users/.search", tenant_of(&client)))
        .header("authorization", format!("Bearer {}", client.token))
        .header("content-type", "application/scim+json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let service = target.stack.of(Function::Users);
    // Makes the service cache the tenant.
    client.get("/Users?count=0").await.expect(200);
    let answer = service.handle(Function::Users, request, Origin::default());
    let answer = answer.await;
    let list: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(list["totalResults"], 5, "{list}");
    // 125 names in two calls, ten `externalId`s in one each, the users in one.
    let spent = answer.extensions().get::<Spent>().unwrap();
    assert_eq!(spent.calls, 13, "{spent:?}");
}
