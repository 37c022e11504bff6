//! What the vendors' applications ask of a tenant's settings, feature by feature.

mod blink;
mod blogin;
mod oktopost;
