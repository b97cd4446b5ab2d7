/** Types that the server takes; a phone that would give HEIC makes a JPEG of it because of this list. */
export const acceptedTypes = ['image/jpeg', 'image/png', 'image/webp', 'video/mp4']
const MB = 1 << 20
export const limitOf = (type: string) => (type.startsWith('video/') ? 200 : 20) * MB

export type Refusal = 'type' | 'size' | null

/** Why a file cannot be taken, before anything is stored. */
export function refusal(file: { type: string; size: number }): Refusal {
  if (!acceptedTypes.includes(file.type)) return 'type'
  return file.size > limitOf(file.type) || file.size === 0 ? 'size' : null
}

export async function sha256(bytes: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await bytes.arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The longer edge of a picture that was made smaller, pixels. */
const SMALL_EDGE = 1920

/** A smaller JPEG, where somebody wants to spare the line. It tells nothing beside itself: no device, no place. */
export async function smaller(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file)
  const scale = Math.min(1, SMALL_EDGE / Math.max(picture.width, picture.height))
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale))
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 })
}
