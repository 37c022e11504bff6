//! People who come, change and leave: who is active, what a tenant's rules demand of whom, and whose an id is.

mod active;
mod kept;
mod rules;
mod unknown;
