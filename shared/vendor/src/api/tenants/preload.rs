//! Users of the application from before provisioning. They wait to be taken over by an identity provider, or stay
//! the application's own, by the setting `adopt`; either way a filter finds them, so that a provider never meets a
//! name that is taken by nobody whom it can see.

use directory::tenants::Tenant;
use directory::{NewResource, Origin};
use futures_util::stream::{self, StreamExt};
use scim_core::{Draft, ResourceKind, ScimError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::{Answer, Problem};
use service::response::explain;

/// How many users one request may bring.
const MOST: usize = 500;
/// How many are created side by side.
const SIDE_BY_SIDE: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preload {
    users: Vec<Value>,
}

/// Creates each user; what becomes of each is in the answer, in the order of the request.
pub(super) async fn preload(call: &Call<'_>) -> Result<Answer, Problem> {
    let Preload { users } = call.body()?;
    if users.len() > MOST {
        return Err(Problem::invalid(
            "/users",
            format!(
                "there are {} users; send {MOST} at most in one request",
                users.len()
            ),
        ));
    }
    let tenant = call.found_open().await?;
    let each: Vec<_> = users
        .into_iter()
        .map(|user| {
            let tenant = &tenant;
            async move {
                let name = user
                    .get("userName")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                match call.bring(tenant, user).await {
                    Ok(id) => json!({ "userName": name, "id": id }),
                    Err(error) => json!({
                        "userName": name,
                        "status": error.status(),
                        "detail": error.detail().to_string(),
                    }),
                }
            }
        })
        .collect();
    let items: Vec<Value> = stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
    Ok(Answer::Shown(json!({ "items": items })))
}

impl Call<'_> {
    async fn bring(&self, tenant: &Tenant, user: Value) -> Result<String, ScimError> {
        let of = tenant.catalogue().resource_type(ResourceKind::User);
        let draft = Draft::parse(user, of)?;
        tenant.settings.emails.check(None, &draft.attributes)?;
        let new = NewResource {
            kind: ResourceKind::User,
            id: self.ids.resource(),
            attributes: draft.attributes,
            // The application keeps the passwords that it has.
            password: None,
            members: Vec::new(),
            origin: Origin::Application,
        };
        let (now, write) = (self.admin.service.now(), self.ids.write());
        let created = self
            .directory(tenant)
            .branch()
            .create(new, now, &write)
            .await;
        Ok(created.map_err(explain)?.resource.id.to_string())
    }
}
