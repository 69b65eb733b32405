//! Between the system and the window: hands each event on, and measures when it came and when it was answered.

use std::time::Instant;

use eframe::{EframeWinitApplication, UserEvent};
use winit::application::ApplicationHandler;
use winit::event::{DeviceEvent, DeviceId, ElementState, StartCause, WindowEvent};
use winit::event_loop::ActiveEventLoop;
use winit::window::WindowId;

use crate::meter;

pub struct EventTimer<'a> {
    pub window: EframeWinitApplication<'a>,
    pub meter: meter::Shared,
}

impl<'a> EventTimer<'a> {
    fn timed(&mut self, work: impl FnOnce(&mut EframeWinitApplication<'a>)) {
        let start = Instant::now();
        work(&mut self.window);
        self.meter.borrow_mut().event_done(start);
    }
}

/// What a person did, if it was one.
fn name(event: &WindowEvent) -> Option<String> {
    match event {
        WindowEvent::KeyboardInput { event, .. } if event.state == ElementState::Pressed => Some(
            event.logical_key.to_text().map_or_else(|| "key".to_owned(), |text| format!("key {}", text.escape_debug())),
        ),
        WindowEvent::MouseInput { state: ElementState::Pressed, .. } => Some("click".to_owned()),
        WindowEvent::MouseWheel { .. } => Some("wheel".to_owned()),
        _ => None,
    }
}

impl ApplicationHandler<UserEvent> for EventTimer<'_> {
    fn new_events(&mut self, event_loop: &ActiveEventLoop, cause: StartCause) {
        self.timed(|window| window.new_events(event_loop, cause));
    }

    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        self.timed(|window| window.resumed(event_loop));
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, event: UserEvent) {
        self.timed(|window| window.user_event(event_loop, event));
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, id: WindowId, event: WindowEvent) {
        if let Some(name) = name(&event) {
            self.meter.borrow_mut().input(name);
        }
        self.timed(|window| window.window_event(event_loop, id, event));
    }

    fn device_event(&mut self, event_loop: &ActiveEventLoop, id: DeviceId, event: DeviceEvent) {
        self.timed(|window| window.device_event(event_loop, id, event));
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        self.timed(|window| window.about_to_wait(event_loop));
    }

    fn suspended(&mut self, event_loop: &ActiveEventLoop) {
        self.timed(|window| window.suspended(event_loop));
    }

    fn exiting(&mut self, event_loop: &ActiveEventLoop) {
        self.window.exiting(event_loop);
    }

    fn memory_warning(&mut self, event_loop: &ActiveEventLoop) {
        self.window.memory_warning(event_loop);
    }
}
