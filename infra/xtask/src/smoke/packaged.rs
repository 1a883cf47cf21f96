//! The copy of template.yaml that is deployed to ministack, and each way in which it differs.

use std::path::Path;

use anyhow::{Result, bail};

/// The API's id at ministack, which is part of its address there.
pub const API_ID: &str = "merkato";

/// A difference between the template and its copy.
struct Change {
    from: &'static str,
    to: &'static str,
    /// What it is called when it is printed, and why the template cannot be taken as it is.
    reason: &'static str,
}

const CHANGES: [Change; 4] = [
    Change {
        from: "AllowedPattern: \"^(https://[^/ ]+)?$\"\n    Description: Where customers reach",
        to: "AllowedPattern: \"^http://127[.]0[.]0[.]1:[^ ]+$\"\n    Description: Where customers reach",
        reason: "PublicUrl may be a plain path of this machine: ministack serves APIs below one",
    },
    Change {
        from: "AllowedPattern: \"^https://[^ ]+[^/ ]$\"\n    Description: The payment gateway",
        to: "AllowedPattern: \"^http://127[.]0[.]0[.]1:[^ ]+$\"\n    Description: The payment gateway",
        reason: "ChapaBaseUrl may be the sandbox on this machine, which has no certificate",
    },
    Change {
        from: "Resource: !Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}\n",
        to: "Resource: \"*\"\n",
        reason: "mail may be sent from any address: ministack does not tell SES's older SendEmail from whom",
    },
    Change {
        from: "      Name: !Ref AWS::StackName\n      ProtocolType: HTTP\n",
        to: "      Name: !Ref AWS::StackName\n      ProtocolType: HTTP\n      Tags: { ms-custom-id: merkato }\n",
        reason: "the API has a tag by which ministack takes its id, so that PublicUrl is known before",
    },
];

/// The secrets, which functions are told by `!Ref`.
const SECRETS: [&str; 4] = [
    "SigningSecret",
    "AdminSetupToken",
    "ChapaKey",
    "ChapaWebhookSecret",
];

/// What was done to the template, one sentence a difference.
pub fn differences() -> impl Iterator<Item = &'static str> {
    let code =
        "the functions' code is what `cargo xtask lambda` built, and `sam build` is left out";
    let secrets = "secrets are told by !GetAtt Id: on AWS their !Ref is their ARN as well, at ministack it is not";
    let batches =
        "who may send messages may also send batches: AWS has one right for both, ministack two";
    [code, secrets, batches]
        .into_iter()
        .chain(CHANGES.iter().map(|change| change.reason))
}

/// The copy. `binaries` holds a folder for each function.
///
/// # Errors
/// If the template has not what is to be changed exactly once.
pub fn copy(template: &str, binaries: &Path) -> Result<String> {
    let mut copy = String::new();
    let mut lines = template.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if line.trim_end() == "    Metadata:"
            && lines
                .peek()
                .is_some_and(|next| next.contains("BuildMethod: rust-cargolambda"))
        {
            // These three lines tell `sam build` how to build; without them it has nothing to do.
            lines.nth(1);
        } else if let Some((indent, function)) = line.split_once("CodeUri: functions/") {
            let built = binaries.join(function.trim_end());
            copy.push_str(&format!("{indent}CodeUri: {}\n", built.display()));
        } else {
            copy.push_str(line);
        }
    }
    copy = copy.replace(
        "Action: sqs:SendMessage\n",
        "Action: [sqs:SendMessage, sqs:SendMessageBatch]\n",
    );
    for secret in SECRETS {
        let reference = format!("!Ref {secret}\n");
        if !copy.contains(&reference) {
            bail!("template.yaml has no secret {secret}");
        }
        copy = copy.replace(&reference, &format!("!GetAtt {secret}.Id\n"));
    }
    for Change { from, to, reason } in CHANGES {
        if copy.matches(from).count() != 1 {
            bail!("template.yaml has changed where its copy has to differ: {reason}");
        }
        copy = copy.replace(from, to);
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::{functions, root};

    #[test]
    fn the_copy_differs_in_what_is_said_and_in_nothing_else() {
        let template = fs::read_to_string(root().join("template.yaml")).unwrap();
        let copy = copy(&template, Path::new("/built")).unwrap();
        let functions = functions().unwrap();
        for function in &functions {
            let code = format!("CodeUri: /built/{function}\n");
            assert_eq!(copy.matches(&code).count(), 1, "{function}");
        }
        assert!(!copy.contains("BuildMethod"));
        let lines = |text: &str| text.lines().count();
        // Three lines of Metadata fewer a function, and the tag.
        assert_eq!(lines(&template) - 3 * functions.len() + 1, lines(&copy));
        let kept = copy.lines().filter(|line| template.contains(line)).count();
        let told = copy.matches(".Id\n").count() + copy.matches("sqs:SendMessageBatch").count();
        assert_eq!(
            kept + told + functions.len() + CHANGES.len() - 1,
            lines(&copy)
        );
        assert!(copy.contains(&format!("ms-custom-id: {API_ID} }}")));
    }

    #[test]
    fn a_template_that_has_changed_is_refused() {
        assert!(copy("Resources: {}\n", Path::new("/built")).is_err());
    }
}
