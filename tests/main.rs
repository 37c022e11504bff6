//! End to end: the same client at the local stack, or at any address that serves Muster.

#![cfg(test)]

mod bulk;
mod cost;
mod errors;
mod house;
mod idp;
mod infra;
mod protocol;
mod search;
mod storage;
mod support;
mod tenancy;
mod versions;
mod walks;
