//! What can go wrong between us and the table, as far as it matters to a caller.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};

/// A fault of the table, not of the request. The first three pass: trying again later is right.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Others kept writing the same items.
    #[error("the items are contended: {0}")]
    Contention(String),
    /// DynamoDB asks to slow down.
    #[error("the table is throttled: {0}")]
    Throttled(String),
    /// DynamoDB did not answer, or answered with a fault of its own. What was asked for may have
    /// happened. Or an item is of a layout that only newer code knows, which is about to take over.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// The request or the stored item is not what it must be: a defect of ours.
    #[error("an item or request is broken: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Sorts an error of the SDK.
    pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> StoreError
    where
        E: ProvideErrorMetadata + RequestId,
    {
        let SdkError::ServiceError(answer) = error else {
            return StoreError::Unavailable(match error {
                SdkError::TimeoutError(_) => "timed out".into(),
                SdkError::DispatchFailure(failure) => format!("{failure:?}"),
                _ => "no usable answer".into(),
            });
        };
        let code = answer.err().code().unwrap_or("unknown");
        let text = format!(
            "{code}: {} (request {})",
            answer.err().message().unwrap_or_default(),
            answer.err().request_id().unwrap_or("unknown"),
        );
        match code {
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded" => StoreError::Throttled(text),
            "TransactionConflictException" | "TransactionInProgressException" => {
                StoreError::Contention(text)
            }
            "ValidationException"
            | "ResourceNotFoundException"
            | "AccessDeniedException"
            | "ItemCollectionSizeLimitExceededException" => StoreError::Corrupt(text),
            _ => StoreError::Unavailable(text),
        }
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        StoreError::Corrupt(error.to_string())
    }
}
