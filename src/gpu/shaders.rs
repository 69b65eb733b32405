//! Every shader, assembled as the library assembles it, is valid by naga's rules, and none can run for ever.

use super::pass::Shader;
use super::{Gpu, GpuCropper, GpuOptions, Renderer};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{
    BinaryOperator, Block, Expression, Function, Handle, Literal, LocalVariable, MathFunction, Module, Statement,
};

/// Every shader that the library compiles.
fn shaders() -> Vec<Shader> {
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let (renderer, cropper) = (Renderer::new(&gpu).unwrap(), GpuCropper::new(&gpu).unwrap());
    let factories = [renderer.factory(), &cropper.factory];
    // Those that are compiled when they are first needed.
    let late = [super::draw::DRAW].into_iter().chain(super::tone::SHADERS).chain(super::crop::SHADERS);
    factories.iter().flat_map(|factory| factory.shaders.lock().unwrap().clone()).chain(late).collect()
}

/// Every shader's name and module.
fn modules() -> Vec<(&'static str, Module)> {
    let parsed = shaders().into_iter().map(|shader| {
        let module = naga::front::wgsl::parse_str(shader.source)
            .unwrap_or_else(|error| panic!("{}: {}", shader.name, error.emit_to_string(shader.source)));
        (shader.name, module)
    });
    parsed.collect()
}

/// No file of `shaders/` is forgotten: each is a shader by its own name, or joined into others.
#[test]
fn every_file_is_part_of_a_shader() {
    let shaders = shaders();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut folders = vec![folder.clone()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(shaders.iter().any(|shader| shader.source.contains(&text)), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= shaders.len());
}

#[test]
fn every_shader_is_valid() {
    for (name, module) in modules() {
        // No capability beyond what every device has.
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(!module.entry_points.is_empty(), "{name}");
    }
}

#[test]
fn every_loop_ends_whatever_the_data() {
    let mut loops = 0;
    for (name, module) in modules() {
        let entries = module.entry_points.iter().map(|entry| &entry.function);
        for function in module.functions.iter().map(|(_, function)| function).chain(entries) {
            let function = Scanned { module: &module, function, file: name };
            function.scan(&function.function.body, &mut loops);
        }
    }
    assert!(loops >= 11, "only {loops} loops were seen");
}

#[test]
fn a_loop_whose_end_hangs_on_the_data_is_found() {
    let source = |head: &str, body: &str| {
        format!(
            "@group(0) @binding(0) var<storage, read> data: array<u32>;
            @compute @workgroup_size(1) fn main() {{ var n = 3u; {head} {{ {body} }} }}"
        )
    };
    for (head, body, ends) in [
        ("for (var k = 0u; k < 9u; k++)", "", true),
        ("for (var k = 0u; k < 9u && n != 0u; k++)", "n = n >> 1u;", true),
        ("for (var k = data[0]; k < clamp(data[1], 1u, 8u); k += 2u)", "", true),
        ("for (var k = 0u; k < data[0]; k++)", "", false),
        ("for (var k = 0u; k < n; k++)", "", false),
        ("for (var k = 0u; k < 9u; k += 0u)", "", false),
        ("for (var k = 0u; k < 9u; k++)", "k = 0u;", false),
        ("for (var k = 0u; n < 9u; k++)", "", false),
        ("for (var k = 0u; k < 9u || n != 0u; k++)", "", false),
        ("while (n < 9u)", "n = n * 2u;", false),
        ("loop", "if (n > 3u) { break; }", false),
    ] {
        let module = naga::front::wgsl::parse_str(&source(head, body)).unwrap();
        let function = Scanned { module: &module, function: &module.entry_points[0].function, file: head };
        let found = std::panic::catch_unwind(|| function.scan(&function.function.body, &mut 0)).is_ok();
        assert_eq!(found, ends, "{head} {body}");
    }
}

/// A function that is looked through for loops.
struct Scanned<'a> {
    module: &'a Module,
    function: &'a Function,
    file: &'a str,
}

impl Scanned<'_> {
    fn scan(&self, block: &Block, loops: &mut usize) {
        for statement in block {
            if let Statement::Loop { body, continuing, .. } = statement {
                *loops += 1;
                assert!(self.ends(body, continuing), "{}: a loop's end hangs on the data: {body:#?}", self.file);
            }
            blocks(statement).into_iter().for_each(|block| self.scan(block, loops));
        }
    }

    /// Whether a loop begins by leaving unless `counter < bound`, goes on with `counter += step`, and nothing else
    /// writes to the counter; bound and step are constants, the bound perhaps clamped to constants.
    fn ends(&self, body: &Block, continuing: &Block) -> bool {
        let steps = self.steps(continuing);
        // What `for` becomes: conditions first, each with a way out.
        body.iter().any(|statement| match statement {
            Statement::If { condition, accept, reject } => {
                let leaves = |block: &Block| matches!(block.last(), Some(Statement::Break));
                leaves(reject)
                    && self.conjuncts(*condition, body).into_iter().any(|condition| {
                        let Expression::Binary { op: BinaryOperator::Less, left, right } = self.get(condition) else {
                            return false;
                        };
                        let counter = self.loaded(*left);
                        self.is_bounded(*right)
                            && counter.is_some_and(|counter| {
                                steps.contains(&counter) && !self.writes(body, counter) && !self.writes(accept, counter)
                            })
                    })
            }
            _ => false,
        })
    }

    fn get(&self, expression: Handle<Expression>) -> &Expression {
        &self.function.expressions[expression]
    }

    /// The conditions that must all hold. A short-circuit `a && b` is `if a { t = b } else { t = false }` and a look at t.
    fn conjuncts(&self, condition: Handle<Expression>, body: &Block) -> Vec<Handle<Expression>> {
        if let Expression::Binary { op: BinaryOperator::LogicalAnd, left, right } = self.get(condition) {
            return vec![*left, *right];
        }
        let Some(local) = self.loaded(condition) else { return vec![condition] };
        let set = |block: &Block| {
            block.iter().find_map(|statement| match statement {
                Statement::Store { pointer, value } if self.local(*pointer) == Some(local) => Some(*value),
                _ => None,
            })
        };
        body.iter()
            .filter_map(|statement| match statement {
                Statement::If { condition, accept, reject } => {
                    let never = set(reject)
                        .is_some_and(|value| matches!(self.get(value), Expression::Literal(Literal::Bool(false))));
                    never.then(|| [Some(*condition), set(accept)].into_iter().flatten())
                }
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// Counters that a block counts up.
    fn steps(&self, block: &Block) -> Vec<Handle<LocalVariable>> {
        block
            .iter()
            .filter_map(|statement| {
                let Statement::Store { pointer, value } = statement else { return None };
                let counter = self.local(*pointer)?;
                let Expression::Binary { op: BinaryOperator::Add, left, right } = self.get(*value) else { return None };
                (self.loaded(*left) == Some(counter) && self.constant(*right).is_some_and(|step| step > 0))
                    .then_some(counter)
            })
            .collect()
    }

    fn writes(&self, block: &Block, counter: Handle<LocalVariable>) -> bool {
        block.iter().any(|statement| {
            matches!(statement, Statement::Store { pointer, .. } if self.local(*pointer) == Some(counter))
                || blocks(statement).into_iter().any(|block| self.writes(block, counter))
        })
    }

    fn local(&self, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
        match self.get(pointer) {
            Expression::LocalVariable(local) => Some(*local),
            _ => None,
        }
    }

    fn loaded(&self, value: Handle<Expression>) -> Option<Handle<LocalVariable>> {
        match self.get(value) {
            Expression::Load { pointer } => self.local(*pointer),
            _ => None,
        }
    }

    fn is_bounded(&self, bound: Handle<Expression>) -> bool {
        match self.get(bound) {
            Expression::Math { fun: MathFunction::Clamp, arg2: Some(high), .. } => self.constant(*high).is_some(),
            Expression::Math { fun: MathFunction::Min, arg, arg1: Some(other), .. } => {
                self.constant(*arg).is_some() || self.constant(*other).is_some()
            }
            _ => self.constant(bound).is_some(),
        }
    }

    /// A whole number that stands in the shader.
    fn constant(&self, value: Handle<Expression>) -> Option<i64> {
        let literal = match self.get(value) {
            Expression::Literal(literal) => *literal,
            Expression::Constant(constant) => {
                match self.module.global_expressions[self.module.constants[*constant].init] {
                    Expression::Literal(literal) => literal,
                    _ => return None,
                }
            }
            _ => return None,
        };
        match literal {
            Literal::U32(value) => Some(value.into()),
            Literal::I32(value) => Some(value.into()),
            _ => None,
        }
    }
}

/// The blocks inside a statement.
fn blocks(statement: &Statement) -> Vec<&Block> {
    match statement {
        Statement::Block(block) => vec![block],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => Vec::new(),
    }
}
