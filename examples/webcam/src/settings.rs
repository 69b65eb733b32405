//! What is remembered from one start to the next: a JSON file in the user's configuration folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use glowup::Look;
use serde::{Deserialize, Serialize};

use crate::common::Failure;
use crate::common::media::Output;
use crate::source::SourceSpec;

/// What is drawn over the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlay {
    #[default]
    None,
    /// Every point of the mesh.
    Landmarks,
    /// The contours between skin and what is left alone.
    Contours,
    /// Where the retouch sees skin.
    Skin,
    /// A grid that moves as the picture does.
    Warp,
}

/// A look that the user saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedLook {
    pub name: String,
    pub look: Look,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub look: Look,
    pub looks: Vec<SavedLook>,
    pub source: SourceSpec,
    pub split: bool,
    /// Share of the picture's width that shows the original where it is split.
    pub split_at: f32,
    pub mirror: bool,
    pub overlay: Overlay,
    pub dark: bool,
    /// Which groups of settings are unfolded and which are not, of those that the user folded or unfolded.
    pub groups: BTreeMap<String, bool>,
    /// Of the window's inside, in points.
    pub size: [f32; 2],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            look: Look::NATURAL,
            looks: Vec::new(),
            source: SourceSpec::Camera(0, None),
            split: false,
            split_at: 0.5,
            mirror: true,
            overlay: Overlay::None,
            dark: true,
            groups: BTreeMap::new(),
            size: [1000.0, 640.0],
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), Failure> {
        self.look.check()?;
        for own in &self.looks {
            own.look.check()?;
        }
        if !(0.0..=1.0).contains(&self.split_at) || !self.size.iter().all(|side| (100.0..=20000.0).contains(side)) {
            return Err("a number is out of its range".into());
        }
        Ok(())
    }
}

/// Where settings lie.
pub struct Store {
    folder: Option<PathBuf>,
    saved: Option<Settings>,
}

const NAME: &str = "settings.json";

impl Store {
    /// In that folder, or else in the user's own.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let usual = || etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("glowup"));
        Self { folder: folder.or_else(usual), saved: None }
    }

    /// What was saved last, or what holds where nothing was; and what there is to say about it.
    pub fn load(&mut self) -> (Settings, Option<String>) {
        let Some(folder) = &self.folder else { return (Settings::default(), None) };
        let path = folder.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return (Settings::default(), None),
            Err(error) => {
                let message = format!("The settings {} cannot be read ({error}); starting afresh.", path.display());
                return (Settings::default(), Some(message));
            }
        };
        let read = || -> Result<Settings, Failure> {
            let settings: Settings = serde_json::from_slice(&text)?;
            settings.check()?;
            Ok(settings)
        };
        match read() {
            Ok(settings) => {
                self.saved = Some(settings.clone());
                (settings, None)
            }
            Err(why) => (Settings::default(), Some(put_aside(&path, &why.to_string()))),
        }
    }

    /// Saves what has changed.
    pub fn save(&mut self, settings: &Settings) -> Result<(), Failure> {
        let Some(folder) = &self.folder else { return Ok(()) };
        if self.saved.as_ref() == Some(settings) {
            return Ok(());
        }
        let path = folder.join(NAME);
        let write = || -> Result<(), Failure> {
            std::fs::create_dir_all(folder)?;
            let output = Output::new(&path)?;
            std::fs::write(output.partial(), serde_json::to_vec_pretty(settings)?)?;
            output.keep()
        };
        // Not tried again until something changes: the user was told once.
        self.saved = Some(settings.clone());
        write().map_err(|why| format!("The settings cannot be saved to {} ({why}).", path.display()).into())
    }
}

/// Keeps a damaged file, so that nothing that a user made is lost, under a name that no other has.
fn put_aside(path: &Path, why: &str) -> String {
    let free = (1..1000)
        .map(|count| if count == 1 { format!("{NAME}.damaged") } else { format!("{NAME}.damaged-{count}") })
        .map(|name| path.with_file_name(name))
        .find(|aside| !aside.exists());
    match free.map(|aside| std::fs::rename(path, &aside).map(|()| aside)) {
        Some(Ok(aside)) => {
            format!("The settings were damaged ({why}); starting afresh. They are kept in {}.", aside.display())
        }
        _ => format!("The settings in {} are damaged ({why}); starting afresh.", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("glowup-settings-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    fn look(amounts: &[(&str, f32)]) -> Look {
        let mut look = Look::NONE;
        amounts.iter().for_each(|&(name, amount)| look.set(name, amount).unwrap());
        look
    }

    #[test]
    fn settings_survive_a_restart() {
        let folder = folder("restart");
        let own = SavedLook { name: "evening".to_owned(), look: look(&[("smooth", 0.8), ("slim", 0.25)]) };
        let settings = Settings {
            look: own.look.clone(),
            looks: vec![own],
            source: SourceSpec::Camera(2, Some([1280, 720])),
            split_at: 0.3,
            overlay: Overlay::Contours,
            groups: BTreeMap::from([("skin".to_owned(), false)]),
            ..Settings::default()
        };
        Store::new(Some(folder.clone())).save(&settings).unwrap();
        let (read, message) = Store::new(Some(folder.clone())).load();
        assert_eq!((read, message), (settings, None));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_damaged_file_is_kept_aside() {
        let folder = folder("damaged");
        std::fs::create_dir_all(&folder).unwrap();
        let damaged =
            ["", "{", "[1]", r#"{"look": {"slim": 1.5}}"#, r#"{"split_at": 1e9}"#, r#"{"source": "camera:x"}"#];
        for text in damaged {
            std::fs::write(folder.join(NAME), text).unwrap();
            let (read, message) = Store::new(Some(folder.clone())).load();
            assert_eq!(read, Settings::default(), "{text}");
            assert!(message.is_some_and(|message| message.contains("are kept in")), "{text}");
            assert!(!folder.join(NAME).exists(), "{text}");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), damaged.len());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_an_older_version_wrote_is_read() {
        let folder = folder("older");
        std::fs::create_dir_all(&folder).unwrap();
        let text = r#"{
            "look": {"smooth": 0.8, "tone": 0.25, "slim": 0.5, "brighten": -0.5},
            "looks": [{"name": "mine", "look": {"slim": 0.25, "ruddy": 0.125}}],
            "source": "demo", "split": true, "split_at": 0.25, "mirror": false, "overlay": "skin", "dark": false,
            "size": [700.0, 500.0]
        }"#;
        std::fs::write(folder.join(NAME), text).unwrap();
        let mut store = Store::new(Some(folder.clone()));
        let (read, message) = store.load();
        let own = look(&[("slim", 0.25), ("ruddy", 0.125)]);
        let expected = Settings {
            look: look(&[("smooth", 0.8), ("tone", 0.25), ("slim", 0.5), ("brighten", -0.5)]),
            looks: vec![SavedLook { name: "mine".to_owned(), look: own }],
            source: SourceSpec::Demo,
            split: true,
            split_at: 0.25,
            mirror: false,
            overlay: Overlay::Skin,
            dark: false,
            groups: BTreeMap::new(),
            size: [700.0, 500.0],
        };
        assert_eq!((&read, message), (&expected, None));
        // Once anything changes it is written as looks are now, and read again.
        store.save(&Settings { dark: true, ..read.clone() }).unwrap();
        let written = std::fs::read_to_string(folder.join(NAME)).unwrap();
        let written: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(written["look"]["shape"]["slim"], 0.5);
        assert_eq!(Store::new(Some(folder.clone())).load(), (Settings { dark: true, ..expected }, None));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_newer_version_wrote_is_no_damage() {
        let folder = folder("newer");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(NAME), r#"{"mirror": false, "something": [1, 2]}"#).unwrap();
        let (read, message) = Store::new(Some(folder.clone())).load();
        assert_eq!((read, message), (Settings { mirror: false, ..Settings::default() }, None));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
