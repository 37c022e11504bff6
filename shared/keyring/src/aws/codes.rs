//! What the error codes of AWS ask for.

/// The reaction that an AWS error code requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// Throttled: make fewer calls.
    Throttle,
    /// Contention: retry the same call; nothing was done.
    Retry,
    /// Wait: the service failed, or something else than the service answered.
    Wait,
    /// An operator must restore a permission, a key or the table.
    Operator,
    /// The call is malformed: a defect.
    Defect,
}

/// The error codes of DynamoDB, of Secrets Manager and common to AWS, and the cancellation reasons of transactions. The
/// reactions follow the AWS documentation ("OK to retry?") and the SDK's classifier.
const CODES: [(&str, Reaction); 49] = [
    ("ProvisionedThroughputExceededException", Reaction::Throttle),
    ("ProvisionedThroughputExceeded", Reaction::Throttle),
    ("RequestLimitExceeded", Reaction::Throttle),
    ("ThrottlingException", Reaction::Throttle),
    ("ThrottlingError", Reaction::Throttle),
    ("Throttling", Reaction::Throttle),
    ("ThrottledException", Reaction::Throttle),
    ("RequestThrottledException", Reaction::Throttle),
    ("RequestThrottled", Reaction::Throttle),
    ("TooManyRequestsException", Reaction::Throttle),
    ("LimitExceededException", Reaction::Throttle),
    ("BandwidthLimitExceeded", Reaction::Throttle),
    ("SlowDown", Reaction::Throttle),
    ("PriorRequestNotComplete", Reaction::Throttle),
    ("TransactionConflictException", Reaction::Retry),
    ("TransactionConflict", Reaction::Retry),
    ("TransactionInProgressException", Reaction::Retry),
    // A global table: a writer in another region has the item.
    ("ReplicatedWriteConflictException", Reaction::Retry),
    ("InternalServerError", Reaction::Wait),
    ("InternalServiceError", Reaction::Wait),
    ("InternalFailure", Reaction::Wait),
    ("ServiceUnavailable", Reaction::Wait),
    ("ServiceUnavailableException", Reaction::Wait),
    ("RequestTimeout", Reaction::Wait),
    ("RequestTimeoutException", Reaction::Wait),
    ("InvalidEndpointException", Reaction::Wait),
    ("AccessDeniedException", Reaction::Operator),
    ("AccessDenied", Reaction::Operator),
    ("NotAuthorized", Reaction::Operator),
    ("OptInRequired", Reaction::Operator),
    ("ExpiredTokenException", Reaction::Operator),
    ("ExpiredToken", Reaction::Operator),
    ("RequestExpired", Reaction::Operator),
    ("UnrecognizedClientException", Reaction::Operator),
    ("InvalidClientTokenId", Reaction::Operator),
    ("InvalidSignatureException", Reaction::Operator),
    ("SignatureDoesNotMatch", Reaction::Operator),
    ("IncompleteSignatureException", Reaction::Operator),
    ("MissingAuthenticationTokenException", Reaction::Operator),
    ("ResourceNotFoundException", Reaction::Operator),
    ("ResourceInUseException", Reaction::Operator),
    ("ValidationException", Reaction::Defect),
    ("ValidationError", Reaction::Defect),
    ("SerializationException", Reaction::Defect),
    ("UnknownOperationException", Reaction::Defect),
    ("IdempotentParameterMismatchException", Reaction::Defect),
    ("ItemCollectionSizeLimitExceededException", Reaction::Defect),
    ("ItemCollectionSizeLimitExceeded", Reaction::Defect),
    // Writes with a condition handle this code themselves.
    ("ConditionalCheckFailedException", Reaction::Defect),
];

/// The reaction to an error response. A response without a code, such as a proxy's page or an unreadable one with status
/// 200, says nothing about the call. An unknown code counts as fixable, for example a KMS code that DynamoDB passes on.
#[must_use]
pub fn reaction_to(code: Option<&str>, status: u16) -> Reaction {
    let Some(code) = code else {
        return match status {
            429 => Reaction::Throttle,
            _ => Reaction::Wait,
        };
    };
    let known = CODES.iter().find(|(name, _)| *name == code);
    match known {
        Some((_, reaction)) => *reaction,
        None if status >= 500 => Reaction::Wait,
        None => Reaction::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_unique() {
        let names: std::collections::BTreeSet<_> = CODES.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), CODES.len());
    }

    #[test]
    fn responses_without_a_code_or_with_status_5xx_are_not_our_defect() {
        for status in [
            200, 301, 400, 403, 404, 408, 413, 421, 500, 502, 503, 504, 599,
        ] {
            assert_eq!(reaction_to(None, status), Reaction::Wait, "{status}");
        }
        assert_eq!(reaction_to(None, 429), Reaction::Throttle);
        for status in [500, 502, 503, 504] {
            assert_eq!(reaction_to(Some("SomethingNew"), status), Reaction::Wait);
        }
        // The code takes precedence over the status.
        assert_eq!(
            reaction_to(Some("ThrottlingException"), 503),
            Reaction::Throttle
        );
    }
}
