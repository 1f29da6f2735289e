#!/usr/bin/env bash
# Builds the official OpenTelemetry Collector for the tests, with the collector project's own builder.
#
#   tests/collector/build_collector.sh        -> .ci/cache/otelcol/otelcol
#
# Needs Go 1.25 or newer and the Go module proxy. The first build takes some minutes; when the manifest has not
# changed since, the script does nothing. pytest finds the result by itself and then runs the collector tests too.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
manifest="$here/otelcol-builder.yaml"
target="$root/.ci/cache/otelcol"
stamp="$target/manifest.sha256"
builder_version="v$(sed -n 's/^  version: *//p' "$manifest")"

if ! command -v go >/dev/null; then
  echo "build_collector.sh: no 'go' on PATH. Install Go 1.25 or newer, or leave the collector tests out." >&2
  exit 1
fi

wanted="$(sha256sum <"$manifest")"
if [[ -x "$target/otelcol" && -f "$stamp" && "$(<"$stamp")" == "$wanted" ]]; then
  echo "The collector of $(basename "$manifest") is built already: $target/otelcol"
  exit 0
fi

mkdir -p "$target"
build_dir="$(mktemp -d "$target/build.XXXXXX")"
trap 'rm -rf "$build_dir"' EXIT
# The Go that is here must do: without this, go would download another toolchain.
export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
(
  cd "$build_dir"
  nice go run "go.opentelemetry.io/collector/cmd/builder@$builder_version" --config "$manifest"
)
mv "$build_dir/otelcol" "$target/otelcol"
echo "$wanted" >"$stamp"
"$target/otelcol" --version
