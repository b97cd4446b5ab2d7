import { ApiError, fromAnswer } from '../api/error'

/** Types that the server takes; a phone that would give HEIC makes a JPEG of it because of this list. */
export const pictureTypes = ['image/jpeg', 'image/png', 'image/webp']
export const mostPictures = 4
const mostBytes = 20 << 20

/** Why a picture cannot be taken, before anything is sent. */
export function refused(file: { type: string; size: number }): 'type' | 'size' | null {
  if (!pictureTypes.includes(file.type)) return 'type'
  return file.size > mostBytes || file.size === 0 ? 'size' : null
}

/** Sends one picture of the report of a tracking code. Sending it twice keeps it once. */
export async function sendPicture(tracking: string, file: File): Promise<void> {
  let answer: Response
  try {
    answer = await fetch('/api/citizen/pictures', { method: 'POST', body: file, headers: { 'Content-Type': file.type, 'Wanglou-Tracking': tracking } })
  } catch (cause) {
    throw new ApiError('network', 0, {}, { cause })
  }
  if (!answer.ok) throw fromAnswer(answer.status, await answer.json().catch(() => undefined))
}

/** What the QR code of a place says of it: the part of the address behind #, which no server is told. */
export function placeOfHash(hash: string): { where: string; at: readonly [number, number] | null } {
  const params = new URLSearchParams(hash.replace(/^#/, ''))
  const [lon = NaN, lat = NaN] = (params.get('at') ?? '').split(',').map((text) => (text.trim() ? Number(text) : NaN))
  const known = Math.abs(lon) <= 180 && Math.abs(lat) <= 90
  return { where: (params.get('where') ?? '').slice(0, 200), at: known ? [lon, lat] : null }
}

/** The address that a QR code leads to. */
export function addressOf(origin: string, where: string, at: string): string {
  const params = new URLSearchParams()
  if (where.trim()) params.set('where', where.trim())
  const place = placeOfHash(`at=${at}`).at
  if (place) params.set('at', place.join(','))
  const hash = params.toString()
  return `${origin}/citizen${hash ? `#${hash}` : ''}`
}
