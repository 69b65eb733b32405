#!/usr/bin/env bash
# Drives the window as a person would, on a screen of its own, and looks at what is there:
#
#   examples/webcam/tests/drive.sh PROGRAM FOLDER
#
# PROGRAM is the built window, FOLDER takes screenshots and snapshots. Needs Xvfb, xdotool and ImageMagick's import.
# Takes under two minutes.
set -euo pipefail
program=$(realpath "$1")
folder=$(realpath "$2")
root=$(realpath "$(dirname "$0")/../../..")
for tool in Xvfb xdotool import; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install xvfb xdotool imagemagick" >&2; exit 1; }
done
screen=:$((90 + RANDOM % 900))
export DISPLAY=$screen
Xvfb "$screen" -screen 0 1280x800x24 >/dev/null 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 50); do xdotool getdisplaygeometry >/dev/null 2>&1 && break; sleep 0.2; done

fail() { echo "drive: $*" >&2; exit 1; }

# Starts the window with the given options, waits until it is there and shows something.
start() {
    "$program" "$@" --snapshots "$folder" --quit-after 60 2>"$folder/window.log" &
    process=$!
    window=
    for _ in $(seq 100); do
        window=$(xdotool search --name '^glowup$' 2>/dev/null | head -n 1 || true)
        [ -n "$window" ] && break
        kill -0 $process 2>/dev/null || fail "the window closed: $(cat "$folder/window.log")"
        sleep 0.2
    done
    [ -n "$window" ] || fail "no window opened"
    sleep 4
    xdotool windowfocus "$window"
}
shot() { import -window root "$folder/$1.png"; }
key() { xdotool key --window 0 "$1"; sleep 0.7; }
# The window quits by Escape, of its own and without a fault.
quit() {
    xdotool windowfocus "$window"
    key Escape
    for _ in $(seq 50); do kill -0 $process 2>/dev/null || break; sleep 0.2; done
    kill -0 $process 2>/dev/null && fail "Escape does not close the window"
    wait $process || fail "the window ended with a fault: $(cat "$folder/window.log")"
}
# Whether two pictures are the same.
same() { [ "$(convert "$1" rgb:- | sha256sum)" = "$(convert "$2" rgb:- | sha256sum)" ]; }

echo "the moving portrait"
start --source demo --look natural
shot demo-1
sleep 1
shot demo-2
same "$folder/demo-1.png" "$folder/demo-2.png" && fail "the portrait does not move"
key 3
key s
key l
shot demo-split
key l
# The first slider and the split, dragged by mouse.
eval "$(xdotool getwindowgeometry --shell "$window")"
drag() {
    xdotool mousemove $((X + $1)) $((Y + $2)) mousedown 1
    sleep 0.4
    xdotool mousemove $((X + $3)) $((Y + $2))
    sleep 0.4
    xdotool mouseup 1
    sleep 0.4
}
drag $((WIDTH - 120)) 119 $((WIDTH - 200)) 119
drag $(((WIDTH - 240) / 2)) 300 200
sleep 0.5
shot demo-dragged
key h
shot demo-help
key h
key p
sleep 1
before=$(ls "$folder"/glowup-*-before.png | tail -n 1)
after=$(ls "$folder"/glowup-*-after.png | tail -n 1)
same "$before" "$after" && fail "the snapshot's before and after are the same"
xdotool windowsize "$window" 700 500
sleep 1
shot demo-small
quit

echo "a clip"
start --source "$root/tests/data/webcam.mp4" --look glam
shot clip
quit

echo "no camera: the portrait, and a word on why"
start --source camera:9
sleep 3
shot no-camera
quit
echo "drive: all well"
