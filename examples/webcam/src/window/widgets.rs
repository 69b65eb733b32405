//! What a setting is changed with: one widget for each kind of value.

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{
    self, Align, Align2, EventFilter, FontId, Key, Rect, Response, RichText, Sense, Stroke, TextStyle, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};
use glowup::{Color, Kind, Value};

/// Height of a row of the panel.
pub const ROW_HEIGHT: f32 = 24.0;
/// Width of an amount's number.
const NUMBER_WIDTH: f32 = 32.0;
const KNOB_RADIUS: f32 = 6.5;
/// Side of a swatch.
const SWATCH: f32 = 15.0;
/// An amount that goes both ways stays at 0 where it is dragged to within so many points of it.
const SNAP: f32 = 3.0;

/// A widget for a value of that kind, as wide as there is room. Returns the new value where the user has changed it.
pub fn edit(ui: &mut Ui, label: &str, kind: &Kind, value: &Value) -> (Response, Option<Value>) {
    match (kind, value) {
        (Kind::Amount { min }, Value::Amount(amount)) => {
            let width = ui.available_width() - NUMBER_WIDTH - ui.spacing().item_spacing.x;
            let mut now = *amount;
            let response = slider(ui, label, width, *min, &mut now);
            number(ui, *min, now);
            (response, (now != *amount).then_some(Value::Amount(now)))
        }
        (Kind::Color(swatches), Value::Color(color)) => {
            let mut rgb = [color.r, color.g, color.b];
            let response = ui.color_edit_button_srgb(&mut rgb);
            let [r, g, b] = rgb;
            let mut now = Color { r, g, b };
            if swatches.is_empty() {
                ui.label(RichText::new(color.to_string()).monospace());
            }
            ui.spacing_mut().item_spacing.x = 2.0;
            for swatch in swatches.iter().filter(|_| now == *color) {
                if swatch_button(ui, *swatch, swatch == color).clicked() {
                    now = *swatch;
                    break;
                }
            }
            (response, (now != *color).then_some(Value::Color(now)))
        }
        (Kind::Choice(words), Value::Choice(word)) => {
            let mut now = *word;
            let list = egui::ComboBox::from_id_salt(("choice", label)).width(ui.available_width()).selected_text(*word);
            let shown = list.truncate().show_ui(ui, |ui| {
                for word in *words {
                    ui.selectable_value(&mut now, *word, *word);
                }
            });
            (shown.response, (now != *word).then_some(Value::Choice(now)))
        }
        (Kind::File(endings), Value::File(path)) => file(ui, label, endings, path.as_ref()),
        // A kind of a newer library, which this panel has no widget for.
        _ => (ui.weak(value.to_string()), None),
    }
}

/// A round button of that colour, ringed where it is the one chosen.
fn swatch_button(ui: &mut Ui, color: Color, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SWATCH), Sense::click());
    let (enabled, name) = (ui.is_enabled(), color.to_string());
    response.widget_info(|| WidgetInfo::selected(egui::Role::RadioButton, enabled, chosen, &name));
    if ui.is_rect_visible(rect) {
        let style = ui.style().interact_selectable(&response, chosen);
        let strong = chosen || response.has_focus() || response.hovered();
        let ring = if strong {
            Stroke::new(2.0, style.fg_stroke.color)
        } else {
            ui.visuals().widgets.noninteractive.bg_stroke
        };
        ui.painter().circle(
            rect.center(),
            0.5 * SWATCH - 1.5,
            egui::Color32::from_rgb(color.r, color.g, color.b),
            ring,
        );
    }
    response.on_hover_text(name)
}

/// A slider from `min` to 1, filled from 0 to its value.
fn slider(ui: &mut Ui, label: &str, width: f32, min: f32, value: &mut f32) -> Response {
    let (rect, mut response) = ui.allocate_exact_size(vec2(width.max(40.0), ROW_HEIGHT), Sense::click_and_drag());
    let rail = rect.x_range().shrink(KNOB_RADIUS);
    let place = |value: f32| egui::remap_clamp(value, min..=1.0, rail.min..=rail.max);
    let mut now = *value;
    if let Some(pointer) = response.interact_pointer_pos() {
        now = egui::remap_clamp(pointer.x, rail.min..=rail.max, min..=1.0);
        if min < 0.0 && (pointer.x - place(0.0)).abs() < SNAP {
            now = 0.0;
        }
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let (steps, large) = ui.input(|input| {
            let presses = |key| input.num_presses(key) as f32;
            (presses(Key::ArrowRight) - presses(Key::ArrowLeft), input.modifiers.shift)
        });
        now += steps * if large { 0.1 } else { 0.01 };
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if now != *value {
        // Hundredths, which is what the number shows. The sum takes a negative zero away.
        *value = (now.clamp(min, 1.0) * 100.0).round() / 100.0 + 0.0;
        response.mark_changed();
    }
    let (enabled, amount) = (ui.is_enabled(), f64::from(*value));
    response.widget_info(|| WidgetInfo::slider(enabled, amount, label));
    if ui.is_rect_visible(rect) {
        let (visuals, painter) = (ui.visuals(), ui.painter());
        let line = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, rect.center().y - 2.0..=rect.center().y + 2.0);
        let (zero, at) = (place(0.0), place(*value));
        painter.rect_filled(line(rail.min, rail.max), 2.0, visuals.widgets.inactive.bg_fill);
        if min < 0.0 {
            let tick = Stroke::new(1.0, visuals.weak_text_color());
            painter.vline(zero, rect.center().y - 5.0..=rect.center().y + 5.0, tick);
        }
        painter.rect_filled(line(zero.min(at), zero.max(at)), 2.0, visuals.selection.bg_fill);
        let style = ui.style().interact(&response);
        let knob = if *value == 0.0 { visuals.widgets.inactive.bg_fill } else { visuals.selection.bg_fill };
        let radius = KNOB_RADIUS + style.expansion.min(1.0);
        let outline = if response.has_focus() { 2.0 } else { 1.5 };
        painter.circle(pos2(at, rect.center().y), radius, knob, Stroke::new(outline, style.fg_stroke.color));
    }
    response
}

/// An amount in hundredths, with its sign where it goes both ways.
fn number(ui: &mut Ui, min: f32, value: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(NUMBER_WIDTH, ROW_HEIGHT), Sense::hover());
    let hundredths = value * 100.0;
    let text = if value == 0.0 {
        "0".to_owned()
    } else if min < 0.0 {
        format!("{hundredths:+.0}").replace('-', "−")
    } else {
        format!("{hundredths:.0}")
    };
    let color = if value == 0.0 { ui.visuals().weak_text_color() } else { ui.visuals().strong_text_color() };
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, text, FontId::monospace(12.0), color);
}

/// A field for a file's name; it holds once Enter is pressed or the field is left.
fn file(ui: &mut Ui, label: &str, endings: &[&str], path: Option<&Arc<Path>>) -> (Response, Option<Value>) {
    let id = ui.make_persistent_id(("file", label));
    let now = path.map_or_else(String::new, |path| path.display().to_string());
    // What is typed, but not entered yet.
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let mut text = typed.unwrap_or_else(|| now.clone());
    let hint = if endings.is_empty() { "file".to_owned() } else { format!("file.{}", endings.join(", .")) };
    let field = egui::TextEdit::singleline(&mut text).id(id).hint_text(hint).desired_width(ui.available_width());
    let response = ui.add(field);
    if response.lost_focus() {
        ui.data_mut(|data| data.remove::<String>(id));
        let text = text.trim();
        let path = (!text.is_empty()).then(|| Path::new(text).into());
        let left = ui.input(|input| input.key_pressed(Key::Escape));
        return (response, (text != now && !left).then_some(Value::File(path)));
    }
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    }
    (response, None)
}

/// A small button that takes a change back.
pub fn reset_button(ui: &mut Ui, rect: Rect, hint: &str) -> bool {
    let button = egui::Button::new(RichText::new("↺").monospace().size(16.0)).frame(false).min_size(Vec2::ZERO);
    // The sign stands low in its font.
    let rect = rect.translate(vec2(0.0, -1.5));
    cell(ui, rect, |ui| ui.centered_and_justified(|ui| ui.add(button)).inner).on_hover_text(hint).clicked()
}

/// A button that is on or off.
pub fn toggle(ui: &mut Ui, on: bool, text: &str, width: f32) -> Response {
    ui.add_sized([width, ROW_HEIGHT], egui::Button::new(text).selected(on).truncate())
}

/// The heading of a group of rows, which folds it; `acting` is how many of its amounts are not 0. Returns the heading, and the
/// place for a button at its right end.
pub fn heading(ui: &mut Ui, label: &str, open: bool, acting: usize, button_width: f32) -> (Response, Rect) {
    let size = vec2(ui.available_width(), ROW_HEIGHT + 2.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(egui::Role::DisclosureTriangle, enabled, open, label));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    let button = Rect::from_min_max(pos2(rect.right() - button_width, rect.top()), rect.max);
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        let back =
            if response.hovered() || response.has_focus() { visuals.weak_bg_fill } else { ui.visuals().faint_bg_color };
        ui.painter().rect_filled(rect, 4.0, back);
        let (middle, color) = (rect.center().y, ui.visuals().strong_text_color());
        let triangle = Rect::from_center_size(pos2(rect.left() + 12.0, middle), Vec2::splat(8.0));
        let corners = if open {
            vec![triangle.left_top(), triangle.right_top(), triangle.center_bottom()]
        } else {
            vec![triangle.left_top(), triangle.right_center(), triangle.left_bottom()]
        };
        ui.painter().add(egui::Shape::convex_polygon(corners, ui.visuals().text_color(), Stroke::NONE));
        let font = TextStyle::Button.resolve(ui.style());
        ui.painter().text(pos2(rect.left() + 24.0, middle), Align2::LEFT_CENTER, label, font, color);
        if acting > 0 {
            let selection = ui.visuals().selection;
            let font = FontId::proportional(11.0);
            let text = ui.painter().layout_no_wrap(format!("{acting} on"), font, selection.stroke.color);
            let right = button.left() - 4.0;
            let pill = Rect::from_x_y_ranges(right - text.size().x - 14.0..=right, middle - 8.0..=middle + 8.0);
            ui.painter().rect_filled(pill, 8.0, selection.bg_fill);
            let corner = Align2::CENTER_CENTER.align_size_within_rect(text.size(), pill).min;
            ui.painter().galley(corner, text, color);
        }
    }
    (response, button)
}

/// A part of a row, from left to right, its contents in the middle of its height.
pub fn cell<R>(ui: &mut Ui, rect: Rect, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let builder = egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(Align::Center));
    // What is larger than its cell must not move the rows below.
    contents(&mut ui.new_child(builder))
}

/// What is written on a screen.
#[cfg(test)]
pub fn texts(output: &egui::FullOutput) -> Vec<String> {
    fn collect(shape: &egui::Shape, to: &mut Vec<String>) {
        match shape {
            egui::Shape::Text(text) => to.push(text.galley.text().to_owned()),
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, to)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    output.shapes.iter().for_each(|clipped| collect(&clipped.shape, &mut texts));
    texts.retain(|text| !text.is_empty());
    texts
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Event, Modifiers, PointerButton, Pos2, RawInput};

    use super::*;

    /// One widget alone in a window of its own, without a screen.
    struct Headless {
        context: egui::Context,
        kind: Kind,
        value: Value,
        time: f64,
        /// Where the widget was drawn.
        rect: Rect,
    }

    impl Headless {
        fn new(kind: Kind, value: Value) -> Self {
            let mut window = Self { context: egui::Context::default(), kind, value, time: 0.0, rect: Rect::NOTHING };
            window.pass([]);
            window
        }

        /// Draws once, with those inputs. Returns what is written on the screen.
        fn pass(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<String> {
            self.time += 0.2;
            let input = RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(400.0, 400.0))),
                time: Some(self.time),
                events: events.into_iter().collect(),
                ..RawInput::default()
            };
            let context = self.context.clone();
            let mut output = egui::FullOutput::default();
            output.append(context.run_ui(input, |ui| {
                let rect = Rect::from_min_size(pos2(10.0, 10.0), vec2(200.0, ROW_HEIGHT));
                let (response, new) = cell(ui, rect, |ui| edit(ui, "made up", &self.kind, &self.value));
                self.rect = response.rect;
                self.value = new.unwrap_or_else(|| self.value.clone());
            }));
            texts(&output)
        }

        fn click(&mut self, place: Pos2) {
            self.pass([Event::PointerMoved(place)]);
            for pressed in [true, false] {
                let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
                self.pass([Event::PointerButton { pos: place, button, pressed, modifiers }]);
            }
            // Two clicks at once would be a double click.
            self.time += 2.0;
            self.pass([]);
        }

        fn key(&mut self, key: Key) {
            for pressed in [true, false] {
                let modifiers = Modifiers::NONE;
                self.pass([Event::Key { key, physical_key: None, pressed, repeat: false, modifiers }]);
            }
        }
    }

    #[test]
    fn an_amount_is_a_slider() {
        let mut window = Headless::new(Kind::Amount { min: 0.0 }, Value::Amount(0.25));
        assert_eq!(window.pass([]), ["25"]);
        let rail = window.rect.shrink2(vec2(KNOB_RADIUS, 0.0));
        window.click(rail.lerp_inside(vec2(0.7, 0.5)));
        assert_eq!(window.value, Value::Amount(0.7));
        window.key(Key::Tab);
        window.key(Key::ArrowRight);
        assert_eq!(window.value, Value::Amount(0.71));
        window.click(window.rect.left_center() + vec2(1.0, 0.0));
        assert_eq!(window.value, Value::Amount(0.0));

        let mut window = Headless::new(Kind::Amount { min: -1.0 }, Value::Amount(-0.5));
        assert_eq!(window.pass([]), ["−50"]);
        // Near 0 it is 0.
        window.click(window.rect.center() + vec2(2.0, 0.0));
        assert_eq!(window.value, Value::Amount(0.0));
        window.click(window.rect.right_center() - vec2(1.0, 0.0));
        assert_eq!((window.pass([]), window.value.clone()), (vec!["+100".to_owned()], Value::Amount(1.0)));
    }

    #[test]
    fn a_colour_is_a_button_with_a_picker() {
        let red = Value::Color(Color::new(0xb0_30_4a));
        let mut window = Headless::new(Kind::Color(&[]), red.clone());
        assert_eq!(window.pass([]), ["#b0304a"]);
        window.click(window.rect.center());
        assert!(egui::Popup::is_any_open(&window.context), "the picker opens");
        assert_eq!(window.value, red, "to look at a colour does not change it");
        // Somewhere in the picker, below the button.
        window.click(window.rect.left_bottom() + vec2(60.0, 120.0));
        assert_ne!(window.value, red);
    }

    #[test]
    fn a_swatch_is_taken_with_a_click() {
        const SWATCHES: &[Color] = &[Color::new(0xb5_65_6a), Color::new(0x8e_15_30)];
        let mut window = Headless::new(Kind::Color(SWATCHES), Value::Color(SWATCHES[0]));
        window.pass([]);
        let button = window.context.global_style().spacing.interact_size.x;
        window.click(window.rect.left_center() + vec2(button + 2.0 + 1.5 * (SWATCH + 2.0), 0.0));
        assert_eq!(window.value, Value::Color(SWATCHES[1]));
    }

    #[test]
    fn a_choice_is_a_list() {
        let mut window = Headless::new(Kind::Choice(&["sheer", "satin", "matte"]), Value::Choice("satin"));
        assert_eq!(window.pass([]), ["satin"]);
        window.click(window.rect.center());
        for word in ["sheer", "satin", "matte"] {
            assert!(window.pass([]).iter().any(|text| text == word), "{word}");
        }
        window.click(window.rect.left_bottom() + vec2(20.0, 18.0));
        assert_eq!(window.value, Value::Choice("sheer"));
    }

    #[test]
    fn a_file_is_a_field() {
        let mut window = Headless::new(Kind::File(&["cube", "png"]), Value::File(None));
        assert_eq!(window.pass([]), ["file.cube, .png"]);
        window.click(window.rect.center());
        window.pass([Event::Text("warm.cube".to_owned())]);
        assert_eq!(window.value, Value::File(None), "not before Enter");
        window.key(Key::Enter);
        assert_eq!(window.value, Value::File(Some(Path::new("warm.cube").into())));
        assert_eq!(window.pass([]), ["warm.cube"]);
        window.click(window.rect.center());
        window.pass([Event::Text("x".to_owned())]);
        window.key(Key::Escape);
        assert_eq!(window.value, Value::File(Some(Path::new("warm.cube").into())), "Escape leaves it as it was");
        window.click(window.rect.center());
        for _ in 0.."warm.cube".len() {
            window.key(Key::Backspace);
            window.key(Key::Delete);
        }
        window.key(Key::Enter);
        assert_eq!(window.value, Value::File(None));
    }
}
