//! Property tests: laws that hold for every generated input.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::effort::Effort;
use crate::filter::{Filter, Path};
use crate::patch::{PatchError, PatchRequest, Patched, apply};
use crate::path::AttrPath;
use crate::projection::Projection;
use crate::schema::{Catalogue, ResourceKind, ResourceType};
use crate::value::{self, ValuePosition};
use crate::{Attributes, Draft, ScimError, text, urn};

pub(crate) mod generate;

use generate::{
    any_json, any_name, filter, known_filter, operation, patch_message, path, settled_operation,
    user_attributes,
};

fn of(kind: ResourceKind) -> &'static ResourceType {
    Catalogue::standard().resource_type(kind)
}

/// The normal form of attributes, or why they are invalid.
fn normal(kind: ResourceKind, attributes: &Attributes) -> Result<Attributes, String> {
    let mut body = attributes.clone();
    body.insert("schemas".to_owned(), json!([of(kind).schema.id]));
    Draft::parse(Value::Object(body), of(kind))
        .map(|draft| draft.attributes)
        .map_err(|error| error.detail().to_string())
}

fn patched(
    kind: ResourceKind,
    request: &PatchRequest,
    before: &Attributes,
) -> Result<Patched, PatchError> {
    let representation = match json!({ "id": "1", "meta": { "resourceType": kind.name() } }) {
        Value::Object(representation) => representation,
        _ => Attributes::new(),
    };
    let effort = Effort::of_request();
    apply(
        request,
        of(kind),
        before,
        &representation,
        Some(&[]),
        &effort,
    )
}

fn request(operations: &[Value]) -> Option<PatchRequest> {
    PatchRequest::parse(json!({ "schemas": [urn::PATCH_OP], "Operations": operations })).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_print_and_parse_as_themselves(number in any::<f64>()) {
        let printed = json!(number).to_string();
        prop_assert_eq!(serde_json::from_str::<Value>(&printed).ok(), Some(json!(number)));
    }

    #[test]
    fn filters_print_and_parse_as_themselves(filter in filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
    }

    #[test]
    fn paths_print_and_parse_as_themselves(path in path()) {
        let printed = path.to_string();
        prop_assert_eq!(Path::parse(&printed), Ok(path), "{}", printed);
    }

    #[test]
    fn any_text_is_a_filter_or_an_error(text in "\\PC*") {
        let _ = Filter::parse(&text);
        let _ = Path::parse(&text);
        let _ = AttrPath::parse(&text);
    }

    #[test]
    fn text_like_a_filter_is_a_filter_or_an_error(
        text in r#"([a-z]{1,3}|urn:x:|[\[\]().:$ ]|eq|ne|pr|and|or|not|"[a\\"é]{0,3}"?|-?[0-9.e]{1,4}|null|true){0,12}"#
    ) {
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter), "{}", text);
        }
        if let Ok(path) = Path::parse(&text) {
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path), "{}", text);
        }
    }

    #[test]
    fn de_morgan(left in known_filter(), right in known_filter(), user in user_attributes()) {
        let holds = |filter: &Filter| {
            let resolved = filter.resolve(of(ResourceKind::User))?;
            Ok::<_, ScimError>(resolved.matches(&user, &Effort::of_request()))
        };
        let not = |filter: &Filter| Filter::Not(Box::new(filter.clone()));
        prop_assert_eq!(holds(&not(&not(&left))), holds(&left));
        prop_assert_eq!(
            holds(&not(&Filter::And(vec![left.clone(), right.clone()]))),
            holds(&Filter::Or(vec![not(&left), not(&right)]))
        );
        prop_assert_eq!(
            holds(&not(&Filter::Or(vec![left.clone(), right.clone()]))),
            holds(&Filter::And(vec![not(&left), not(&right)]))
        );
    }

    #[test]
    fn any_message_is_a_patch_or_an_error(body in any_json()) {
        let _ = PatchRequest::parse(body.clone());
        for kind in ResourceKind::ALL {
            let _ = Draft::parse(body.clone(), of(kind));
        }
    }

    #[test]
    fn a_patch_gives_attributes_in_normal_form(
        message in patch_message(),
        user in user_attributes()
    ) {
        let Ok(request) = PatchRequest::parse(message) else { return Ok(()); };
        if let Ok(after) = patched(ResourceKind::User, &request, &user) {
            prop_assert_eq!(normal(ResourceKind::User, &after.attributes), Ok(after.attributes));
        }
        let group = Attributes::from_iter([("displayName".to_owned(), json!("g"))]);
        if let Ok(after) = patched(ResourceKind::Group, &request, &group) {
            prop_assert_eq!(normal(ResourceKind::Group, &after.attributes), Ok(after.attributes));
        }
    }

    #[test]
    fn operations_one_by_one_equal_the_operations_at_once(
        operations in proptest::collection::vec(operation(), 1..4),
        user in user_attributes()
    ) {
        let Some(at_once) = request(&operations) else { return Ok(()); };
        let at_once = patched(ResourceKind::User, &at_once, &user).map(|after| after.attributes);
        let one_by_one = operations.into_iter().try_fold(user, |before, operation| {
            let one = request(&[operation])?;
            patched(ResourceKind::User, &one, &before).ok().map(|after| after.attributes)
        });
        prop_assert_eq!(at_once.ok(), one_by_one);
    }

    #[test]
    fn an_operation_without_a_filter_is_idempotent(
        operation in settled_operation(),
        user in user_attributes()
    ) {
        let Some(request) = request(&[operation]) else { return Ok(()); };
        if let Ok(once) = patched(ResourceKind::User, &request, &user) {
            let twice = patched(ResourceKind::User, &request, &once.attributes);
            prop_assert_eq!(twice.map(|after| after.attributes).ok(), Some(once.attributes));
        }
    }

    #[test]
    fn normalizing_is_idempotent(value in any_json()) {
        let user = of(ResourceKind::User);
        let attributes = user.schema.attributes.iter().chain(&user.common.attributes);
        for attribute in attributes.filter(|attribute| !attribute.is_secret()) {
            let place = ValuePosition::of(&attribute.name);
            let Ok(Some(once)) = value::normalize(attribute, value.clone(), place) else { continue };
            let twice = value::normalize(attribute, once.clone(), place);
            prop_assert_eq!(twice.map_err(|error| error.detail().to_string()), Ok(Some(once)));
        }
    }

    #[test]
    fn projecting_is_idempotent(
        names in proptest::collection::vec(any_name(), 0..4),
        excluded in any::<bool>(),
        user in user_attributes()
    ) {
        let names = names.iter().map(String::as_str);
        let projection = match excluded {
            true => Projection::parse([], names),
            false => Projection::parse(names, []),
        };
        if let Ok(projection) = projection {
            let once = projection.apply(of(ResourceKind::User), user);
            prop_assert_eq!(&projection.apply(of(ResourceKind::User), once.clone()), &once);
        }
    }

    #[test]
    fn folding_is_idempotent(text in any::<String>()) {
        let once = text::fold(&text).into_owned();
        prop_assert_eq!(text::fold(&once), once.as_str());
    }

    #[test]
    fn preparing_a_user_name_is_idempotent(
        text in prop_oneof![any::<String>(), r"[\p{L}\p{M}\p{N}@. ]{1,12}"]
    ) {
        // A letter newer than the PRECIS tables may be valid in upper case only.
        let user_name = of(ResourceKind::User).schema.attribute("userName");
        if let (Some(once), Some(attribute)) = (text::user_name(&text), user_name) {
            prop_assert_eq!(text::comparable(attribute, &once), once.as_str());
        }
    }
}
