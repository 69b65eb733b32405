//! Tests only: how a struct of a shader lies in memory.

use crate::gpu::pass::Shader;

/// Name and offset of each member of a struct of a shader, and the size of the whole.
pub(super) fn members(shader: Shader, name: &str) -> (Vec<(String, usize)>, usize) {
    let module = naga::front::wgsl::parse_str(shader.source).unwrap();
    let (_, found) = module.types.iter().find(|(_, kind)| kind.name.as_deref() == Some(name)).unwrap();
    let naga::TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no struct") };
    let list = members.iter().map(|member| (member.name.clone().unwrap(), member.offset as usize)).collect();
    (list, *span as usize)
}

/// Compares a struct in Rust with its mirror in a shader: each field's name and offset, and the size.
macro_rules! assert_mirrors {
    ($type:ident { $($field:ident),+ $(,)? }, $shader:expr, $name:literal) => {
        let (found, size) = $crate::gpu::stages::layout::members($shader, $name);
        let expected = [$((stringify!($field).to_owned(), std::mem::offset_of!($type, $field))),+];
        assert_eq!(found, expected, $name);
        assert_eq!(size, size_of::<$type>(), $name);
    };
}
pub(super) use assert_mirrors;
