//! Requests to receivers, at addresses that somebody else chose: the guard against server-side request forgery.
//!
//! | Rule | Where |
//! |---|---|
//! | `https`, port 443, no credentials, no fragment, at most 2,048 bytes | [`Target`] |
//! | a name is resolved once for a request, and every address must be public | `resolve`, `addresses` |
//! | the connection goes to one of these addresses, and to no other; a connection is used again only for one of them | `connect`, `receivers` |
//! | no redirect is followed, no proxy is used, no variable of the environment is read for it | there is no code for it |
//! | 5 seconds to connect, 15 in all, at most 64 KB of an answer are read, 200 bytes are kept | `receivers` |
//!
//! A receiver on this machine needs a [`Loopback`], which only the local stack makes.

mod addresses;
mod answer;
mod connect;
mod error;
mod receivers;
mod resolve;
mod target;

pub use addresses::is_public;
pub use answer::Answer;
pub use error::{PostError, Step, TlsFault};
pub use receivers::{NoRoots, Receivers};
pub use target::{Loopback, Target, TargetError};
