//! What the tenant's settings say to a request: which resources there are, what is accepted, and whose a user is.

use directory::Stored;
use directory::tenants::Adopt;
use scim_core::error::reason;
use scim_core::patch::PatchRequest;
use scim_core::policy::UnknownAttributes;
use scim_core::projection::Projection;
use scim_core::{Attributes, ResourceKind, ScimError};

use super::Resources;

impl Resources<'_> {
    /// Refuses resources that the tenant has not.
    pub(super) fn check_offered(&self) -> Result<(), ScimError> {
        match self.settings.catalogue().kinds().contains(&self.of.kind) {
            true => Ok(()),
            false => Err(reason::no_groups()),
        }
    }

    /// Refuses a user that the tenant's rules do not allow, as it is after all operations of the request.
    pub(super) fn check_policy(
        &self,
        before: Option<&Stored>,
        after: &Attributes,
    ) -> Result<(), ScimError> {
        match self.of.kind {
            ResourceKind::User => {
                let before = before.map(|stored| &stored.resource.attributes);
                self.settings.settings.emails.check(before, after)
            }
            ResourceKind::Group => Ok(()),
        }
    }

    /// Refuses to touch a user of the application from before provisioning, where these stay its own.
    pub(super) fn check_own(&self, current: &Stored) -> Result<(), ScimError> {
        match current.waiting && self.settings.settings.adopt == Adopt::Reject {
            false => Ok(()),
            true => Err(reason::own_user()),
        }
    }

    /// A PATCH without what the tenant does not accept, or no schema knows and the tenant wants passed over.
    pub(super) fn accepted(&self, request: PatchRequest) -> PatchRequest {
        let whole = self.settings.whole();
        match (whole, self.settings.settings.unknown_attributes) {
            (None, UnknownAttributes::Reject) => request,
            (whole, unknown) => {
                let whole = whole.map_or(self.of, |whole| whole.resource_type(self.of.kind));
                request.accepted(self.of, whole, unknown)
            }
        }
    }

    /// Whether the groups of a user are to be shown.
    pub(super) fn wants_groups(&self, projection: &Projection) -> bool {
        self.of.attribute("groups").is_some() && projection.wants("groups", self.of)
    }
}
