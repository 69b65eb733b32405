//! The picture, its split, and what is drawn over it.

use std::time::Duration;

use eframe::egui::{self, Align2, Color32, FontId, Key, Pos2, Rect, RichText, Sense, Stroke, Vec2, pos2};
use glowup::face::topology;

use super::Window;
use super::canvas::Side;
use crate::settings::Overlay;

const GREEN: Color32 = Color32::from_rgb(90, 240, 150);

/// Closed lines of the mesh: where skin ends.
const CONTOURS: [&[u16]; 9] = [
    &topology::FACE_OVAL,
    &topology::RIGHT_EYE,
    &topology::LEFT_EYE,
    &topology::RIGHT_EYEBROW,
    &topology::LEFT_EYEBROW,
    &topology::LIPS,
    &topology::MOUTH,
    &topology::RIGHT_NOSTRIL,
    &topology::LEFT_NOSTRIL,
];

impl Window {
    pub(super) fn picture(&mut self, ui: &mut egui::Ui) {
        let space = ui.available_rect_before_wrap();
        let painter = ui.painter_at(space);
        let Some(shown) = &self.shown else {
            let text = format!("Waiting for {} …", self.settings.source);
            painter.text(space.center(), Align2::CENTER_CENTER, text, FontId::proportional(16.0), Color32::GRAY);
            return;
        };
        let size = Vec2::from(shown.textures.size.map(|side| side as f32));
        let scale = (space.width() / size.x).min(space.height() / size.y);
        let rect = Rect::from_center_size(space.center(), size * scale);
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        let original = ui.input(|input| input.key_down(Key::B)) && !ui.ctx().egui_wants_keyboard_input();
        let mirror = self.settings.mirror;
        let at = self.settings.split_at;
        // Which part of the width shows which side.
        let parts: &[(f32, f32, Side)] = if original {
            &[(0.0, 1.0, Side::Before)]
        } else if self.settings.split {
            &[(0.0, at, Side::Before), (at, 1.0, Side::After)]
        } else {
            &[(0.0, 1.0, Side::After)]
        };
        let clip = |from: f32, to: f32| {
            let x = |share: f32| rect.left() + share * rect.width();
            Rect::from_x_y_ranges(x(from)..=x(to), rect.y_range()).intersect(space)
        };
        for &(from, to, side) in parts {
            let canvas = &mut self.canvas;
            let painter = painter.with_clip_rect(clip(from, to));
            canvas.paint(&painter, rect, &shown.textures, side, mirror);
            // Skin is shown where the retouch has moved it; after it was asked for, from the next picture on.
            if self.settings.overlay == Overlay::Skin && side == Side::After {
                canvas.paint(&painter, rect, &shown.textures, Side::Skin, mirror);
            }
        }
        let put = |x: f32, y: f32| {
            let u = x / size.x;
            let x = if mirror { 1.0 - u } else { u };
            pos2(rect.left() + x * rect.width(), rect.top() + y / size.y * rect.height())
        };
        // What is drawn lies where the retouched picture shows it, and only over that.
        for &(from, to, _) in parts.iter().filter(|(.., side)| *side == Side::After) {
            let painter = painter.with_clip_rect(clip(from, to));
            match self.settings.overlay {
                Overlay::None | Overlay::Skin => {}
                Overlay::Landmarks => {
                    for &[x, y] in shown.drawing.meshes.iter().flatten() {
                        painter.circle_filled(put(x, y), 1.2, GREEN);
                    }
                }
                Overlay::Contours => {
                    for mesh in &shown.drawing.meshes {
                        for contour in CONTOURS {
                            let points = contour.iter().filter_map(|&index| mesh.get(usize::from(index)));
                            let points: Vec<Pos2> = points.map(|&[x, y]| put(x, y)).collect();
                            // Line by line: joined, those that meet at a narrow angle would end in a long spike.
                            for (from, to) in points.iter().zip(points.iter().cycle().skip(1)) {
                                painter.line_segment([*from, *to], Stroke::new(1.5, GREEN));
                            }
                        }
                    }
                }
                Overlay::Warp => {
                    for line in &shown.drawing.grid {
                        let points: Vec<Pos2> = line.iter().map(|&[x, y]| put(x, y)).collect();
                        painter.add(egui::Shape::line(points, Stroke::new(1.0, GREEN)));
                    }
                }
            }
        }
        if self.settings.split && !original {
            let x = rect.left() + at * rect.width();
            painter.vline(x, rect.y_range(), Stroke::new(2.0, Color32::WHITE));
            painter.circle_filled(pos2(x, rect.center().y), 7.0, Color32::WHITE);
        }
        let corner = rect.left_top() + Vec2::new(12.0, 12.0);
        if original {
            painter.text(corner, Align2::LEFT_TOP, "original", FontId::proportional(15.0), Color32::WHITE);
        }
        if let Some(since) = self.worker.newest().recording {
            let seconds = since.elapsed().as_secs();
            // A still picture does not repaint the window by itself.
            ui.ctx().request_repaint_after(Duration::from_millis(500));
            let text = format!("{}:{:02}", seconds / 60, seconds % 60);
            let corner = rect.right_top() + Vec2::new(-14.0, 12.0);
            let written = painter.text(corner, Align2::RIGHT_TOP, text, FontId::proportional(15.0), Color32::WHITE);
            let dot = pos2(written.left() - 12.0, written.center().y);
            painter.circle_filled(dot, 5.0, Color32::from_rgb(235, 50, 50));
        }
        if let (true, Some(pointer)) = (self.settings.split, response.interact_pointer_pos()) {
            self.settings.split_at = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        }
    }

    pub(super) fn meter(&self, ui: &mut egui::Ui) {
        let newest = self.worker.newest();
        let (times, dropped, faces, still) = (newest.times, newest.dropped, newest.faces, newest.still);
        drop(newest);
        let meter = self.meter.borrow();
        let ms = |time: Duration| time.as_secs_f32() * 1e3;
        let work = format!("track {:.1}, retouch {:.1} ms", ms(times.track), ms(times.upload + times.gpu));
        let (faces, adapter) = (crate::common::count(faces), self.gpu.adapter());
        let text = if still {
            format!("still picture   {work}   {faces}   {adapter}")
        } else {
            let (seconds, frames) = meter.lateness();
            format!(
                "{:.0} fps   {:.0} ms late ({frames:.1} frames)   {work}   {} dropped   {faces}   {adapter}",
                meter.rate(),
                seconds * 1e3,
                dropped + meter.skipped(),
            )
        };
        ui.add(egui::Label::new(RichText::new(text).size(11.0)).truncate());
    }
}
