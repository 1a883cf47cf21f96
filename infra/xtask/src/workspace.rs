//! Where things are: the repository's root and the functions in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The repository's root. Known when this is compiled, so a chore works from any folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_path_buf()
}

/// The function that ours are compared with. It is built like them and never deployed.
pub const BASELINE: &str = "baseline";

/// The packages under `functions/`, in alphabetical order. A package's name is its folder's.
pub fn functions() -> Result<Vec<String>> {
    let folder = root().join("functions");
    let mut names = Vec::new();
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
    {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// `cargo` with these arguments, in the repository's root.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    command
}

/// Whether `cargo <subcommand>` is installed.
pub fn has_subcommand(subcommand: &str) -> bool {
    cargo(&[subcommand, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_of_the_template_is_a_package_and_the_other_way_round() {
        let template = std::fs::read_to_string(root().join("template.yaml")).unwrap();
        let mut built: Vec<String> = template
            .lines()
            .filter_map(|line| line.trim().strip_prefix("BuildProperties: { Binary: "))
            .filter_map(|rest| rest.strip_suffix(" }"))
            .map(str::to_owned)
            .collect();
        built.sort();
        assert_eq!(functions().unwrap(), built);
    }
}
