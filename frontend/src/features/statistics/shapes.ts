/** Shapes on a plane for small maps: north up, one unit a hundredth of the height or so. */
export interface Shapes {
  viewBox: string
  paths: Map<number, string>
}

/** Draws polygons as the paths of an SVG. A degree of longitude is as long as it is in their middle. */
export function drawShapes({ features }: GeoJSON.FeatureCollection): Shapes {
  const rings = new Map<number, number[][][]>()
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { id, geometry } of features) {
    const polygons = geometry?.type === 'Polygon' ? [geometry.coordinates] : geometry?.type === 'MultiPolygon' ? geometry.coordinates : []
    const own = polygons.flat()
    rings.set(Number(id), own)
    for (const ring of own) {
      for (const [x, y] of ring as [number, number][]) {
        ;[west, south, east, north] = [Math.min(west, x), Math.min(south, y), Math.max(east, x), Math.max(north, y)]
      }
    }
  }
  if (!(east > west && north > south)) return { viewBox: '0 0 1 1', paths: new Map() }
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = 200 / Math.max((east - west) * squeeze, north - south)
  const place = ([x, y]: number[]) => `${((x! - west) * squeeze * scale).toFixed(1)},${((north - y!) * scale).toFixed(1)}`
  const paths = new Map([...rings].map(([id, own]) => [id, own.map((ring) => `M${ring.map(place).join('L')}Z`).join('')]))
  return { viewBox: `-2 -2 ${((east - west) * squeeze * scale + 4).toFixed(1)} ${((north - south) * scale + 4).toFixed(1)}`, paths }
}
