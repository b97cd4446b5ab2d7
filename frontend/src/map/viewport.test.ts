import type { Map as MapLibre } from 'maplibre-gl'
import { expect, it, vi } from 'vitest'
import { Viewport, homeView, verticalFov } from './viewport'

const catalog = { layers: [], county: { bbox: [119, 29, 120, 30], view: { center: [119.7, 29.8], zoom: 12, pitch: 55, bearing: -20 } }, basemap: { source: 'basemap', attribution: '', pictures: [] } }

it('shows the same ground on a screen of twice the height', () => {
  expect(homeView(catalog, 960, true)).toEqual({ center: [119.7, 29.8], zoom: 12, pitch: 55, bearing: -20 })
  expect(homeView(catalog, 1920, true)!.zoom).toBe(13)
  expect(homeView(catalog, 960, false)).toMatchObject({ pitch: 0, bearing: 0 })
  expect(homeView({ ...catalog, county: { bbox: [119, 29, 120, 30] } }, 960, true)).toBeNull()
})

it('gives a wide wall a longer lens, and never a wider one', () => {
  const horizontal = (w: number, h: number) => (2 * Math.atan((Math.tan((verticalFov(w, h) * Math.PI) / 360) * w) / h) * 180) / Math.PI
  expect(verticalFov(1920, 1080)).toBeCloseTo(36.87)
  expect(horizontal(3840, 1080)).toBeCloseTo(68)
  expect(horizontal(11520, 2160)).toBeCloseTo(68)
})

it('knows the middle of what no panel covers', () => {
  const map = { getContainer: () => ({ clientWidth: 1000, clientHeight: 600 }), unproject: ([x, y]: [number, number]) => ({ lng: x / 10, lat: y / 10 }) } as unknown as MapLibre
  const viewport = new Viewport(map, catalog, false)
  expect(viewport.free).toEqual({ center: [50, 30], width: 1000, height: 600 })
  viewport.setInsets({ left: 100, right: 300 })
  expect(viewport.free).toEqual({ center: [40, 30], width: 600, height: 600 })
})

it('zooms around the middle of what no panel covers', () => {
  vi.stubGlobal('matchMedia', () => ({ matches: false })) // movements are wanted
  const easeTo = vi.fn()
  const isZooming = vi.fn(() => false)
  const map = { getContainer: () => ({ clientWidth: 1000, clientHeight: 600 }), unproject: ([x, y]: [number, number]) => ({ lng: x / 10, lat: y / 10 }), getZoom: () => 12.6, isZooming, easeTo } as unknown as MapLibre
  const viewport = new Viewport(map, catalog, false)
  viewport.setInsets({ left: 100, right: 300 })
  viewport.zoomBy(1)
  expect(easeTo.mock.calls[0]![0]).toMatchObject({ zoom: 13.6, around: [40, 30] })
  isZooming.mockReturnValue(true)
  viewport.zoomBy(1)
  expect(easeTo.mock.calls[1]![0]).toMatchObject({ zoom: 14, around: [40, 30] })
  vi.unstubAllGlobals()
})
