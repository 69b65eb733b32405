//! The settings of a look, as the library's table has them: in groups that fold, found by typing.

use std::collections::BTreeMap;

use eframe::egui::{self, Key, Rect, RectAlign, Response, RichText, TextStyle, Ui, pos2};
use glowup::{Group, Kind, Look, Row};

use super::widgets::{ROW_HEIGHT, cell, edit, heading, reset_button};

/// Groups are unfolded at first while they have no more rows than this altogether.
const UNFOLDED_ROWS: usize = 12;
/// Width of the button that resets.
const RESET_WIDTH: f32 = 20.0;
/// The labels of all rows take at most this share of the width.
const LABEL_SHARE: f32 = 0.37;

/// The list of settings.
#[derive(Default)]
pub struct Amounts {
    /// What is searched for.
    query: String,
    /// Whether the search field is to get the keyboard.
    focus: bool,
    /// The names of the rows that were drawn last.
    drawn: Vec<&'static str>,
    /// Why a value was not taken.
    refused: Option<String>,
}

/// Whether a row has every word that is searched for in its name, label or help.
fn matches(row: &Row, query: &str) -> bool {
    let text = format!("{} {} {}", row.name, row.label, row.help).to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn rows_of(group: Group) -> impl Iterator<Item = &'static Row> {
    Look::ROWS.iter().filter(move |row| row.group == group)
}

/// Whether a group is unfolded where the user has not said so.
fn opens_at_first(group: Group) -> bool {
    let last = Look::ROWS.iter().rposition(|row| row.group == group).unwrap_or(0);
    last < UNFOLDED_ROWS || Look::ROWS.first().is_some_and(|row| row.group == group)
}

fn differs(row: &Row, look: &Look) -> bool {
    row.get(look) != row.get(&Look::NONE)
}

/// Takes a setting back to what it is in a look that changes nothing.
fn reset(row: &Row, look: &mut Look) {
    // The library's own value is valid.
    let _ = row.set(look, row.get(&Look::NONE));
}

impl Amounts {
    pub fn is_searching(&self) -> bool {
        !self.query.trim().is_empty()
    }

    /// The search field is to get the keyboard.
    pub fn start_search(&mut self) {
        self.focus = true;
    }

    pub fn clear_search(&mut self) {
        self.query.clear();
    }

    /// Why the last value that was typed was not taken.
    pub fn take_refused(&mut self) -> Option<String> {
        self.refused.take()
    }

    /// The search field, and a button that resets all.
    pub fn search(&mut self, ui: &mut Ui, look: &mut Look) {
        ui.horizontal(|ui| {
            let reset_width = 72.0;
            let field = egui::TextEdit::singleline(&mut self.query).hint_text("Search settings  ( / )").char_limit(60);
            let field = field.align(egui::Align2::LEFT_CENTER);
            let width = ui.available_width() - reset_width - ui.spacing().item_spacing.x;
            let field = ui.add_sized([width, ROW_HEIGHT], field);
            if std::mem::take(&mut self.focus) {
                field.request_focus();
            }
            if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
                self.query.clear();
            }
            let button = egui::Button::new("Reset all").min_size([reset_width, ROW_HEIGHT].into());
            let any = Look::ROWS.iter().any(|row| differs(row, look));
            if ui.add_enabled(any, button).on_hover_text("Takes every setting back").clicked() {
                *look = Look::NONE;
            }
        });
    }

    /// Every group with its rows. `groups` has which ones the user has folded or unfolded.
    pub fn show(&mut self, ui: &mut Ui, look: &mut Look, groups: &mut BTreeMap<String, bool>) {
        self.drawn.clear();
        ui.spacing_mut().item_spacing.y = 2.0;
        let width = label_width(ui);
        for group in Look::groups() {
            self.group(ui, group, width, look, groups);
        }
        if self.is_searching() && self.drawn.is_empty() {
            ui.add_space(8.0);
            ui.vertical_centered(|ui| ui.weak(format!("No setting matches “{}”.", self.query.trim())));
        }
    }

    fn group(
        &mut self,
        ui: &mut Ui,
        group: Group,
        label_width: f32,
        look: &mut Look,
        groups: &mut BTreeMap<String, bool>,
    ) {
        let searching = self.is_searching();
        if searching && !rows_of(group).any(|row| matches(row, &self.query)) {
            return;
        }
        // A search shows what it has found, whatever is folded.
        let open = searching || groups.get(group.name).copied().unwrap_or_else(|| opens_at_first(group));
        let amounts = rows_of(group).filter(|row| matches!(row.kind, Kind::Amount { .. }));
        let acting = amounts.filter(|row| !row.is_neutral(&row.get(look))).count();
        let (response, place) = heading(ui, group.label, open, acting, RESET_WIDTH);
        if response.clicked() && !searching {
            groups.insert(group.name.to_owned(), !open);
        }
        let changed = rows_of(group).any(|row| differs(row, look));
        if changed && reset_button(ui, place, &format!("Reset {}", group.label)) {
            rows_of(group).for_each(|row| reset(row, look));
        }
        if open {
            for row in rows_of(group) {
                if matches(row, &self.query) {
                    self.row(ui, row, label_width, look);
                }
            }
            ui.add_space(4.0);
        }
    }

    fn row(&mut self, ui: &mut Ui, row: &'static Row, label_width: f32, look: &mut Look) {
        self.drawn.push(row.name);
        let value = row.get(look);
        let size = egui::vec2(ui.available_width(), ROW_HEIGHT);
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let column = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, rect.y_range());
        let left = rect.left() + 6.0;
        let middle = left + label_width + 8.0;
        let right = rect.right() - RESET_WIDTH;
        let differs = differs(row, look);
        let label = cell(ui, column(left, left + label_width), |ui| {
            let text = RichText::new(row.label);
            let text = if differs { text.strong() } else { text };
            ui.add(egui::Label::new(text).truncate().selectable(false).show_tooltip_when_elided(false))
        });
        tooltip(&label, rect, row);
        let (control, new) = cell(ui, column(middle, right - 2.0), |ui| {
            ui.push_id(row.name, |ui| edit(ui, row.label, &row.kind, &value)).inner
        });
        if let Some(new) = new
            && let Err(error) = row.set(look, new)
        {
            self.refused = Some(format!("{}: {error}.", row.label));
        }
        // Only now, for each click of a double click has just set a value.
        let doubled = matches!(row.kind, Kind::Amount { .. }) && control.double_clicked();
        tooltip(&control, rect, row);
        let place = Rect::from_min_max(pos2(right, rect.top()), rect.max);
        if doubled || differs && reset_button(ui, place, &format!("Reset {}", row.label)) {
            reset(row, look);
        }
    }
}

/// As wide as the longest label, so that all controls stand below each other.
fn label_width(ui: &Ui) -> f32 {
    let font = TextStyle::Body.resolve(ui.style());
    let width = |row: &Row| {
        ui.painter().layout_no_wrap(row.label.to_owned(), font.clone(), egui::Color32::PLACEHOLDER).size().x
    };
    let widest = Look::ROWS.iter().map(width).fold(0.0, f32::max);
    // Room for rounding, else the longest label would be cut.
    (widest + 1.0).min(LABEL_SHARE * ui.available_width()).ceil()
}

/// What a row does, told beside the panel: below the pointer it would hide the next rows.
fn tooltip(response: &Response, place: Rect, row: &Row) {
    let mut tooltip = egui::Tooltip::for_enabled(response).width(270.0);
    tooltip.popup = tooltip.popup.anchor(place).align(RectAlign::LEFT_START).gap(14.0);
    tooltip.show(|ui| {
        ui.strong(row.label);
        ui.label(row.help);
        ui.label(row.ends);
        if matches!(row.kind, Kind::Amount { .. }) {
            ui.weak("Double-click to reset.");
        }
    });
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Context, FullOutput, Pos2, RawInput, vec2};
    use glowup::Value;

    use super::super::widgets::texts;
    use super::*;

    /// Draws the list once, high enough for all of it, without a screen.
    fn draw(amounts: &mut Amounts, look: &mut Look, groups: &mut BTreeMap<String, bool>) -> FullOutput {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(280.0, 10_000.0))),
            ..RawInput::default()
        };
        Context::default().run_ui(input, |ui| amounts.show(ui, look, groups))
    }

    fn all_open() -> BTreeMap<String, bool> {
        Look::groups().map(|group| (group.name.to_owned(), true)).collect()
    }

    #[test]
    fn the_list_is_the_table() {
        let (mut amounts, mut look) = (Amounts::default(), Look::NONE);
        let output = draw(&mut amounts, &mut look, &mut all_open());
        let table: Vec<&str> = Look::ROWS.iter().map(|row| row.name).collect();
        assert_eq!(amounts.drawn, table, "the rows that are drawn, and the table's");
        let written = texts(&output);
        // What the screen says, too: each group's label, then those of its rows.
        let mut labels = Vec::new();
        for group in Look::groups() {
            labels.push(group.label);
            labels.extend(rows_of(group).map(|row| row.label));
        }
        let shown: Vec<&str> = written.iter().map(String::as_str).filter(|text| labels.contains(text)).collect();
        assert_eq!(shown, labels, "the labels that are drawn, and the table's");
        assert_eq!(look, Look::NONE, "to be drawn changes nothing");
    }

    #[test]
    fn folded_groups_show_how_many_amounts_act() {
        let (mut amounts, mut look) = (Amounts::default(), Look::GLAM);
        let mut groups = all_open();
        groups.values_mut().for_each(|open| *open = false);
        let written = texts(&draw(&mut amounts, &mut look, &mut groups));
        assert!(amounts.drawn.is_empty());
        for group in Look::groups() {
            let acting =
                rows_of(group).filter(|row| matches!(row.get(&look), Value::Amount(amount) if amount != 0.0)).count();
            let at = written.iter().position(|text| text == group.label).unwrap();
            assert!(acting == 0 || written[at + 1] == format!("{acting} on"), "{written:?}");
        }
    }

    #[test]
    fn a_search_shows_what_it_finds_and_nothing_else() {
        let mut folded = all_open();
        folded.values_mut().for_each(|open| *open = false);
        for (query, found) in [
            ("SMOOTH", Some("smooth")),
            ("midline", Some("slim")),
            ("tone blotches", Some("tone")),
            ("no such thing", None),
        ] {
            let mut amounts = Amounts { query: query.to_owned(), ..Amounts::default() };
            let written = texts(&draw(&mut amounts, &mut Look::NONE.clone(), &mut folded));
            assert!(found.is_none_or(|name| amounts.drawn.contains(&name)), "{query}: {:?}", amounts.drawn);
            for row in Look::ROWS {
                let text = format!("{} {} {}", row.name, row.label, row.help).to_lowercase();
                let hit = query.to_lowercase().split(' ').all(|word| text.contains(word));
                assert_eq!(amounts.drawn.contains(&row.name), hit, "{query}: {}", row.name);
            }
            for group in Look::groups() {
                let hit = rows_of(group).any(|row| amounts.drawn.contains(&row.name));
                assert_eq!(written.iter().any(|text| text == group.label), hit, "{query}: {}", group.label);
            }
        }
        assert!(folded.values().all(|open| !open), "what is folded is so again after the search");
    }

    #[test]
    fn values_are_taken_back_one_by_one() {
        let mut look = Look::GLAM;
        for row in Look::ROWS {
            reset(row, &mut look);
            assert!(!differs(row, &look), "{}", row.name);
        }
        assert_eq!(look, Look::NONE);
    }
}
