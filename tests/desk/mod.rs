//! Runs the examples as anybody would, in a folder of their own.

// Each test uses its own part of this.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use image::DynamicImage;
use serde_json::Value;

/// A folder of a test's own, in which its programs run.
pub struct Desk(pub PathBuf);

impl Desk {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glowup-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn lines(&self, name: &str) -> Vec<Value> {
        self.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn picture(&self, name: &str) -> DynamicImage {
        image::open(self.path(name)).unwrap()
    }

    /// Names of all files, in order.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// An example with arguments, separated by spaces.
    pub fn command(&self, line: &str) -> Command {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        // The test runs from target/release/deps; cargo has built the examples into target/release/examples.
        let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join(name);
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        assert!(program.exists(), "{} is not built: cargo build --release --examples", program.display());
        let mut command = Command::new(program);
        command.args(arguments.split_whitespace()).current_dir(&self.0);
        command
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    pub fn succeed(&self, line: &str) {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs what shall fail: with this status, one line on standard error that holds `words`, and nothing else left
    /// behind or changed.
    pub fn fail(&self, line: &str, status: i32, words: &str) {
        let snapshot = || -> Vec<(String, Option<Vec<u8>>)> {
            self.files().into_iter().map(|name| (name.clone(), fs::read(self.path(&name)).ok())).collect()
        };
        let before = snapshot();
        let output = self.run(line);
        self.judge(line, &output, status, words);
        assert!(snapshot() == before, "{line}: leaves {:?}", self.files());
    }

    pub fn judge(&self, line: &str, output: &Output, status: i32, words: &str) {
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{line}: {complaint}");
        assert!(complaint.starts_with("error: ") && complaint.contains(words), "{line}: {complaint}");
        assert!(!complaint.contains(".partial"), "{line}: {complaint}");
        assert!(output.stdout.is_empty(), "{line}: prints although it fails");
    }

    /// Makes a file with ffmpeg.
    pub fn ffmpeg(&self, line: &str) {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]).args(line.split_whitespace()).current_dir(&self.0);
        let output = command.output().expect("ffmpeg is installed (Debian and Ubuntu: apt-get install ffmpeg)");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What ffprobe says of a file's streams of a kind ("v" or "a"), packets included.
    pub fn probe(&self, name: &str, kind: &str) -> Value {
        let mut command = Command::new("ffprobe");
        command.args(["-v", "error", "-of", "json", "-show_streams", "-show_packets", "-show_data_hash", "md5"]);
        let output = command.args(["-select_streams", kind, name]).current_dir(&self.0).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// When a clip's frames are shown, in order, in seconds.
    pub fn times(&self, name: &str) -> Vec<f64> {
        let probe = self.probe(name, "v");
        let packets = probe["packets"].as_array().unwrap();
        let mut times: Vec<f64> =
            packets.iter().map(|packet| packet["pts_time"].as_str().unwrap().parse().unwrap()).collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
