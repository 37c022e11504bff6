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
        "the body must be a JSON object, the {what}";
    body_empty BodyEmpty() [InvalidSyntax] Message
        "the body is empty";
    body_too_large BodyTooLarge(most: Word) [TooLarge] Large
        "the body is larger than {most} bytes";
    body_compressed BodyCompressed() [UnsupportedMediaType] Message
        "the body must not be compressed";
    other_media_type OtherMediaType() [UnsupportedMediaType] Message
        "the Content-Type must be application/scim+json or application/json";
    not_utf8 NotUtf8(what: Word, byte: Word) [InvalidSyntax] Message
        "{what} is not UTF-8: it goes wrong at byte {byte}";
    not_json NotJson(what: Word, line: Word, column: Word) [InvalidSyntax] Message
        "{what} is no JSON: it goes wrong at line {line}, column {column}";
    name_twice NameTwice(name: SentPath) [InvalidSyntax] Message
        "{name} is given twice in one object";
    name_twice_by_case NameTwiceByCase(first: SentPath, then: SentPath) [InvalidSyntax] Message
        "{first} and {then} are given in one object; names that differ in case only are the same";
    attribute_twice AttributeTwice(attribute: KnownName) [InvalidSyntax] Message
        "{attribute} is given twice in one object";
    other_schemas OtherSchemas(urn: KnownName) [InvalidSyntax] Message
        "`schemas` must be an array with {urn}";

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
        "{attribute} has no value; leave it out, or send an empty array for no values at all";
    odd_user_name OddUserName(attribute: KnownName, given: SentValue) [InvalidValue] Value
        "{attribute} {given} is empty, has stray blanks, or has characters that a user name cannot have (RFC 8265)";
    odd_password OddPassword() [InvalidValue] Value
        "`password` has characters that a password cannot have (RFC 8265)";
    attribute_required AttributeRequired(attribute: KnownName) [InvalidValue] Required
        "{attribute} is required";
    extension_required ExtensionRequired(urn: KnownName) [InvalidValue] Required
        "the extension {urn} is required; give its attributes in an object of that name";
    extension_not_object ExtensionNotObject(urn: KnownName) [InvalidValue] Value
        "{urn} must be an object of the extension's attributes";
    other_immutable_value OtherImmutableValue(attribute: KnownName) [Mutability] ReadOnly
        "{attribute} cannot be changed once it is set";
    member_without_value MemberWithoutValue(member: KnownName) [InvalidValue] Value
        "{member} has no `value`; it must be the id of a user or group";
    member_not_object MemberNotObject(member: KnownName) [InvalidValue] Value
        "{member} must be an object with the id of a user or group as `value`";
    no_such_member NoSuchMember(id: SentId) [InvalidValue] Member
        "`members`: there is no user or group with the id {id}; create it first";
    group_cycle GroupCycle(id: SentId) [InvalidValue] Circle
        "`members`: the group {id} contains this group, directly or through others, or is it; a group cannot contain itself";

    // What a tenant asks of values.
    address_not_work AddressNotWork() [InvalidValue] Policy
        "`emails`: the address must be of the type \"work\" or primary; map the work e-mail only";
    several_addresses SeveralAddresses(given: Word) [InvalidValue] Policy
        "`emails`: a user has one address here, its work e-mail; {given} were given, so map the work e-mail only";
    no_work_address NoWorkAddress() [InvalidValue] Policy
        "`emails`: none is of the type \"work\" or primary; `userName` must equal the work e-mail, so map that too";
    user_name_not_address UserNameNotAddress(given: SentValue) [InvalidValue] Policy
        "`userName` {given} must equal the work e-mail; map both from the same attribute";
    no_seat NoSeat(seats: Word) [Forbidden] Seats
        "the licence limit of {seats} active users is reached; deactivate a user, or ask the application's vendor for more licences";
    no_groups NoGroups() [Forbidden] NoGroups
        "groups are switched off for this application; switch group push off in your identity provider";
    own_user OwnUser() [Forbidden] Own
        "this user is the application's own from before provisioning; leave the user out, or ask the application's vendor to link such users";

    // Attribute paths.
    path_too_long PathTooLong(most: Word) [InvalidPath InvalidFilter] Path/Query
        "the path is longer than {most} bytes";
    attribute_path_too_long AttributePathTooLong(most: Word) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "an attribute path is longer than {most} bytes";
    no_attribute_name NoAttributeName(name: SentName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "{name} is no attribute name";
    attribute_name_missing AttributeNameMissing() [InvalidPath InvalidFilter InvalidValue] Path/Query
        "an attribute name is missing";
    unknown_attribute UnknownAttribute(name: SentName, of: Word) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "{name} is no attribute of a {of}";
    unknown_in_schema UnknownInSchema(name: SentName, schema: SentName) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "{name} is no attribute of the schema {schema}";
    unknown_schema UnknownSchema(urn: SentName, of: Word) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "{urn} is no schema of a {of}";
    unknown_part UnknownPart(attribute: KnownName, name: SentName) [InvalidPath InvalidFilter InvalidValue] Unknown/Query
        "{attribute} has no sub-attribute {name}";
    ambiguous_attribute AmbiguousAttribute(name: SentName, one: KnownName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "{name} is an attribute of several schemas; write it with the URN of one, such as {one}";
    schema_as_attribute SchemaAsAttribute(schema: SentName) [InvalidPath InvalidFilter InvalidValue] Path/Query
        "{schema} is a schema, not an attribute";
    brackets_behind_part BracketsBehindPart(attribute: KnownName) [InvalidPath InvalidFilter] Path/Query
        "a filter in brackets must follow {attribute}, not one of its sub-attributes";
    brackets_behind_schema BracketsBehindSchema(schema: SentName) [InvalidPath InvalidFilter] Path/Query
        "{schema} is a schema, so it takes no filter in brackets";

    // Filters, in queries and in paths.
    filter_too_long FilterTooLong(most: Word) [InvalidFilter] Query
        "the filter is longer than {most} bytes";
    end_expected EndExpected(expected: Word, found: Found) [InvalidFilter InvalidPath] Path/Query
        "expected {expected}, found {found}";
    attribute_name_expected AttributeNameExpected() [InvalidFilter InvalidPath] Path/Query
        "expected an attribute name";
    bracket_expected BracketExpected(bracket: Word) [InvalidFilter] Path/Query
        "expected `{bracket}`";
    operator_expected OperatorExpected(behind: SentPath, found: Found) [InvalidFilter] Path/Query
        "expected an operator such as `eq` after {behind}, found {found}";
    literal_expected LiteralExpected(found: Found) [InvalidFilter] Path/Query
        "expected a value, text in double quotes, found {found}";
    nested_too_deep NestedTooDeep(most: Word) [InvalidFilter] Path/Query
        "nesting is deeper than {most} levels";
    too_many_terms TooManyTerms(most: Word) [InvalidFilter] Path/Query
        "more than {most} terms";
    brackets_in_brackets BracketsInBrackets() [InvalidFilter] Path/Query
        "a value filter cannot hold another one";
    test_behind_brackets TestBehindBrackets(operator: KnownName) [InvalidFilter] Path/Query
        "{operator} cannot follow a filter in brackets; put a dot and a sub-attribute such as `value` between them, or what is asked into the brackets";
    no_sub_attribute_name NoSubAttributeName(name: SentName) [InvalidFilter InvalidPath] Path/Query
        "{name} is no sub-attribute";
    wrong_escape WrongEscape() [InvalidFilter] Path/Query
        "the text in quotes has a wrong escape; write a backslash twice, as in DOMAIN\\\\name";
    stray_backslash StrayBackslash(letter: Word) [InvalidFilter] Path/Query
        "`\\{letter}` in the text in quotes is a control character; write a backslash twice, as in DOMAIN\\\\name";
    quote_open QuoteOpen() [InvalidFilter] Path/Query
        "the closing quote is missing";
    quote_open_behind_backslash QuoteOpenBehindBackslash() [InvalidFilter] Path/Query
        "the closing quote is missing; write a backslash twice, as in DOMAIN\\\\name";
    brackets_behind_single BracketsBehindSingle(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} has a single value, so it takes no filter in brackets";
    secret_in_filter SecretInFilter(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} cannot be used in a filter";
    whole_compared WholeCompared(attribute: KnownName, part: KnownName) [InvalidFilter] Path/Query
        "{attribute} has parts; compare one of them, such as {part}";
    senseless_test SenselessTest(attribute: KnownName, is: Word, test: SentValue) [InvalidFilter] Path/Query
        "{attribute} {is}; {test} cannot be asked of it";
    control_characters_compared ControlCharactersCompared(attribute: KnownName) [InvalidFilter] Path/Query
        "{attribute} has no control characters; write a backslash twice, as in DOMAIN\\\\name";
    filter_too_slow FilterTooSlow() [TooMany] Query
        "the filter takes too long to answer; compare `id`, `userName`, `externalId`, `emails.value` or a group's `displayName` with `eq`";

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
        "`path` is missing; a removal must say what to remove";
    value_not_attributes ValueNotAttributes() [InvalidValue] Value
        "without a `path` the `value` must be an object of attributes";
    base_removed BaseRemoved() [NoTarget] Path
        "the base schema cannot be removed; name an attribute";
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
        "the parts of a member cannot be changed; remove the member and add another one";
    secret_selected SecretSelected(attribute: KnownName) [InvalidPath] Path
        "{attribute} cannot be read, so it takes no filter in brackets";
    no_match NoMatch(values: Found) [NoTarget] Path
        "no value matches {values}";
    several_for_match SeveralForMatch(values: Found, given: Word) [InvalidValue] Value
        "{values} takes one value, not {given}";
    too_many_values_then TooManyValuesThen(attribute: KnownName, most: Word) [InvalidValue] Value
        "{attribute} would have more than {most} values";

    // Queries.
    not_whole_number NotWholeNumber(parameter: KnownName, given: SentValue) [InvalidValue InvalidCount] Query
        "{parameter} must be a whole number, not {given}";
    other_count OtherCount(first: Word) [InvalidCount] Query
        "`count` must be {first} as on the first page, or be left out";
    count_too_large CountTooLarge(most: Word) [InvalidCount] Query
        "`count` must be at most {most} with a cursor";
    cursor_damaged CursorDamaged() [InvalidCursor] Query
        "the cursor is damaged, or it was given for another query or to another token; repeat the query as it was, or start again with an empty `cursor`";
    cursor_expired CursorExpired(seconds: Word) [ExpiredCursor] Query
        "the cursor is older than {seconds} seconds; start again with an empty `cursor`";
    two_ways_to_page TwoWaysToPage() [InvalidValue] Query
        "`startIndex` and `cursor` are two ways to page; send one of them";
    other_sort_order OtherSortOrder(given: SentValue) [InvalidValue] Query
        "`sortOrder` must be ascending or descending, not {given}";
    no_order NoOrder(attribute: KnownName) [InvalidValue] Query
        "{attribute} has no order; sort by one of its parts";
    both_projections BothProjections() [InvalidValue] Value/Query
        "`attributes` and `excludedAttributes` cannot be used together";
    too_many_names TooManyNames(most: Word) [InvalidValue] Value/Query
        "`attributes` and `excludedAttributes` take {most} names at most";
    parameter_twice ParameterTwice(parameter: KnownName) [InvalidValue] Value/Query
        "the parameter {parameter} is given twice";
    other_parameter_type OtherParameterType(parameter: KnownName, expected: Word) [InvalidValue] Query
        "{parameter} must be {expected}";
    no_filter_here NoFilterHere() [Forbidden] Query
        "this endpoint takes no filter (RFC 7644 section 4)";

    // Bulk requests.
    bulk_empty BulkEmpty() [InvalidSyntax] Message
        "`Operations` is empty";
    bulk_too_large BulkTooLarge(given: Word, most: Word) [TooLarge] Large
        "`Operations` has {given} operations; {most} are the most of one bulk request";
    other_fail_on_errors OtherFailOnErrors() [InvalidValue] Value
        "`failOnErrors` must be a whole number from 1";
    method_missing MethodMissing() [InvalidSyntax] Message
        "`method` must be POST, PUT, PATCH or DELETE";
    other_method OtherMethod(given: SentValue) [InvalidSyntax] Message
        "`method` must be POST, PUT, PATCH or DELETE, not {given}";
    bulk_path_missing BulkPathMissing() [InvalidSyntax] Message
        "`path` is missing; it must be text such as /Users or /Users/ID";
    other_bulk_path OtherBulkPath(given: SentValue) [InvalidSyntax] Message
        "`path` must be /Users, /Groups, or one of these with an id or `bulkId:` and a `bulkId` behind it, as in /Users/ID, not {given}";
    id_misplaced IdMisplaced(method: Word, endpoint: Word) [InvalidSyntax] Message
        "a {method} goes to /{endpoint}, without an id";
    id_missing IdMissing(method: Word, endpoint: Word) [InvalidSyntax] Message
        "a {method} goes to /{endpoint}/ID; the id is missing";
    bulk_id_missing BulkIdMissing() [InvalidValue] Value
        "`bulkId` is missing; a POST needs one of its own";
    bulk_id_shared BulkIdShared(bulk_id: SentValue, operations: SentValue) [InvalidValue] Value
        "`bulkId` {bulk_id} is that of the operations {operations}; each creation needs one of its own";
    data_not_object DataNotObject() [InvalidSyntax] Message
        "`data` must be a JSON object, the body of the request";
    other_version_form OtherVersionForm() [InvalidValue] Value
        "`version` must be a version as `meta.version` has it, such as W/\"1\"";
    reference_failed ReferenceFailed(bulk_id: SentValue) [Conflict] Reference
        "it refers to `bulkId` {bulk_id}, which could not be created, as its own result says; nothing was changed";
    reference_to_nothing ReferenceToNothing(bulk_id: SentValue) [Conflict] Reference
        "it refers to `bulkId` {bulk_id}, which no operation of the request creates, or only one that is wrong; nothing was changed";
    circle_failed CircleFailed(bulk_id: SentValue, operation: Word) [Conflict] Reference
        "it refers, in a circle, to `bulkId` {bulk_id} of operation {operation}, which failed; nothing of the circle was kept";
    circle_interrupted CircleInterrupted(bulk_id: SentValue, operation: Word) [Unavailable] Unavailable
        "it refers, in a circle, to `bulkId` {bulk_id} of operation {operation}, which failed; nothing of the circle was kept";
    circle_not_closed CircleNotClosed(because: Because) [Conflict] Reference
        "the circle of references cannot be closed: {because}";
    not_tried NotTried() [Unavailable] Unavailable
        "it was not tried, because the operations before it took all the time that there is; send it again in a request of its own";
    not_ended NotEnded() [Unavailable] Unavailable
        "it had not ended when the answer had to be given; read the resource to see whether it was done";

    // Addresses and versions.
    no_endpoint NoEndpoint() [NotFound] Address
        "there is no such endpoint; there are /Users, /Groups, /Me, /Bulk, /.search, /ServiceProviderConfig, /ResourceTypes and /Schemas";
    no_base_address NoBaseAddress() [NotFound] Address
        "there is no such endpoint; a base address has the form https://HOST/TENANT/scim/v2";
    address_not_utf8 AddressNotUtf8() [InvalidSyntax] Message
        "the address is not percent-encoded UTF-8";
    other_protocol_version OtherProtocolVersion(version: SentValue) [InvalidVers] Address
        "version {version} of SCIM is not supported; use v2";
    no_description NoDescription(of: Word, name: SentValue) [NotFound] Address
        "there is no {of} called {name}";
    other_http_method OtherHttpMethod(methods: Word) [MethodNotAllowed] Address
        "the endpoint takes {methods}";
    no_resource NoResource(kind: Word, id: SentId) [NotFound] Absent
        "there is no {kind} with the id {id}";
    resource_gone ResourceGone() [NotFound] Absent
        "the resource was deleted meanwhile";
    other_version OtherVersion(version: Word) [PreconditionFailed] Version
        "the resource is in version {version} and not in the one that the request expects; read it again";
    taken Taken(attribute: KnownName, value: SentValue) [Uniqueness] Taken
        "{attribute} {value} is taken by another resource of this tenant";
    taken_by_own_user TakenByOwnUser(value: SentValue) [Uniqueness] Taken
        "`userName` {value} belongs to a user of the application from before provisioning; leave the user out, or ask the application's vendor to link such users";
    nobody_at_me NobodyAtMe() [NotImplemented] NotOffered
        "this token stands for no user, so there is nobody at /Me; ask for /Users/ID";
    creation_at_me CreationAtMe() [NotImplemented] NotOffered
        "nobody registers at /Me here; users are created at /Users";

    // Tokens and rates.
    no_token NoToken() [Unauthorized] TokenUnknown
        "the bearer token is missing, wrong, expired or not one of this tenant; send `Authorization: Bearer TOKEN` with a token from the application's settings";
    token_of_me TokenOfMe() [Forbidden] TokenScope
        "this token may read /Me only; provisioning needs a token that was made for it";
    switched_off SwitchedOff() [Forbidden] Off
        "provisioning is switched off for this tenant; switch it on in the application's settings";
    rate_exceeded RateExceeded(seconds: Word) [TooManyRequests] Rate
        "this tenant sends more requests than its rate allows; go on in {seconds} seconds";
    contended Contended() [TooManyRequests] Rate
        "there are too many requests to the same resources; try again in a moment";

    // Sizes.
    too_much_work TooMuchWork() [TooLarge] Large
        "the request changes or looks at too many values; send its operations in several requests";
    too_many_members TooManyMembers(given: Word, most: Word) [TooLarge] Large
        "the request changes {given} members; one request can change {most} at most, so send the rest in further ones";
    too_many_groups TooManyGroups(given: Word, most: Word) [TooLarge] Large
        "`members`: the request brings {given} groups; one request can bring {most} at most, so send the rest in further ones";
    too_many_addresses TooManyAddresses(given: Word, most: Word) [TooLarge] Large
        "`emails`: the request gives or changes {given} addresses; {most} are the most that a user can have and that one request can change";
    resource_too_large ResourceTooLarge(given: Word, most: Word) [TooLarge] Large
        "the resource has {given} bytes; {most} are the most that can be stored";
    answer_too_large AnswerTooLarge() [TooLarge] Large
        "the answer would be too large; ask for fewer resources with `count`, or leave the members out with `excludedAttributes=members` and look for one with the filter `members.value eq \"ID\"`";

    // Time, and what is out of order.
    answer_too_late AnswerTooLate() [Unavailable] Late
        "the answer takes longer than a request may; ask for less with `count` or `excludedAttributes`, or send it again in a moment";
    change_too_late ChangeTooLate() [Unavailable] Late
        "the request takes longer than it may, and it is not known whether the change was made; read the resource, or send the request again: a change that was made is not made twice";
    change_not_begun ChangeNotBegun() [Unavailable] Late
        "the change could not be made in the time that a request has; nothing was changed; send it again in a moment, or its members in several requests";
    change_not_shown ChangeNotShown() [Unavailable] Late
        "the change was made, but there was no time left to show the resource; read it, a group with `excludedAttributes=members`";
    storage_unreachable StorageUnreachable() [Unavailable] Unavailable
        "the service cannot reach its storage at the moment; try again in a moment";
    tokens_unreachable TokensUnreachable() [Unavailable] Unavailable
        "the service cannot check tokens at the moment; try again in a moment";
    tokens_unreadable TokensUnreadable() [Internal] Internal
        "the service cannot check tokens; its log says why";
    defect Defect() [Internal] Internal
        "the service failed; the request id in its log says why";
}
