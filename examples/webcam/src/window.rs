//! What one sees: the picture, and beside it what can be changed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, Color32, Key, RichText, Sense, TextureHandle, TextureOptions, Vec2};
use glowup::{Gpu, Look};

use crate::common::Failure;
use crate::common::media::write_picture;
use crate::source::{Picture, Wanted};
use crate::worker::{Controls, Worker};

/// How long a note stays on the screen.
const NOTE: Duration = Duration::from_secs(4);

const KEYS: [(&str, &str); 9] = [
    ("B (hold)", "see the original"),
    ("S", "split: original left, retouched right"),
    ("M", "mirror"),
    ("L", "landmarks"),
    ("P", "snapshot, before and after"),
    ("0 1 2 3", "looks: none, natural, soft, glam"),
    ("C  D", "camera, moving portrait"),
    ("H", "this help"),
    ("Esc", "quit"),
];

pub struct Window {
    worker: Worker,
    adapter: String,
    look: Look,
    source: Wanted,
    /// Share of the picture's width that shows the original; `None` where it is not split.
    split: Option<f32>,
    mirror: bool,
    landmarks: bool,
    help: bool,
    snapshots: PathBuf,
    textures: Option<[TextureHandle; 2]>,
    shown: u64,
    size: Vec2,
    note: Option<(String, Instant)>,
    quit_at: Option<Instant>,
}

impl Window {
    pub fn new(
        context: &eframe::CreationContext<'_>,
        source: Wanted,
        look: Look,
        snapshots: PathBuf,
        quit_after: Option<Duration>,
    ) -> Result<Self, Failure> {
        let Some(state) = &context.wgpu_render_state else { return Err("the window has no graphics device".into()) };
        let gpu = Gpu::from_device(state.device.clone(), state.queue.clone());
        let controls = Controls { look, source: source.clone(), quit: false };
        Ok(Self {
            worker: Worker::start(&gpu, context.egui_ctx.clone(), controls)?,
            adapter: gpu.adapter().to_owned(),
            look,
            mirror: matches!(source, Wanted::Camera(_)),
            source,
            split: None,
            landmarks: false,
            help: false,
            snapshots,
            textures: None,
            shown: 0,
            size: Vec2::new(4.0, 3.0),
            note: None,
            quit_at: quit_after.map(|after| Instant::now() + after),
        })
    }

    fn choose(&mut self, source: Wanted) {
        self.mirror = matches!(source, Wanted::Camera(_));
        self.source = source.clone();
        self.worker.control(|controls| controls.source = source);
    }

    fn keys(&mut self, context: &egui::Context) {
        let pressed = |key| context.input(|input| input.key_pressed(key));
        if pressed(Key::S) {
            self.split = if self.split.is_some() { None } else { Some(0.5) };
        }
        if pressed(Key::M) {
            self.mirror = !self.mirror;
        }
        if pressed(Key::L) {
            self.landmarks = !self.landmarks;
        }
        if pressed(Key::H) || pressed(Key::F1) {
            self.help = !self.help;
        }
        if pressed(Key::P) {
            self.snapshot();
        }
        if pressed(Key::C) {
            self.choose(Wanted::Camera(0));
        }
        if pressed(Key::D) {
            self.choose(Wanted::Demo);
        }
        for (key, (_, look)) in [Key::Num0, Key::Num1, Key::Num2, Key::Num3].into_iter().zip(Look::PRESETS) {
            if pressed(key) {
                self.look = look;
            }
        }
        let late = self.quit_at.is_some_and(|at| Instant::now() >= at);
        if pressed(Key::Escape) || late {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        if let Some(file) = context.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned())) {
            self.choose(Wanted::File(file));
        }
    }

    /// Takes the newest result over into the textures that are painted.
    fn refresh(&mut self, context: &egui::Context) {
        let newest = self.worker.newest();
        if newest.number == self.shown {
            return;
        }
        self.shown = newest.number;
        self.size = Vec2::new(newest.after.width as f32, newest.after.height as f32);
        let images = [&newest.before, &newest.after].map(|picture: &Picture| {
            egui::ColorImage::from_rgba_unmultiplied([picture.width as usize, picture.height as usize], &picture.pixels)
        });
        drop(newest);
        match &mut self.textures {
            Some(textures) => {
                for (texture, image) in textures.iter_mut().zip(images) {
                    texture.set(image, TextureOptions::LINEAR);
                }
            }
            None => {
                let [before, after] = images;
                self.textures = Some([
                    context.load_texture("before", before, TextureOptions::LINEAR),
                    context.load_texture("after", after, TextureOptions::LINEAR),
                ]);
            }
        }
    }

    fn snapshot(&mut self) {
        let newest = self.worker.newest();
        let moment = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mut outcome = Ok(());
        for (picture, name) in [(&newest.before, "before"), (&newest.after, "after")] {
            let path = self.snapshots.join(format!("glowup-{}-{name}.png", moment.as_secs()));
            let image = image::RgbaImage::from_raw(picture.width, picture.height, picture.pixels.clone());
            outcome = outcome.and(match image {
                Some(image) => write_picture(&path, &image),
                None => Err("There is no picture yet.".into()),
            });
        }
        drop(newest);
        let text = match outcome {
            Ok(()) => format!("Snapshot saved to {}", self.snapshots.display()),
            Err(failure) => failure.to_string(),
        };
        self.note = Some((text, Instant::now()));
    }

    fn panel(&mut self, ui: &mut egui::Ui) {
        ui.add_space(10.0);
        ui.label(RichText::new("glowup").size(20.0).strong());
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (name, look) in Look::PRESETS {
                if ui.selectable_label(self.look == look, name).clicked() {
                    self.look = look;
                }
            }
        });
        ui.add_space(12.0);
        let neutral = Look::NATURAL;
        for (name, hint, value, reset, least) in [
            ("Smooth", "Evens the skin; pores stay", &mut self.look.smooth, neutral.smooth, 0.0),
            ("Tone", "Evens the skin's colour; it is not lightened", &mut self.look.tone, neutral.tone, 0.0),
            ("Slim", "Narrows the lower face", &mut self.look.slim, neutral.slim, 0.0),
            ("Brighten", "Makes the skin brighter or darker", &mut self.look.brighten, neutral.brighten, -1.0),
            ("Warmth", "Makes the skin more golden or cooler", &mut self.look.warmth, neutral.warmth, -1.0),
            ("Ruddy", "Makes the skin rosier or paler", &mut self.look.ruddy, neutral.ruddy, -1.0),
        ] {
            ui.horizontal(|ui| {
                ui.label(name).on_hover_text(hint);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    ui.label(RichText::new(format!("{:.0}", *value * 100.0)).monospace());
                });
            });
            ui.spacing_mut().slider_width = ui.available_width();
            let slider = ui.add(egui::Slider::new(value, least..=1.0).show_value(false));
            if slider.on_hover_text("Double-click to reset").double_clicked() {
                *value = reset;
            }
            ui.add_space(6.0);
        }
        ui.separator();
        let mut split = self.split.is_some();
        if ui.checkbox(&mut split, "Split before and after").changed() {
            self.split = split.then_some(0.5);
        }
        ui.checkbox(&mut self.mirror, "Mirror");
        ui.checkbox(&mut self.landmarks, "Landmarks");
        ui.separator();
        let mut chosen = None;
        ui.horizontal_wrapped(|ui| {
            ui.label("Source");
            if ui.selectable_label(matches!(self.source, Wanted::Camera(_)), "camera").clicked() {
                chosen = Some(Wanted::Camera(0));
            }
            if ui.selectable_label(self.source == Wanted::Demo, "portrait").clicked() {
                chosen = Some(Wanted::Demo);
            }
        });
        ui.label(RichText::new("or drop a clip or picture into the window").weak().small());
        if let Some(source) = chosen {
            self.choose(source);
        }
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if ui.button("Snapshot").clicked() {
                self.snapshot();
            }
            if ui.button("Keys").clicked() {
                self.help = !self.help;
            }
            let dark = ui.visuals().dark_mode;
            if ui.button(if dark { "Light" } else { "Dark" }).clicked() {
                ui.ctx().set_theme(if dark { egui::Theme::Light } else { egui::Theme::Dark });
            }
        });
    }

    fn meter(&self, ui: &mut egui::Ui) {
        let newest = self.worker.newest();
        let ms =
            |time: Option<Duration>| time.map_or_else(|| "–".to_owned(), |t| format!("{:.1}", t.as_secs_f32() * 1e3));
        let stats = &newest.stats;
        let text = format!(
            "{:.0} fps   {} ms (track {}, retouch {})   {} {}   {}   {}",
            newest.rate,
            ms(Some(stats.frame)),
            ms(Some(stats.track)),
            ms(stats.gpu),
            newest.faces,
            if newest.faces == 1 { "face" } else { "faces" },
            self.source,
            self.adapter,
        );
        drop(newest);
        ui.add(egui::Label::new(RichText::new(text).small().weak()).truncate());
    }

    fn picture(&mut self, ui: &mut egui::Ui) {
        let space = ui.available_rect_before_wrap();
        let painter = ui.painter_at(space);
        let Some([before, after]) = &self.textures else {
            let text = "Waiting for the first picture …";
            painter.text(
                space.center(),
                egui::Align2::CENTER_CENTER,
                text,
                egui::FontId::proportional(16.0),
                Color32::GRAY,
            );
            return;
        };
        let scale = (space.width() / self.size.x).min(space.height() / self.size.y);
        let rect = egui::Rect::from_center_size(space.center(), self.size * scale);
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        let original = ui.input(|input| input.key_down(Key::B));
        let part = |from: f32, to: f32, texture: &TextureHandle| {
            let place = egui::Rect::from_min_max(
                egui::pos2(rect.left() + from * rect.width(), rect.top()),
                egui::pos2(rect.left() + to * rect.width(), rect.bottom()),
            );
            let (u0, u1) = if self.mirror { (1.0 - from, 1.0 - to) } else { (from, to) };
            let uv = egui::Rect::from_min_max(egui::pos2(u0, 0.0), egui::pos2(u1, 1.0));
            painter.image(texture.id(), place, uv, Color32::WHITE);
        };
        match self.split {
            _ if original => part(0.0, 1.0, before),
            None => part(0.0, 1.0, after),
            Some(split) => {
                part(0.0, split, before);
                part(split, 1.0, after);
                let x = rect.left() + split * rect.width();
                painter.vline(x, rect.y_range(), egui::Stroke::new(2.0, Color32::WHITE));
                painter.circle_filled(egui::pos2(x, rect.center().y), 7.0, Color32::WHITE);
            }
        }
        if let (Some(split), Some(pointer)) = (&mut self.split, response.interact_pointer_pos()) {
            *split = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        }
        if self.landmarks {
            for point in &self.worker.newest().points {
                let u = point[0] / self.size.x;
                let x = rect.left() + if self.mirror { 1.0 - u } else { u } * rect.width();
                let y = rect.top() + point[1] / self.size.y * rect.height();
                painter.circle_filled(egui::pos2(x, y), 1.2, Color32::from_rgb(90, 240, 150));
            }
        }
        if original {
            let place = rect.left_top() + Vec2::new(12.0, 12.0);
            painter.text(place, egui::Align2::LEFT_TOP, "original", egui::FontId::proportional(15.0), Color32::WHITE);
        }
    }

    /// What there is to say goes over the lower edge of the picture.
    fn notices(&self, ui: &egui::Ui, place: egui::Rect) {
        let message = self.worker.newest().message.clone();
        let note = self.note.as_ref().filter(|(_, since)| since.elapsed() < NOTE).map(|(text, _)| text.clone());
        let Some(text) = note.or(message) else { return };
        let font = egui::FontId::proportional(14.0);
        let laid = ui.painter().layout(text, font, Color32::WHITE, place.width() - 60.0);
        let size = laid.size() + Vec2::new(24.0, 14.0);
        let centre = egui::pos2(place.center().x, place.bottom() - size.y / 2.0 - 14.0);
        let back = egui::Rect::from_center_size(centre, size);
        ui.painter().rect_filled(back, 8.0, Color32::from_black_alpha(200));
        ui.painter().galley(back.min + Vec2::new(12.0, 7.0), laid, Color32::WHITE);
    }

    fn help_overlay(&mut self, context: &egui::Context) {
        let window = egui::Window::new("Keys").open(&mut self.help).collapsible(false).resizable(false);
        window.anchor(egui::Align2::CENTER_CENTER, Vec2::ZERO).show(context, |ui| {
            egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for (key, does) in KEYS {
                    ui.label(RichText::new(key).monospace());
                    ui.label(does);
                    ui.end_row();
                }
            });
        });
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let context = ui.ctx().clone();
        self.keys(&context);
        self.refresh(&context);
        egui::Panel::right("controls").resizable(false).exact_size(240.0).show(ui, |ui| self.panel(ui));
        egui::Panel::bottom("meter").resizable(false).show(ui, |ui| self.meter(ui));
        let place = ui.available_rect_before_wrap();
        egui::CentralPanel::default().show(ui, |ui| self.picture(ui));
        self.notices(ui, place);
        self.help_overlay(&context);
        let look = self.look;
        self.worker.control(|controls| controls.look = look);
        if self.quit_at.is_some() {
            context.request_repaint_after(Duration::from_millis(200));
        }
    }
}
