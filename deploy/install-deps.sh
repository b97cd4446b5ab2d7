#!/usr/bin/env bash
# Installs what Wanglou needs on Debian and does not bring along, and says what it installs. Nothing missing: says nothing, changes nothing.
#
#   deploy/install-deps.sh [serve|run|test]     serve: what the server uses; run: the same, where it is built from source as well;
#                                               test: also what the test suite uses
#
# Root installs directly, others through sudo. To build, Go (1.26 or newer) and Node (20 or newer, with npm) are expected to be there.
set -euo pipefail

purpose=${1:-run}
case $purpose in serve | run | test) ;; *) echo "usage: $0 [serve|run|test]" >&2 && exit 2 ;; esac

if [ "$purpose" != serve ]; then
  for tool in go node npm; do
    command -v "$tool" >/dev/null || { echo "wanglou: $tool is not installed; Wanglou is built with Go 1.26 and Node 20 or newer (see README.md)" >&2 && exit 1; }
  done
fi

missing=()
reasons=()
need() { # need <reason> <package>...
  reasons+=("$1")
  missing+=("${@:2}")
}

postgis_there() { compgen -G '/usr/share/postgresql/*/extension/postgis.control' >/dev/null && compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
newest_postgresql() { # the newest major version, from 15 on, that the distribution has together with PostGIS
  local v
  for v in 18 17 16 15; do
    if apt-cache show "postgresql-$v-postgis-3" >/dev/null 2>&1; then echo "$v" && return; fi
  done
  echo 15
}

fresh_lists=no
refresh_lists() {
  [ "$fresh_lists" = yes ] && return
  echo "wanglou: reading the package lists (apt-get update)"
  as_root apt-get update -qq
  fresh_lists=yes
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "wanglou: this needs root, and sudo is not installed. As root: deploy/install-deps.sh $purpose" >&2 && exit 1; fi
}

if ! postgis_there && [ -z "${DATABASE_URL:-}" ] || { ! postgis_there && [ "$purpose" = test ]; }; then
  refresh_lists
  v=$(newest_postgresql)
  need "PostgreSQL with PostGIS: the database" "postgresql-$v" "postgresql-$v-postgis-3" "postgresql-$v-postgis-3-scripts"
fi
command -v ogr2ogr >/dev/null || need "GDAL: import of Shapefile, GeoPackage, KML" gdal-bin
command -v ffmpeg >/dev/null || need "ffmpeg: video" ffmpeg
command -v tilemaker >/dev/null || need "tilemaker: a basemap out of OpenStreetMap data" tilemaker
if [ "$purpose" = test ]; then
  command -v gcc >/dev/null || need "gcc: the race detector of go test" gcc libc6-dev
  [ -d /usr/lib/python3/dist-packages/owslib ] || need "OWSLib: a client of the OGC API in tests" python3-owslib
  command -v chromium >/dev/null || need "Chromium: the end-to-end tests" chromium
  compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc' >/dev/null || need "Chinese glyphs for pictures of the console" fonts-noto-cjk
fi
[ ${#missing[@]} = 0 ] && exit 0

echo "wanglou: installing ${missing[*]}"
printf 'wanglou:   %s\n' "${reasons[@]}"
refresh_lists

# Debian's PostgreSQL packages create and start a cluster of their own on a first install. Wanglou keeps its own under var/, so
# that one would only take memory and port 5432: it is switched off for this install alone.
drop_in=/etc/postgresql-common/createcluster.d/zz-wanglou-install.conf
as_root mkdir -p "${drop_in%/*}"
echo "create_main_cluster = false" | as_root tee "$drop_in" >/dev/null
trap 'as_root rm -f "$drop_in"' EXIT
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
echo "wanglou: installed ${missing[*]}"
