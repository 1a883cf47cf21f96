//! `cargo xtask sbom`: writes down what is deployed, as a CycloneDX bill of materials.
//!
//! Cargo is asked for the tree that the functions are linked from, on the processor they run on:
//! no tests, no build scripts, no procedural macros, and none of the features that only `infra/`
//! turns on. The page has no date and no serial number, so the same `Cargo.lock` gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::arch::Arch;
use crate::report;
use crate::workspace::{cargo, functions, root};

/// What is deployed where.
#[derive(Args)]
pub struct Flags {
    /// The processor that the functions are built for.
    #[arg(long, value_enum, default_value = "arm64")]
    arch: Arch,
}

/// Writes `target/sbom/merkato.cdx.json`, and says how much is in it.
pub fn run(flags: &Flags) -> Result<bool> {
    let functions = functions()?;
    let graph = Graph::parse(&tree(flags.arch, &functions)?)?;
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let bill = bill(&graph, &checksums(&lock));

    let folder = root().join("target").join("sbom");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let file = folder.join("merkato.cdx.json");
    fs::write(&file, format!("{bill:#}\n"))
        .with_context(|| format!("writing {}", file.display()))?;
    report::line(&format!(
        "{}: {} functions from {} crates, {} of them ours",
        file.display(),
        graph.roots.len(),
        graph.crates.len() - graph.roots.len(),
        graph.crates.values().filter(|it| it.ours).count() - graph.roots.len(),
    ));
    Ok(true)
}

/// The tree as cargo prints it, a crate a line: depth, name and version, licence.
fn tree(arch: Arch, functions: &[String]) -> Result<String> {
    let mut command = cargo(&[
        "tree",
        "--locked",
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "depth",
        "--charset",
        "ascii",
        "--format",
        "\t{p}\t{l}",
        "--target",
        arch.triple(),
    ]);
    for function in functions {
        command.args(["--package", function]);
    }
    let output = command.output().context("starting cargo tree")?;
    if !output.status.success() {
        bail!(
            "cargo tree failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A crate by name and version, which name it within one lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    name: String,
    version: String,
}

impl Id {
    /// What the bill's parts call each other.
    fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The address by which vulnerability databases know it. A plus sign of the version is escaped.
    fn purl(&self) -> String {
        format!(
            "pkg:cargo/{}@{}",
            self.name,
            self.version.replace('+', "%2B")
        )
    }
}

/// What the tree says of a crate.
#[derive(Debug, Default)]
struct Crate {
    licence: String,
    /// From this repository, not from the registry.
    ours: bool,
    uses: BTreeSet<Id>,
}

/// Who is linked, and who uses whom.
#[derive(Debug, Default)]
struct Graph {
    crates: BTreeMap<Id, Crate>,
    roots: BTreeSet<Id>,
}

impl Graph {
    /// Reads the tree. Cargo prints what a crate uses only where it first meets that crate, and
    /// all mentions are brought together again here.
    fn parse(tree: &str) -> Result<Graph> {
        let mut graph = Graph::default();
        let mut path: Vec<Id> = Vec::new();
        for line in tree.lines().filter(|line| !line.trim().is_empty()) {
            let mut columns = line.split('\t');
            let (Some(depth), Some(package), Some(licence)) =
                (columns.next(), columns.next(), columns.next())
            else {
                bail!("cargo tree says what this chore does not understand: {line}");
            };
            let depth: usize = depth
                .parse()
                .with_context(|| format!("cargo tree gives no depth: {line}"))?;
            let mut words = package.split(' ');
            let (Some(name), Some(version)) = (
                words.next(),
                words.next().and_then(|word| word.strip_prefix('v')),
            ) else {
                bail!("cargo tree names no version: {line}");
            };
            let id = Id {
                name: name.to_owned(),
                version: version.to_owned(),
            };

            path.truncate(depth);
            match path.last() {
                Some(user) => {
                    if let Some(user) = graph.crates.get_mut(user) {
                        user.uses.insert(id.clone());
                    }
                }
                None => {
                    graph.roots.insert(id.clone());
                }
            }
            let known = graph.crates.entry(id.clone()).or_default();
            // `(*)` behind a licence means that the rest of this branch was printed before.
            known.licence = licence.trim_end_matches(" (*)").to_owned();
            // A crate of the repository is printed with its folder.
            known.ours = words.any(|word| word.starts_with("(/") || word.contains(":\\"));
            path.push(id);
        }
        if graph.roots.is_empty() {
            bail!("cargo tree is empty");
        }
        Ok(graph)
    }
}

/// The SHA-256 of each crate's archive as `Cargo.lock` holds it. The file is written by cargo,
/// a field a line, so a parser for all of TOML would be a dependency for nothing.
fn checksums(lock: &str) -> BTreeMap<Id, String> {
    lock.split("[[package]]")
        .filter_map(|block| {
            let field = |name: &str| {
                block.lines().find_map(|line| {
                    line.strip_prefix(name)?
                        .strip_prefix(" = \"")?
                        .strip_suffix('"')
                        .map(str::to_owned)
                })
            };
            let id = Id {
                name: field("name")?,
                version: field("version")?,
            };
            Some((id, field("checksum")?))
        })
        .collect()
}

/// The bill in the words of CycloneDX 1.6.
fn bill(graph: &Graph, checksums: &BTreeMap<Id, String>) -> Value {
    let shop = json!({
        "type": "application",
        "bom-ref": "merkato",
        "name": "merkato",
        "version": env!("CARGO_PKG_VERSION"),
    });
    let components: Vec<Value> = graph
        .crates
        .iter()
        .map(|(id, known)| component(id, known, graph.roots.contains(id), checksums.get(id)))
        .collect();
    let references = |ids: &BTreeSet<Id>| ids.iter().map(Id::reference).collect::<Vec<_>>();
    let mut dependencies = vec![json!({ "ref": "merkato", "dependsOn": references(&graph.roots) })];
    dependencies.extend(
        graph.crates.iter().map(
            |(id, known)| json!({ "ref": id.reference(), "dependsOn": references(&known.uses) }),
        ),
    );
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": shop },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(id: &Id, known: &Crate, is_function: bool, checksum: Option<&String>) -> Value {
    let mut fields = Map::new();
    let kind = if is_function {
        "application"
    } else {
        "library"
    };
    fields.insert("type".to_owned(), json!(kind));
    fields.insert("bom-ref".to_owned(), json!(id.reference()));
    fields.insert("name".to_owned(), json!(id.name));
    fields.insert("version".to_owned(), json!(id.version));
    if !known.licence.is_empty() {
        // Before SPDX expressions, crates wrote a slash for `or`.
        let expression = known.licence.replace(" / ", "/").replace('/', " OR ");
        fields.insert("licenses".to_owned(), json!([{ "expression": expression }]));
    }
    // The registry does not have ours: an address there would name a stranger's crate.
    if !known.ours {
        fields.insert("purl".to_owned(), json!(id.purl()));
    }
    if let Some(checksum) = checksum {
        let hashes = json!([{ "alg": "SHA-256", "content": checksum }]);
        fields.insert("hashes".to_owned(), hashes);
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0\tauth v0.1.0 (/home/abebe/merkato/functions/auth)\tMIT OR Apache-2.0
1\thttp v1.5.0\tMIT/Apache-2.0
2\tbytes v1.12.2+b1\tMIT
0\tcart v0.1.0 (/home/abebe/merkato/functions/cart)\tMIT OR Apache-2.0
1\thttp v1.5.0\tMIT/Apache-2.0 (*)
1\tring v0.17.0\tApache-2.0 AND ISC
";

    const LOCK: &str = r#"
version = 4

[[package]]
name = "bytes"
version = "1.12.2+b1"
source = "registry+https://index.example"
checksum = "00ff"

[[package]]
name = "auth"
version = "0.1.0"
dependencies = [
 "http",
]
"#;

    #[test]
    fn the_bill_names_each_crate_once_and_who_uses_it() {
        let bill = bill(&Graph::parse(TREE).unwrap(), &checksums(LOCK));
        assert_eq!(
            bill["components"],
            json!([
                { "type": "application", "bom-ref": "auth@0.1.0", "name": "auth", "version": "0.1.0",
                  "licenses": [{ "expression": "MIT OR Apache-2.0" }] },
                { "type": "library", "bom-ref": "bytes@1.12.2+b1", "name": "bytes", "version": "1.12.2+b1",
                  "licenses": [{ "expression": "MIT" }], "purl": "pkg:cargo/bytes@1.12.2%2Bb1",
                  "hashes": [{ "alg": "SHA-256", "content": "00ff" }] },
                { "type": "application", "bom-ref": "cart@0.1.0", "name": "cart", "version": "0.1.0",
                  "licenses": [{ "expression": "MIT OR Apache-2.0" }] },
                { "type": "library", "bom-ref": "http@1.5.0", "name": "http", "version": "1.5.0",
                  "licenses": [{ "expression": "MIT OR Apache-2.0" }], "purl": "pkg:cargo/http@1.5.0" },
                { "type": "library", "bom-ref": "ring@0.17.0", "name": "ring", "version": "0.17.0",
                  "licenses": [{ "expression": "Apache-2.0 AND ISC" }], "purl": "pkg:cargo/ring@0.17.0" },
            ])
        );
        assert_eq!(
            bill["dependencies"],
            json!([
                { "ref": "merkato", "dependsOn": ["auth@0.1.0", "cart@0.1.0"] },
                { "ref": "auth@0.1.0", "dependsOn": ["http@1.5.0"] },
                { "ref": "bytes@1.12.2+b1", "dependsOn": [] },
                { "ref": "cart@0.1.0", "dependsOn": ["http@1.5.0", "ring@0.17.0"] },
                { "ref": "http@1.5.0", "dependsOn": ["bytes@1.12.2+b1"] },
                { "ref": "ring@0.17.0", "dependsOn": [] },
            ])
        );
    }

    #[test]
    fn what_cargo_says_otherwise_is_refused_and_not_left_out() {
        for tree in [
            "",
            "auth v0.1.0\tMIT\n",
            "0\tauth\tMIT\n",
            "0\tauth v0.1.0\n",
        ] {
            assert!(Graph::parse(tree).is_err(), "{tree:?}");
        }
    }

    /// What is shipped: each function, our crates below it, nothing of the tests or of `cargo local`,
    /// and every foreign crate with the checksum that it was locked with.
    #[test]
    fn the_real_bill_holds_the_functions_and_nothing_of_the_workshop() {
        let functions = functions().unwrap();
        let graph = Graph::parse(&tree(Arch::Arm64, &functions).unwrap()).unwrap();
        let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
        let checksums = checksums(&lock);

        let roots: Vec<&str> = graph.roots.iter().map(|id| id.name.as_str()).collect();
        assert_eq!(roots, functions);
        for (id, known) in &graph.crates {
            assert_ne!(known.ours, checksums.contains_key(id), "{}", id.name);
            assert!(!known.licence.is_empty(), "{}", id.name);
        }
        let names: BTreeSet<&str> = graph.crates.keys().map(|id| id.name.as_str()).collect();
        for ours in ["domain", "store", "gateways", "web", "aws-sdk-dynamodb"] {
            assert!(names.contains(ours), "{ours} is missing");
        }
        for workshop in [
            "local",
            "emulator",
            "dynoxide-rs",
            "rusqlite",
            "insta",
            "proptest",
        ] {
            assert!(!names.contains(workshop), "{workshop} is not deployed");
        }
    }
}
