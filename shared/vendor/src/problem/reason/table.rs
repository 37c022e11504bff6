//! The table of reasons. Each has a constructor and a name, the types of the arguments of its sentence, its kind, and
//! its sentence.
//!
//! A sentence is written for the vendor's developers and for administrators: it says what to change, and tells nothing
//! of other tenants or of the inside.

use scim_core::ErrorKind;

use super::{OwnWords, Problem, Sent, UserNames, ValueFault, reasons};

reasons! {
    // Who asks.
    no_admin_key NoAdminKey() [Unauthorized]
        "the admin key is missing, invalid, expired, revoked or not valid in this network; send `Authorization: Bearer KEY` with an admin key";
    admin_keys_unavailable AdminKeysUnavailable() [Unavailable]
        "the service cannot check admin keys at the moment; try again in a moment";
    admin_keys_unreadable AdminKeysUnreadable() [Internal]
        "the service cannot check admin keys; its log says why";
    no_scope NoScope(scope: OwnWords) [Forbidden]
        "this requires an admin key with the scope `{scope}`";
    wrong_admin_key WrongAdminKey() [Unauthorized]
        "this key is not valid; check that you copied the whole key";
    too_many_sign_ins TooManySignIns(wait: OwnWords) [TooManyRequests]
        "too many attempts to sign in; try again in {wait}";
    signed_out SignedOut() [Unauthorized]
        "your session has ended; sign in again";
    setup_session_ended SetupSessionEnded() [Unauthorized]
        "the session has ended";
    foreign_form ForeignForm() [Forbidden]
        "this form belongs to another session, so nothing was changed; reload the page and try again";

    // Addresses and messages.
    no_endpoint NoEndpoint() [NotFound]
        "this endpoint does not exist; see GET /admin/v1/openapi.json for all endpoints";
    no_page NoPage() [NotFound]
        "this page does not exist";
    no_file NoFile() [NotFound]
        "this file does not exist";
    no_steps NoSteps() [NotFound]
        "there are no steps for this identity provider";
    other_method OtherMethod(methods: OwnWords) [MethodNotAllowed]
        "this endpoint supports only {methods}";
    parameter_twice ParameterTwice(parameter: Sent) [InvalidValue]
        "the parameter {parameter} is repeated";
    parameters_too_long ParametersTooLong() [InvalidValue]
        "the query parameters are too long";
    body_not_object BodyNotObject(found: OwnWords) [InvalidValue]
        "the body must be a JSON object, not {found}";
    member_missing MemberMissing() [InvalidValue]
        "is required";
    unknown_member UnknownMember(known: OwnWords) [InvalidValue]
        "this member does not exist; the members are {known}";
    wrong_member_type WrongMemberType(expected: OwnWords, found: OwnWords) [InvalidValue]
        "must be {expected}, not {found}";
    not_a_form NotAForm() [UnsupportedMediaType]
        "this is not a form of this site";
    form_too_large FormTooLarge(given: OwnWords, most: OwnWords) [TooLarge]
        "the form has {given} bytes; at most {most} are allowed";
    form_not_utf8 FormNotUtf8() [InvalidSyntax]
        "the form is not UTF-8";

    // Retries.
    odd_idempotency_key OddIdempotencyKey(most: OwnWords) [InvalidValue]
        "send at most one `Idempotency-Key`, with 1 to {most} visible ASCII characters";
    request_in_progress RequestInProgress() [Conflict]
        "a request with this `Idempotency-Key` is in progress; try again in a moment";
    idempotency_key_reused IdempotencyKeyReused() [InvalidValue]
        "this `Idempotency-Key` was used for another request in the last 24 hours; use a new one for each request";
    stored_response_unreadable StoredResponseUnreadable() [Internal]
        "the stored response cannot be read";

    // Lists.
    other_count OtherCount(most: OwnWords, given: Sent) [InvalidValue]
        "`count` must be a number from 1 to {most}, not {given}";
    other_time OtherTime(parameter: OwnWords, given: Sent) [InvalidValue]
        "`{parameter}` must be a time such as 2030-01-31T08:00:00Z, not {given}";
    other_outcome OtherOutcome(known: OwnWords, given: Sent) [InvalidValue]
        "`outcome` must be one of {known}, not {given}";
    other_status OtherStatus(given: Sent) [InvalidValue]
        "`status` must be on, off or closing, not {given}";
    other_tenant_cursor OtherTenantCursor(given: Sent) [InvalidValue]
        "`cursor` {given} is not valid; start again without it";
    other_log_cursor OtherLogCursor() [InvalidCursor]
        "`cursor` is not valid; start again without it";
    other_limit OtherLimit(most: OwnWords, given: Sent) [InvalidValue]
        "`limit` must be a number from 1 to {most}, not {given}";
    other_position OtherPosition(given: Sent) [InvalidValue]
        "`after` must be `next` of an earlier page, or 0 for the beginning, not {given}";
    unknown_event_type UnknownEventType(given: Sent, families: OwnWords) [InvalidValue]
        "no event has the type {given}; `type` takes types such as `user.created`, the families {families}, and `*`";
    events_gone EventsGone(oldest: OwnWords) [Gone]
        "the feed has nothing at `after`; its oldest event is at {oldest}; take a snapshot: read all users and groups, then go on with `after` = `head` of this answer";

    // Tenants and settings.
    no_tenant NoTenant(tenant: Sent) [NotFound]
        "the tenant {tenant} does not exist";
    odd_tenant_id OddTenantId(most: OwnWords) [InvalidValue]
        "use 1–{most} lowercase letters, digits or hyphens, starting and ending with a letter or digit";
    reserved_tenant_id ReservedTenantId(reserved: OwnWords) [InvalidValue]
        "the ids {reserved} are reserved; choose another id";
    tenant_id_taken TenantIdTaken(id: Sent) [Conflict]
        "the id {id} is used by another tenant or by one that is being deleted; choose another id";
    odd_tenant_name OddTenantName(most: OwnWords) [InvalidValue]
        "must have 1 to {most} characters in one line";
    tenant_changed TenantChanged() [Conflict]
        "the tenant was changed at the same time; read it and try again";
    tenant_closing TenantClosing() [Conflict]
        "the tenant is being deleted and cannot be changed";
    tenant_on TenantOn() [Conflict]
        "the tenant is turned on; turn it off before you delete it";
    other_id_typed OtherIdTyped() [InvalidValue]
        "the id does not match, so nothing was deleted";
    invalid_setting InvalidSetting(fault: ValueFault) [InvalidValue]
        "{fault}";
    shared_addresses SharedAddresses(names: UserNames) [Conflict]
        "uniqueEmails: these users have the same e-mail address: {names}; give them different addresses first";
    users_unchecked_while_on UsersUncheckedWhileOn() [Conflict]
        "`seats` and `uniqueEmails` can only be turned on while provisioning is turned off, because all users are checked first; turn the tenant off, wait 90 seconds, and try again";
    users_unchecked_yet UsersUncheckedYet() [Conflict]
        "`seats` and `uniqueEmails` can only be turned on while provisioning is turned off, because all users are checked first; it was turned off less than 90 seconds ago, so try again in 90 seconds";

    // Keys.
    no_token NoToken(key: Sent) [NotFound]
        "there is no token with the id {key}";
    key_gone KeyGone() [NotFound]
        "it was revoked or removed meanwhile";
    token_expired TokenExpired() [Conflict]
        "this token has expired; create a new one";
    too_many_tokens TooManyTokens(most: OwnWords) [Conflict]
        "there are {most} live tokens, which is the limit; revoke one that is not needed";
    token_taken TokenTaken() [Uniqueness]
        "the tenant already has this token";
    keys_changed_too_often KeysChangedTooOften(most: OwnWords, until: OwnWords, wait: OwnWords) [TooManyRequests]
        "tokens were created or rotated {most} times today, which is the limit; the next one can be created at {until}, {wait}; tokens can still be revoked";
    keyring_worn KeyringWorn() [TooManyRequests]
        "today's limit of changes is reached; no token or key can be created for some hours, but all can still be revoked";
    closing_keyring_worn ClosingKeyringWorn() [TooManyRequests]
        "the tenant is closed and its tokens are rejected, but today's limit of changes to its keyring is reached; delete the tenant again in some hours to remove its tokens";
    keys_unavailable KeysUnavailable() [Unavailable]
        "the stored tokens cannot be read or changed at the moment; try again in a moment";
    keys_unreadable KeysUnreadable() [Internal]
        "the stored tokens cannot be read or changed; the service's log says why";
    purpose_missing PurposeMissing() [InvalidValue]
        "must say what it is for, such as `Okta production`";
    purpose_too_long PurposeTooLong(given: OwnWords, most: OwnWords) [InvalidValue]
        "has {given} characters; at most {most} are allowed";
    purpose_unprintable PurposeUnprintable() [InvalidValue]
        "contains control characters";
    scopes_missing ScopesMissing(known: OwnWords) [InvalidValue]
        "must have at least one of {known}";
    unknown_scope UnknownScope(scope: Sent, known: OwnWords) [InvalidValue]
        "the scope {scope} does not exist; the scopes are {known}";
    end_not_a_time EndNotATime() [InvalidValue]
        "must be a time with an offset, such as `2030-01-31T12:00:00Z`";
    end_past EndPast() [InvalidValue]
        "is in the past";
    too_many_networks TooManyNetworks(given: OwnWords, most: OwnWords) [InvalidValue]
        "has {given} networks; at most {most} are allowed";
    not_a_network NotANetwork(given: Sent) [InvalidValue]
        "{given} is not a network; use the form `192.0.2.0/24`";
    subject_missing SubjectMissing() [InvalidValue]
        "the scope `me` requires the `id` of a user";
    odd_subject OddSubject() [InvalidValue]
        "must be the `id` of a user";
    no_subject NoSubject() [InvalidValue]
        "there is no user with this id";
    unfit_token UnfitToken(fault: ValueFault) [InvalidValue]
        "the token {fault}";
    other_overlap OtherOverlap(most: OwnWords) [InvalidValue]
        "must be from 0 (the old token expires now) to {most}";

    // Admin keys.
    no_admin_key_with NoAdminKeyWith(key: Sent) [NotFound]
        "there is no admin key with the id {key}";
    too_many_keys TooManyKeys(most: OwnWords) [Conflict]
        "there are {most} live admin keys, which is the limit; revoke one that is not needed";
    scope_not_own ScopeNotOwn(scope: OwnWords) [Forbidden]
        "your own admin key does not have the scope `{scope}`";
    end_after_own EndAfterOwn() [Forbidden]
        "the key would expire later than your own admin key";
    networks_beyond_own NetworksBeyondOwn() [Forbidden]
        "the key would be valid in networks where your own admin key is not";
    first_key_kept FirstKeyKept() [Conflict]
        "the initial admin key is stored in a secret; to replace it, store another value there";

    // Setup links.
    no_link NoLink(link: Sent) [NotFound]
        "the link {link} does not exist";
    other_link_life OtherLinkLife(least: OwnWords, most: OwnWords) [InvalidValue]
        "must be from {least} to {most} seconds (30 days)";
    too_many_links TooManyLinks(most: OwnWords) [Conflict]
        "the tenant has {most} open links, which is the limit; revoke links that are not needed";
    link_used LinkUsed(at: OwnWords) [NotFound]
        "it was opened on {at}; a link can be opened once";
    link_revoked LinkRevoked(at: OwnWords) [NotFound]
        "it was revoked on {at}";
    link_expired LinkExpired(at: OwnWords) [NotFound]
        "it expired on {at}";
    link_incomplete LinkIncomplete() [NotFound]
        "part of the link may be missing; open it again from the original message";

    // Destinations.
    no_destination NoDestination(destination: Sent) [NotFound]
        "the destination {destination} does not exist";
    too_many_destinations TooManyDestinations(most: OwnWords) [Conflict]
        "there are {most} destinations, which is the limit; delete one that is not needed";
    destination_name_taken DestinationNameTaken(name: Sent) [Conflict]
        "another destination is called {name}; choose another name";
    destination_changed DestinationChanged() [Conflict]
        "the destination was changed at the same time; read it and try again";
    other_kind OtherKind(given: Sent) [InvalidValue]
        "no destination has the kind {given}; the only kind is `webhook`";
    url_too_long UrlTooLong(given: OwnWords) [InvalidValue]
        "has {given} bytes; at most 2,048 are allowed";
    not_a_url NotAUrl() [InvalidValue]
        "must be a URL such as `https://app.example.com/webhooks`, without spaces";
    url_not_https UrlNotHttps() [InvalidValue]
        "must begin with `https://`, because events contain personal data";
    other_port OtherPort(port: OwnWords) [InvalidValue]
        "must use port 443, not {port}; leave the port out";
    url_with_credentials UrlWithCredentials() [InvalidValue]
        "must have no user name and no password; the signature of each request proves who sent it";
    url_with_fragment UrlWithFragment() [InvalidValue]
        "must have no part after `#`, because it would not be sent";
    address_not_public AddressNotPublic(address: OwnWords) [InvalidValue]
        "{address} is not a public address; the receiver must be reachable from the internet";
    name_not_public NameNotPublic() [InvalidValue]
        "the host is a name of private networks; the receiver must be reachable from the internet";
    types_missing TypesMissing(families: OwnWords) [InvalidValue]
        "must have at least one type; use types such as `user.created`, the families {families}, or `*` for all";
    unknown_delivered_type UnknownDeliveredType(given: Sent, families: OwnWords) [InvalidValue]
        "no event of a tenant has the type {given}; use types such as `user.created`, the families {families}, or `*` for all";
    other_tenants OtherTenants(given: Sent) [InvalidValue]
        "must be `all` or a list of ids of tenants, not {given}";
    tenants_missing TenantsMissing() [InvalidValue]
        "must name at least one tenant, or be `all`";
    too_many_tenants TooManyTenants(given: OwnWords, most: OwnWords) [InvalidValue]
        "names {given} tenants; at most {most} are allowed; `all` means all of them";
    unknown_tenant UnknownTenant(tenant: Sent) [InvalidValue]
        "the tenant {tenant} does not exist";
    other_batch OtherBatch(most: OwnWords) [InvalidValue]
        "must be a number from 1 to {most}";
    other_start OtherStart(given: Sent) [InvalidValue]
        "must be `now` or `beginning`, not {given}";
    other_secret_overlap OtherSecretOverlap(most: OwnWords) [InvalidValue]
        "must be from 0 (the old secret ends now) to {most}";
    destination_without_secret DestinationWithoutSecret() [Conflict]
        "the destination has no secret; rotate its secret and give the new one to the receiver";
    webhook_secrets_worn WebhookSecretsWorn() [TooManyRequests]
        "the secrets of destinations have reached today's limit of changes; a destination can be created, and a secret rotated, in some hours";
    webhook_secrets_unavailable WebhookSecretsUnavailable() [Unavailable]
        "the secrets of destinations cannot be read or changed at the moment; try again in a moment";
    webhook_secrets_unreadable WebhookSecretsUnreadable() [Internal]
        "the secrets of destinations cannot be read or changed; the service's log says why";

    // People.
    no_user NoUser(user: Sent) [NotFound]
        "the user {user} does not exist";
    too_many_users TooManyUsers(given: OwnWords, most: OwnWords) [InvalidValue]
        "has {given} users; one request can have at most {most}";
    too_many_failed_log_ins TooManyFailedLogIns() [TooManyRequests]
        "too many failed log-ins; try again later";
    too_many_log_ins_at_once TooManyLogInsAtOnce() [TooManyRequests]
        "too many concurrent log-ins of this user; try again in a moment";
    export_unrecorded ExportUnrecorded() [Unavailable]
        "the export was stopped because the activity log cannot record it at the moment; try again later";
}
