//! The sections that functions' configurations are made of, and the variables that each reads.

use domain::payment::Mode;

use crate::config::{Reader, Secret, Section};

/// `TABLE_NAME`: the DynamoDB table.
#[derive(Debug, Clone)]
pub struct TableName(pub String);

/// `ORDER_EVENTS_QUEUE_URL`: the SQS queue of events.
#[derive(Debug, Clone)]
pub struct QueueUrl(pub String);

/// `EVENT_BUS_NAME`: the EventBridge bus that others listen to.
#[derive(Debug, Clone)]
pub struct BusName(pub String);

/// `METRICS_NAMESPACE`: what the shop's figures are filed under in CloudWatch; where it is not set
/// they are not told.
#[derive(Debug, Clone)]
pub struct MetricsNamespace(pub Option<String>);

/// `SIGNING_SECRET`: what all tokens are signed with, at least 32 characters.
#[derive(Debug, Clone)]
pub struct SigningSecret(pub Secret);

/// `ADMIN_SETUP_TOKEN`: who knows it may make the first admin; at least 16 characters.
#[derive(Debug, Clone)]
pub struct AdminSetupToken(pub Secret);

/// What the shop is called and where it is.
#[derive(Debug, Clone)]
pub struct Site {
    /// `PUBLIC_URL`: where the shop is reached from outside, without a slash at the end.
    pub public_url: String,
    /// `SHOP_NAME`: what mails and pages call the shop; `Merkato` unless said otherwise.
    pub shop_name: String,
}

/// Who may read and call what.
#[derive(Debug, Clone)]
pub struct Visitors {
    /// `ALLOWED_ORIGINS`: comma-separated origins of frontends that may call with cookies; an entry
    /// such as `http://localhost:*` means any port.
    pub allowed_origins: Vec<String>,
    /// `PUBLIC_CATALOG`: whether the catalogue may be read without a login; `true` unless said
    /// otherwise.
    pub public_catalog: bool,
}

/// Where the images of products are.
#[derive(Debug, Clone)]
pub struct ImageBucket {
    /// `IMAGES_BUCKET`: the S3 bucket of uploaded images.
    pub name: String,
    /// `IMAGES_URL`: where the public sees what is in the bucket, without a slash at the end.
    pub public_url: String,
}

/// `MAIL_FROM`: the sender of mails.
#[derive(Debug, Clone)]
pub struct MailFrom(pub String);

/// How to reach Chapa.
#[derive(Debug, Clone)]
pub struct ChapaAccess {
    /// `CHAPA_BASE_URL`: its API, `https://api.chapa.co/v1` unless said otherwise.
    pub base_url: String,
    /// `CHAPA_SECRET_KEY`: the merchant's key; it decides between play money and real.
    pub secret_key: Secret,
}

/// What is agreed with Chapa and with frontends about paying.
#[derive(Debug, Clone)]
pub struct Paying {
    /// `CHAPA_WEBHOOK_SECRET`: the secret hash entered in its dashboard; two, separated by a comma,
    /// while one replaces the other.
    pub webhook_secrets: Vec<Secret>,
    /// `RETURN_URL`: where customers go after paying when a frontend names nothing.
    pub return_url: Option<String>,
    /// `RETURN_URL_HOSTS`: comma-separated hosts that a frontend may name.
    pub return_url_hosts: Vec<String>,
}

impl ChapaAccess {
    /// Play money or real: what the key decides.
    pub fn mode(&self) -> Mode {
        if self.secret_key.reveal().starts_with("CHASECK_TEST") {
            Mode::Test
        } else {
            Mode::Live
        }
    }
}

impl Section for TableName {
    fn read(reader: &mut Reader<'_>) -> Self {
        TableName(reader.required("TABLE_NAME"))
    }
}

impl Section for QueueUrl {
    fn read(reader: &mut Reader<'_>) -> Self {
        QueueUrl(reader.required("ORDER_EVENTS_QUEUE_URL"))
    }
}

impl Section for BusName {
    fn read(reader: &mut Reader<'_>) -> Self {
        BusName(reader.required("EVENT_BUS_NAME"))
    }
}

impl Section for MetricsNamespace {
    fn read(reader: &mut Reader<'_>) -> Self {
        MetricsNamespace(reader.optional("METRICS_NAMESPACE"))
    }
}

impl Section for SigningSecret {
    fn read(reader: &mut Reader<'_>) -> Self {
        SigningSecret(reader.secret("SIGNING_SECRET", 32))
    }
}

impl Section for AdminSetupToken {
    fn read(reader: &mut Reader<'_>) -> Self {
        AdminSetupToken(reader.secret("ADMIN_SETUP_TOKEN", 16))
    }
}

impl Section for Site {
    fn read(reader: &mut Reader<'_>) -> Self {
        let public_url = reader.url("PUBLIC_URL", None);
        let shop_name = reader
            .optional("SHOP_NAME")
            .unwrap_or_else(|| "Merkato".to_owned());
        Site {
            public_url,
            shop_name,
        }
    }
}

impl Section for Visitors {
    fn read(reader: &mut Reader<'_>) -> Self {
        let allowed_origins = reader.list("ALLOWED_ORIGINS");
        Visitors {
            allowed_origins,
            public_catalog: reader.boolean("PUBLIC_CATALOG", true),
        }
    }
}

impl Section for ImageBucket {
    fn read(reader: &mut Reader<'_>) -> Self {
        ImageBucket {
            name: reader.required("IMAGES_BUCKET"),
            public_url: reader.url("IMAGES_URL", None),
        }
    }
}

impl Section for MailFrom {
    fn read(reader: &mut Reader<'_>) -> Self {
        MailFrom(reader.required("MAIL_FROM"))
    }
}

impl Section for ChapaAccess {
    fn read(reader: &mut Reader<'_>) -> Self {
        let base_url = reader.url("CHAPA_BASE_URL", Some("https://api.chapa.co/v1"));
        ChapaAccess {
            base_url,
            secret_key: reader.secret("CHAPA_SECRET_KEY", 1),
        }
    }
}

impl Section for Paying {
    fn read(reader: &mut Reader<'_>) -> Self {
        Paying {
            webhook_secrets: reader.secrets("CHAPA_WEBHOOK_SECRET"),
            return_url: reader.optional("RETURN_URL"),
            return_url_hosts: reader.list("RETURN_URL_HOSTS"),
        }
    }
}
