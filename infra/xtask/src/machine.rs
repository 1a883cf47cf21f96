//! The machine that a chore runs on, as far as it bears on what was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// One sentence: processor, memory, kernel, and the tools that built and asked.
pub fn description() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "a processor".to_owned());
    let kibibytes = field("/proc/meminfo", "MemTotal").and_then(|it| {
        let digits = it.split_whitespace().next()?;
        digits.parse::<u64>().ok()
    });
    let memory = kibibytes.map_or_else(String::new, |it| format!(", {} GiB", it.div_ceil(1 << 20)));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let tools: Vec<String> = [
        ("rustc", ["--version"].as_slice()),
        ("cargo", &["lambda", "--version"]),
    ]
    .iter()
    .filter_map(|(tool, arguments)| version(tool, arguments))
    .collect();
    format!(
        "Measured on {cores} cores of {model} ({}){memory}, Linux {}; {}.",
        std::env::consts::ARCH,
        kernel.trim(),
        tools.join(", ")
    )
}

/// The first value of this name in a file of lines `name : value`.
fn field(path: &str, name: &str) -> Option<String> {
    value(&fs::read_to_string(path).ok()?, name)
}

fn value(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}

/// What a tool calls itself, without the commit in brackets: `rustc 1.95.0`.
fn version(tool: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(tool).args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = said.split_whitespace().take(2).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "model\t\t: 2\nmodel name\t: AMD EPYC\nMemTotal:       24684092 kB\n";
        assert_eq!(value(text, "model name").as_deref(), Some("AMD EPYC"));
        assert_eq!(value(text, "MemTotal").as_deref(), Some("24684092 kB"));
        assert_eq!(value(text, "name"), None);
    }
}
