//! Every shader, assembled as the library assembles it, is valid by naga's rules.

use naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_shader_is_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/shaders");
    let common = std::fs::read_to_string(format!("{folder}/common.wgsl")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name == "common.wgsl") {
            continue;
        }
        let source = format!("{common}{}", std::fs::read_to_string(&path).unwrap());
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{}: {}", path.display(), error.emit_to_string(&source)));
        // No capability beyond what every device has.
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", path.display(), error.emit_to_string(&source)));
        assert_eq!(module.entry_points.len(), 1, "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 6);
}
