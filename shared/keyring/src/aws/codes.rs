//! What the error codes of AWS ask for.

/// What an error code of AWS asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asks {
    /// Fewer calls.
    Less,
    /// The same call once more: another one was at the same items, and nothing was done.
    Again,
    /// Patience: the service failed, or what answered is not the service.
    Patience,
    /// Somebody who gives a permission, a key or the table back. Until then nothing is done.
    Mending,
    /// Another request: this one is built wrongly.
    Rebuilding,
}

/// The codes of DynamoDB and Secrets Manager, of AWS in common, and of the reasons why a transaction was canceled.
/// Each has what AWS documents of it ("OK to retry?"), and what the SDK's own classifier makes of it.
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
    // A table in several regions, whose other writer is in another one.
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
    // Where a write has a condition, its own meaning comes first.
    ("ConditionalCheckFailedException", Asks::Rebuilding),
];

/// What an answer that is no success asks for. One without a code, such as the page of something between us and AWS,
/// says nothing of the request, whatever its status: an unreadable answer of status 200 is among them. A code that is
/// not known is a refusal that may be lifted: of KMS, for one, whose codes reach us through DynamoDB.
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
    fn no_code_stands_in_the_table_twice() {
        let names: std::collections::BTreeSet<_> = CODES.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), CODES.len());
    }

    #[test]
    fn an_answer_without_a_code_or_of_status_500_and_more_is_no_defect_of_ours() {
        for status in [
            200, 301, 400, 403, 404, 408, 413, 421, 500, 502, 503, 504, 599,
        ] {
            assert_eq!(asks(None, status), Asks::Patience, "{status}");
        }
        assert_eq!(asks(None, 429), Asks::Less);
        for status in [500, 502, 503, 504] {
            assert_eq!(asks(Some("SomethingNew"), status), Asks::Patience);
        }
        // A code says more than the status that it came with.
        assert_eq!(asks(Some("ThrottlingException"), 503), Asks::Less);
    }
}
