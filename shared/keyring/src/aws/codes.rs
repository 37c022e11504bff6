//! What the error codes of AWS ask for.

/// The reaction that an AWS error code requires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// Throttled: make fewer calls.
    Less,
    /// Contention: retry the same call; nothing was done.
    Again,
    /// Wait: the service failed, or something else than the service answered.
    Patience,
    /// An operator must restore a permission, a key or the table.
    Mending,
    /// The call is malformed: a defect.
    Rebuilding,
}

/// The error codes of DynamoDB, of Secrets Manager and common to AWS, and the cancellation reasons of transactions. The
/// reactions follow the AWS documentation ("OK to retry?") and the SDK's classifier.
const CODES: [(&str, Asks); 49] = [
    ("ProvisionedThroughputExceededException", Asks::Less),
    ("ProvisionedThroughputExceeded", Asks::Less),
    ("RequestLimitExceeded", Asks::Less),
    ("ThrottlingException", Asks::Less),
    ("ThrottlingError", Asks::Less),
    ("Throttling", Asks::Less),
    ("ThrottledException", Asks::Less),
    ("RequestThrottledException", Asks::Less),
    ("RequestThrottled", Asks::Less),
    ("TooManyRequestsException", Asks::Less),
    ("LimitExceededException", Asks::Less),
    ("BandwidthLimitExceeded", Asks::Less),
    ("SlowDown", Asks::Less),
    ("PriorRequestNotComplete", Asks::Less),
    ("TransactionConflictException", Asks::Again),
    ("TransactionConflict", Asks::Again),
    ("TransactionInProgressException", Asks::Again),
    // A global table: a writer in another region has the item.
    ("ReplicatedWriteConflictException", Asks::Again),
    ("InternalServerError", Asks::Patience),
    ("InternalServiceError", Asks::Patience),
    ("InternalFailure", Asks::Patience),
    ("ServiceUnavailable", Asks::Patience),
    ("ServiceUnavailableException", Asks::Patience),
    ("RequestTimeout", Asks::Patience),
    ("RequestTimeoutException", Asks::Patience),
    ("InvalidEndpointException", Asks::Patience),
    ("AccessDeniedException", Asks::Mending),
    ("AccessDenied", Asks::Mending),
    ("NotAuthorized", Asks::Mending),
    ("OptInRequired", Asks::Mending),
    ("ExpiredTokenException", Asks::Mending),
    ("ExpiredToken", Asks::Mending),
    ("RequestExpired", Asks::Mending),
    ("UnrecognizedClientException", Asks::Mending),
    ("InvalidClientTokenId", Asks::Mending),
    ("InvalidSignatureException", Asks::Mending),
    ("SignatureDoesNotMatch", Asks::Mending),
    ("IncompleteSignatureException", Asks::Mending),
    ("MissingAuthenticationTokenException", Asks::Mending),
    ("ResourceNotFoundException", Asks::Mending),
    ("ResourceInUseException", Asks::Mending),
    ("ValidationException", Asks::Rebuilding),
    ("ValidationError", Asks::Rebuilding),
    ("SerializationException", Asks::Rebuilding),
    ("UnknownOperationException", Asks::Rebuilding),
    ("IdempotentParameterMismatchException", Asks::Rebuilding),
    ("ItemCollectionSizeLimitExceededException", Asks::Rebuilding),
    ("ItemCollectionSizeLimitExceeded", Asks::Rebuilding),
    // Writes with a condition handle this code themselves.
    ("ConditionalCheckFailedException", Asks::Rebuilding),
];

/// The reaction to an error response. A response without a code, such as a proxy's page or an unreadable one with status
/// 200, says nothing about the call. An unknown code counts as fixable, for example a KMS code that DynamoDB passes on.
#[must_use]
pub fn asks(code: Option<&str>, status: u16) -> Asks {
    let Some(code) = code else {
        return match status {
            429 => Asks::Less,
            _ => Asks::Patience,
        };
    };
    let known = CODES.iter().find(|(name, _)| *name == code);
    match known {
        Some((_, asks)) => *asks,
        None if status >= 500 => Asks::Patience,
        None => Asks::Mending,
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
            assert_eq!(asks(None, status), Asks::Patience, "{status}");
        }
        assert_eq!(asks(None, 429), Asks::Less);
        for status in [500, 502, 503, 504] {
            assert_eq!(asks(Some("SomethingNew"), status), Asks::Patience);
        }
        // The code takes precedence over the status.
        assert_eq!(asks(Some("ThrottlingException"), 503), Asks::Less);
    }
}
