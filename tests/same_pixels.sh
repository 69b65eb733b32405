#!/usr/bin/env bash
# Does this checkout make the same pixels as another commit? For changes that shall change nothing.
#
#   tests/same_pixels.sh COMMIT [CLIP ...]
#
# Builds COMMIT in a folder of its own, then retouches the bundled portrait as a still, and the clips frame by frame, with every
# preset and in every pixel format, by both, and compares the bytes. Needs ffmpeg. Ends with 1 where any byte differs.
set -euo pipefail
cd "$(dirname "$0")/.."
commit=${1:?which commit to compare with}
shift
clips=("${@:-tests/data/webcam.mp4}")
folder=$(mktemp -d)
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$folder}
trap 'git worktree remove --force "$folder/other" 2>/dev/null || true; rm -rf "$folder" examples/same_pixels.rs' EXIT
git worktree add --quiet --detach "$folder/other" "$commit"

# Only what both commits have: raw frames in, retouched ones out.
cat > "$folder/same_pixels.rs" <<'RUST'
//! Raw frames in, retouched ones out.

use std::io::{Read, Write};
use std::time::Duration;

use glowup::{Beautifier, BeautifierOptions, FrameMut, Look, PixelFormat};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, width, height, look, kind] = &arguments[..] else { panic!("FORMAT WIDTH HEIGHT LOOK still|clip") };
    let (width, height): (u32, u32) = (width.parse().unwrap(), height.parse().unwrap());
    let half = width.div_ceil(2) as usize * height.div_ceil(2) as usize * 2;
    let pixels = width as usize * height as usize;
    let (format, bytes) = match format.as_str() {
        "rgba" => (PixelFormat::Rgba8, pixels * 4),
        "bgra" => (PixelFormat::Bgra8, pixels * 4),
        "rgb24" => (PixelFormat::Rgb8, pixels * 3),
        "nv12" => (PixelFormat::Nv12, pixels + half),
        "yuv420p" => (PixelFormat::I420, pixels + half),
        "yuyv422" => (PixelFormat::Yuyv, width.next_multiple_of(2) as usize * height as usize * 2),
        other => panic!("{other}"),
    };
    let mut session = Beautifier::new(BeautifierOptions::default()).unwrap();
    session.set_look(Look::preset(look).unwrap()).unwrap();
    let mut frame = vec![0; bytes];
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for index in 0.. {
        if input.read_exact(&mut frame).is_err() {
            break;
        }
        let mut picture = FrameMut::new(format, &mut frame, width, height).unwrap();
        if kind == "still" {
            session.process_still(&mut picture).unwrap();
        } else {
            session.process(&mut picture, Duration::from_millis(33 * index)).unwrap();
        }
        output.write_all(&frame).unwrap();
    }
}
RUST
for tree in . "$folder/other"; do
    cp "$folder/same_pixels.rs" "$tree/examples/"
    (cd "$tree" && CARGO_TARGET_DIR=${OTHER_TARGET:+$([ "$tree" = . ] && echo target || echo "$OTHER_TARGET")} \
        && export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target} && cargo build --quiet --release --example same_pixels \
        && cp "$CARGO_TARGET_DIR/release/examples/same_pixels" "$folder/$([ "$tree" = . ] && echo new || echo old)")
done

differ=0 same=0
for clip in assets/astronaut.png "${clips[@]}"; do
    kind=clip
    case $clip in *.png | *.jpg) kind=still ;; esac
    size=$(ffprobe -v error -select_streams v:0 -show_entries stream=width,height -of csv=p=0 "$clip" | tr ',' ' ')
    for format in rgba bgra rgb24 nv12 yuv420p yuyv422; do
        for look in none natural soft glam; do
            frames() { ffmpeg -v error -i "$clip" -frames:v 250 -pix_fmt $format -f rawvideo -; }
            # shellcheck disable=SC2086
            old=$(frames | "$folder/old" $format $size $look $kind | sha256sum)
            # shellcheck disable=SC2086
            new=$(frames | "$folder/new" $format $size $look $kind | sha256sum)
            [ "$new" != "$(sha256sum </dev/null)" ] || { echo "$clip as $format: nothing came out" >&2; exit 1; }
            if [ "$old" = "$new" ]; then
                same=$((same + 1))
            else
                differ=$((differ + 1))
                echo "$clip as $format with $look: not the same bytes"
            fi
        done
    done
done
echo "$same the same, $differ not"
[ "$differ" = 0 ]
