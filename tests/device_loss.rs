//! A graphics device that goes away, hangs or is full is an error at the next call and never a stale picture; a session is
//! made whole again in place; a host's own callbacks stay its own.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{
    Beautifier, BeautifierOptions, DropPolicy, Error, Face, FaceTracker, FrameBuf, Gpu, GpuOptions, Look, Pipeline,
    PixelFormat, TrackerOptions, wgpu,
};
use support::Picture;

fn at(frame: u32) -> Duration {
    Duration::from_millis(33) * frame
}

fn is_lost<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::DeviceLost { .. }), "{error:?}");
    assert!(error.to_string().contains("recover"), "{error}");
}

/// A device as a host makes it.
fn host_device() -> (wgpu::Device, wgpu::Queue) {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(async {
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.unwrap();
        adapter.request_device(&wgpu::DeviceDescriptor::default()).await.unwrap()
    })
}

/// A session on a host's device.
fn hosted(device: &wgpu::Device, queue: &wgpu::Queue) -> Beautifier {
    let gpu = Gpu::from_device(device.clone(), queue.clone());
    let mut beautifier = Beautifier::with_gpu(&gpu, TrackerOptions::default()).unwrap();
    beautifier.set_look(Look::GLAM).unwrap();
    beautifier
}

/// A crop of the portrait that moves to the right: a small clip with a face in it.
fn clip(frame: u32) -> Picture {
    let whole = support::portrait();
    let (x, y, width, height) = (150 - 2 * (frame % 20), 10, 160, 160);
    let mut part = Picture::flat(width, height, [0; 4]);
    for row in 0..height {
        for column in 0..width {
            part.set(column, row, whole.at(x + column, y + row));
        }
    }
    part
}

#[test]
fn lost_in_mid_stream_and_recovered() {
    let mut session = support::beautifier(Look::GLAM);
    // The same work by the two doors below, which is told to forget its skins' colours where the session is recovered.
    let mut tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let mut retouched = 0;
    for frame in 0..24 {
        if frame == 12 {
            session.gpu().device().destroy();
            let (fresh, faceless) = (clip(frame), Picture::flat(64, 48, [90; 4]));
            // Whatever comes next says so, however often, and leaves the picture alone. Time stands still meanwhile.
            for picture in [&fresh, &faceless, &fresh] {
                let mut after = picture.clone();
                is_lost(session.process_still(&mut after.frame_mut()));
                assert!(after == *picture);
            }
            let faces = session.faces().to_vec();
            session.recover().unwrap();
            renderer.reset();
            assert_eq!(session.faces(), faces, "recovering is of the device alone");
            assert_eq!(*session.look(), Look::GLAM);
        }
        let (before, mut after, mut expected) = (clip(frame), clip(frame), clip(frame));
        session.process(&mut after.frame_mut(), at(frame)).unwrap();
        tracker.track(&expected.frame(), at(frame)).unwrap();
        renderer.set_time(Some(at(frame)));
        renderer.retouch(&mut expected.frame_mut(), tracker.faces(), &Look::GLAM).unwrap();
        assert!(after == expected, "frame {frame}");
        retouched += u32::from(after != before);
    }
    assert!(retouched > 20, "{retouched}");
}

#[test]
fn a_tracked_frame_hears_of_the_loss_too() {
    let mut session = support::beautifier(Look::GLAM);
    for frame in 0..4 {
        session.process(&mut clip(frame).frame_mut(), at(frame)).unwrap();
    }
    session.gpu().device().destroy();
    for frame in 4..7 {
        let (before, mut after) = (clip(frame), clip(frame));
        is_lost(session.process(&mut after.frame_mut(), at(frame)).map(<[Face]>::len));
        assert!(after == before);
    }
    session.recover().unwrap();
    let (before, mut after) = (clip(7), clip(7));
    session.process(&mut after.frame_mut(), at(7)).unwrap();
    assert!(after != before);
}

#[test]
fn a_still_comes_out_the_same_before_and_after() {
    let mut session = support::beautifier(Look::GLAM);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let mut picture = support::portrait();
        session.process_still(&mut picture.frame_mut()).unwrap();
        outcomes.push(picture);
        session.gpu().device().destroy();
        session.recover().unwrap();
    }
    assert!(outcomes[0] != support::portrait());
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]));
    // A device that is well can be left too.
    session.recover().unwrap();
    let mut picture = support::portrait();
    session.process_still(&mut picture.frame_mut()).unwrap();
    assert!(picture == outcomes[0]);
}

#[test]
fn a_host_hears_of_its_device_as_if_we_were_not_there() {
    let (device, queue) = host_device();
    let (lost, errors) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&lost);
    device.set_device_lost_callback(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let count = Arc::clone(&errors);
    device.on_uncaptured_error(Arc::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let mut session = hosted(&device, &queue);
    let mut before = support::portrait();
    session.process_still(&mut before.frame_mut()).unwrap();
    // An error of the host's own reaches the host's handler, and none of ours ever does.
    let host_error = || {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4,
            usage: wgpu::BufferUsages::empty(),
            mapped_at_creation: false,
        })
    };
    host_error();
    assert_eq!(errors.load(Ordering::Relaxed), 1);
    session.process_still(&mut support::portrait().frame_mut()).unwrap();
    assert_eq!((errors.load(Ordering::Relaxed), lost.load(Ordering::Relaxed)), (1, 0));

    device.destroy();
    let (untouched, mut picture) = (support::portrait(), support::portrait());
    is_lost(session.process_still(&mut picture.frame_mut()));
    is_lost(session.process_still(&mut Picture::flat(8, 8, [1; 4]).frame_mut()));
    assert!(picture == untouched);
    let _ = device.poll(wgpu::PollType::Poll);
    assert_eq!((errors.load(Ordering::Relaxed), lost.load(Ordering::Relaxed)), (1, 1));

    // Its device is the host's to make anew.
    assert_eq!(session.recover().unwrap_err(), Error::HostDevice);
    assert_eq!(session.gpu().renew().unwrap_err(), Error::HostDevice);
    is_lost(session.process_still(&mut picture.frame_mut()));
    is_lost(session.recover_on(&Gpu::from_device(device.clone(), queue.clone())));
    let (device, queue) = host_device();
    session.recover_on(&Gpu::from_device(device, queue)).unwrap();
    session.process_still(&mut picture.frame_mut()).unwrap();
    assert!(picture == before && picture != untouched);
}

#[test]
fn recording_for_a_host_hears_of_the_loss_before_the_host_submits() {
    let (device, queue) = host_device();
    let gpu = Gpu::from_device(device.clone(), queue);
    let mut renderer = Renderer::new(&gpu).unwrap();
    let texture = |usage| {
        let size = wgpu::Extent3d { width: 512, height: 512, depth_or_array_layers: 1 };
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    };
    let input = texture(wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC);
    let output = texture(wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::COPY_DST);
    let faces = support::faces(&support::portrait());
    let mut record = |faces: &[Face]| {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        renderer.render(&mut encoder, &input, &output, faces, &Look::GLAM)
    };
    record(&faces).unwrap();
    record(&[]).unwrap();
    device.destroy();
    is_lost(record(&faces));
    is_lost(record(&[]));
    // Nothing is built on a device that is gone.
    is_lost(Renderer::new(&gpu).map(drop));
    is_lost(Beautifier::with_gpu(&gpu, TrackerOptions::default()).map(drop));
}

#[test]
fn sessions_that_share_a_device_lose_it_together_and_recover_alone_or_together() {
    let options = BeautifierOptions::default();
    let gpu = Gpu::new(options.gpu).unwrap();
    let session = || Beautifier::with_gpu(&gpu, options.tracker).unwrap();
    let (mut first, mut second, mut third) = (session(), session(), session());
    gpu.device().destroy();
    let portrait = support::portrait();
    for session in [&mut first, &mut second, &mut third] {
        is_lost(session.process_still(&mut portrait.clone().frame_mut()));
    }
    first.recover().unwrap();
    second.recover_on(&first.gpu().clone()).unwrap();
    third.recover().unwrap();
    let mut pictures = Vec::new();
    for session in [&mut first, &mut second, &mut third] {
        let mut picture = portrait.clone();
        session.process_still(&mut picture.frame_mut()).unwrap();
        pictures.push(picture);
    }
    assert!(pictures[0] != portrait && pictures[0] == pictures[1] && pictures[1] == pictures[2]);
    // Two of them are together again, and the third is on its own.
    first.gpu().device().destroy();
    is_lost(second.process_still(&mut portrait.clone().frame_mut()));
    third.process_still(&mut portrait.clone().frame_mut()).unwrap();
}

/// Keeps a device busy for a number of rounds of the same work. A driver may cut long loops short, so it is many groups of
/// a short one.
fn occupy(device: &wgpu::Device, queue: &wgpu::Queue, rounds: u32) {
    let source = "
        @group(0) @binding(0) var<storage, read_write> sink: array<u32, 64>;
        @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
            var x = lane + sink[lane];
            for (var k = 0u; k < 50000u; k++) { x = x * 1664525u + 1013904223u + (x >> 7u); }
            sink[lane] = x;
        }";
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let sink = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 256,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: false,
    });
    let bound = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: sink.as_entire_binding() }],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &bound, &[]);
    let down = rounds.div_ceil(60_000);
    pass.dispatch_workgroups(rounds.div_ceil(down), down, 1);
    drop(pass);
    queue.submit([encoder.finish()]);
}

/// How many rounds keep this device busy for about `seconds`.
fn rounds_of(device: &wgpu::Device, queue: &wgpu::Queue, seconds: f64) -> u32 {
    let mut rounds = 16;
    loop {
        let start = std::time::Instant::now();
        occupy(device, queue, rounds);
        device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let took = start.elapsed().as_secs_f64();
        if took > 0.5 {
            return (f64::from(rounds) * seconds / took) as u32;
        }
        rounds *= 4;
    }
}

#[test]
fn a_device_that_hangs_is_not_waited_for() {
    let mut session = support::beautifier(Look::GLAM);
    let before = support::portrait();
    let mut expected = before.clone();
    session.process_still(&mut expected.frame_mut()).unwrap();
    let (device, queue) = (session.gpu().device().clone(), session.gpu().queue().clone());
    let rounds = rounds_of(&device, &queue, 5.0);
    // Somebody's shader hangs on the same device.
    let hang = |device: &wgpu::Device, queue: &wgpu::Queue| {
        occupy(device, queue, rounds);
        let over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&over);
        queue.on_submitted_work_done(move || flag.store(true, Ordering::Relaxed));
        over
    };
    let is_over = |device: &wgpu::Device, over: &AtomicBool| {
        let _ = device.poll(wgpu::PollType::Poll);
        over.load(Ordering::Relaxed)
    };
    let late = Error::Timeout { after: Duration::from_secs(2) };

    let over = hang(&device, &queue);
    let mut picture = before.clone();
    assert_eq!(session.process_still(&mut picture.frame_mut()).unwrap_err(), late);
    assert!(!is_over(&device, &over), "the hang was waited for");
    assert!(picture == before);
    // Once it is over, the next frame comes out right.
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    assert!(is_over(&device, &over));
    session.process_still(&mut picture.frame_mut()).unwrap();
    assert!(picture == expected);

    // Or, before it is over, on a new device. Nothing waits for the old one, though nobody else holds its queue.
    let over = hang(&device, &queue);
    let mut picture = before.clone();
    assert_eq!(session.process_still(&mut picture.frame_mut()).unwrap_err(), late);
    drop(queue);
    session.recover().unwrap();
    session.process_still(&mut picture.frame_mut()).unwrap();
    assert!(picture == expected);
    assert!(!is_over(&device, &over), "the hang was waited for");

    // Frames of a pipeline come back with that error, and so does a texture that is to be looked at.
    let (device, queue) = (session.gpu().device().clone(), session.gpu().queue().clone());
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width: before.width, height: before.height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let over = hang(&device, &queue);
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    assert_eq!(session.render(&mut encoder, &view, &view, Duration::ZERO).unwrap_err(), late);
    assert!(!is_over(&device, &over), "the hang was waited for");
    session.reset();
    // Longer, since it has been waited for once by now.
    let over = hang(&device, &queue);
    let pipeline = Pipeline::new(session, DropPolicy::Wait).unwrap();
    let frame = || FrameBuf::new(PixelFormat::Rgba8, before.pixels.clone(), before.width, before.height).unwrap();
    pipeline.push(frame(), Duration::ZERO).unwrap();
    let done = pipeline.wait().unwrap();
    assert_eq!(done.outcome, Err(late));
    assert!(done.picture.data() == before.pixels);
    assert!(!is_over(&device, &over), "the hang was waited for");
    drop((queue, texture, view, encoder));
    pipeline.recover().unwrap();
    pipeline.push(frame(), Duration::from_millis(33)).unwrap();
    assert_eq!(pipeline.wait().unwrap().outcome, Ok(()));
}
