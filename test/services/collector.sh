#!/usr/bin/env bash
# collector.sh start FOLDER PORT | stop FOLDER: an OpenTelemetry collector that takes logs by OTLP over HTTP on loopback, and writes them to
# FOLDER/log; its pid is in FOLDER/pid. Of its Go modules, built once and kept below the home folder's cache by version; needs Go the first time.
set -euo pipefail
source "$(dirname "$0")/server.sh"
folder=$2
version=0.130.0
program=$HOME/.cache/ct-stream/otel-collector-$version/collector

build() {
  [ ! -x "$program" ] || return 0
  local go project at=go.opentelemetry.io/collector
  go=$(command -v go || echo /usr/local/go/bin/go)
  [ -x "$go" ] || { echo "no OpenTelemetry collector: install Go, from https://go.dev/dl" >&2; exit 3; }
  project=$(mktemp -d)
  cat > "$project/main.go" << 'GO'
package main

import (
	"log"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func factories() (otelcol.Factories, error) {
	receivers, exporters := otlpreceiver.NewFactory(), debugexporter.NewFactory()
	return otelcol.Factories{
		Receivers: map[component.Type]receiver.Factory{receivers.Type(): receivers},
		Exporters: map[component.Type]exporter.Factory{exporters.Type(): exporters},
	}, nil
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Version: "1"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			DefaultScheme:     "file",
			ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
		}},
	})
	if err := command.Execute(); err != nil {
		log.Fatal(err)
	}
}
GO
  mkdir -p "$(dirname "$program")"
  (cd "$project" && "$go" mod init collector && "$go" get "$at/otelcol@v$version" "$at/exporter/debugexporter@v$version" \
    "$at/receiver/otlpreceiver@v$version" "$at/confmap/provider/fileprovider@v1.36.0" && "$go" build -o collector .) \
    > "$project/log" 2>&1 || { cat "$project/log" >&2; exit 3; }
  # At once, so that no other test finds half of it.
  mv "$project/collector" "$program"
  rm -rf "$project"
}

case $1 in
  start)
    build
    mkdir -p "$folder"
    cat > "$folder/config.yaml" << YAML
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:$3 } } } }
exporters: { debug: { verbosity: detailed, sampling_initial: 100000 } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { logs: { receivers: [otlp], exporters: [debug] } }
YAML
    launch "$program" --config "file:$folder/config.yaml"
    ready 30 says 'Everything is ready'
    ;;
  stop) stop TERM ;;
esac
