//! The shop's stack at ministack, deployed as one deploys it to AWS: by `sam deploy`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::packaged;
use crate::ministack::{Ministack, REGION, VERSION};
use crate::step::{Outcome, Step};
use crate::workspace::root;

const NAME: &str = "merkato-smoke";
/// Where mails come from.
pub const MAIL_FROM: &str = "shop@merkato.example";

/// A deployed stack.
pub struct Stack {
    outputs: BTreeMap<String, String>,
}

impl Stack {
    /// Deploys the template's copy, its payments going to `chapa`.
    ///
    /// # Errors
    /// If sam is missing, or a resource is refused.
    pub fn deploy(ministack: &Ministack, chapa: &str) -> Result<Self> {
        let folder = root().join("target").join("smoke");
        fs::create_dir_all(&folder)?;
        let template = fs::read_to_string(root().join("template.yaml"))?;
        let copy = packaged::copy(&template, &root().join("target").join("lambda"))?;
        let file = folder.join("template.yaml");
        fs::write(&file, copy)?;

        let mut deploy = sam(ministack, "deploy");
        deploy
            .arg("--template-file")
            .arg(&file)
            .args(["--resolve-s3", "--capabilities", "CAPABILITY_IAM"])
            .args(["--no-confirm-changeset", "--no-progressbar"])
            .arg("--parameter-overrides")
            .args(parameters(&public_url(ministack), chapa));
        if Step::run("sam deploy", deploy)?.outcome != Outcome::Passed {
            bail!(
                "ministack refused the stack. It needs SAM's translator beside it: \
                 `pip install ministack=={VERSION} aws-sam-translator`"
            );
        }
        let listed = sam(ministack, "list stack-outputs")
            .args(["--output", "json"])
            .output()
            .context("asking sam for the outputs")?;
        let text = String::from_utf8(listed.stdout)?;
        Ok(Self {
            outputs: outputs(&text).with_context(|| format!("sam's outputs: {text}"))?,
        })
    }

    /// An output by its name.
    ///
    /// # Errors
    /// If the template has no such output.
    pub fn output(&self, name: &str) -> Result<&str> {
        let value = self.outputs.get(name).map(String::as_str);
        value.with_context(|| format!("the stack has no output {name}"))
    }

    /// The value of the secret that an output names.
    ///
    /// # Errors
    /// If there is none.
    pub fn secret(&self, ministack: &Ministack, output: &str) -> Result<String> {
        let request = json!({ "SecretId": self.output(output)? });
        let target = "secretsmanager.GetSecretValue";
        let answer = ministack.call(REGION, "secretsmanager", target, &request)?;
        let value = answer["SecretString"].as_str().context("a text")?;
        Ok(value.to_owned())
    }

    /// The names of the functions.
    ///
    /// # Errors
    /// If ministack does not tell.
    pub fn functions(&self, ministack: &Ministack) -> Result<Vec<String>> {
        ministack.resources(NAME, "AWS::Lambda::Function")
    }
}

/// Where ministack serves the API.
fn public_url(ministack: &Ministack) -> String {
    format!(
        "{}/_aws/execute-api/{}",
        ministack.endpoint,
        packaged::API_ID
    )
}

fn sam(ministack: &Ministack, command: &str) -> Command {
    let mut sam = Command::new("sam");
    sam.args(command.split(' '))
        .args(["--stack-name", NAME, "--region", REGION])
        .envs(ministack.environment())
        .env("SAM_CLI_TELEMETRY", "0")
        .current_dir(root());
    sam
}

fn parameters(public_url: &str, chapa: &str) -> Vec<String> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    vec![
        format!("Architecture={architecture}"),
        format!("PublicUrl={public_url}"),
        format!("ChapaBaseUrl={chapa}"),
        "ChapaSecretKey=CHASECK_TEST-smoke".to_owned(),
        format!("MailFrom={MAIL_FROM}"),
        format!("MailIdentity={MAIL_FROM}"),
        "ReturnUrlHosts=127.0.0.1".to_owned(),
    ]
}

fn outputs(text: &str) -> Option<BTreeMap<String, String>> {
    let listed: Value = serde_json::from_str(text).ok()?;
    let pair = |output: &Value| {
        let text = |name: &str| output[name].as_str().map(str::to_owned);
        Some((text("OutputKey")?, text("OutputValue")?))
    };
    listed.as_array()?.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_sam_lists_them() {
        let text = r#"[{"OutputKey": "ApiUrl", "OutputValue": "http://127.0.0.1:1", "Description": "Where"}]"#;
        assert_eq!(outputs(text).unwrap()["ApiUrl"], "http://127.0.0.1:1");
        assert_eq!(outputs("Error: no stack"), None);
    }
}
