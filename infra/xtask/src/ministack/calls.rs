//! Calls to the services of a ministack, signed as AWS wants them.

use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde_json::{Value, json};

use super::{KEY, Ministack, REGION};

/// A call before it is signed.
struct Call<'a> {
    region: &'a str,
    service: &'a str,
    path: &'a str,
    /// What says what the body is, or which operation is meant.
    headers: &'a [(&'static str, &'a str)],
    body: &'a str,
}

/// What was answered with a status that means success.
struct Answer {
    text: String,
    has_failed: bool,
}

impl Ministack {
    /// Calls a service that speaks JSON in a region: `dynamodb`, `DynamoDB_20120810.ListTables`.
    ///
    /// # Errors
    /// With what the service said, if it refused.
    pub fn call(&self, region: &str, service: &str, target: &str, body: &Value) -> Result<Value> {
        let answer = self.post(&Call {
            region,
            service,
            path: "/",
            headers: &[
                ("content-type", "application/x-amz-json-1.0"),
                ("x-amz-target", target),
            ],
            body: &body.to_string(),
        });
        parse(&answer.with_context(|| target.to_owned())?.text)
    }

    /// Calls a service that speaks forms: `ses`.
    ///
    /// # Errors
    /// With what the service said, if it refused.
    pub fn post_form(&self, service: &str, form: &str) -> Result<()> {
        let answer = self.post(&Call {
            region: REGION,
            service,
            path: "/",
            headers: &[("content-type", "application/x-www-form-urlencoded")],
            body: form,
        });
        answer.with_context(|| form.to_owned()).map(drop)
    }

    /// Runs a function as its schedule would, with an event that says nothing.
    ///
    /// # Errors
    /// With its answer, if it failed.
    pub fn invoke(&self, function: &str) -> Result<()> {
        let answer = self.post(&Call {
            region: REGION,
            service: "lambda",
            path: &format!("/2015-03-31/functions/{function}/invocations"),
            headers: &[],
            body: "{}",
        });
        let Answer { text, has_failed } = answer.with_context(|| function.to_owned())?;
        ensure!(!has_failed, "{function}: {text}");
        Ok(())
    }

    /// The physical ids of a stack's resources of one type, such as `AWS::Lambda::Function`.
    ///
    /// # Errors
    /// If there is no such stack.
    pub fn resources(&self, stack: &str, kind: &str) -> Result<Vec<String>> {
        let answer = self.post(&Call {
            region: REGION,
            service: "cloudformation",
            path: "/",
            headers: &[("content-type", "application/x-www-form-urlencoded")],
            body: &format!("Action=DescribeStackResources&Version=2010-05-15&StackName={stack}"),
        });
        Ok(physical_ids(&answer?.text, kind))
    }

    /// How many tables there are in a region.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn tables(&self, region: &str) -> Result<usize> {
        let mut count = 0;
        let mut request = json!({});
        loop {
            let page = self.call(region, "dynamodb", "DynamoDB_20120810.ListTables", &request)?;
            count += page["TableNames"].as_array().map_or(0, Vec::len);
            match &page["LastEvaluatedTableName"] {
                Value::Null => return Ok(count),
                last => request = json!({ "ExclusiveStartTableName": last }),
            }
        }
    }

    fn post(&self, call: &Call) -> Result<Answer> {
        let url = format!("{}{}", self.endpoint, call.path);
        let mut request = self.agent.post(&url);
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        for (name, value) in signature(call, &url)? {
            request = request.header(name, value);
        }
        let mut answer = request.send(call.body)?;
        let has_failed = answer.headers().contains_key("x-amz-function-error");
        let text = answer.body_mut().read_to_string()?;
        if !answer.status().is_success() {
            bail!("{} {text}", answer.status());
        }
        Ok(Answer { text, has_failed })
    }
}

/// The headers that make a call one of the account's.
fn signature(call: &Call, url: &str) -> Result<Vec<(String, String)>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is good for a few minutes of the machine's own time"
    )]
    let now = SystemTime::now();
    let identity = Credentials::from_keys(KEY, KEY, None).into();
    let signer = v4::SigningParams::builder()
        .identity(&identity)
        .region(call.region)
        .name(call.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers = call.headers.iter().copied();
    let body = SignableBody::Bytes(call.body.as_bytes());
    let signed = sign(SignableRequest::new("POST", url, headers, body)?, &signer)?;
    let (instructions, _) = signed.into_parts();
    let headers = instructions.headers();
    Ok(headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

pub(super) fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).with_context(|| format!("not JSON: {text}"))
}

/// Physical ids in CloudFormation's XML, in which they stand before their types.
fn physical_ids(xml: &str, kind: &str) -> Vec<String> {
    xml.split("<member>")
        .filter(|member| member.contains(&format!("<ResourceType>{kind}</ResourceType>")))
        .filter_map(|member| {
            let (_, rest) = member.split_once("<PhysicalResourceId>")?;
            let (id, _) = rest.split_once("</PhysicalResourceId>")?;
            Some(id.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_found_by_their_type() {
        let xml = "<StackResources>\
            <member><PhysicalResourceId>shop-Cart-1</PhysicalResourceId>\
            <ResourceType>AWS::Lambda::Function</ResourceType></member>\
            <member><PhysicalResourceId>shop-Role-1</PhysicalResourceId>\
            <ResourceType>AWS::IAM::Role</ResourceType></member></StackResources>";
        assert_eq!(physical_ids(xml, "AWS::Lambda::Function"), ["shop-Cart-1"]);
        assert!(physical_ids(xml, "AWS::SQS::Queue").is_empty());
    }
}
