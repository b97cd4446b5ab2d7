/** Writes a PNG from its top to its bottom, without ever holding more than the rows that are given: pictures of a wall are larger than canvases may be. */
export class PngWriter {
  private readonly parts: Uint8Array<ArrayBuffer>[] = []
  private readonly deflate = new CompressionStream('deflate')
  private readonly into = this.deflate.writable.getWriter()
  private readonly read: Promise<void>
  private rows = 0

  /** The dots of an inch are told to programs that print. */
  constructor(
    readonly width: number,
    readonly height: number,
    dpi?: number,
  ) {
    this.parts.push(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))
    const head = new DataView(new ArrayBuffer(13))
    head.setUint32(0, width)
    head.setUint32(4, height)
    head.setUint8(8, 8) // bits of a sample
    head.setUint8(9, 2) // red, green, blue
    this.chunk('IHDR', new Uint8Array(head.buffer))
    if (dpi) {
      const dots = new DataView(new ArrayBuffer(9))
      dots.setUint32(0, Math.round(dpi / 0.0254))
      dots.setUint32(4, Math.round(dpi / 0.0254))
      dots.setUint8(8, 1) // of a metre
      this.chunk('pHYs', new Uint8Array(dots.buffer))
    }
    this.read = this.collect()
    this.read.catch(() => undefined) // told by finish()
  }

  /** Takes the next rows: red, green, blue and an alpha that is not kept. */
  async write(pixels: Uint8ClampedArray): Promise<void> {
    const n = pixels.length / 4 / this.width
    if (!Number.isInteger(n) || this.rows + n > this.height) throw new Error(`a PNG of ${this.width} × ${this.height} pixels does not take ${pixels.length} bytes after row ${this.rows}`)
    this.rows += n
    const line = 3 * this.width + 1
    const out = new Uint8Array(n * line)
    for (let row = 0; row < n; row++) {
      let [from, to] = [row * this.width * 4, row * line]
      out[to++] = 1 // each sample less that of the pixel to its left
      let [r, g, b] = [0, 0, 0]
      for (let x = 0; x < this.width; x++, from += 4) {
        out[to++] = pixels[from]! - r
        out[to++] = pixels[from + 1]! - g
        out[to++] = pixels[from + 2]! - b
        r = pixels[from]!
        g = pixels[from + 1]!
        b = pixels[from + 2]!
      }
    }
    await this.into.write(out)
  }

  async finish(): Promise<Blob> {
    if (this.rows !== this.height) throw new Error(`a PNG of ${this.height} rows was given ${this.rows}`)
    await this.into.close()
    await this.read
    this.chunk('IEND', new Uint8Array(0))
    return new Blob(this.parts, { type: 'image/png' })
  }

  private async collect(): Promise<void> {
    const from = this.deflate.readable.getReader()
    for (;;) {
      const { value, done } = await from.read()
      if (done) return
      this.chunk('IDAT', value as Uint8Array<ArrayBuffer>)
    }
  }

  private chunk(name: string, data: Uint8Array): void {
    const out = new Uint8Array(data.length + 12)
    const view = new DataView(out.buffer)
    view.setUint32(0, data.length)
    for (let i = 0; i < 4; i++) out[4 + i] = name.charCodeAt(i)
    out.set(data, 8)
    view.setUint32(8 + data.length, crc(out.subarray(4, 8 + data.length)))
    this.parts.push(out)
  }
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = table[(c ^ byte) & 0xff]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}
