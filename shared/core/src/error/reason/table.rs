//! The table of reasons. Each has a constructor and a name, the types of the arguments of its sentence, the kinds of its
//! failures with the usual one first, its cause (in a change / in a query where these differ), and its sentence.
//!
//! A sentence is written for a customer's administrator: it says what to change, and tells nothing of other tenants or
//! of the inside.

use super::super::cause::{Cause, Causes};
use super::super::{ErrorKind, ScimError};
use super::{
    Because, Found, KnownName, SentId, SentName, SentPath, SentValue, Word, causes, reasons,
};

reasons! {
    // Messages.
    body_not_object BodyNotObject(what: Word) [InvalidSyntax] Message
        "the body must be a JSON object: a {what}";
    body_empty BodyEmpty() [InvalidSyntax] Message
        "the body is empty";
    body_too_large BodyTooLarge(most: Word) [TooLarge] Large
        "the body is larger than {most} bytes";
    body_compressed BodyCompressed() [UnsupportedMediaType] Message
        "the body must not be compressed";
    other_media_type OtherMediaType() [UnsupportedMediaType] Message
        "the Content-Type must be application/scim+json or application/json";
    not_utf8 NotUtf8(what: Word, byte: Word) [InvalidSyntax] Message
        "{what} is not valid UTF-8 at byte {byte}";
    not_json NotJson(what: Word, line: Word, column: Word) [InvalidSyntax] Message
        "{what} is not valid JSON at line {line}, column {column}";
    name_twice NameTwice(name: SentPath) [InvalidSyntax] Message
        "{name} is repeated in one object";
    name_twice_by_case NameTwiceByCase(first: SentPath, then: SentPath) [InvalidSyntax] Message
        "{first} and {then} are the same name in one object, because names are not case-sensitive";
    attribute_twice AttributeTwice(attribute: KnownName) [InvalidSyntax] Message
        "{attribute} is repeated in one object";
    other_schemas OtherSchemas(urn: KnownName) [InvalidSyntax] Message
        "`schemas` must be an array that contains {urn}";

    // Values.
    wrong_type WrongType(attribute: KnownName, expected: Word, found: Found) [InvalidValue] Value
        "{attribute} must be {expected}, not {found}";
    not_text NotText(attribute: KnownName) [InvalidValue] Value
        "{attribute} must be text";
    too_long TooLong(attribute: KnownName, most: Word) [InvalidValue] Value
        "{attribute} is longer than {most} bytes";
    too_many_values TooManyValues(attribute: KnownName, most: Word) [InvalidValue] Value
        "{attribute} has more than {most} values";
    empty Empty(attribute: KnownName) [InvalidValue] Value
        "{attribute} is empty";
    no_value NoValue(attribute: KnownName) [InvalidValue] Value
        "{attribute} has no value; omit it, or send an empty array to remove all values";
    odd_user_name OddUserName(attribute: KnownName, given: SentValue) [InvalidValue] Value
        "{attribute} {given} has leading, trailing or repeated spaces, or contains characters that RFC 8265 does not allow in user names";
    odd_password OddPassword() [InvalidValue] Value
        "`password` contains characters that RFC 8265 does not allow in passwords";
    attribute_required AttributeRequired(attribute: KnownName) [InvalidValue] Required
        "{attribute} is required";
    extension_required ExtensionRequired(urn: KnownName) [InvalidValue] Required
        "the extension {urn} is required; send its attributes in an object with this name";
    extension_not_object ExtensionNotObject(urn: KnownName) [InvalidValue] Message
        "{urn} must be an object with the extension's attributes";
    other_immutable_value OtherImmutableValue(attribute: KnownName) [Mutability] ReadOnly
        "{attribute} is immutable and cannot be changed";
    member_without_value MemberWithoutValue(member: KnownName) [InvalidValue] Message
        "{member} has no `value`; it must be the id of a user or group";
    member_not_object MemberNotObject(member: KnownName) [InvalidValue] Message
        "{member} must be an object with the id of a user or group as `value`";
    no_such_member NoSuchMember(id: SentId) [InvalidValue] Member
        "`members`: there is no user or group with the id {id}; create it first";
    group_cycle GroupCycle(id: SentId) [InvalidValue] Cycle
        "`members`: the group {id} is this group or contains it, directly or indirectly; a group cannot contain itself";

    // What a tenant asks of values.
    groups_in_cycle GroupsInCycle() [InvalidValue] Cycle
        "the groups would contain each other, directly or indirectly; a group cannot contain itself";
    address_not_work AddressNotWork() [InvalidValue] Policy
        "`emails`: the address must have the type \"work\" or be primary; map only the work e-mail";
    several_addresses SeveralAddresses(given: Word) [InvalidValue] Policy
        "`emails`: this application accepts one address per user, but the request has {given}; map only the work e-mail";
    no_work_address NoWorkAddress() [InvalidValue] Policy
        "`emails`: no address has the type \"work\" or is primary; map the work e-mail too, because `userName` must be equal to it";
    user_name_not_address UserNameNotAddress(given: SentValue) [InvalidValue] Policy
        "`userName` {given} must be equal to the work e-mail; map both from the same attribute";
    no_seat NoSeat(seats: Word) [Forbidden] Seats
        "the licence limit of {seats} active users is reached; deactivate a user, or ask the application's vendor for more licences";
    no_groups NoGroups() [Forbidden] NoGroups
        "this application does not support groups; turn off group push in your identity provider";
    own_user OwnUser() [Forbidden] Unmanaged
        "the application created this user before provisioning; exclude the user, or ask the application's vendor to link existing users";

    // Attribute paths.
    path_too_long PathTooLong(most: Word) [InvalidPath InvalidFilter] Path/Query
        "the path is longer than {most} bytes";
    attribute_path_too_long AttributePathTooLong(most: Word) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "an attribute path is longer than {most} bytes";
    no_attribute_name NoAttributeName(name: SentName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "{name} is not an attribute name";
    attribute_name_missing AttributeNameMissing() [InvalidPath InvalidFilter InvalidValue] Path/Query
        "an attribute name is missing";
    unknown_attribute UnknownAttribute(name: SentName, of: Word) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "a {of} has no attribute {name}";
    unknown_in_schema UnknownInSchema(name: SentName, schema: SentName) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "the schema {schema} has no attribute {name}";
    unknown_schema UnknownSchema(urn: SentName, of: Word) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "a {of} has no schema {urn}";
    unknown_part UnknownPart(attribute: KnownName, name: SentName) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "{attribute} has no sub-attribute {name}";
    ambiguous_attribute AmbiguousAttribute(name: SentName, one: KnownName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "several schemas have an attribute {name}; add the URN of one of them, such as {one}";
    schema_as_attribute SchemaAsAttribute(schema: SentName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "{schema} is a schema, not an attribute";
    brackets_after_part BracketsAfterPart(attribute: KnownName) [InvalidPath InvalidFilter] Path/Query
        "a filter in brackets must follow {attribute}, not one of its sub-attributes";
    brackets_after_schema BracketsAfterSchema(schema: SentName) [InvalidPath InvalidFilter] Path/Query
        "{schema} is a schema; a filter in brackets cannot follow it";

    // Filters, in queries and in paths.
    filter_too_long FilterTooLong(most: Word) [InvalidFilter] Query
        "the filter is longer than {most} bytes";
    end_expected EndExpected(expected: Word, found: Found) [InvalidFilter InvalidPath] Path/Query
        "expected {expected}, found {found}";
    attribute_name_expected AttributeNameExpected() [InvalidFilter InvalidPath] Path/Query
        "expected an attribute name";
    bracket_expected BracketExpected(bracket: Word) [InvalidFilter] Path/Query
        "expected `{bracket}`";
    operator_expected OperatorExpected(before: SentPath, found: Found) [InvalidFilter] Path/Query
        "expected an operator such as `eq` after {before}, found {found}";
    literal_expected LiteralExpected(found: Found) [InvalidFilter] Path/Query
        "expected a value, found {found}; text needs double quotes";
    nested_too_deep NestedTooDeep(most: Word) [InvalidFilter] Path/Query
        "the filter is nested more than {most} levels deep";
    too_many_terms TooManyTerms(most: Word) [InvalidFilter] Path/Query
        "the filter has more than {most} terms";
    brackets_in_brackets BracketsInBrackets() [InvalidFilter] Path/Query
        "a filter in brackets cannot contain another one";
    test_after_brackets TestAfterBrackets(operator: KnownName) [InvalidFilter] Path/Query
        "{operator} cannot follow a filter in brackets; add a sub-attribute such as `.value` after the brackets, or move the comparison into them";
    no_sub_attribute_name NoSubAttributeName(name: SentName) [InvalidFilter InvalidPath] Path/Query
        "{name} is not the name of a sub-attribute";
    wrong_escape WrongEscape() [InvalidFilter] Path/Query
        "the quoted text has an invalid escape; double each backslash, as in DOMAIN\\\\name";
    control_character_quoted ControlCharacterQuoted() [InvalidFilter] Path/Query
        "the quoted text contains a control character; remove it, or write it as a JSON escape such as `\\n`";
    stray_backslash StrayBackslash(letter: Word) [InvalidFilter] Path/Query
        "`\\{letter}` in the quoted text means a control character; double each backslash, as in DOMAIN\\\\name";
    quote_open QuoteOpen() [InvalidFilter] Path/Query
        "the closing quote is missing";
    quote_open_after_backslash QuoteOpenAfterBackslash() [InvalidFilter] Path/Query
        "the closing quote is missing; double each backslash, as in DOMAIN\\\\name";
    brackets_after_single BracketsAfterSingle(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} is single-valued; a filter in brackets cannot follow it";
    secret_in_filter SecretInFilter(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} cannot be used in a filter";
    whole_compared WholeCompared(attribute: KnownName, part: KnownName) [InvalidFilter] Path/Query
        "{attribute} is complex; compare a sub-attribute, such as {part}";
    senseless_test SenselessTest(attribute: KnownName, is: Word, test: SentValue) [InvalidFilter] Path/Query
        "{attribute} {is}, so the comparison {test} is not possible";
    control_characters_compared ControlCharactersCompared(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} never contains control characters; double each backslash, as in DOMAIN\\\\name";
    filter_too_slow FilterTooSlow() [TooMany] Query
        "the filter takes too long; use `eq` with `id`, `userName`, `externalId`, `emails.value` or a group's `displayName`";

    // PATCH.
    operations_not_array OperationsNotArray() [InvalidSyntax] Message
        "`Operations` must be an array of operations";
    too_many_changes TooManyChanges(most: Word) [TooLarge] Large
        "`Operations` has more than {most} operations";
    operation_not_object OperationNotObject() [InvalidSyntax] Message
        "must be a JSON object";
    op_missing OpMissing() [InvalidSyntax] Message
        "`op` must be add, remove or replace";
    other_op OtherOp(given: SentValue) [InvalidSyntax] Message
        "`op` must be add, remove or replace, not {given}";
    path_not_text PathNotText() [InvalidPath] Path
        "`path` must be text";
    value_missing ValueMissing() [InvalidValue] Value
        "`value` is missing";
    removal_without_path RemovalWithoutPath() [NoTarget] Path
        "`path` is missing; a `remove` must say what to remove";
    value_not_attributes ValueNotAttributes() [InvalidValue] Message
        "without `path`, `value` must be an object of attributes";
    base_removed BaseRemoved() [NoTarget] Path
        "the core schema cannot be removed; name an attribute";
    required_emptied RequiredEmptied(attribute: KnownName) [InvalidValue] Required
        "{attribute} is required and cannot be empty";
    required_removed RequiredRemoved(attribute: KnownName) [Mutability] ReadOnly
        "{attribute} is required and cannot be removed";
    required_extension_removed RequiredExtensionRemoved(urn: KnownName) [Mutability] ReadOnly
        "the extension {urn} is required and cannot be removed";
    active_removed ActiveRemoved() [Mutability] ReadOnly
        "`active` always has a value and cannot be removed; set it to true or false";
    read_only ReadOnly(attribute: KnownName) [Mutability] ReadOnly
        "{attribute} is read-only";
    member_changed MemberChanged() [Mutability] ReadOnly
        "a member cannot be changed; remove it and add another one";
    secret_selected SecretSelected(attribute: KnownName) [InvalidPath] Path
        "{attribute} cannot be read, so a filter in brackets cannot select its values";
    no_match NoMatch(values: Found) [NoTarget] Path
        "no value matches {values}";
    several_for_match SeveralForMatch(values: Found, given: Word) [InvalidValue] Value
        "{values} takes a single value, but the operation has {given}";
    too_many_values_then TooManyValuesThen(attribute: KnownName, most: Word) [InvalidValue] Value
        "{attribute} would have more than {most} values";

    // Queries.
    not_whole_number NotWholeNumber(parameter: KnownName, given: SentValue) [InvalidValue InvalidCount] Parameter
        "{parameter} must be a whole number, not {given}";
    other_count OtherCount(first: Word) [InvalidCount] Parameter
        "`count` must be {first}, as on the first page, or absent";
    count_too_large CountTooLarge(most: Word) [InvalidCount] Parameter
        "`count` must be at most {most} with a cursor";
    cursor_damaged CursorDamaged() [InvalidCursor] Parameter
        "the cursor is damaged, or belongs to another query or token; repeat the original query, or start again with an empty `cursor`";
    cursor_expired CursorExpired(seconds: Word) [ExpiredCursor] Parameter
        "the cursor is older than {seconds} seconds; start again with an empty `cursor`";
    two_ways_to_page TwoWaysToPage() [InvalidValue] Parameter
        "`startIndex` and `cursor` cannot be used together; send only one of them";
    other_sort_order OtherSortOrder(given: SentValue) [InvalidValue] Parameter
        "`sortOrder` must be ascending or descending, not {given}";
    no_order NoOrder(attribute: KnownName) [InvalidValue] Parameter
        "the resources cannot be sorted by {attribute}; use one of its sub-attributes or another attribute";
    both_projections BothProjections() [InvalidValue] Parameter
        "`attributes` and `excludedAttributes` cannot be used together";
    too_many_names TooManyNames(most: Word) [InvalidValue] Parameter
        "`attributes` and `excludedAttributes` may have at most {most} names";
    parameter_twice ParameterTwice(parameter: KnownName) [InvalidValue] Parameter
        "the parameter {parameter} is repeated";
    other_parameter_type OtherParameterType(parameter: KnownName, expected: Word) [InvalidValue] Parameter
        "{parameter} must be {expected}";
    no_filter_here NoFilterHere() [Forbidden] NotOffered
        "this endpoint does not support filters (RFC 7644 section 4)";

    // Bulk requests.
    bulk_empty BulkEmpty() [InvalidSyntax] Message
        "`Operations` is empty";
    bulk_too_large BulkTooLarge(given: Word, most: Word) [TooLarge] Large
        "`Operations` has {given} operations; a bulk request can have at most {most}";
    other_fail_on_errors OtherFailOnErrors() [InvalidValue] Message
        "`failOnErrors` must be a whole number of at least 1";
    method_missing MethodMissing() [InvalidSyntax] Message
        "`method` must be POST, PUT, PATCH or DELETE";
    other_method OtherMethod(given: SentValue) [InvalidSyntax] Message
        "`method` must be POST, PUT, PATCH or DELETE, not {given}";
    bulk_path_missing BulkPathMissing() [InvalidSyntax] Message
        "`path` is missing; it must be text such as /Users or /Users/ID";
    other_bulk_path OtherBulkPath(given: SentValue) [InvalidSyntax] Message
        "`path` must be /Users, /Groups, or one of these followed by an id or a `bulkId:` reference, as in /Users/ID, not {given}";
    id_misplaced IdMisplaced(method: Word, endpoint: Word) [InvalidSyntax] Message
        "the `path` of a {method} is /{endpoint}, without an id";
    id_missing IdMissing(method: Word, endpoint: Word) [InvalidSyntax] Message
        "the id is missing; the `path` of a {method} is /{endpoint}/ID";
    bulk_id_missing BulkIdMissing() [InvalidValue] Message
        "`bulkId` is missing; each POST needs a unique one";
    bulk_id_shared BulkIdShared(bulk_id: SentValue, operations: Word) [InvalidValue] Message
        "the operations {operations} have the same `bulkId` {bulk_id}; each POST needs a unique one";
    data_not_object DataNotObject() [InvalidSyntax] Message
        "`data` must be a JSON object: the body of the request";
    other_version_form OtherVersionForm() [InvalidValue] Message
        "`version` must have the form of `meta.version`, such as W/\"1\"";
    reference_failed ReferenceFailed(bulk_id: SentValue) [Conflict] Reference
        "it refers to `bulkId` {bulk_id}, whose creation failed for the reason in its own result; nothing was changed";
    reference_to_nothing ReferenceToNothing(bulk_id: SentValue) [Conflict] Reference
        "it refers to `bulkId` {bulk_id}, but no valid operation of the request creates it; nothing was changed";
    cycle_failed CycleFailed(bulk_id: SentValue, operation: Word) [Conflict] Reference
        "it is in a reference cycle with `bulkId` {bulk_id} of operation {operation}, which failed; the whole cycle was rolled back";
    cycle_interrupted CycleInterrupted(bulk_id: SentValue, operation: Word) [Unavailable] Unavailable
        "it is in a reference cycle with `bulkId` {bulk_id} of operation {operation}, which failed; the whole cycle was rolled back";
    cycle_not_resolved CycleNotResolved(because: Because) [Conflict] Because
        "the reference cycle cannot be resolved: {because}";
    not_tried NotTried() [Unavailable] Unavailable
        "it was not tried, because the operations before it used up the time limit; send it again in a separate request";
    not_ended NotEnded() [Unavailable] Unavailable
        "it was still in progress at the time limit; read the resource to see whether it was changed";

    // Addresses and versions.
    no_endpoint NoEndpoint() [NotFound] Address
        "this endpoint does not exist; the endpoints are /Users, /Groups, /Me, /Bulk, /.search, /ServiceProviderConfig, /ResourceTypes and /Schemas";
    no_base_address NoBaseAddress() [NotFound] Address
        "this endpoint does not exist; a base URL has the form https://HOST/TENANT/scim/v2";
    address_not_utf8 AddressNotUtf8() [InvalidSyntax] Message
        "the URL is not percent-encoded UTF-8";
    other_protocol_version OtherProtocolVersion(version: SentValue) [InvalidVers] Address
        "version {version} of SCIM is not supported; use v2";
    no_description NoDescription(of: Word, name: SentValue) [NotFound] NotOffered
        "the {of} {name} does not exist";
    other_http_method OtherHttpMethod(methods: Word) [MethodNotAllowed] NotOffered
        "this endpoint supports only {methods}";
    no_resource NoResource(kind: Word, id: SentId) [NotFound] NotFound
        "there is no {kind} with the id {id}";
    resource_gone ResourceGone() [NotFound] NotFound
        "the resource was deleted meanwhile";
    other_version OtherVersion(version: Word) [PreconditionFailed] Version
        "the resource has version {version}, but the request expects another one; read it again";
    version_excluded VersionExcluded(version: Word) [PreconditionFailed] Version
        "the resource has version {version}, which `If-None-Match` excludes; omit this header to change the resource";
    taken Taken(attribute: KnownName, value: SentValue) [Uniqueness] Taken
        "{attribute} {value} is taken by another resource of this tenant";
    taken_by_own_user TakenByOwnUser(value: SentValue) [Uniqueness] Taken
        "`userName` {value} belongs to a user whom the application created before provisioning; exclude the user, or ask the application's vendor to link existing users";
    nobody_at_me NobodyAtMe() [NotImplemented] NotOffered
        "this token does not belong to a user, so /Me is not available; use /Users/ID";
    creation_at_me CreationAtMe() [NotImplemented] NotOffered
        "self-registration is not supported; create users at /Users";

    // Tokens and rates.
    no_token NoToken() [Unauthorized] TokenUnknown
        "the bearer token is missing, invalid or expired, or belongs to another tenant; send `Authorization: Bearer TOKEN` with a token from the application's settings";
    token_of_me TokenOfMe() [Forbidden] TokenScope
        "this token may only read /Me; provisioning needs a token with the scope for it";
    turned_off TurnedOff() [Forbidden] Disabled
        "provisioning is turned off for this tenant; turn it on in the application's settings";
    rate_exceeded RateExceeded(seconds: Word) [TooManyRequests] Rate
        "this tenant has exceeded its rate limit; try again in {seconds} seconds";
    contended Contended() [TooManyRequests] Rate
        "too many concurrent requests use the same resources; try again in a moment";

    // Sizes.
    too_much_work TooMuchWork() [TooLarge] Large
        "the request reads or changes too many values; split it into several requests";
    too_many_members TooManyMembers(given: Word, most: Word) [TooLarge] Large
        "the request changes {given} members, but one request can change at most {most}; send the rest in further requests";
    too_many_groups TooManyGroups(given: Word, most: Word) [TooLarge] Large
        "`members`: the request adds {given} groups, but one request can add at most {most}; send the rest in further requests";
    too_many_addresses TooManyAddresses(given: Word, most: Word) [TooLarge] Large
        "`emails`: the request sets or changes {given} addresses; a user can have, and a request can change, at most {most}";
    resource_too_large ResourceTooLarge(given: Word, most: Word) [TooLarge] Large
        "the resource has {given} bytes; at most {most} can be stored";
    answer_too_large AnswerTooLarge() [TooLarge] Large
        "the response would be too large; request fewer resources with `count`, or exclude the members with `excludedAttributes=members` and find one of them with the filter `members.value eq \"ID\"`";

    // Time, and what is out of order.
    answer_too_late AnswerTooLate() [Unavailable] Timeout
        "the request timed out; request less with `count` or `excludedAttributes`, or try again in a moment";
    change_too_late ChangeTooLate() [Unavailable] Timeout
        "the request timed out, and the change may or may not have been made; read the resource, or send the request again: a change is never made twice";
    change_not_begun ChangeNotBegun() [Unavailable] Timeout
        "the change did not fit into the time limit of a request, so nothing was changed; try again in a moment, or split the members over several requests";
    change_not_shown ChangeNotShown() [Unavailable] Timeout
        "the change was made, but there was no time left to return the resource; read it, and a group with `excludedAttributes=members`";
    storage_unreachable StorageUnreachable() [Unavailable] Unavailable
        "the service cannot reach its storage at the moment; try again in a moment";
    tokens_unreachable TokensUnreachable() [Unavailable] Unavailable
        "the service cannot check tokens at the moment; try again in a moment";
    tokens_unreadable TokensUnreadable() [Internal] Internal
        "the service cannot check tokens; its log says why";
    defect Defect() [Internal] Internal
        "the service failed; its log has the reason under the request id";
}
