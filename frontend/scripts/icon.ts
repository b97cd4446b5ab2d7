import { deflateSync, crc32 } from 'node:zlib'

/** The tower of favicon.svg: its lines in a square of 32. */
const lines: [number, number, number, number][] = [
  [7, 12, 16, 5], [16, 5, 25, 12], [9, 12, 23, 12], [11, 12, 11, 27], [21, 12, 21, 27], [11, 18, 21, 18], [8, 27, 24, 27],
]
const ground = [0x11, 0x17, 0x1a]
const line = [0x6b, 0xb7, 0xff]

/** The sign of the home screen, square, without corners cut: systems cut their own. It keeps clear of the edge that they may cut away. */
export function iconPng(size: number): Buffer {
  const rows = Buffer.alloc(size * (1 + 3 * size))
  const scale = 32 / size / 0.8 // the sign fills four fifths
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const px = (x + 0.5 - size / 2) * scale + 16
      const py = (y + 0.5 - size / 2) * scale + 16
      const away = Math.min(...lines.map((each) => distance(px, py, each)))
      const cover = Math.min(1, Math.max(0, (1.1 - away) / scale + 0.5))
      for (let c = 0; c < 3; c++) rows[y * (1 + 3 * size) + 1 + 3 * x + c] = Math.round(ground[c]! + (line[c]! - ground[c]!) * cover)
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(size, 0)
  head.writeUInt32BE(size, 4)
  head.set([8, 2], 8) // eight bits, RGB
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function distance(x: number, y: number, [ax, ay, bx, by]: [number, number, number, number]): number {
  const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)))
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
}

function chunk(name: string, body: Buffer): Buffer {
  const out = Buffer.alloc(12 + body.length)
  out.writeUInt32BE(body.length, 0)
  out.write(name, 4, 'latin1')
  out.set(body, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length)
  return out
}
