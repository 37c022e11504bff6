//! End to end: the same client at the local stack, or at any address that serves Muster.

#![cfg(test)]

mod idp;
mod support;
