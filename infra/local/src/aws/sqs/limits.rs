//! What SQS refuses, and in which words.

use std::collections::HashSet;
use std::time::Duration;

/// A message, and all messages of a batch together, may have so many bytes.
const MOST_BYTES: usize = 1_048_576;
const MOST_ENTRIES: usize = 10;
const LONGEST_TIMEOUT_SECS: i64 = 12 * 60 * 60;
const LONGEST_DELAY_SECS: i64 = 15 * 60;
const LONGEST_WAIT_SECS: u64 = 20;

/// Why a call was refused: the error's shape, the code that older SDKs know it by, and a sentence.
pub(super) struct Refusal {
    pub(super) shape: &'static str,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(shape: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            shape,
            code,
            message: message.into(),
        }
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new(
            "InvalidParameterValueException",
            "InvalidParameterValue",
            message,
        )
    }
}

/// A body has something in it, is not too long, and holds no characters that XML forbids.
pub(super) fn check_body(body: &str) -> Result<(), Refusal> {
    if body.is_empty() {
        return Err(Refusal::value("The message body must not be empty."));
    }
    if body.len() > MOST_BYTES {
        return Err(Refusal::value(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {MOST_BYTES} bytes."
        )));
    }
    // XML 1.0 allows no other control characters, and SQS still goes by that.
    if body.contains(|c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(Refusal::new(
            "InvalidMessageContents",
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        ));
    }
    Ok(())
}

/// The bodies of a batch together are not longer than one may be alone.
pub(super) fn check_bytes(bytes: usize) -> Result<(), Refusal> {
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(Refusal::new(
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
        format!("Batch requests cannot be longer than {MOST_BYTES} bytes."),
    ))
}

/// One to ten messages are received at once.
pub(super) fn check_number(messages: usize) -> Result<usize, Refusal> {
    if (1..=MOST_ENTRIES).contains(&messages) {
        return Ok(messages);
    }
    Err(Refusal::value(
        "MaxNumberOfMessages must be between 1 and 10.",
    ))
}

/// Nobody waits longer than 20 seconds.
pub(super) fn check_wait(secs: u64) -> Result<Duration, Refusal> {
    if secs <= LONGEST_WAIT_SECS {
        return Ok(Duration::from_secs(secs));
    }
    Err(Refusal::value("WaitTimeSeconds must be between 0 and 20."))
}

/// A message is sent at most 15 minutes late.
pub(super) fn check_delay(secs: i64) -> Result<i64, Refusal> {
    if (0..=LONGEST_DELAY_SECS).contains(&secs) {
        return Ok(secs);
    }
    Err(Refusal::value("DelaySeconds must be between 0 and 900."))
}

/// A batch has one to ten entries, each with an id of its own.
pub(super) fn check_ids<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Refusal> {
    let count = ids.len();
    if count == 0 {
        return Err(Refusal::new(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one entry in the request.",
        ));
    }
    if count > MOST_ENTRIES {
        return Err(Refusal::new(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            format!(
                "Maximum number of entries per request are {MOST_ENTRIES}. You have sent {count}."
            ),
        ));
    }
    let mut known = HashSet::new();
    for id in ids {
        let good = (1..=80).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !good {
            return Err(Refusal::new(
                "InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
            ));
        }
        if !known.insert(id) {
            return Err(Refusal::new(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            ));
        }
    }
    Ok(())
}

/// A receipt that was superseded is accepted and does nothing; what was never one is refused.
pub(super) fn check_receipt(receipt: &str) -> Result<(), Refusal> {
    if receipt.len() == 64 && receipt.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Refusal::new(
        "ReceiptHandleIsInvalid",
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
    ))
}

/// A message hides for at most 12 hours.
pub(super) fn check_timeout(secs: i64) -> Result<i64, Refusal> {
    if (0..=LONGEST_TIMEOUT_SECS).contains(&secs) {
        return Ok(secs);
    }
    Err(Refusal::value(
        "VisibilityTimeout must be between 0 and 43200.",
    ))
}
