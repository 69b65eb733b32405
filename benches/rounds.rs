//! Our side of `compare.py`: for each line `NETWORK THREADS RUNS` on standard input, the median time of so many forward
//! passes in milliseconds on standard output. NETWORK is `mesh`, `detector`, `blendshapes`, or `WIDTHxHEIGHT` for YuNet on
//! pictures of that size; with a number after it, `WIDTHxHEIGHT/STEP`, only that step of a pass is timed.

use std::io::{BufRead, Write};
use std::time::Instant;

use glowup::face::net::{BlazeFace, Blendshapes, FaceMesh, MeshModel, Workers, YuNet};

/// The median time of `run`, in milliseconds, after a few runs to warm up.
fn median_ms(runs: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs + 10)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(10)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The same numbers in 0..1 each time.
fn fill(input: &mut [f32]) {
    for (index, value) in input.iter_mut().enumerate() {
        *value = ((index * 7919) % 256) as f32 / 256.0;
    }
}

/// The median time of YuNet on a picture of this size, or of one of its steps.
fn yunet_ms(network: &YuNet, size: &str, workers: &Workers, runs: usize) -> Option<f64> {
    let (size, step) = size.split_once('/').map_or((size, None), |(size, step)| (size, Some(step)));
    let (width, height) = size.split_once('x')?;
    let mut buffers = network.buffers(width.parse().ok()?, height.parse().ok()?).ok()?;
    buffers.write_input(|input| input.iter_mut().enumerate().for_each(|(i, to)| *to = (i * 7919 % 256) as f32)).ok()?;
    network.forward(&mut buffers, workers).ok()?;
    let step = step.map(str::parse).transpose().ok()?;
    Some(median_ms(runs, || match step {
        Some(step) => network.forward_step(&mut buffers, workers, step).expect("it runs"),
        None => network.forward(&mut buffers, workers).expect("it runs"),
    }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (detector, mesh) = (BlazeFace::embedded()?, FaceMesh::embedded(MeshModel::Light)?);
    let (yunet, blendshapes) = (YuNet::embedded()?, Blendshapes::embedded()?);
    let mut blendshapes_buffers = blendshapes.buffers()?;
    let points: Vec<_> = (0..478).map(|i| [(i * 37 % 100) as f32, (i * 61 % 100) as f32, 0.0]).collect();
    let (mut detector_buffers, mut mesh_buffers) = (detector.buffers()?, mesh.buffers()?);
    detector_buffers.write_input(fill)?;
    mesh_buffers.write_input(fill)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let [network, threads, runs] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(format!("{line:?} is not NETWORK THREADS RUNS").into());
        };
        let (workers, runs) = (Workers::new(threads.parse()?)?, runs.parse()?);
        let median = match network {
            "detector" => median_ms(runs, || detector.forward(&mut detector_buffers, &workers).expect("it runs")),
            "mesh" => median_ms(runs, || mesh.forward(&mut mesh_buffers, &workers).expect("it runs")),
            "blendshapes" => median_ms(runs, || {
                blendshapes.forward(&points, &mut blendshapes_buffers, &workers).expect("it runs");
            }),
            size => yunet_ms(&yunet, size, &workers, runs).ok_or(format!("there is no network {size}"))?,
        };
        println!("{median}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
