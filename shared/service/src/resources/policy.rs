//! The tenant's settings applied to requests: available resource types, accepted attributes, and the owner of a user.

use directory::Stored;
use directory::tenants::Adopt;
use scim_core::error::reason;
use scim_core::patch::PatchRequest;
use scim_core::policy::UnknownAttributes;
use scim_core::projection::Projection;
use scim_core::{Attributes, ResourceKind, ScimError};

use super::Resources;

impl Resources<'_> {
    /// Rejects a resource type that the tenant does not have.
    pub(super) fn check_offered(&self) -> Result<(), ScimError> {
        match self.tenant.catalogue().kinds().contains(&self.of.kind) {
            true => Ok(()),
            false => Err(reason::no_groups()),
        }
    }

    /// Rejects a user that violates the tenant's rules after all operations of the request.
    pub(super) fn check_policy(
        &self,
        before: Option<&Stored>,
        after: &Attributes,
    ) -> Result<(), ScimError> {
        match self.of.kind {
            ResourceKind::User => {
                let before = before.map(|stored| &stored.resource.attributes);
                self.tenant.settings.emails.check(before, after)
            }
            ResourceKind::Group => Ok(()),
        }
    }

    /// Rejects changes to users whom the application created before provisioning, if the tenant's settings reserve
    /// them.
    pub(super) fn check_own(&self, current: &Stored) -> Result<(), ScimError> {
        match current.waiting && self.tenant.settings.adopt == Adopt::Reject {
            false => Ok(()),
            true => Err(reason::own_user()),
        }
    }

    /// A PATCH request without attributes that the tenant does not accept, and without unknown attributes if the
    /// tenant ignores those.
    pub(super) fn accepted(&self, request: PatchRequest) -> PatchRequest {
        let whole = self.tenant.whole();
        match (whole, self.tenant.settings.unknown_attributes) {
            (None, UnknownAttributes::Reject) => request,
            (whole, unknown) => {
                let whole = whole.map_or(self.of, |whole| whole.resource_type(self.of.kind));
                request.accepted(self.of, whole, unknown)
            }
        }
    }

    /// Whether to show a user's groups.
    pub(super) fn wants_groups(&self, projection: &Projection) -> bool {
        self.of.attribute("groups").is_some() && projection.wants("groups", self.of)
    }
}
