//! The one way to the tenant of a path.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use keyring::TenantId;

use super::{Status, Tenant, Tenants};
use crate::table::{DirectoryError, Meter};

/// How old a loaded tenant may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Age {
    /// At most a minute at this time: this process may remember it.
    Minute(Timestamp),
    /// As stored.
    Current,
}

/// What to do with a tenant that is being deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It counts as absent.
    Hide,
    /// It exists, but accepts no change.
    Refuse,
    /// It is loaded like any other.
    Allow,
}

/// Why a tenant was not loaded.
#[derive(Debug)]
pub enum NotLoaded {
    /// It does not exist, or is hidden.
    Absent,
    /// It is being deleted.
    Closing,
    /// It cannot be read.
    Failed(DirectoryError),
}

impl From<DirectoryError> for NotLoaded {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for NotLoaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("the tenant does not exist"),
            Self::Closing => f.write_str("the tenant is being deleted"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotLoaded {}

impl Tenants {
    /// Loads a tenant.
    pub async fn load(
        &self,
        id: &TenantId,
        age: Age,
        closing: Closing,
        meter: &Meter,
    ) -> Result<Arc<Tenant>, NotLoaded> {
        let tenant = match age {
            Age::Minute(now) => self.remembered(id, now, meter).await?,
            Age::Current => self.read(id, meter).await?.map(Arc::new),
        };
        let tenant = tenant.ok_or(NotLoaded::Absent)?;
        match (tenant.status, closing) {
            (Status::Closing, Closing::Hide) => Err(NotLoaded::Absent),
            (Status::Closing, Closing::Refuse) => Err(NotLoaded::Closing),
            (Status::Closing, Closing::Allow) | (Status::On | Status::Off, _) => Ok(tenant),
        }
    }
}
