//! Our side of `compare.py`: for each line `NETWORK THREADS RUNS` on standard input, the median time of so many forward
//! passes in milliseconds on standard output. NETWORK is `mesh` or `detector`.

use std::io::{BufRead, Write};
use std::time::Instant;

use glowup::face::net::{BlazeFace, FaceMesh, MeshModel, Workers};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (detector, mesh) = (BlazeFace::embedded()?, FaceMesh::embedded(MeshModel::Light)?);
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
            other => return Err(format!("there is no network {other}").into()),
        };
        println!("{median}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
