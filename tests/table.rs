//! The table of settings is one: README, command line and code say the same of each. With GLOWUP_BLESS=1 the README's table is
//! written anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use glowup::{Error, Kind, Look, Shape, Skin, Value};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A line of the README's table for each row.
fn lines() -> Vec<String> {
    let row = |row: &glowup::Row| {
        format!("| `{}` | {} | {} | {} {} |", row.name, row.group.name, row.range(), row.help, row.ends)
    };
    Look::ROWS.iter().map(row).collect()
}

#[test]
fn the_readme_has_the_table() {
    let head = "| name | group | range | does |\n| --- | --- | --- | --- |\n";
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, after) = readme.split_once(head).expect("README.md has a table of settings");
    let found: Vec<&str> = after.lines().take_while(|line| line.starts_with('|')).collect();
    if std::env::var_os("GLOWUP_BLESS").is_some() {
        let rest: String = after.lines().skip(found.len()).map(|line| format!("{line}\n")).collect();
        std::fs::write(path, format!("{before}{head}{}\n{rest}", lines().join("\n"))).unwrap();
        return;
    }
    assert_eq!(found, lines(), "run this test with GLOWUP_BLESS=1 to write the README's table anew");
}

/// An example that cargo has built beside this test.
fn example(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

#[test]
fn the_command_line_lists_the_table() {
    for name in ["photo", "video", "embed"] {
        let output = Command::new(example(name)).arg("--list").output().unwrap();
        assert!(output.status.success(), "{name}");
        let text = String::from_utf8(output.stdout).unwrap();
        let listed: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
            .collect();
        let expected: Vec<Vec<String>> = Look::ROWS
            .iter()
            .map(|row| vec![row.name.into(), row.group.name.into(), row.range(), format!("{} {}", row.help, row.ends)])
            .collect();
        assert_eq!(listed, expected, "{name}");
    }
}

#[test]
fn rows_are_sound() {
    for (index, row) in Look::ROWS.iter().enumerate() {
        let snake = row.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        assert!(snake && !row.name.starts_with('_'), "{}", row.name);
        assert!(!Look::ROWS.iter().skip(index + 1).any(|other| other.name == row.name), "{} is there twice", row.name);
        assert!(!Look::groups().any(|group| group.name == row.name), "{} is a group too", row.name);
        assert!(!row.label.is_empty() && row.label.len() < 20, "{}", row.name);
        assert!(row.help.ends_with('.') && row.ends.ends_with('.'), "{}", row.name);
        assert!(
            matches!(row.kind, Kind::Amount { min } if min == 0.0 || min == -1.0)
                || !matches!(row.kind, Kind::Amount { .. })
        );
    }
    // Rows of a group stand together.
    let groups: Vec<_> = Look::groups().collect();
    assert!((1..groups.len()).all(|index| !groups[..index].contains(&groups[index])), "{groups:?}");
}

#[test]
fn settings_are_read_and_changed_by_name() {
    let mut look = Look::NONE;
    for row in Look::ROWS {
        if let Kind::Amount { min } = row.kind {
            look.set(row.name, 0.25).unwrap();
            assert_eq!(look.get(row.name).unwrap(), Value::Amount(0.25));
            for bad in [min - 0.01, 1.01, f32::NAN] {
                assert!(matches!(look.set(row.name, bad), Err(Error::OutOfRange { name, .. }) if name == row.name));
            }
            assert_eq!(row.parse(&min.to_string()).unwrap(), Value::Amount(min));
            assert!(matches!(row.parse("much"), Err(Error::WrongValue { name, .. }) if name == row.name));
            assert_eq!(look.get(row.name).unwrap(), Value::Amount(0.25), "a refused value changes nothing");
        }
    }
    assert_eq!(look.skin.smooth, 0.25);
    let unknown = look.set("smoth", 0.5).unwrap_err();
    assert_eq!(unknown, Error::UnknownAmount { name: "smoth".to_owned(), nearest: Some("smooth") });
    assert!(unknown.to_string().contains("did you mean `smooth`?"));
    assert!(matches!(look.get("quux_frobnication"), Err(Error::UnknownAmount { nearest: None, .. })));
}

#[test]
fn json_is_nested_and_refuses_what_it_does_not_know() {
    let look = Look {
        skin: Skin { smooth: 0.5, warmth: -0.25, ..Skin::NONE },
        shape: Shape { slim: 0.125, ..Shape::NONE },
        ..Look::NONE
    };
    let text = serde_json::to_string(&look).unwrap();
    assert!(text.starts_with(r#"{"skin":{"smooth":0.5,"#), "{text}");
    assert_eq!(serde_json::from_str::<Look>(&text).unwrap(), look);
    let read = |text: &str| serde_json::from_str::<Look>(text).map_err(|error| error.to_string());
    assert_eq!(read("{}").unwrap(), Look::NONE);
    assert_eq!(read(r#"{"shape": {"slim": 0.125}}"#).unwrap().shape.slim, 0.125);
    // As looks were saved before there were groups.
    assert_eq!(read(r#"{"slim": 0.125, "smooth": 0.5, "warmth": -0.25}"#).unwrap(), look);
    for (text, told) in [
        (r#"{"skn": {"smooth": 0.5}}"#, "did you mean `skin`?"),
        (r#"{"skin": {"smoth": 0.5}}"#, "did you mean `smooth`?"),
        (r#"{"skin": {"slim": 0.5}}"#, "belongs into the group `shape`"),
        (r#"{"skin": {"skin": {}}}"#, "`skin`"),
        (r#"{"skin": {"smooth": "0.5"}}"#, "`smooth`"),
        (r#"{"skin": 0.5}"#, "skin"),
        ("[]", "look"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn looks_are_mixed() {
    let (a, b) = (Look::NATURAL, Look::GLAM);
    assert_eq!((Look::mix(&a, &b, 0.0), Look::mix(&a, &b, 1.0)), (a.clone(), b.clone()));
    assert_eq!((Look::mix(&a, &b, -3.0), Look::mix(&a, &b, f32::NAN)), (a.clone(), a.clone()));
    let between = Look::mix(&a, &b, 0.25);
    assert!((between.skin.smooth - (0.75 * a.skin.smooth + 0.25 * b.skin.smooth)).abs() < 1e-6);
    assert!((between.shape.slim - (0.75 * a.shape.slim + 0.25 * b.shape.slim)).abs() < 1e-6);
    between.check().unwrap();
}
