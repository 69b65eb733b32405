use std::collections::BTreeMap;
use glowup::gpu::Renderer;
use glowup::{FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, TrackerOptions};
fn cpu() -> f64 { let t = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<&str> = t.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) * 10.0 }
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let picture = image::open(&a[1]).unwrap().into_rgba8();
    let (w, h) = picture.dimensions();
    let faces = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&Frame::rgba8(&picture, w, h).unwrap()).unwrap();
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let gpu = if std::env::var("WHOLE").is_ok() { gpu } else { gpu.with_timestamps() };
    let mut renderer = Renderer::new(&gpu).unwrap();
    for spec in &a[2..] {
        let mut look = Look::NONE;
        for part in spec.split(',') {
            if let Some((n, v)) = part.split_once('=') { let row = Look::row(n).unwrap(); row.set(&mut look, row.parse(v).unwrap()).unwrap(); } else { look = Look::preset(part).unwrap(); }
        }
        renderer.reset();
        let mut sums: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut gpu_times = vec![];
        let mut start = 0.0;
        for n in 0..62 {
            if n == 2 { start = cpu(); }
            let mut p = picture.clone();
            let r = renderer.retouch(&mut FrameMut::rgba8(&mut p, w, h).unwrap(), &faces[..1], &look);
            if r.is_err() { println!("err"); continue; }
            if n < 2 { continue; }
            let s = renderer.stats();
            gpu_times.push(s.gpu.unwrap().as_secs_f64() * 1e3);
            if let Some(passes) = &s.passes { for (name, t) in passes.iter() { sums.entry(name).or_default().push(t.as_secs_f64() * 1e3); } }
        }
        gpu_times.sort_by(f64::total_cmp);
        let s = renderer.stats();
        let c = (cpu() - start) / 60.0;
        println!("{spec}: cpu {c:.2} gpu median {:.2} min {:.2}, dispatches {}, pixels {}, bytes {}", gpu_times[gpu_times.len() / 2], gpu_times[0], s.dispatches, s.pixels, s.bytes);
        for (name, mut t) in sums { t.sort_by(f64::total_cmp); print!(" {name} {:.2}", t[t.len() / 4]); }
        println!();
    }
}
