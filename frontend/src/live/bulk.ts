import type { Geometry } from 'geojson'
import { type DiffFrame, ProtocolError, type SnapshotFrame, type Value, checkFrame } from './protocol'

type Encoding = 'numbers' | 'words' | 'json'

/** The head of a bulk frame: a snapshot or diff without its rows. */
type Head = (Omit<SnapshotFrame, 'ids' | 'values' | 'geometry'> | Omit<DiffFrame, 'ids' | 'values' | 'geometry'>) & {
  rows: number
  encodings: Encoding[]
  places?: 'points' | 'json'
}

const NOWHERE = -0x80000000

/** Reads one binary frame (docs/protocol.md) into what a JSON frame would have been. Throws ProtocolError. */
export function parseBulk(buffer: ArrayBuffer): SnapshotFrame | DiffFrame {
  try {
    const reader = new Reader(buffer)
    const head = reader.json() as Head
    const ids = Array.from(reader.numbers(head.rows))
    const values = head.encodings.map((encoding) => column(reader, encoding, head.rows))
    const frame = { ...head, ids, values } as SnapshotFrame | DiffFrame
    if (head.places === 'points') frame.geometry = points(reader, head.rows)
    else if (head.places) frame.geometry = reader.json() as (Geometry | null)[]
    return checkFrame(frame)
  } catch (err) {
    if (err instanceof ProtocolError) throw err
    throw new ProtocolError('a binary frame ends too early, or is none', { cause: err })
  }
}

function column(reader: Reader, encoding: Encoding, rows: number): Value[] {
  if (encoding === 'numbers') return Array.from(reader.numbers(rows), (v) => (Number.isNaN(v) ? null : v))
  if (encoding === 'json') return reader.json() as Value[]
  const words = [null, ...(reader.json() as Value[])]
  return Array.from(reader.codes(rows), (code) => words[code]!)
}

function points(reader: Reader, rows: number): (Geometry | null)[] {
  const xy = reader.integers(2 * rows)
  const out: (Geometry | null)[] = []
  for (let i = 0; i < xy.length; i += 2) {
    out.push(xy[i] === NOWHERE ? null : { type: 'Point', coordinates: [xy[i]! / 1e7, xy[i + 1]! / 1e7] })
  }
  return out
}

/** Takes sections in their order, each from a multiple of eight bytes on. Typed arrays are little-endian wherever a browser runs. */
class Reader {
  private at = 0
  private readonly text = new TextDecoder('utf-8', { fatal: true })

  constructor(private readonly buffer: ArrayBuffer) {}

  numbers(n: number): Float64Array {
    return new Float64Array(this.buffer, this.skip(8 * n), n)
  }

  integers(n: number): Int32Array {
    return new Int32Array(this.buffer, this.skip(4 * n), n)
  }

  codes(n: number): Uint16Array {
    return new Uint16Array(this.buffer, this.skip(2 * n), n)
  }

  json(): unknown {
    const size = new DataView(this.buffer, this.at).getUint32(0, true)
    return JSON.parse(this.text.decode(new Uint8Array(this.buffer, this.skip(4 + size) + 4, size)))
  }

  private skip(bytes: number): number {
    const from = this.at
    this.at += Math.ceil(bytes / 8) * 8
    return from
  }
}
