//! Limits on client input. Every rejection names its limit.

/// The largest request body, in bytes.
pub const BODY_BYTES: usize = 1024 * 1024;
/// The longest filter, in bytes of UTF-8.
pub const FILTER_BYTES: usize = 16 * 1024;
/// The deepest nesting of parentheses, brackets and `not` in a filter.
pub const FILTER_DEPTH: usize = 32;
/// The largest number of terms (comparisons and `pr`) in a filter.
pub const FILTER_TERMS: usize = 256;
/// The longest attribute path, in bytes of UTF-8. A path with a value filter may be as long as a filter.
pub const PATH_BYTES: usize = 512;
/// The largest number of operations in a PATCH request.
pub const PATCH_OPERATIONS: usize = 1_000;
/// The largest number of operations in a bulk request.
pub const BULK_OPERATIONS: usize = 1_000;
/// The largest number of values of a multi-valued attribute. It does not apply to the members of a group.
pub const VALUES: usize = 1_000;
/// The longest string value, in bytes of UTF-8.
pub const STRING_BYTES: usize = 64 * 1024;
/// The longest userName or password, in bytes of UTF-8.
pub const USER_NAME_BYTES: usize = 512;
/// The most work of a request, in steps of [`crate::effort`].
pub const EFFORT: u64 = 10_000_000;
/// The largest page, in resources.
pub const PAGE: usize = 1_000;
/// The page size if the client gives no count, in resources.
pub const DEFAULT_PAGE: usize = 100;
/// The largest number of names in `attributes` or `excludedAttributes`.
pub const PROJECTED_NAMES: usize = 200;
/// The lifetime of a cursor, in seconds.
pub const CURSOR_SECONDS: u32 = 3_600;
/// The largest number of extension schemas of a tenant.
pub const EXTENSIONS: usize = 20;
/// The largest number of attributes and sub-attributes of all extension schemas of a tenant.
pub const EXTENSION_ATTRIBUTES: usize = 250;
/// The largest size of all extension schemas of a tenant, in bytes of stored JSON.
pub const EXTENSION_BYTES: usize = 96 * 1024;
/// The longest URN of an extension schema, in bytes. It leaves room for a name and a sub-attribute in a path.
pub const SCHEMA_ID_BYTES: usize = 200;
/// The longest name of an attribute of an extension schema, in bytes.
pub const ATTRIBUTE_NAME_BYTES: usize = 100;
