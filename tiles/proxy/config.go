// Package proxy offers the basemaps of other servers as sources: intranet or online XYZ and WMTS tiles, asked for by this server alone, with
// keys that no client sees, kept on disk. Without a configuration nothing is dialled, ever.
package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"go.yaml.in/yaml/v3"

	"wanglou/layers"
	"wanglou/layers/crs"
	"wanglou/tiles"
	"wanglou/tiles/outbound"
)

// Config is the file sources.yaml of the data folder. See docs/sources.md.
type Config struct {
	Hosts    []string       `yaml:"hosts"`    // who may be asked: "t0.tianditu.gov.cn", "*.tianditu.gov.cn", "10.1.2.3:8080"
	Networks []netip.Prefix `yaml:"networks"` // private addresses that hosts may turn out to be; public ones always may
	Cache    struct {
		MaxMB  int           `yaml:"max_mb"`  // default 2048
		MaxAge time.Duration `yaml:"max_age"` // how long a tile is taken as it is; default 720h
	} `yaml:"cache"`
	Timeout time.Duration `yaml:"timeout"` // of one question; default 10s
	Sources []Upstream    `yaml:"sources"`
}

// Upstream is one basemap of another server.
type Upstream struct {
	Name        string      `yaml:"name"`
	Title       layers.Text `yaml:"title"`
	Kind        string      `yaml:"kind"`       // xyz, tms, wmts, tianditu, amap, tencent; default xyz
	Layer       string      `yaml:"layer"`      // of tianditu (img, vec, ter, cia, cva, cta), amap and tencent (map, satellite)
	URL         string      `yaml:"url"`        // with {z} {x} {y} {-y} {s} {key}, and {x/16} {-y/16}; kinds with a name have theirs
	Subdomains  []string    `yaml:"subdomains"` // what {s} is in turn
	System      string      `yaml:"system"`     // wgs84 (default) or gcj02
	Key         string      `yaml:"key"`
	KeyFile     string      `yaml:"key_file"` // relative to the data folder
	KeyEnv      string      `yaml:"key_env"`
	Referer     string      `yaml:"referer"` // some keys are bound to one
	MinZoom     int         `yaml:"min_zoom"`
	MaxZoom     int         `yaml:"max_zoom"`
	TileSize    int         `yaml:"tile_size"`
	Format      string      `yaml:"format"` // png, jpeg or webp: what most tiles are
	Bbox        []float64   `yaml:"bbox"`
	Attribution string      `yaml:"attribution"`
	Overlay     bool        `yaml:"overlay"`
	Labels      string      `yaml:"labels"`
}

// preset is what is known of a kind.
type preset struct {
	url, system, attribution, format string
	subdomains                       []string
	max                              int
}

const (
	tianditu = "https://t{s}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
	eight    = "01234567"
)

// presets by kind, or by kind and layer.
var presets = map[string]preset{
	"xyz": {}, "tms": {}, "wmts": {},
	"tianditu/img": {url: tianditu, attribution: "天地图", format: "jpeg", subdomains: strings.Split(eight, ""), max: 18},
	"tianditu/vec": {url: tianditu, attribution: "天地图", format: "png", subdomains: strings.Split(eight, ""), max: 18},
	"tianditu/ter": {url: tianditu, attribution: "天地图", format: "jpeg", subdomains: strings.Split(eight, ""), max: 14},
	"tianditu/cia": {url: tianditu, attribution: "天地图", format: "png", subdomains: strings.Split(eight, ""), max: 18},
	"tianditu/cva": {url: tianditu, attribution: "天地图", format: "png", subdomains: strings.Split(eight, ""), max: 18},
	"tianditu/cta": {url: tianditu, attribution: "天地图", format: "png", subdomains: strings.Split(eight, ""), max: 14},
	"amap/map": {url: "https://wprd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scl=1&style=7&x={x}&y={y}&z={z}", system: "gcj02", attribution: "高德地图", format: "png",
		subdomains: strings.Split("1234", ""), max: 18},
	"amap/satellite": {url: "https://webst0{s}.is.autonavi.com/appmaptile?style=6&x={x}&y={y}&z={z}", system: "gcj02", attribution: "高德地图", format: "jpeg",
		subdomains: strings.Split("1234", ""), max: 18},
	"tencent/map": {url: "https://rt{s}.map.gtimg.com/tile?z={z}&x={x}&y={-y}&styleid=1", system: "gcj02", attribution: "腾讯地图", format: "png",
		subdomains: strings.Split("0123", ""), max: 18},
	"tencent/satellite": {url: "https://p{s}.map.gtimg.com/sateTiles/{z}/{x/16}/{-y/16}/{x}_{-y}.jpg", system: "gcj02", attribution: "腾讯地图", format: "jpeg",
		subdomains: strings.Split("0123", ""), max: 18},
}

var formats = map[string]tiles.Format{"png": tiles.FormatPNG, "jpeg": tiles.FormatJPEG, "jpg": tiles.FormatJPEG, "webp": tiles.FormatWebP}

var (
	sourceName  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
	known       = []string{"{z}", "{x}", "{y}", "{-y}", "{s}", "{key}", "{x/16}", "{-y/16}", "{layer}", "{TileMatrix}", "{TileRow}", "{TileCol}"}
)

// upstream is a source of the configuration that was checked.
type upstream struct {
	info       tiles.Info
	url        string // with placeholders, without the key
	id         string // of the address: tiles of another one are not its
	subdomains []string
	key        string
	referer    string
	system     crs.System
}

// read reads and checks the configuration at path; nil when there is none. dir is where key files lie.
func read(path, dir string) (*Config, []*upstream, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c := &Config{}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	if c.Cache.MaxMB == 0 {
		c.Cache.MaxMB = 2048
	}
	if c.Cache.MaxAge == 0 {
		c.Cache.MaxAge = 30 * 24 * time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Cache.MaxMB < 1 || c.Cache.MaxAge < 0 || c.Timeout < 0 || c.Timeout > 25*time.Second {
		return nil, nil, errors.New("cache.max_mb is at least 1, times are positive, and timeout is at most 25s")
	}
	var ups []*upstream
	for i := range c.Sources {
		s := &c.Sources[i]
		u, err := s.check(c, dir)
		if err != nil {
			return nil, nil, fmt.Errorf("sources[%d] (%s): %w", i, s.Name, err)
		}
		if slices.ContainsFunc(ups, func(o *upstream) bool { return o.info.Name == u.info.Name }) {
			return nil, nil, fmt.Errorf("sources[%d]: the name %s is taken already", i, s.Name)
		}
		ups = append(ups, u)
	}
	return c, ups, nil
}

func (s *Upstream) check(c *Config, dir string) (*upstream, error) {
	if !sourceName.MatchString(s.Name) {
		return nil, fmt.Errorf("name: %q is not usable: a–z, 0–9, - and _ alone", s.Name)
	}
	kind := s.Kind
	switch kind {
	case "":
		kind = "xyz"
	case "baidu":
		return nil, errors.New("kind: Baidu's tiles are cut in a grid of its own (BD-09, a projection that is not Web Mercator, the origin in the middle, other scales): " +
			"they cannot be laid on this map without drawing every picture and its names anew; take amap, tencent or tianditu")
	case "tianditu", "amap", "tencent":
		kind += "/" + s.Layer
	}
	if kind == "tianditu/" || strings.HasSuffix(s.Layer, "_c") || strings.Contains(strings.ToLower(s.URL), "tilematrixset=c&") {
		return nil, errors.New("layer: Tianditu's layers are img, vec, ter, cia, cva, cta; of its two grids _w (Web Mercator) is read, _c (degrees) is not")
	}
	p, ok := presets[kind]
	if !ok {
		return nil, fmt.Errorf("kind: %q with layer %q is not known", s.Kind, s.Layer)
	}
	u := &upstream{referer: s.Referer, subdomains: s.Subdomains, url: s.URL}
	if u.url == "" {
		u.url = p.url
	}
	if len(u.subdomains) == 0 {
		u.subdomains = p.subdomains
	}
	if kind == "tms" {
		u.url = strings.ReplaceAll(u.url, "{y}", "{-y}")
	}
	u.url = strings.NewReplacer("{layer}", s.Layer, "{TileMatrix}", "{z}", "{TileRow}", "{y}", "{TileCol}", "{x}").Replace(u.url)
	u.id = strconv.FormatUint(fnv64(u.url), 16)
	if err := u.checkURL(&outbound.Rules{Hosts: c.Hosts}); err != nil {
		return nil, err
	}
	system, _, err := crs.Parse(first(s.System, p.system, "wgs84"))
	if err != nil || system == crs.BD09 || system == "" {
		return nil, fmt.Errorf("system: %q is none of wgs84, cgcs2000, gcj02", s.System)
	}
	u.system = system
	if u.key, err = s.readKey(dir); err != nil {
		return nil, err
	}
	if strings.Contains(u.url, "{key}") && u.key == "" {
		return nil, errors.New("key: the address has a {key}, and none is given (key_file, key_env or key)")
	}
	format, ok := formats[first(s.Format, p.format, "png")]
	if !ok {
		return nil, fmt.Errorf("format: %q is none of png, jpeg, webp", s.Format)
	}
	u.info = tiles.Info{Name: s.Name, Title: s.Title, Format: format, MinZoom: s.MinZoom, MaxZoom: s.MaxZoom, TileSize: s.TileSize,
		Attribution: first(s.Attribution, p.attribution), Overlay: s.Overlay, Labels: s.Labels,
		Bound: orb.Bound{Min: orb.Point{-180, -85.0511}, Max: orb.Point{180, 85.0511}}}
	return u, u.complete(s, p)
}

// complete sets what was not said.
func (u *upstream) complete(s *Upstream, p preset) error {
	i := &u.info
	if i.Title.ZH == "" {
		i.Title.ZH = first(i.Title.EN, s.Name)
	}
	if i.Title.EN == "" {
		i.Title.EN = i.Title.ZH
	}
	if i.TileSize == 0 {
		i.TileSize = 256
	}
	if i.MaxZoom == 0 {
		i.MaxZoom = max(p.max, 18*btoi(p.max == 0))
	}
	if i.MinZoom < 0 || i.MinZoom > i.MaxZoom || i.MaxZoom > 22 || i.TileSize < 64 || i.TileSize > 1024 {
		return errors.New("min_zoom, max_zoom, tile_size: zooms are 0 to 22, tiles 64 to 1024 pixels wide")
	}
	if len(s.Bbox) > 0 {
		if len(s.Bbox) != 4 || !(s.Bbox[0] < s.Bbox[2] && s.Bbox[1] < s.Bbox[3]) {
			return errors.New("bbox: west, south, east, north")
		}
		i.Bound = orb.Bound{Min: orb.Point{s.Bbox[0], s.Bbox[1]}, Max: orb.Point{s.Bbox[2], s.Bbox[3]}}
	}
	return nil
}

// checkURL checks the address, and that each host it can name may be asked.
func (u *upstream) checkURL(rules *outbound.Rules) error {
	for _, p := range placeholder.FindAllString(u.url, -1) {
		if !slices.Contains(known, p) {
			return fmt.Errorf("url: %s is not known", p)
		}
	}
	if !strings.Contains(u.url, "{z}") || !strings.Contains(u.url, "{x}") || !strings.Contains(u.url, "{y}") && !strings.Contains(u.url, "{-y}") {
		return errors.New("url: it has to name {z}, {x} and {y} or {-y}")
	}
	if strings.Contains(u.url, "{s}") && len(u.subdomains) == 0 {
		return errors.New("subdomains: the address has an {s}, and no subdomains are given")
	}
	for _, s := range append([]string{""}, u.subdomains...) {
		if s == "" && strings.Contains(u.url, "{s}") {
			continue
		}
		a, err := url.Parse(placeholder.ReplaceAllString(strings.ReplaceAll(u.url, "{s}", s), "0"))
		if err != nil || a.Scheme != "http" && a.Scheme != "https" || a.Host == "" || a.User != nil {
			return errors.New("url: it has to be http or https, with a host and without a user")
		}
		if !rules.Allows(a.Host) {
			return fmt.Errorf("url: %s is not in hosts", a.Host)
		}
	}
	return nil
}

func (s *Upstream) readKey(dir string) (string, error) {
	switch {
	case s.KeyFile != "":
		path := s.KeyFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("key_file: %w", err)
		}
		return strings.TrimSpace(string(raw)), nil
	case s.KeyEnv != "":
		if v := os.Getenv(s.KeyEnv); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("key_env: %s is not set", s.KeyEnv)
	}
	return s.Key, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
