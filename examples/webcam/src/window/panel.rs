//! What can be changed.

use eframe::egui::{self, RichText};
use glowup::{Kind, Look, Value};

use super::Window;
use crate::settings::Overlay;
use crate::source::SourceSpec;
use crate::source::camera::Known;

const GAP: f32 = 10.0;

impl Window {
    pub(super) fn panel(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            ui.label(RichText::new("glowup").size(20.0).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Keys").clicked() {
                    self.help = !self.help;
                }
                if ui.button(if self.settings.dark { "Light" } else { "Dark" }).clicked() {
                    self.settings.dark = !self.settings.dark;
                }
            });
        });
        ui.add_space(GAP);
        self.sliders(ui);
        ui.separator();
        self.looks(ui);
        ui.separator();
        ui.checkbox(&mut self.settings.split, "Split before and after");
        ui.checkbox(&mut self.settings.mirror, "Mirror");
        let overlays = [
            (Overlay::Landmarks, "Landmarks"),
            (Overlay::Contours, "Contours"),
            (Overlay::Skin, "Skin"),
            (Overlay::Warp, "Warp"),
        ];
        for pair in overlays.chunks(2) {
            ui.columns(2, |columns| {
                for (ui, &(overlay, name)) in columns.iter_mut().zip(pair) {
                    let mut on = self.settings.overlay == overlay;
                    if ui.checkbox(&mut on, name).changed() {
                        self.toggle(overlay);
                    }
                }
            });
        }
        ui.separator();
        self.sources(ui);
        ui.separator();
        ui.horizontal(|ui| {
            if ui.button("Snapshot").clicked() {
                self.snapshot();
            }
            let recording = self.shown.as_ref().is_some_and(|shown| shown.recording.is_some());
            if ui.button(if recording { "End recording" } else { "Record" }).clicked() {
                self.record();
            }
        });
        ui.add_space(GAP);
    }

    fn sliders(&mut self, ui: &mut egui::Ui) {
        // A slider for each amount of the library's table: those of one direction first.
        for both_ways in [false, true] {
            for row in Look::ROWS {
                let (Kind::Amount { min }, Value::Amount(mut amount)) = (row.kind, row.get(&self.settings.look)) else {
                    continue;
                };
                if (min < 0.0) != both_ways {
                    continue;
                }
                let help = format!("{} {}", row.help, row.ends);
                let reset = match row.get(&Look::NATURAL) {
                    Value::Amount(usual) => usual,
                    _ => 0.0,
                };
                if both_ways {
                    ui.horizontal(|ui| {
                        let left = egui::Layout::left_to_right(egui::Align::Center);
                        ui.allocate_ui_with_layout([58.0, 18.0].into(), left, |ui| {
                            ui.set_min_width(58.0);
                            ui.label(row.label).on_hover_text(help);
                        });
                        slider(ui, ui.available_width() - 40.0, &mut amount, min, reset);
                        percent(ui, amount);
                    });
                } else {
                    ui.horizontal(|ui| {
                        ui.label(row.label).on_hover_text(help);
                        percent(ui, amount);
                    });
                    slider(ui, ui.available_width(), &mut amount, min, reset);
                    ui.add_space(6.0);
                }
                // A slider stays in its range.
                let _ = row.set(&mut self.settings.look, amount);
            }
        }
    }

    fn looks(&mut self, ui: &mut egui::Ui) {
        let own = self.settings.looks.iter().map(|own| (own.name.clone(), own.look.clone()));
        let all = Look::PRESETS.into_iter().map(|(name, look)| (name.to_owned(), look)).chain(own);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (name, look) in all.collect::<Vec<_>>() {
                if ui.selectable_label(self.settings.look == look, name).clicked() {
                    self.settings.look = look;
                }
            }
        });
        ui.horizontal(|ui| {
            let look = self.settings.look.clone();
            let field = egui::TextEdit::singleline(&mut self.name).hint_text("name this look").char_limit(24);
            let field = ui.add_sized([ui.available_width() - 112.0, 20.0], field);
            if self.focus.take_if(|focus| *focus == "name").is_some() {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if ui.button("Save").clicked() || entered {
                self.save_look();
            }
            let own = self.settings.looks.iter().any(|own| own.look == look);
            if ui.add_enabled(own, egui::Button::new("Delete")).on_hover_text("Deletes a look of your own").clicked() {
                self.delete_look();
            }
        });
    }

    fn sources(&mut self, ui: &mut egui::Ui) {
        let mut chosen = None;
        let width = ui.available_width();
        let shown = RichText::new(self.settings.source.to_string());
        egui::ComboBox::from_id_salt("source").width(width).selected_text(shown).truncate().show_ui(ui, |ui| {
            if ui.selectable_label(self.settings.source == SourceSpec::Demo, "moving portrait").clicked() {
                chosen = Some(SourceSpec::Demo);
            }
            match self.cameras.known() {
                Known::Asking => drop(ui.weak("looking for cameras …")),
                Known::NoAnswer => drop(ui.weak("the system does not list its cameras")),
                Known::Cameras(cameras) if cameras.is_empty() => drop(ui.weak("no camera found")),
                Known::Cameras(cameras) => {
                    for (number, name) in cameras {
                        let now = matches!(self.settings.source, SourceSpec::Camera(current, _) if current == number);
                        if ui.selectable_label(now, format!("camera {number}: {name}")).clicked() {
                            chosen = Some(SourceSpec::Camera(number, None));
                        }
                    }
                }
            }
        });
        // Asked each time that the list is opened, and answered by the time that one looks at it.
        let open = egui::Popup::is_any_open(ui.ctx());
        if open && !self.listing {
            self.cameras.ask();
        }
        self.listing = open;
        if let SourceSpec::Camera(number, size) = self.settings.source {
            let name = |size: Option<[u32; 2]>| size.map_or("usual size".to_owned(), |[w, h]| format!("{w} × {h}"));
            let sizes = self.worker.newest().sizes.clone();
            egui::ComboBox::from_id_salt("size").width(width).selected_text(name(size)).show_ui(ui, |ui| {
                for offered in std::iter::once(None).chain(sizes.into_iter().map(Some)) {
                    if ui.selectable_label(size == offered, name(offered)).clicked() {
                        chosen = Some(SourceSpec::Camera(number, offered));
                    }
                }
            });
        }
        let field = egui::TextEdit::singleline(&mut self.file).hint_text("a clip's or picture's file name");
        let field = ui.add_sized([width, 20.0], field).on_hover_text("Or drop a file into the window");
        if self.focus.take_if(|focus| *focus == "file").is_some() {
            field.request_focus();
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) && !self.file.trim().is_empty() {
            let path = std::mem::take(&mut self.file).trim().into();
            self.open_file(path);
        }
        if let Some(source) = chosen {
            self.choose(source);
        }
    }
}

/// A slider up to 1 that a double click resets.
fn slider(ui: &mut egui::Ui, width: f32, value: &mut f32, least: f32, reset: f32) {
    ui.spacing_mut().slider_width = width;
    let slider = ui.add(egui::Slider::new(value, least..=1.0).show_value(false));
    // By itself a slider only knows of drags.
    let slider = slider.interact(egui::Sense::click_and_drag());
    if slider.on_hover_text("Double-click to reset").double_clicked() {
        *value = reset;
    }
}

/// An amount in hundredths, at the end of its row.
fn percent(ui: &mut egui::Ui, value: f32) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.label(RichText::new(format!("{:.0}", value * 100.0)).monospace());
    });
}
