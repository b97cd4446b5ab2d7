#!/usr/bin/env bash
# Installs the built bin/wanglou as a service on this machine: packages, the user wanglou, /usr/local/bin/wanglou, the unit and its settings.
# Run it as root, again for every new version; settings and data stay. It does not start the service the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "wanglou: run this as root" >&2 && exit 1; }
[ -x bin/wanglou ] || { echo "wanglou: bin/wanglou is not there; build it with: make build" >&2 && exit 1; }

deploy/install-deps.sh serve

getent passwd wanglou >/dev/null || useradd --system --home-dir /var/lib/wanglou --no-create-home --shell /usr/sbin/nologin wanglou
install -D -m 0755 bin/wanglou /usr/local/bin/wanglou.new
mv -f /usr/local/bin/wanglou.new /usr/local/bin/wanglou
# Models of detection are run by these two, where they are.
[ ! -e bin/wanglou-onnx ] || install -D -m 0755 bin/wanglou-onnx /usr/local/bin/wanglou-onnx
[ ! -e bin/libonnxruntime.so.1 ] || install -D -m 0644 bin/libonnxruntime.so.1 /usr/local/lib/wanglou/libonnxruntime.so.1
install -D -m 0644 README.md /usr/local/share/doc/wanglou/README.md
install -D -m 0644 deploy/wanglou.service /etc/systemd/system/wanglou.service
if [ ! -e /etc/wanglou/wanglou.env ]; then
  install -d -m 0750 -g wanglou /etc/wanglou
  install -m 0640 -g wanglou deploy/wanglou.env /etc/wanglou/wanglou.env
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart wanglou.service
fi
echo "wanglou: installed $(/usr/local/bin/wanglou --version)"
echo "wanglou: settings are in /etc/wanglou/wanglou.env; start with: systemctl enable --now wanglou"
