import { crc32, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { PngWriter } from './png'

/** Chunks of a PNG by name, with their sums checked. */
function chunks(bytes: Buffer): { name: string; data: Buffer }[] {
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const out = []
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const [name, data] = [bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length)]
    expect(bytes.readUInt32BE(at + 8 + length), name).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)))
    out.push({ name, data })
    at += 12 + length
  }
  return out
}

test('what is written in bands is read again, with its size and its dots of an inch', async () => {
  const [width, height] = [37, 20]
  const pixels = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 251))
  const png = new PngWriter(width, height, 300)
  for (const [from, to] of [[0, 7], [7, 8], [8, 20]] as const) await png.write(pixels.subarray(from * width * 4, to * width * 4))
  const found = chunks(Buffer.from(await (await png.finish()).arrayBuffer()))
  expect(found.map(({ name }) => name).filter((name, i, all) => name !== all[i - 1])).toEqual(['IHDR', 'pHYs', 'IDAT', 'IEND'])
  expect([found[0]!.data.readUInt32BE(0), found[0]!.data.readUInt32BE(4)]).toEqual([width, height])
  expect(found[1]!.data.readUInt32BE(0)).toBe(11_811) // 300 of an inch are so many of a metre

  const raw = inflateSync(Buffer.concat(found.filter(({ name }) => name === 'IDAT').map(({ data }) => data)))
  expect(raw.length).toBe(height * (3 * width + 1))
  const back: number[] = []
  for (let y = 0; y < height; y++) {
    const line = raw.subarray(y * (3 * width + 1))
    expect(line[0]).toBe(1)
    const left = [0, 0, 0]
    for (let i = 0; i < 3 * width; i++) back.push((left[i % 3] = (left[i % 3]! + line[1 + i]!) & 255))
  }
  expect(back).toEqual([...pixels].filter((_, i) => i % 4 !== 3))
})

test('rows too many, rows that do not end, and rows that are missing are refused', async () => {
  const png = new PngWriter(4, 2)
  await expect(png.write(new Uint8ClampedArray(15))).rejects.toThrow('does not take 15 bytes')
  await expect(png.write(new Uint8ClampedArray(48))).rejects.toThrow('4 × 2')
  await png.write(new Uint8ClampedArray(16))
  await expect(png.finish()).rejects.toThrow('2 rows was given 1')
})
