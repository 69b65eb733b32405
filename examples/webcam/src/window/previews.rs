//! All looks as small pictures of the viewer.

use std::sync::Arc;

use eframe::egui::{
    self, Align2, Color32, ColorImage, Rect, Sense, Stroke, TextStyle, TextureHandle, TextureOptions, WidgetInfo, pos2,
    vec2,
};
use glowup::Look;

use super::Window;
use super::widgets::ROW_HEIGHT;
use crate::previews::{Preview, SIDE};

const COLUMNS: usize = 4;
const GAP: f32 = 4.0;
/// Height of a name below its picture.
const NAME_HEIGHT: f32 = 16.0;

/// The small pictures as the screen has them.
#[derive(Default)]
pub struct Previews {
    /// Whether they are shown.
    pub open: bool,
    /// What the worker was asked for.
    asked: Option<Arc<[Look]>>,
    pictures: Vec<Picture>,
}

struct Picture {
    look: Look,
    number: u64,
    texture: TextureHandle,
}

impl Previews {
    /// Takes over what has been made since.
    fn refresh(&mut self, context: &egui::Context, made: &[Preview]) {
        self.pictures.retain(|known| made.iter().any(|preview| preview.look == known.look));
        for preview in made {
            let image = || ColorImage::from_rgba_unmultiplied([SIDE as usize; 2], &preview.pixels);
            match self.pictures.iter_mut().find(|known| known.look == preview.look) {
                Some(known) if known.number == preview.number => {}
                Some(known) => {
                    known.number = preview.number;
                    known.texture.set(image(), TextureOptions::LINEAR);
                }
                None => {
                    let texture = context.load_texture("preview", image(), TextureOptions::LINEAR);
                    self.pictures.push(Picture { look: preview.look.clone(), number: preview.number, texture });
                }
            }
        }
    }
}

impl Window {
    /// The looks that come with the program, then the user's own.
    pub(super) fn all_looks(&self) -> Vec<(String, Look)> {
        let own = self.settings.looks.iter().map(|own| (own.name.clone(), own.look.clone()));
        Look::PRESETS.into_iter().map(|(name, look)| (name.to_owned(), look)).chain(own).collect()
    }

    /// Tells the worker which small pictures are looked at: none while they are not shown.
    pub(super) fn ask_for_previews(&mut self) {
        let wanted: Option<Arc<[Look]>> =
            self.previews.open.then(|| self.all_looks().into_iter().map(|(_, look)| look).collect());
        if wanted != self.previews.asked {
            self.previews.asked.clone_from(&wanted);
            if wanted.is_none() {
                self.previews.pictures.clear();
            }
            self.worker.control(|controls| controls.previews = wanted);
        }
    }

    pub(super) fn look_pictures(&mut self, ui: &mut egui::Ui) {
        self.previews.refresh(ui.ctx(), &self.worker.newest().previews);
        let width = ((ui.available_width() - (COLUMNS - 1) as f32 * GAP) / COLUMNS as f32).floor();
        let all = self.all_looks();
        for row in all.chunks(COLUMNS) {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                for (name, look) in row {
                    if self.look_picture(ui, width, name, look) {
                        self.settings.look = look.clone();
                    }
                }
            });
        }
        let close = egui::Button::new("Names only").min_size([0.0, ROW_HEIGHT].into());
        if ui.add(close).on_hover_text("No small pictures (V)").clicked() {
            self.previews.open = false;
        }
    }

    /// One look. Returns whether it is chosen.
    fn look_picture(&self, ui: &mut egui::Ui, width: f32, name: &str, look: &Look) -> bool {
        let (rect, response) = ui.allocate_exact_size(vec2(width, width + NAME_HEIGHT), Sense::click());
        let (enabled, chosen) = (ui.is_enabled(), self.settings.look == *look);
        response.widget_info(|| WidgetInfo::selected(egui::Role::Button, enabled, chosen, name));
        if !ui.is_rect_visible(rect) {
            return response.clicked();
        }
        let place = Rect::from_min_size(rect.min, vec2(width, width));
        let (painter, visuals) = (ui.painter(), ui.visuals());
        match self.previews.pictures.iter().find(|known| known.look == *look) {
            Some(known) => {
                // As the picture itself: in a mirror left is right.
                let (left, right) = if self.settings.mirror { (1.0, 0.0) } else { (0.0, 1.0) };
                let part = Rect { min: pos2(left, 0.0), max: pos2(right, 1.0) };
                painter.image(known.texture.id(), place, part, Color32::WHITE);
            }
            None => {
                painter.rect_filled(place, 3.0, visuals.extreme_bg_color);
            }
        }
        let strong = chosen || response.hovered() || response.has_focus();
        if strong {
            let color = if chosen { visuals.selection.bg_fill } else { visuals.strong_text_color() };
            painter.rect_stroke(place, 3.0, Stroke::new(2.0, color), egui::StrokeKind::Inside);
        }
        let color = if strong { visuals.strong_text_color() } else { visuals.text_color() };
        let font = TextStyle::Small.resolve(ui.style());
        let clip = painter.with_clip_rect(rect);
        clip.text(pos2(rect.center().x, rect.bottom()), Align2::CENTER_BOTTOM, name, font, color);
        response.clicked()
    }
}
