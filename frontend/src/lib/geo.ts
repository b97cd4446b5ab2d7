/** Longitude and latitude in degrees, EPSG:4326. */
export type LonLat = [number, number]

const radians = Math.PI / 180

/** Great-circle distance in metres (haversine, mean radius): good to 0.5 %, which is enough for "how far is it". */
export function metresBetween(a: LonLat, b: LonLat): number {
  const dLat = (b[1] - a[1]) * radians
  const dLon = (b[0] - a[0]) * radians
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * radians) * Math.cos(b[1] * radians) * Math.sin(dLon / 2) ** 2
  return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(h)))
}
