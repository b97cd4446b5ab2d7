import { Upload, type DetailedError } from 'tus-js-client'
import { createStore } from '../lib/store'

/** A file on its way from this page. */
export interface Sending {
  key: string
  name: string
  size: number
  sent: number
  /** Bytes a second over the last seconds; 0 while nothing moves. */
  rate: number
  state: 'waiting' | 'sending' | 'interrupted' | 'paused' | 'whole' | 'failed'
  /** Id of the upload on the server, once it has one. */
  id: string | null
  error: { status: number; body: string } | null
}

export interface Known {
  id: string
  filename: string
  size: number
}

const AT_ONCE = 3
const CHUNK = 32 << 20
/** Seconds between tries: a line may be away for a while. */
const delays = [0, 1, 2, 5, 10, 20, 30, 60, 60, 60, 60, 60].map((s) => s * 1000)

export const sendings = createStore<readonly Sending[]>([])
const running = new Map<string, Upload>()
const files = new Map<string, File>()
const marks = new Map<string, { at: number; sent: number }>()

const change = (key: string, to: Partial<Sending>) => sendings.set((all) => all.map((each) => (each.key === key ? { ...each, ...to } : each)))
const find = (key: string) => sendings.get().find((each) => each.key === key)

/** Takes files of the person's. One that the server knows by name and size goes on where it was cut off, even after the browser was closed. */
export function addFiles(picked: Iterable<File>, known: readonly Known[]): void {
  for (const file of picked) {
    const key = `${file.name}/${file.size}/${file.lastModified}`
    const was = find(key)
    if (was && was.state !== 'failed') continue
    if (was) drop(key, false)
    files.set(key, file)
    const before = known.find(({ filename, size }) => filename === file.name && size === file.size)
    sendings.set((all) => [...all, { key, name: file.name, size: file.size, sent: 0, rate: 0, state: 'waiting', id: before?.id ?? null, error: null }])
  }
  next()
}

/** Begins what waits, a few at a time. */
function next(): void {
  for (const each of sendings.get()) {
    const busy = sendings.get().filter(({ state }) => state === 'sending' || state === 'interrupted').length
    if (busy >= AT_ONCE) return
    if (each.state === 'waiting') send(each)
  }
}

function send({ key, id, name }: Sending): void {
  const file = files.get(key)!
  const upload = new Upload(file, {
    endpoint: '/api/uploads',
    ...(id && { uploadUrl: `/api/uploads/${id}` }),
    metadata: { filename: name },
    chunkSize: CHUNK,
    retryDelays: delays,
    storeFingerprintForResuming: false, // the server knows what is not done
    removeFingerprintOnSuccess: true,
    onShouldRetry: (error) => {
      const status = (error as DetailedError).originalResponse?.getStatus() ?? 0
      if (status !== 0 && status < 500 && ![409, 423, 429].includes(status)) return false
      if (status === 507) return false
      change(key, { state: 'interrupted', rate: 0 })
      return true
    },
    onUploadUrlAvailable: () => change(key, { id: upload.url?.split('/').pop() ?? null }),
    onProgress: (sent) => {
      const now = performance.now()
      const mark = marks.get(key)
      if (!mark) marks.set(key, { at: now, sent })
      else if (now - mark.at > 1000) {
        const fresh = Math.max(0, ((sent - mark.sent) / (now - mark.at)) * 1000)
        const was = find(key)?.rate ?? 0
        marks.set(key, { at: now, sent })
        change(key, { rate: was ? 0.6 * was + 0.4 * fresh : fresh })
      }
      change(key, { sent, state: 'sending' })
    },
    onSuccess: () => {
      running.delete(key)
      change(key, { state: 'whole', sent: file.size, rate: 0 })
      next()
    },
    onError: (error) => {
      running.delete(key)
      const answer = (error as DetailedError).originalResponse
      if (answer?.getStatus() === 404 && find(key)?.id) {
        change(key, { id: null, state: 'waiting', sent: 0 }) // it has expired: from the start
        next()
        return
      }
      change(key, { state: 'failed', rate: 0, error: { status: answer?.getStatus() ?? 0, body: answer?.getBody() ?? '' } })
      next()
    },
  })
  running.set(key, upload)
  change(key, { state: 'sending', error: null })
  upload.start()
}

export function pause(key: string): void {
  void running.get(key)?.abort()
  running.delete(key)
  change(key, { state: 'paused', rate: 0 })
  next()
}

export function resume(key: string): void {
  change(key, { state: 'waiting', error: null })
  next()
}

/** Takes a file off the list; what was sent of it is forgotten where asked. */
export function drop(key: string, forget: boolean): void {
  const upload = running.get(key)
  void upload?.abort(forget)
  const id = find(key)?.id
  if (forget && !upload && id) void fetch(`/api/uploads/${id}`, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } })
  running.delete(key)
  files.delete(key)
  sendings.set((all) => all.filter((each) => each.key !== key))
  next()
}

/** After they were handed in. */
export function clear(): void {
  for (const { key } of sendings.get()) files.delete(key)
  sendings.set([])
}
