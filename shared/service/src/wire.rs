//! What goes over the wire, in `http` types: addresses, routes, parameters, preconditions and bodies of requests; and
//! statuses, headers and content codings of responses.
//!
//! Reading a request needs no I/O and decides nothing about its caller.

mod address;
mod answer;
mod body;
mod coding;
mod finding;
mod incoming;
mod parameters;
mod preconditions;
mod response;
pub mod routes;

pub use address::{ScimAddress, decode, site};
pub(crate) use answer::answer;
pub use body::json;
pub use coding::Coding;
pub(crate) use coding::{MemberParts, gzip};
pub(crate) use finding::Findings;
pub use finding::{Finding, OperationFinding};
pub use incoming::Incoming;
pub use parameters::Parameters;
pub use preconditions::Preconditions;
pub use response::{Failure, Failures, Success, explain};
