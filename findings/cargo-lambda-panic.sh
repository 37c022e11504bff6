#!/usr/bin/env bash
# cargo-lambda 1.9.2: `cargo lambda build --release` builds with `panic = "abort"` although the release profile does not say so.
#
# Observed: a program that catches a panic with `catch_unwind` prints "caught" when `cargo build --release` has built it, and
# ends with SIGABRT when `cargo lambda build --release` has. The command adds `profile.release.panic="abort"` to cargo's
# configuration, beside `strip`, `lto` and `codegen-units`, for each of these that `[profile.release]` in Cargo.toml does not
# name. Tests, `cargo lambda watch` and a local release build all unwind, so nothing shows it before the deployment: whatever
# isolates panics there (a task, a batch of records, one tenant of many) ends the whole process instead, and Lambda starts it
# again from cold.
# Expected: a profile that says nothing about panics unwinds, as cargo documents.
# What to do: name all four settings in `[profile.release]`; `panic = "unwind"` is left alone. `--disable-optimizations`
# leaves out the others, too.
#
# Needs Rust, Python 3 and a C compiler on Linux. Installs into a temporary folder. Exit code 0: still reproducible.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv tools
tools/bin/pip install --quiet --disable-pip-version-check cargo-lambda==1.9.2
PATH=$work/tools/bin:$PATH
export CARGO_TARGET_DIR=$work/target

mkdir src
cat >src/main.rs <<'RUST'
fn main() {
    let caught = std::panic::catch_unwind(|| panic!("planted"));
    println!("{}", if caught.is_err() { "caught" } else { "no panic" });
}
RUST

# outcome PROFILE COMMAND…: builds with this release profile and says what the program does.
outcome() {
  local profile=$1
  shift
  printf '[package]\nname = "probe"\nversion = "1.0.0"\nedition = "2024"\n\n[profile.release]\n%s\n' "$profile" >Cargo.toml
  "$@" >build.log 2>&1 || { cat build.log >&2 && return 1; }
  local program=$CARGO_TARGET_DIR/release/probe status=0
  if [ "$2" = lambda ]; then program=$CARGO_TARGET_DIR/lambda/probe/bootstrap; fi
  # A shell of its own, because it reports a child that was aborted.
  bash -c '"$0"' "$program" >run.log 2>&1 || status=$?
  if grep -qx caught run.log; then echo caught; else echo "status $status"; fi
}

plain=$(outcome '' cargo build --release)
lambda=$(outcome '' cargo lambda build --release --compiler cargo)
named=$(outcome 'panic = "unwind"' cargo lambda build --release --compiler cargo)

echo "cargo build --release:                              $plain"
echo "cargo lambda build --release:                       $lambda"
echo "cargo lambda build --release, panic = \"unwind\" named: $named"
[ "$plain" = caught ] && [ "$lambda" = "status 134" ] && [ "$named" = caught ]
