//! The one DynamoDB table: keys, items, and one function per access pattern.
