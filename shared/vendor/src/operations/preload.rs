//! Preloads users whom the application created before provisioning. By the setting `adopt` an identity provider
//! adopts them later, or they remain the application's own. Filters find them in both cases, so a provider never gets
//! a uniqueness error for a user that it cannot see.

use directory::tenants::{Closing, Tenant};
use directory::{NewResource, ResourceOrigin};
use futures_util::stream::{self, StreamExt};
use keyring::TenantId;
use scim_core::{Draft, ResourceKind, ScimError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::wire::explain;

use super::Work;
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::{PRELOAD_CONCURRENCY, PRELOADED};
use crate::problem::{Problem, reason};

/// The users to create, each as a SCIM resource.
pub(crate) struct Preload {
    users: Vec<Value>,
}

impl FromBody for Preload {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            users: body.array("users"),
        }
    }
}

/// The results in the order of the request.
#[derive(Serialize, Deserialize)]
pub(crate) struct PreloadView {
    items: Vec<Preloaded>,
}

/// The result for one user.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Preloaded {
    #[serde(rename_all = "camelCase")]
    Created {
        user_name: Option<String>,
        id: String,
    },
    #[serde(rename_all = "camelCase")]
    Rejected {
        user_name: Option<String>,
        status: u16,
        detail: String,
    },
}

pub(crate) async fn preload(
    work: &Work<'_>,
    id: &TenantId,
    Preload { users }: Preload,
) -> Result<PreloadView, Problem> {
    work.check(Operation::PreloadUsers, Some(id))?;
    if users.len() > PRELOADED {
        return Err(reason::too_many_users(users.len(), PRELOADED).at("/users"));
    }
    let tenant = work.tenant(id, Closing::Refuse).await?;
    let each: Vec<_> = users
        .into_iter()
        .map(|user| work.preloaded(&tenant, user))
        .collect();
    let items = stream::iter(each)
        .buffered(PRELOAD_CONCURRENCY)
        .collect()
        .await;
    Ok(PreloadView { items })
}

impl Work<'_> {
    async fn preloaded(&self, tenant: &Tenant, user: Value) -> Preloaded {
        let name = user.get("userName").and_then(Value::as_str);
        let user_name = name.map(str::to_owned);
        match self.create_preloaded(tenant, user).await {
            Ok(id) => Preloaded::Created { user_name, id },
            Err(error) => Preloaded::Rejected {
                user_name,
                status: error.status(),
                detail: error.detail().to_string(),
            },
        }
    }

    async fn create_preloaded(&self, tenant: &Tenant, user: Value) -> Result<String, ScimError> {
        let of = tenant.catalogue().resource_type(ResourceKind::User);
        let draft = Draft::parse(user, of)?;
        tenant.settings.emails.check(None, &draft.attributes)?;
        let new = NewResource {
            kind: ResourceKind::User,
            id: self.ids.resource(),
            attributes: draft.attributes,
            // The application keeps its own passwords.
            password: None,
            members: Vec::new(),
            origin: ResourceOrigin::Application,
        };
        let (now, write) = (self.now(), self.ids.write());
        let created = self
            .directory(tenant)
            .branch()
            .create(new, now, &write)
            .await;
        Ok(created.map_err(explain)?.resource.id.to_string())
    }
}
