/**
 * Every colour of the product, once for each theme. CSS, the map, charts and canvases read from here and from nowhere else.
 * Grey is the world; blue is water, selection and teams; warm colours stand only where a person is needed; what is healthy
 * is dim, what is abnormal is bright. Tests hold the contrast of every pair that is used, and how far the colours of states are
 * apart to those who lack one kind of cones: the light theme's red has blue in it, and its orange is darker than its yellow, for them.
 */
export type Theme = 'dark' | 'light'

export interface Tokens {
  /** The page and everything behind panels. */
  bg: string
  panel: string
  /** A panel's row under the pointer, a selected row, an input. */
  panelHover: string
  panelSelect: string
  line: string
  /** Outline of a control: 3:1 against its panel. */
  control: string
  text: string
  text2: string
  text3: string
  /** Severity 1 danger to life, 2 serious, 3 ordinary. Never without its shape: diamond, triangle, circle. */
  sev: [string, string, string]
  /** The number on a severity shape. */
  onSev: string
  ok: string
  warn: string
  bad: string
  select: string
  /** Text on a filled blue control. */
  onSelect: string
  /** What shows the past is framed in this colour, which stands nowhere else. */
  replay: string
  onReplay: string
  map: MapTokens
  chart: ChartTokens
}

export interface MapTokens {
  land: string
  water: string
  waterLine: string
  waterLabel: string
  green: string
  built: string
  field: string
  road: string
  roadMajor: string
  roadCasing: string
  rail: string
  roadLabel: string
  /** A building's walls and roof from low to high. */
  building: [string, string, string]
  /** How much the light tells a building's sides apart, 0 to 1. */
  relief: number
  label: string
  labelMinor: string
  halo: string
  areaLine: string
  areaLineMajor: string
  gridLine: string
  /** Open incidents in an area: none, then four steps. Each differs from the next by 1.18:1 at least. */
  choropleth: [string, string, string, string, string]
  /** Numbers of areas in five classes: from little to much, by lightness first, so that no kind of colour vision mixes them up. */
  tint: [string, string, string, string, string]
  camera: string
  cameraAbnormal: string
  /** What is drawn under bright marks so that they stand off from the map. */
  ink: string
  unit: string
  unitIdle: string
  onUnit: string
  ring: string
  /** By night, with the sun at the horizon, by day. */
  sky: [string, string, string]
  horizon: [string, string, string]
  /** Of the light that falls on what stands. */
  light: [string, string, string]
  hillLight: string
  hillShade: string
}

export interface ChartTokens {
  bar: string
  barDim: string
  barNow: string
  line: string
  grid: string
}

const dark: Tokens = {
  bg: '#0b0f10',
  panel: '#11171a',
  panelHover: '#182024',
  panelSelect: '#1b2a34',
  line: '#2b363b',
  control: '#62727a',
  text: '#eef3f3',
  text2: '#b3c0c4',
  text3: '#8a989d',
  sev: ['#ff5b4d', '#ff9d3b', '#e6cf58'],
  onSev: '#14100c',
  ok: '#49b89f',
  warn: '#ff9d3b',
  bad: '#ff5b4d',
  select: '#6bb7ff',
  onSelect: '#071420',
  replay: '#c39bff',
  onReplay: '#160a26',
  map: {
    land: '#0e1315',
    water: '#123449',
    waterLine: '#17425c',
    waterLabel: '#8fc4e8',
    green: '#121918',
    built: '#151b1e',
    field: '#101617',
    road: '#2e393e',
    roadMajor: '#4a585e',
    roadCasing: '#0c1113',
    rail: '#3b474c',
    roadLabel: '#9aa8ad',
    building: ['#283236', '#4d595e', '#829095'],
    relief: 0.42,
    label: '#dfe7e8',
    labelMinor: '#b7c3c8',
    halo: '#0a0e0f',
    areaLine: '#5f7078',
    areaLineMajor: '#83949b',
    gridLine: '#4a595f',
    choropleth: ['#0e1315', '#1d272b', '#2c3a41', '#3f525b', '#566e79'],
    tint: ['#1b3350', '#3a5068', '#6b7379', '#a8986a', '#f2d65a'],
    camera: '#7b898e',
    cameraAbnormal: '#ffffff',
    ink: '#0a0e0f',
    unit: '#6bb7ff',
    unitIdle: '#3f77a8',
    onUnit: '#071420',
    ring: '#ffffff',
    sky: ['#070b0f', '#101822', '#182630'],
    horizon: ['#18232a', '#453a35', '#33454f'],
    light: ['#d3dff2', '#ffe6cc', '#ffffff'],
    hillLight: '#3a474d',
    hillShade: '#050708',
  },
  chart: { bar: '#8a989d', barDim: '#3a464b', barNow: '#eef3f3', line: '#6bb7ff', grid: '#2b363b' },
}

const light: Tokens = {
  bg: '#eef0ee',
  panel: '#fbfcfa',
  panelHover: '#f1f3f1',
  panelSelect: '#dfeaf5',
  line: '#d3d9d8',
  control: '#7f8b8e',
  text: '#12181a',
  text2: '#475357',
  text3: '#5c686c',
  sev: ['#9a0a2c', '#8c4a00', '#7a7600'],
  onSev: '#ffffff',
  ok: '#1b7361',
  warn: '#8c4a00',
  bad: '#9a0a2c',
  select: '#0b5cab',
  onSelect: '#ffffff',
  replay: '#6a3fb0',
  onReplay: '#ffffff',
  map: {
    land: '#f2f3f0',
    water: '#bdd4e3',
    waterLine: '#aecadc',
    waterLabel: '#28577a',
    green: '#e9ede8',
    built: '#ebecea',
    field: '#f0f1ed',
    road: '#ffffff',
    roadMajor: '#ffffff',
    roadCasing: '#b9c1c3',
    rail: '#a3acaf',
    roadLabel: '#566266',
    building: ['#e9ebea', '#d5dadb', '#bfc7ca'],
    relief: 0.2,
    label: '#1a2225',
    labelMinor: '#49555a',
    halo: '#f7f8f6',
    areaLine: '#8f9a9d',
    areaLineMajor: '#6d797d',
    gridLine: '#a7b0b2',
    choropleth: ['#f2f3f0', '#dbe1e2', '#c3cdd1', '#abb9bf', '#94a5ad'],
    tint: ['#f4e7a3', '#d2c184', '#9c9a7f', '#5f6f8a', '#1f3a66'],
    camera: '#7c888c',
    cameraAbnormal: '#0b1012',
    ink: '#ffffff',
    unit: '#0b5cab',
    unitIdle: '#5f8db5',
    onUnit: '#ffffff',
    ring: '#063f77',
    sky: ['#c3ccd3', '#d3d8de', '#cfdfe9'],
    horizon: ['#dce1e3', '#f1e2d3', '#eef2f2'],
    light: ['#e2eaf5', '#fff0df', '#ffffff'],
    hillLight: '#ffffff',
    hillShade: '#8d989b',
  },
  chart: { bar: '#66757a', barDim: '#c9d0d1', barNow: '#12181a', line: '#0b5cab', grid: '#d3d9d8' },
}

export const tokens: Record<Theme, Tokens> = { dark, light }

/** The CSS custom properties of a theme: `--bg`, `--text-2`, `--sev-1`, `--map-water`, `--chart-bar`, … */
export function cssVariables(theme: Theme): Record<string, string> {
  const out: Record<string, string> = {}
  const add = (prefix: string, value: unknown): void => {
    if (typeof value === 'string') out[prefix] = value
    else if (Array.isArray(value)) value.forEach((v, i) => add(`${prefix}-${i + 1}`, v))
    else for (const [key, v] of Object.entries(value as object)) add(prefix === '-' ? `--${kebab(key)}` : `${prefix}-${kebab(key)}`, v)
  }
  add('-', tokens[theme])
  return out
}

/** Puts the theme's custom properties, its colour scheme and `data-theme` on the root element. */
export function applyTokens(theme: Theme, root: HTMLElement = document.documentElement): void {
  for (const [name, value] of Object.entries(cssVariables(theme))) root.style.setProperty(name, value)
  root.style.colorScheme = theme
  root.dataset.theme = theme
}

/** textX → text-x, text2 → text-2, barNow → bar-now. */
function kebab(key: string): string {
  return key.replace(/([a-z])([A-Z0-9])/g, (_, a: string, b: string) => `${a}-${b.toLowerCase()}`)
}
