//! Runs an example as a user does.

use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// What an example printed and how it ended.
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the example `name`, which `cargo test` has built beside this test.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = command(name, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { succeeded: status.success(), stdout: text(stdout), stderr: text(stderr) }
}

/// Starts the example `name` and leaves it to the caller, its output unread.
pub(crate) fn start(name: &str, arguments: &[&str]) -> Child {
    command(name, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Ran {
    /// The figures on the last line of standard output.
    pub(crate) fn json(&self) -> Value {
        assert!(self.succeeded, "{}", self.stderr);
        serde_json::from_str(self.stdout.lines().last().unwrap()).unwrap()
    }

    /// The one sentence of a run that was refused: no panic, no trace of one.
    pub(crate) fn refusal(&self) -> &str {
        assert!(!self.succeeded, "{}", self.stdout);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
            .lines()
            .find(|line| line.starts_with("error: "))
            .unwrap_or_else(|| panic!("{}", self.stderr))
    }
}

fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path(name));
    // A process that another test starts while a file is being written inherits it, and its lock for as long as it runs.
    command.args(arguments).env("HDF5_USE_FILE_LOCKING", "FALSE");
    command
}

fn path(name: &str) -> PathBuf {
    // This test is target/PROFILE/deps/it-HASH; the examples are in target/PROFILE/examples.
    let test = env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
