//! What one sees: the picture, and beside it what can be changed.

mod amounts;
mod canvas;
mod panel;
mod picture;
mod previews;
mod widgets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Color32, Key, RichText, Vec2};
use glowup::{Gpu, Look, wgpu};

use amounts::Amounts;
use canvas::Canvas;
use previews::Previews;

use crate::common::Failure;
use crate::drawing::Drawing;
use crate::meter;
use crate::retouch::FrameTextures;
use crate::settings::{Overlay, SavedLook, Settings, Store};
use crate::source::SourceSpec;
use crate::source::camera::Cameras;
use crate::worker::{Controls, Worker};

/// How long a note stays on the screen.
const NOTE_DURATION: Duration = Duration::from_secs(4);
/// How long after a change the settings are saved.
const SAVE_DELAY: Duration = Duration::from_secs(2);

const KEYS: [(&str, &str); 17] = [
    ("B (hold)", "see the original"),
    ("S", "split: original left, retouched right"),
    ("M", "mirror"),
    ("L  O  K  W", "landmarks, contours, skin, warp"),
    ("P", "snapshot, before and after"),
    ("R", "start and end a recording"),
    ("0 to 9", "looks in their order, the first none"),
    ("V", "looks as small pictures of you"),
    ("N", "name and save this look"),
    ("Delete", "delete this look, if it is your own"),
    ("C  D", "camera, moving portrait"),
    ("F", "type a file's name"),
    ("T", "light or dark"),
    ("/", "search the settings; Esc clears"),
    ("Tab  Arrows", "go from control to control, move a slider"),
    ("H", "this help"),
    ("Esc", "leave a field, quit"),
];

/// What the window starts with.
pub struct Startup {
    pub settings: Settings,
    pub store: Store,
    /// What there is to tell about the settings.
    pub message: Option<String>,
    /// Where snapshots and recordings go.
    pub folder: PathBuf,
    pub sink: Option<PathBuf>,
    pub stats: Option<PathBuf>,
    pub quit_after: Option<Duration>,
}

pub struct Window {
    worker: Worker,
    gpu: Gpu,
    canvas: Canvas,
    meter: meter::Shared,
    settings: Settings,
    /// What the worker knows of the settings.
    sent: (Look, Overlay),
    store: Store,
    changed: Option<Instant>,
    stats: Option<PathBuf>,
    cameras: Cameras,
    /// Whether a list is open.
    list_open: bool,
    amounts: Amounts,
    /// The name of a look that is being typed.
    name: String,
    /// The name of a file, while one is being typed.
    file: Option<String>,
    /// A field that is to get the keyboard.
    focus: Option<&'static str>,
    /// Whether anything had the keyboard when the window was drawn last.
    had_focus: bool,
    help: bool,
    previews: Previews,
    shown: Option<Shown>,
    notes: Vec<(String, Instant)>,
    /// What was told last.
    told: Vec<String>,
    quit_at: Option<Instant>,
}

/// The pictures on the screen.
struct Shown {
    number: u64,
    /// Held, so that nobody writes to what is painted.
    textures: Arc<FrameTextures>,
    drawing: Drawing,
}

impl Window {
    pub fn new(context: &eframe::CreationContext<'_>, startup: Startup, meter: meter::Shared) -> Result<Self, Failure> {
        let Some(screen) = &context.wgpu_render_state else { return Err("the window has no graphics device".into()) };
        let gpu = Gpu::from_device(screen.device.clone(), screen.queue.clone());
        meter.borrow_mut().watch(&gpu)?;
        let settings = startup.settings;
        let controls = Controls {
            look: settings.look.clone(),
            overlay: settings.overlay,
            source: settings.source.clone(),
            choice: 0,
            folder: startup.folder,
            snapshot: false,
            record: false,
            previews: None,
            quit: false,
        };
        set_theme(&context.egui_ctx, settings.dark);
        context.egui_ctx.all_styles_mut(set_style);
        let now = Instant::now();
        Ok(Self {
            worker: Worker::start(&gpu, context.egui_ctx.clone(), controls, startup.sink)?,
            gpu,
            canvas: Canvas::new(screen),
            meter,
            sent: (settings.look.clone(), settings.overlay),
            settings,
            store: startup.store,
            changed: None,
            stats: startup.stats,
            cameras: Cameras::default(),
            list_open: false,
            amounts: Amounts::default(),
            name: String::new(),
            file: None,
            focus: None,
            had_focus: false,
            help: false,
            previews: Previews::default(),
            shown: None,
            // Shown longer than other notes: it says that settings were lost.
            notes: startup.message.map(|message| (message, now + 2 * NOTE_DURATION)).into_iter().collect(),
            told: Vec::new(),
            quit_at: startup.quit_after.map(|after| now + after),
        })
    }

    fn note(&mut self, text: String) {
        self.notes.push((text, Instant::now() + NOTE_DURATION));
    }

    fn choose(&mut self, source: SourceSpec) {
        self.settings.mirror = matches!(source, SourceSpec::Camera(..));
        self.settings.source = source.clone();
        self.worker.control(|controls| {
            controls.source = source;
            controls.choice += 1;
        });
    }

    fn open_file(&mut self, path: PathBuf) {
        // The settings outlive the folder that the program was started in.
        self.choose(SourceSpec::File(std::path::absolute(&path).unwrap_or(path)));
    }

    fn snapshot(&mut self) {
        self.worker.control(|controls| controls.snapshot = true);
    }

    fn record(&mut self) {
        self.worker.control(|controls| controls.record = !controls.record);
    }

    fn toggle(&mut self, overlay: Overlay) {
        let now = &mut self.settings.overlay;
        *now = if *now == overlay { Overlay::None } else { overlay };
    }

    /// Saves the look in force under the name that was typed.
    fn save_look(&mut self) {
        let name = self.name.trim().to_owned();
        if name.is_empty() {
            return self.note("Give the look a name first.".to_owned());
        }
        if Look::PRESETS.iter().any(|(known, _)| *known == name) {
            return self.note(format!("{name} is a look that comes with the program: give yours another name."));
        }
        let look = self.settings.look.clone();
        match self.settings.looks.iter_mut().find(|own| own.name == name) {
            Some(own) => own.look = look,
            None => self.settings.looks.push(SavedLook { name: name.clone(), look }),
        }
        self.name.clear();
        self.note(format!("The look {name} is saved."));
    }

    /// Deletes the look in force, where it is one of the user's own.
    fn delete_look(&mut self) {
        let look = &self.settings.look;
        if let Some(index) = self.settings.looks.iter().position(|own| own.look == *look) {
            let own = self.settings.looks.remove(index);
            self.note(format!("The look {} is deleted.", own.name));
        }
    }

    fn keys(&mut self, context: &egui::Context) {
        let over = self.quit_at.is_some_and(|at| Instant::now() >= at);
        let pressed = |key| context.input(|input| input.key_pressed(key) && input.modifiers.is_none());
        if over {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        if let Some(file) = context.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned())) {
            self.open_file(file);
        }
        // Letters go to the field that is being typed in.
        if context.egui_wants_keyboard_input() {
            return;
        }
        if pressed(Key::Slash) {
            self.amounts.start_search();
        }
        // An Escape that has just left a field does no more than that.
        if pressed(Key::Escape) && self.amounts.is_searching() {
            self.amounts.clear_search();
        } else if pressed(Key::Escape) && !self.had_focus {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        if pressed(Key::S) {
            self.settings.split = !self.settings.split;
        }
        if pressed(Key::M) {
            self.settings.mirror = !self.settings.mirror;
        }
        if pressed(Key::L) {
            self.toggle(Overlay::Landmarks);
        }
        if pressed(Key::O) {
            self.toggle(Overlay::Contours);
        }
        if pressed(Key::K) {
            self.toggle(Overlay::Skin);
        }
        if pressed(Key::W) {
            self.toggle(Overlay::Warp);
        }
        if pressed(Key::V) {
            self.previews.open = !self.previews.open;
        }
        if pressed(Key::H) || pressed(Key::F1) {
            self.help = !self.help;
        }
        if pressed(Key::P) {
            self.snapshot();
        }
        if pressed(Key::R) {
            self.record();
        }
        if pressed(Key::N) {
            // The field is not there while the settings are searched.
            self.amounts.clear_search();
            self.focus = Some("name");
        }
        if pressed(Key::F) {
            self.file.get_or_insert_default();
            self.focus = Some("file");
        }
        if pressed(Key::Delete) {
            self.delete_look();
        }
        if pressed(Key::T) {
            self.settings.dark = !self.settings.dark;
        }
        if pressed(Key::C) {
            self.choose(SourceSpec::Camera(0, None));
        }
        if pressed(Key::D) {
            self.choose(SourceSpec::Demo);
        }
        let keys = [
            Key::Num0,
            Key::Num1,
            Key::Num2,
            Key::Num3,
            Key::Num4,
            Key::Num5,
            Key::Num6,
            Key::Num7,
            Key::Num8,
            Key::Num9,
        ];
        let looks = Look::PRESETS
            .into_iter()
            .map(|(_, look)| look)
            .chain(self.settings.looks.iter().map(|own| own.look.clone()));
        if let Some((_, look)) = keys.into_iter().zip(looks).find(|(key, _)| pressed(*key)) {
            self.settings.look = look;
        }
    }

    /// Takes the newest result over for painting.
    fn refresh(&mut self) {
        let newest = self.worker.newest();
        let last = self.shown.as_ref().map_or(0, |shown| shown.number);
        let Some(textures) = newest.textures.clone().filter(|_| newest.number != last) else { return };
        if let Some(since) = newest.since {
            let skipped = newest.number - last - 1;
            self.meter.borrow_mut().picture(since, newest.interval, &newest.times, skipped);
        }
        self.shown = Some(Shown { number: newest.number, textures, drawing: newest.drawing.clone() });
    }

    /// What there is to say goes over the lower edge of the picture.
    fn notices(&mut self, ui: &egui::Ui, place: egui::Rect) {
        let until = Instant::now() + NOTE_DURATION;
        self.notes.extend(self.worker.notes().take().into_iter().map(|note| (note, until)));
        let message = self.worker.newest().message.clone();
        let texts = || message.iter().chain(self.notes.iter().map(|(text, _)| text));
        for text in texts().filter(|text| !self.told.contains(text)) {
            self.meter.borrow_mut().message(text);
        }
        self.told = texts().cloned().collect();
        let now = Instant::now();
        self.notes.retain(|(_, until)| *until > now);
        if let Some((_, until)) = self.notes.first() {
            ui.ctx().request_repaint_after(*until - now);
        }
        let mut bottom = place.bottom() - 14.0;
        let notes = self.notes.iter().rev().map(|(text, _)| text).take(3);
        for text in message.iter().chain(notes) {
            let font = egui::FontId::proportional(14.0);
            let laid = ui.painter().layout(text.clone(), font, Color32::WHITE, place.width() - 60.0);
            let size = laid.size() + Vec2::new(24.0, 14.0);
            let back = egui::Rect::from_center_size(egui::pos2(place.center().x, bottom - size.y / 2.0), size);
            ui.painter().rect_filled(back, 8.0, Color32::from_black_alpha(210));
            ui.painter().galley(back.min + Vec2::new(12.0, 7.0), laid, Color32::WHITE);
            bottom -= size.y + 6.0;
        }
    }

    fn help_overlay(&mut self, context: &egui::Context) {
        let window = egui::Window::new("Keys").open(&mut self.help).collapsible(false).resizable(false);
        window.anchor(egui::Align2::CENTER_CENTER, Vec2::ZERO).show(context, |ui| {
            egui::Grid::new("keys").num_columns(2).spacing([24.0, 5.0]).show(ui, |ui| {
                for (key, does) in KEYS {
                    ui.label(RichText::new(key).monospace());
                    ui.label(does);
                    ui.end_row();
                }
            });
        });
    }

    /// Saves the settings once they have not changed for a while.
    fn remember(&mut self, context: &egui::Context, before: &Settings) {
        self.settings.size = context.input(|input| input.viewport_rect().size().into());
        if self.settings != *before {
            self.changed = Some(Instant::now());
        }
        if self.changed.is_some_and(|changed| changed.elapsed() > SAVE_DELAY) {
            self.changed = None;
            if let Err(failure) = self.save() {
                self.note(failure.to_string());
            }
        } else if self.changed.is_some() {
            context.request_repaint_after(SAVE_DELAY);
        }
    }

    fn save(&mut self) -> Result<(), Failure> {
        let mut settings = self.settings.clone();
        // A source that only serves tests is nobody's habit.
        if matches!(settings.source, SourceSpec::Faulty(_)) {
            settings.source = SourceSpec::Demo;
        }
        self.store.save(&settings)
    }
}

fn set_theme(context: &egui::Context, dark: bool) {
    context.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
}

/// Text that stands out more than egui's own, its faintest by 4.5 to 1. A scroll bar that is always to be seen where there is
/// more than fits, and whose room is kept where there is not.
fn set_style(style: &mut egui::Style) {
    let text = Color32::from_gray(if style.visuals.dark_mode { 180 } else { 50 });
    style.visuals.widgets.noninteractive.fg_stroke.color = text;
    style.visuals.weak_text_alpha = 0.72;
    style.spacing.scroll = egui::style::ScrollStyle {
        bar_width: 7.0,
        floating_width: 5.0,
        floating_allocated_width: 10.0,
        foreground_color: true,
        dormant_background_opacity: 0.2,
        dormant_handle_opacity: 0.35,
        active_background_opacity: 0.2,
        active_handle_opacity: 0.5,
        ..egui::style::ScrollStyle::thin()
    };
    style.spacing.item_spacing = Vec2::new(6.0, 4.0);
    style.spacing.interact_size.y = widgets::ROW_HEIGHT;
    style.interaction.tooltip_delay = 0.4;
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        // Where a processor draws there is no beam to wait for, and a window that waited would answer late.
        if self.gpu.is_software()
            && let Some(mut config) = frame.wgpu_surface_config()
            && config.present_mode != wgpu::PresentMode::AutoNoVsync
        {
            config.present_mode = wgpu::PresentMode::AutoNoVsync;
            frame.set_wgpu_surface_config(config);
        }
        self.meter.borrow_mut().drawing();
        let context = ui.ctx().clone();
        let before = self.settings.clone();
        self.keys(&context);
        self.refresh();
        // Without a background: the window is cleared to their colour anyway, and to fill them again would double what they cost.
        let bare = |margin| egui::Frame::NONE.inner_margin(margin);
        let width = panel::width(ui.available_width());
        let panel = egui::Panel::right("controls").resizable(false).exact_size(width).frame(bare(0));
        panel.show(ui, |ui| self.panel(ui));
        egui::Panel::bottom("meter").resizable(false).frame(bare(4)).show(ui, |ui| self.meter(ui));
        let place = ui.available_rect_before_wrap();
        egui::CentralPanel::default().frame(bare(8)).show(ui, |ui| self.picture(ui));
        self.notices(ui, place);
        self.help_overlay(&context);
        self.had_focus = context.egui_wants_keyboard_input();
        let settings = &self.settings;
        if (&settings.look, settings.overlay) != (&self.sent.0, self.sent.1) {
            self.sent = (settings.look.clone(), settings.overlay);
            let (look, overlay) = self.sent.clone();
            self.worker.control(|controls| (controls.look, controls.overlay) = (look, overlay));
        }
        self.ask_for_previews();
        if self.settings.dark != before.dark {
            set_theme(&context, self.settings.dark);
        }
        self.remember(&context, &before);
        if let Some(at) = self.quit_at {
            context.request_repaint_after(at.saturating_duration_since(Instant::now()));
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        // There is no window any more to say it in.
        let say = |outcome: Result<(), Failure>| {
            if let Err(failure) = outcome {
                eprintln!("{failure}");
            }
        };
        say(self.save());
        if let Some(path) = &self.stats {
            let dropped = self.worker.newest().dropped;
            say(self.meter.borrow().write(path, self.gpu.adapter(), dropped));
        }
    }
}
