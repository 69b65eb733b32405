#!/usr/bin/env bash
# Makes the picture of the window that the READMEs show:
#
#   examples/webcam/tests/picture.sh PROGRAM PICTURE.png
#
# Needs Xvfb, xdotool and ImageMagick's import.
set -euo pipefail
config=$(mktemp -d)
export DISPLAY=:$((90 + RANDOM % 900))
Xvfb "$DISPLAY" -screen 0 1000x640x24 >/dev/null 2>&1 &
server=$!
trap 'kill $server; rm -rf "$config"' EXIT
for _ in $(seq 50); do xdotool getdisplaygeometry >/dev/null 2>&1 && break; sleep 0.2; done
"$1" --config "$config" --source demo --look glam --quit-after 12 &
window=$!
sleep 4
xdotool windowfocus "$(xdotool search --name '^glowup$' | head -n 1)"
for key in s l; do xdotool key --window 0 $key; sleep 0.5; done
sleep 4
import -window root "$2"
xdotool key --window 0 Escape
wait $window
