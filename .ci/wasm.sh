#!/usr/bin/env bash
# Type-checks the library for the web (wasm32-unknown-unknown). Nothing runs there yet; this keeps the way open.
#
# Where rustup has the target it is used. Elsewhere on a Debian system the standard library is checked from source, out of
# Debian's package of it for the same Rust, fetched into a cache without touching the system's own list of packages. Where
# neither is to be had, this says so in one line and ends well.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
# getrandom asks for its backend by a flag: https://docs.rs/getrandom/0.3/#webassembly-support
export RUSTFLAGS='--cfg getrandom_backend="wasm_js"' CARGO_TERM_COLOR=never

if rustup target list --installed 2>/dev/null | grep -qx "$target"; then
    cargo check --target "$target"
    exit
fi

version=$(rustc --version | cut -d' ' -f2)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/glowup-rust-src-$version
library=$cache/usr/src/rustc-$version/library

fetch_library() {
    local site folder
    site=$(apt-get indextargets 'Created-By: Packages' --format '$(SITE) $(RELEASE)' | awk '$2 !~ /security/ && /debian/ { print $1; exit }')
    [[ -n $site ]] || return 1
    folder=$(mktemp -d)
    mkdir -p "$folder"/{state/lists/partial,cache/archives/partial}
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$site" trixie-backports > "$folder/sources"
    cat > "$folder/apt.conf" <<END
Dir::State "$folder/state";
Dir::Cache "$folder/cache";
Dir::Etc::SourceList "$folder/sources";
Dir::Etc::SourceParts "-";
APT::Sandbox::User "root";
END
    local apt=(env "APT_CONFIG=$folder/apt.conf" apt-get -qq)
    "${apt[@]}" update || return 1
    local deb
    deb=$(APT_CONFIG=$folder/apt.conf apt-cache madison rust-src | awk -v v="$version" 'index($3, v) == 1 { print $3; exit }')
    [[ -n $deb ]] || return 1
    (cd "$folder" && "${apt[@]}" download "rust-src=$deb") || return 1
    mkdir -p "$cache"
    dpkg-deb -x "$folder"/rust-src_*.deb "$cache"
    rm -rf "$folder"
}

if [[ ! -d $library ]] && ! fetch_library; then
    echo "skipped: neither rustup nor Debian has a standard library of Rust $version for $target here"
    exit
fi
RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT=$library cargo check --target "$target" -Zbuild-std=std,panic_abort
