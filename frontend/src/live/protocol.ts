import type { Geometry } from 'geojson'
import type { ReplayHead } from './replay'

/** Frames of docs/protocol.md. */

/** A published value: SQL NULL is null, times are RFC 3339 text, text arrays are arrays. */
export type Value = string | number | boolean | null | string[]

export interface HelloFrame {
  type: 'hello'
  session: string
  version: string
  time: string
  /** Null before the server has loaded anything. */
  token: string | null
  heartbeat_s: number
}

export interface SnapshotFrame {
  type: 'snapshot'
  layer: string
  token: string
  columns: string[]
  ids: number[]
  values: Value[][]
  geometry?: (Geometry | null)[]
  more: boolean
  part?: number
}

export interface DiffFrame {
  type: 'diff'
  layer: string
  token: string
  removed?: number[]
  ids?: number[]
  values?: Value[][]
  geometry?: (Geometry | null)[]
  /** Names "z/x/y" of tiles whose geometry changed, or "all". */
  tiles?: string[] | 'all'
}

export type SourceState = 'live' | 'connecting' | 'lost'

export interface HeartbeatFrame {
  type: 'heartbeat'
  time: string
  token: string | null
  source: SourceState
  source_since: string | null
  /** The last sign of life of the database, null before the first. */
  heard: string | null
  /** The replay that walls show; none is the present. */
  walls?: string
  /** Of a replay alone: where it stands. */
  replay?: ReplayHead
}

export interface ErrorFrame {
  type: 'error'
  code: string
  layer?: string
  /** What of the subscription is wrong. */
  field?: string
  reason?: string
  message: string
}

export type ServerFrame = HelloFrame | SnapshotFrame | DiffFrame | HeartbeatFrame | ErrorFrame

export interface Subscription {
  layer: string
  /** False: state only, the geometry comes in tiles. */
  geometry: boolean
  /** Rows come in binary form: for a layer of very many. */
  bulk?: boolean
}

/** Close codes that decide what the client does next. */
export const Close = {
  badFrame: 4400,
  noSession: 4401,
  rightsChanged: 4403,
  noReplay: 4404,
  tooSlow: 4408,
} as const

/** A frame that breaks the protocol. The connection that sent it cannot be trusted to be in step. */
export class ProtocolError extends Error {}

/** Reads one frame and checks everything the store relies on. Throws ProtocolError. */
export function parseFrame(text: string): ServerFrame {
  let frame: ServerFrame
  try {
    frame = JSON.parse(text) as ServerFrame
  } catch (err) {
    throw new ProtocolError('a frame is not JSON', { cause: err })
  }
  switch (frame?.type) {
    case 'snapshot':
    case 'diff':
      return checkFrame(frame)
    case 'hello':
    case 'heartbeat':
      need(!Number.isNaN(Date.parse(frame.time)), `a ${frame.type} without a time`)
      return frame
    case 'error':
      return frame
    default:
      throw new ProtocolError(`an unknown frame: ${String((frame as { type?: unknown } | null)?.type)}`)
  }
}

/** Checks what the store relies on in a frame with rows. Throws ProtocolError. */
export function checkFrame(frame: SnapshotFrame | DiffFrame): SnapshotFrame | DiffFrame {
  if (frame.type === 'snapshot') {
    need(Array.isArray(frame.columns) && Array.isArray(frame.ids) && Array.isArray(frame.values), 'a snapshot without columns, ids or values')
    need(frame.values.length === frame.columns.length, `a snapshot of ${frame.layer} has ${frame.values.length} columns of values for ${frame.columns.length} names`)
  }
  checkRows(frame.layer, frame.ids ?? [], frame.values ?? [], frame.geometry)
  return frame
}

function checkRows(layer: string, ids: number[], values: Value[][], geometry?: unknown[]): void {
  need(typeof layer === 'string' && layer !== '', 'a frame without a layer')
  for (const column of values) need(Array.isArray(column) && column.length === ids.length, `${layer}: a column is not as long as ids`)
  need(!geometry || geometry.length === ids.length, `${layer}: geometry is not as long as ids`)
}

function need(ok: boolean, message: string): asserts ok {
  if (!ok) throw new ProtocolError(message)
}
