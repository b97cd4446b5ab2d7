/** Taking MapLibre's one matrix apart into a camera and its lens: who chooses how fine a tile is drawn has to know where the eye stands. */

/** Sixteen numbers, column by column. */
export type Matrix = ArrayLike<number>

export interface Eye {
  /** Where it stands and how it is turned: right, up, back, place; column by column. */
  pose: number[]
  /** What lies before it, onto the canvas. The wall's screens have lenses whose middle lies on another screen: they are no special case. */
  lens: number[]
}

/** `matrix` leads from metres to the clip space of a perspective. */
export function eyeOf(matrix: Matrix): Eye {
  const row = (i: number) => [matrix[i]!, matrix[4 + i]!, matrix[8 + i]!, matrix[12 + i]!] as const
  const [rx, ry, rw] = [row(0), row(1), row(3)]
  const length = Math.hypot(rw[0], rw[1], rw[2])
  const forward = [rw[0] / length, rw[1] / length, rw[2] / length] as const
  const along = dot(rx, forward)
  const right = unit([rx[0] - along * forward[0], rx[1] - along * forward[1], rx[2] - along * forward[2]])
  const up = cross(right, forward)
  const place = solve(rx, ry, rw)
  const pose = [...right, 0, ...up, 0, -forward[0], -forward[1], -forward[2], 0, ...place, 1]
  // the distance of a point is its w then, as in a common perspective
  const lens = multiply(matrix, pose).map((v) => v / length)
  return { pose, lens }
}

type Row = readonly [number, number, number, number]
type Vector = readonly [number, number, number]

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!
const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
function unit(v: Vector): Vector {
  const length = Math.hypot(...v)
  return [v[0] / length, v[1] / length, v[2] / length]
}

/** The point at which three planes meet: that in which x, y and w are nothing is the eye. */
function solve(a: Row, b: Row, c: Row): Vector {
  const [na, nb, nc] = [[a[0], a[1], a[2]], [b[0], b[1], b[2]], [c[0], c[1], c[2]]] as [Vector, Vector, Vector]
  const [bc, ca, ab] = [cross(nb, nc), cross(nc, na), cross(na, nb)]
  const volume = dot(na, bc)
  return [0, 1, 2].map((i) => -(a[3] * bc[i]! + b[3] * ca[i]! + c[3] * ab[i]!) / volume) as unknown as Vector
}

export function multiply(a: Matrix, b: Matrix): number[] {
  const out = new Array<number>(16)
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0
      for (let k = 0; k < 4; k++) sum += a[k * 4 + row]! * b[column * 4 + k]!
      out[column * 4 + row] = sum
    }
  }
  return out
}

/** From metres east, north and up of a place to MapLibre's square world. */
export function local([x, y]: readonly [number, number], unitsPerMetre: number, altitude: number): number[] {
  const k = unitsPerMetre
  return [k, 0, 0, 0, 0, -k, 0, 0, 0, 0, k, 0, x, y, altitude * k, 1]
}
