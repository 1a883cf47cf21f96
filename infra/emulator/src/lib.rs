//! The table and routes of template.yaml on an embedded DynamoDB, and a wire under the SDK that counts and fails.
