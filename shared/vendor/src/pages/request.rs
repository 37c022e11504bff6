//! A request to a page, before anybody is admitted.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use directory::links::Links;
use directory::sessions::Sessions;
use http::Request;
use jiff::Timestamp;
use keyring::TenantId;
use service::Origin;

use super::frame::Frame;
use super::page_path;
use crate::query::Query;
use crate::vendor_side::VendorSide;

pub(crate) struct PageRequest<'v> {
    pub(crate) vendor: &'v VendorSide,
    pub(crate) http: &'v Request<Bytes>,
    pub(crate) origin: &'v Origin,
    pub(crate) meter: &'v Arc<Meter>,
    pub(crate) now: Timestamp,
    /// The start of absolute URLs.
    pub(crate) site: String,
    /// The common start of all page paths: the path of a stage, then `/console`.
    pub(crate) base: String,
    pub(crate) query: Query,
}

impl PageRequest<'_> {
    pub(crate) fn sessions(&self) -> Sessions<'_> {
        Sessions {
            store: self.vendor.service.store(),
            meter: self.meter,
        }
    }

    pub(crate) fn links(&self, tenant: &TenantId) -> Links {
        Links {
            table: self.vendor.service.table(tenant, self.meter),
        }
    }

    /// The frame of a page without a session. A customer's administrator is not led to the vendor's console.
    pub(crate) fn frame(&self) -> Frame<'_> {
        let (_, segments) = page_path(self.http.uri().path()).unwrap_or_default();
        match segments.as_slice() {
            ["setup", tenant, ..] => {
                let tenant = TenantId::parse(tenant);
                let home = tenant.map(|tenant| format!("{}/setup/{tenant}", self.base));
                Frame::invited(&self.base, home)
            }
            ["open", ..] => Frame::invited(&self.base, None),
            _ => Frame::outside(&self.base),
        }
    }
}
