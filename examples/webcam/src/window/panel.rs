//! What can be changed, beside the picture.

use eframe::egui::{self, Key, RichText};

use super::Window;
use super::widgets::{ROW_HEIGHT, toggle};
use crate::settings::Overlay;
use crate::source::SourceSpec;
use crate::source::camera::Known;

/// Its width, as a share of the window's and within limits.
const WIDTH_SHARE: f32 = 0.29;
const WIDTHS: [f32; 2] = [280.0, 300.0];
const MARGIN: i8 = 10;

const OVERLAYS: [(Overlay, &str, &str); 4] = [
    (Overlay::Landmarks, "Landmarks", "Every point that is found of a face (L)"),
    (Overlay::Contours, "Contours", "The contours that skin ends at (O)"),
    (Overlay::Skin, "Skin", "Where the retouch sees skin (K)"),
    (Overlay::Warp, "Warp", "How a face's shape moves the picture (W)"),
];

pub fn width(window: f32) -> f32 {
    (WIDTH_SHARE * window).round().clamp(WIDTHS[0], WIDTHS[1])
}

impl Window {
    /// Title and search stay on top, view, source and output at the bottom; what is between them scrolls.
    pub(super) fn panel(&mut self, ui: &mut egui::Ui) {
        let margin = |top, bottom| {
            let margin = egui::Margin { left: MARGIN, right: MARGIN, top, bottom };
            egui::Frame::NONE.inner_margin(margin)
        };
        egui::Panel::top("title").resizable(false).frame(margin(MARGIN, 6)).show(ui, |ui| self.title(ui));
        egui::Panel::bottom("output").resizable(false).frame(margin(6, MARGIN)).show(ui, |ui| {
            self.view(ui);
            ui.add_space(2.0);
            self.sources(ui);
            ui.add_space(2.0);
            self.output(ui);
        });
        // Its scroll bar stands in the margin.
        let frame = egui::Frame::NONE.inner_margin(egui::Margin { left: MARGIN, right: 0, top: 0, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            // The bar's room is kept where there is no bar, so that nothing moves when it comes.
            let width = ui.available_width() - ui.spacing().scroll.allocated_width();
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.set_max_width(width);
                ui.add_space(6.0);
                if !self.amounts.is_searching() {
                    self.looks(ui);
                    ui.add_space(6.0);
                }
                self.amounts.show(ui, &mut self.settings.look, &mut self.settings.groups);
                ui.add_space(4.0);
            });
        });
        if let Some(refused) = self.amounts.take_refused() {
            self.note(refused);
        }
    }

    fn title(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            ui.label(RichText::new("glowup").size(20.0).strong());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Keys").on_hover_text("What the keys do (H)").clicked() {
                    self.help = !self.help;
                }
                let (name, hint) =
                    if self.settings.dark { ("Light", "A light window (T)") } else { ("Dark", "A dark window (T)") };
                if ui.button(name).on_hover_text(hint).clicked() {
                    self.settings.dark = !self.settings.dark;
                }
            });
        });
        ui.add_space(2.0);
        self.amounts.search(ui, &mut self.settings.look);
    }

    fn looks(&mut self, ui: &mut egui::Ui) {
        if self.previews.open {
            self.look_pictures(ui);
        } else {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                for (name, look) in self.all_looks() {
                    let button = egui::Button::new(name).selected(self.settings.look == look);
                    if ui.add(button.min_size([0.0, ROW_HEIGHT].into())).clicked() {
                        self.settings.look = look;
                    }
                }
                let hint = if self.settings.mirror {
                    "As small pictures, as in a mirror (V)"
                } else {
                    "As small pictures (V)"
                };
                if ui.add(egui::Button::new("…").min_size([0.0, ROW_HEIGHT].into())).on_hover_text(hint).clicked() {
                    self.previews.open = true;
                }
            });
        }
        ui.horizontal(|ui| {
            let field = egui::TextEdit::singleline(&mut self.name).hint_text("Name this look").char_limit(24);
            let field = field.align(egui::Align2::LEFT_CENTER);
            let (save, delete) = (50.0, 60.0);
            let gaps = 2.0 * ui.spacing().item_spacing.x;
            let field = ui.add_sized([ui.available_width() - save - delete - gaps, ROW_HEIGHT], field);
            if self.focus.take_if(|focus| *focus == "name").is_some() {
                field.request_focus();
                field.scroll_to_me(None);
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if ui.add_sized([save, ROW_HEIGHT], egui::Button::new("Save")).clicked() || entered {
                self.save_look();
            }
            let own = self.settings.looks.iter().any(|own| own.look == self.settings.look);
            let button = egui::Button::new("Delete").min_size([delete, ROW_HEIGHT].into());
            if ui.add_enabled(own, button).on_hover_text("Deletes this look of your own").clicked() {
                self.delete_look();
            }
        });
    }

    fn view(&mut self, ui: &mut egui::Ui) {
        let gap = ui.spacing().item_spacing.x;
        let half = (ui.available_width() - gap) / 2.0;
        ui.horizontal(|ui| {
            let split = toggle(ui, self.settings.split, "Before | after", half);
            if split.on_hover_text("Original left, retouched right; drag the line (S)").clicked() {
                self.settings.split = !self.settings.split;
            }
            let mirror = toggle(ui, self.settings.mirror, "Mirror", half);
            if mirror.on_hover_text("As in a mirror (M)").clicked() {
                self.settings.mirror = !self.settings.mirror;
            }
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.spacing_mut().button_padding.x = 3.0;
            // Widths in proportion to the words.
            let letters: usize = OVERLAYS.iter().map(|(_, name, _)| name.len() + 2).sum();
            let width = ui.available_width() - 3.0 * 4.0;
            for (overlay, name, hint) in OVERLAYS {
                let width = width * (name.len() + 2) as f32 / letters as f32;
                let button = toggle(ui, self.settings.overlay == overlay, name, width);
                if button.on_hover_text(hint).clicked() {
                    self.toggle(overlay);
                }
            }
        });
    }

    fn output(&mut self, ui: &mut egui::Ui) {
        let half = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        ui.horizontal(|ui| {
            let snapshot = ui.add_sized([half, ROW_HEIGHT], egui::Button::new("Snapshot"));
            if snapshot.on_hover_text("Saves the picture, before and after (P)").clicked() {
                self.snapshot();
            }
            let recording = self.worker.newest().recording.is_some();
            let record = toggle(ui, recording, if recording { "End recording" } else { "Record" }, half);
            if record.on_hover_text("Records a clip (R)").clicked() {
                self.record();
            }
        });
    }

    fn sources(&mut self, ui: &mut egui::Ui) {
        let mut chosen = None;
        let gap = ui.spacing().item_spacing.x;
        let file_width = 54.0;
        ui.horizontal(|ui| {
            let width = ui.available_width() - file_width - gap;
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
                            let now = matches!(self.settings.source, SourceSpec::Camera(now, _) if now == number);
                            if ui.selectable_label(now, format!("camera {number}: {name}")).clicked() {
                                chosen = Some(SourceSpec::Camera(number, None));
                            }
                        }
                    }
                }
            });
            let file = toggle(ui, self.file.is_some(), "File…", file_width);
            if file.on_hover_text("Types the name of a clip or picture (F); or drop one into the window").clicked() {
                self.file = if self.file.is_some() { None } else { Some(String::new()) };
                self.focus = self.file.as_ref().map(|_| "file");
            }
        });
        // Asked each time that a list is opened, and answered by the time that one looks at it.
        let open = egui::Popup::is_any_open(ui.ctx());
        if open && !self.list_open {
            self.cameras.ask();
        }
        self.list_open = open;
        if let SourceSpec::Camera(number, size) = self.settings.source {
            let name = |size: Option<[u32; 2]>| size.map_or("usual size".to_owned(), |[w, h]| format!("{w} × {h}"));
            let sizes = self.worker.newest().sizes.clone();
            let list = egui::ComboBox::from_id_salt("size").width(ui.available_width());
            list.selected_text(name(size)).show_ui(ui, |ui| {
                for offered in std::iter::once(None).chain(sizes.into_iter().map(Some)) {
                    if ui.selectable_label(size == offered, name(offered)).clicked() {
                        chosen = Some(SourceSpec::Camera(number, offered));
                    }
                }
            });
        }
        self.file_field(ui);
        if let Some(source) = chosen {
            self.choose(source);
        }
    }

    /// A field for a file's name, while one is being typed.
    fn file_field(&mut self, ui: &mut egui::Ui) {
        let Some(name) = &mut self.file else { return };
        let field = egui::TextEdit::singleline(name).hint_text("A clip's or picture's file name, Enter");
        let field = field.align(egui::Align2::LEFT_CENTER);
        let field = ui.add_sized([ui.available_width(), ROW_HEIGHT], field);
        if self.focus.take_if(|focus| *focus == "file").is_some() {
            field.request_focus();
        }
        if !field.lost_focus() {
            return;
        }
        let (enter, escape) = ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
        let name = name.trim().to_owned();
        if enter && !name.is_empty() {
            self.file = None;
            self.open_file(name.into());
        } else if escape || name.is_empty() {
            self.file = None;
        }
    }
}
