//! Figures as rows of a table, and series of them: one a portrait.

use std::fmt::Write;

/// Rows of figures, as Markdown.
#[derive(Default)]
pub struct Table {
    pub text: String,
    /// How many figures miss their limit.
    pub short: u32,
    /// What lies behind the means, as CSV: section, figure, of what, value.
    pub each: String,
    title: String,
}

impl Table {
    pub fn title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
        self.text += &format!("\n## {title}\n\n| what | figure | limit | |\n| --- | --- | --- | --- |\n");
        eprintln!("{title} ...");
    }

    /// A figure with the limit that it has to keep.
    pub fn judged(&mut self, what: &str, figure: &str, limit: &str, holds: bool) {
        self.short += u32::from(!holds);
        let _ = writeln!(self.text, "| {what} | {figure} | {limit} | {} |", if holds { "holds" } else { "**short**" });
    }

    /// Keeps what a series is made of.
    pub fn keep(&mut self, what: &str, series: &Series) {
        for (name, value) in &series.0 {
            let _ = writeln!(self.each, "\"{}\",\"{what}\",\"{name}\",{value:.4}", self.title);
        }
    }

    /// A figure to know.
    pub fn noted(&mut self, what: &str, figure: &str) {
        let _ = writeln!(self.text, "| {what} | {figure} | | |");
    }
}

/// A figure of each of several things, by name.
#[derive(Default, Clone)]
pub struct Series(Vec<(String, f32)>);

impl Series {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn push(&mut self, name: impl Into<String>, value: f32) {
        self.0.push((name.into(), value));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name with its value.
    pub fn each(&self) -> impl Iterator<Item = (&str, f32)> + '_ {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    pub fn values(&self) -> impl Iterator<Item = f32> + '_ {
        self.0.iter().map(|(_, value)| *value)
    }

    pub fn mean(&self) -> f32 {
        self.values().sum::<f32>() / self.0.len().max(1) as f32
    }

    pub fn least(&self) -> f32 {
        self.values().fold(f32::INFINITY, f32::min)
    }

    pub fn most(&self) -> f32 {
        self.values().fold(f32::NEG_INFINITY, f32::max)
    }

    /// The largest value and whose it is.
    pub fn greatest(&self) -> Option<(&str, f32)> {
        self.0.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(name, value)| (name.as_str(), *value))
    }

    /// Mean and largest value, with `digits` behind the point.
    pub fn up_to(&self, digits: usize) -> String {
        self.with_extreme(self.0.iter().max_by(|a, b| a.1.total_cmp(&b.1)), digits)
    }

    /// Mean and smallest value.
    pub fn down_to(&self, digits: usize) -> String {
        self.with_extreme(self.0.iter().min_by(|a, b| a.1.total_cmp(&b.1)), digits)
    }

    fn with_extreme(&self, extreme: Option<&(String, f32)>, digits: usize) -> String {
        match extreme {
            Some((name, value)) => format!("mean {:.digits$}, worst {value:.digits$} ({name})", self.mean()),
            None => "none".to_owned(),
        }
    }
}

/// The value that a share of all lies below; 0 of none.
pub fn percentile(mut values: Vec<f32>, share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * share).round() as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Numbers in a line.
pub fn list(values: impl IntoIterator<Item = f32>) -> String {
    values.into_iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" ")
}
