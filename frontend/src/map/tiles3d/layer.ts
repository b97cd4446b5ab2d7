import { LRUCache } from '3d-tiles-renderer/core'
import { TilesRenderer, WGS84_ELLIPSOID } from '3d-tiles-renderer/three'
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'
import { type CustomLayerInterface, type CustomRenderMethodInput, type Map as MapLibre, MercatorCoordinate } from 'maplibre-gl'
import { AmbientLight, Box3, DirectionalLight, MathUtils, Matrix4, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import type { Bbox, LonLat } from '../types'
import { eyeOf, local, multiply } from './eye'
import { EmbeddedPictures } from './pictures'

export const TILESETS = 'tilesets'

/** What all tilesets together may hold: a tile that nobody sees goes when there is more than `KEPT`, and none is asked for beyond `MOST`. */
export const MOST_BYTES = 256 * 2 ** 20
const KEPT_BYTES = 128 * 2 ** 20
/** A tile is fine enough when it is wrong by no more than so many pixels. */
const ERROR_PX = 12

export interface TilesetSource {
  name: string
  url: string
  bbox?: readonly number[]
}

/** How a tileset does: asked for, there, or not to be had. */
export type TilesetState = 'loading' | 'shown' | 'failed'

interface Shown {
  tiles: TilesRenderer
  /** From metres of its middle to the map's world, without its height. */
  origin: { world: [number, number]; metre: number; at: LonLat }
  /** How far its lowest point lies above the ellipsoid; NaN until it is known. */
  lowest: number
  scene: Scene
  sun: DirectionalLight
  failed: boolean
}

/** Photographed landscapes (3D Tiles) in MapLibre's own picture: same camera, same depths, whatever the lens. */
export class TilesetsLayer implements CustomLayerInterface {
  readonly id = TILESETS
  readonly type = 'custom'
  readonly renderingMode = '3d'
  private readonly shown = new Map<string, Shown>()
  private readonly cache = new LRUCache()
  private readonly camera = new PerspectiveCamera()
  private map: MapLibre | null = null
  private renderer: WebGLRenderer | null = null

  constructor(
    private sources: readonly TilesetSource[],
    private readonly onState: (name: string, state: TilesetState) => void,
  ) {
    this.cache.maxBytesSize = MOST_BYTES
    this.cache.minBytesSize = KEPT_BYTES
    this.camera.matrixAutoUpdate = false
    this.camera.matrixWorldAutoUpdate = false
  }

  /** Bytes of geometry and pictures that are held. */
  get bytes(): number {
    return (this.cache as unknown as { cachedBytes: number }).cachedBytes
  }

  /** Nothing is on its way. */
  get settled(): boolean {
    return [...this.shown.values()].every(({ tiles, failed }) => failed || (tiles.rootTileset !== null && tiles.loadProgress === 1))
  }

  setSources(sources: readonly TilesetSource[]): void {
    this.sources = sources
    if (this.map) this.follow()
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map
    this.renderer = new WebGLRenderer({ canvas: map.getCanvas(), context: gl })
    this.renderer.autoClear = false
    this.follow()
  }

  onRemove(): void {
    for (const name of [...this.shown.keys()]) this.drop(name)
    this.renderer?.dispose()
    this.renderer = null
    this.map = null
  }

  render(_: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const { map, renderer, camera } = this
    if (!map || !renderer) return
    const [, azimuth, polar] = (map.getLight().position as [number, number, number]).map(MathUtils.degToRad) as [number, number, number]
    for (const each of this.shown.values()) {
      const { tiles, origin, scene, sun } = each
      if (each.failed) continue
      this.measure(each)
      const ground = (map.getTerrain() && map.queryTerrainElevation(origin.at)) || 0
      const matrix = multiply(defaultProjectionData.mainMatrix, local(origin.world, origin.metre, ground - (each.lowest || 0)))
      const { pose, lens } = eyeOf(matrix)
      camera.matrixWorld.fromArray(pose)
      camera.matrix.copy(camera.matrixWorld)
      camera.matrixWorldInverse.copy(camera.matrixWorld).invert()
      camera.projectionMatrix.fromArray(lens)
      camera.projectionMatrixInverse.copy(camera.projectionMatrix).invert()
      tiles.setCamera(camera)
      tiles.setResolution(camera, map.getCanvas().width, map.getCanvas().height)
      tiles.update()
      sun.position.set(Math.sin(azimuth) * Math.sin(polar), Math.cos(azimuth) * Math.sin(polar), Math.cos(polar)) // as the map's own light
      renderer.resetState()
      renderer.render(scene, camera)
    }
    renderer.resetState()
    this.tell()
  }

  /** Begins what is wanted and not there, ends what is there and not wanted. */
  private follow(): void {
    const wanted = new Set(this.sources.map(({ name }) => name))
    for (const name of [...this.shown.keys()]) if (!wanted.has(name)) this.drop(name)
    for (const source of this.sources) if (!this.shown.has(source.name) && source.bbox) this.begin(source, source.bbox as Bbox)
    this.map?.triggerRepaint()
  }

  private begin({ name, url }: TilesetSource, [west, south, east, north]: Bbox): void {
    const at: LonLat = [(west + east) / 2, (south + north) / 2]
    const middle = MercatorCoordinate.fromLngLat(at)
    const tiles = new TilesRenderer(url)
    this.cache.unloadPriorityCallback = tiles.lruCache.unloadPriorityCallback // the farthest and coarsest go last, as by the library's own
    tiles.lruCache = this.cache
    tiles.errorTarget = ERROR_PX
    tiles.fetchOptions = { credentials: 'same-origin' }
    const frame = WGS84_ELLIPSOID.getEastNorthUpFrame((at[1] * Math.PI) / 180, (at[0] * Math.PI) / 180, 0, new Matrix4()).invert()
    tiles.group.applyMatrix4(frame)
    tiles.group.updateMatrixWorld(true)
    const scene = new Scene()
    const sun = new DirectionalLight('#fff', 1.6)
    scene.add(tiles.group, new AmbientLight('#fff', 1.4), sun)
    const shown: Shown = { tiles, scene, sun, lowest: NaN, failed: false, origin: { world: [middle.x, middle.y], metre: middle.meterInMercatorCoordinateUnits(), at } }
    this.shown.set(name, shown)
    this.onState(name, 'loading')
    const gltf = new GLTFLoader(tiles.manager)
    gltf.register((parser) => new EmbeddedPictures(parser))
    tiles.manager.addHandler(/\.(gltf|glb)$/, gltf)
    const draw = () => this.map?.triggerRepaint()
    let models = 0
    let lost = 0
    tiles.addEventListener('needs-update', draw)
    tiles.addEventListener('load-model', () => {
      models++
      draw()
    })
    tiles.addEventListener('tiles-load-end', () => {
      if (!shown.failed) this.onState(name, models === 0 && lost > 0 ? 'failed' : 'shown')
      draw()
    })
    tiles.addEventListener('load-error', ({ tile, error }) => {
      console.warn(`a part of the tileset ${name} was not loaded:`, error.message)
      lost++
      if (tile && tiles.rootTileset) return // the rest is shown
      shown.failed = true
      this.onState(name, 'failed')
    })
  }

  private drop(name: string): void {
    const shown = this.shown.get(name)
    this.shown.delete(name)
    shown?.tiles.dispose()
    this.tell()
    this.map?.triggerRepaint()
  }

  /** Heights of tilesets are above the ellipsoid, and the map's above whatever its terrain counts from: the lowest point stands on the ground. */
  private measure(shown: Shown): void {
    if (!Number.isNaN(shown.lowest)) return
    const { tiles } = shown
    if (tiles.rootTileset === null) return
    const [box, turn] = [new Box3(), new Matrix4()]
    shown.lowest = tiles.getOrientedBoundingBox(box, turn) ? box.applyMatrix4(turn.premultiply(tiles.group.matrixWorld)).min.z : 0
    if (!Number.isFinite(shown.lowest)) shown.lowest = 0
  }

  /** For those who measure. */
  private tell(): void {
    const dataset = this.map?.getContainer().dataset
    if (dataset) dataset.tilesetBytes = String(this.bytes)
  }
}
