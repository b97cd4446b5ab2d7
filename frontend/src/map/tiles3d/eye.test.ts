import { expect, test } from 'vitest'
import { eyeOf, local, multiply } from './eye'

/** A perspective with a middle that may lie off the canvas. */
function lens(near: number, far: number, tan: number, aspect: number, dx: number, dy: number): number[] {
  return [1 / (tan * aspect), 0, 0, 0, 0, 1 / tan, 0, 0, dx, dy, -(far + near) / (far - near), -1, 0, 0, (-2 * far * near) / (far - near), 0]
}

function inverseOfPose(pose: number[]): number[] {
  const r = pose
  const back = [0, 1, 2].map((i) => -(r[i * 4]! * r[12]! + r[i * 4 + 1]! * r[13]! + r[i * 4 + 2]! * r[14]!))
  return [r[0]!, r[4]!, r[8]!, 0, r[1]!, r[5]!, r[9]!, 0, r[2]!, r[6]!, r[10]!, 0, ...back, 1]
}

test.each([
  ['straight down', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 12, -30, 800, 1], 0, 0],
  ['tilted and turned', [0.8, 0.6, 0, 0, -0.36, 0.48, 0.8, 0, 0.48, -0.64, 0.6, 0, -500, 120, 640, 1], 0, 0],
  ['a screen of a wall', [0.8, 0.6, 0, 0, -0.36, 0.48, 0.8, 0, 0.48, -0.64, 0.6, 0, -500, 120, 640, 1], 2.5, -1.25],
])('%s: eye and lens are found again, whatever the scale of w', (_, pose, dx, dy) => {
  const of = lens(1, 5000, 0.33, 1.7, dx, dy)
  for (const scale of [1, 0.0037, 900]) {
    const found = eyeOf(multiply(of, inverseOfPose(pose)).map((v) => v * scale))
    found.pose.forEach((v, i) => expect(v, `pose ${i}`).toBeCloseTo(pose[i]!, 6))
    found.lens.forEach((v, i) => expect(v, `lens ${i}`).toBeCloseTo(of[i]!, 6))
  }
})

test('metres of a place lie in the world where they belong: north is less y', () => {
  const m = local([0.8, 0.4], 1e-8, 50)
  const at = (v: number[]) => multiply(m, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, ...v, 1]).slice(12, 15)
  const [x, y, z] = at([1000, 2000, 3])
  expect(x).toBeCloseTo(0.80001, 12)
  expect(y).toBeCloseTo(0.39998, 12)
  expect(z).toBeCloseTo(53e-8, 15)
})
