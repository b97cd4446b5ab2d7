/**
 * The last picture of a wall's screen, kept over a reload of its page, and while the graphics card is away: it stands there from the page's first
 * moment, or the card's last, until the map is drawn whole, so that no screen goes black. It is kept for this tab alone, and forgotten with it.
 */
const ID = 'wall-kept'
const MAX_WIDTH = 1920
const QUALITY = 0.82
/** Who waits so long for a whole picture is shown what there is. */
const PATIENCE_MS = 90_000

const key = () => `wanglou.wall.kept.${new URLSearchParams(location.search).get('wall') ?? ''}.${new URLSearchParams(location.search).get('screen') ?? ''}`

/** Shows what is kept, above all that the new page draws. It asks nothing of the page but its body: styles come later. */
export function showKept(): void {
  const { at, picture } = read()
  if (!picture || keptAt() !== null) return
  const image = document.createElement('img')
  image.id = ID
  image.alt = ''
  image.src = picture
  image.dataset.at = at
  Object.assign(image.style, { position: 'fixed', inset: '0', width: '100%', height: '100%', zIndex: '1', pointerEvents: 'none' })
  document.body.append(image)
  setTimeout(dropKept, PATIENCE_MS)
}

/** Since when the kept picture is what the screen shows; null where it shows its own. Milliseconds since 1970, this clock's. */
export function keptAt(): number | null {
  const at = document.getElementById(ID)?.dataset.at
  return at ? Number(at) : null
}

export function dropKept(): void {
  document.getElementById(ID)?.remove()
}

/** Keeps what a canvas shows now, in a rectangle of its pixels. To be called in the task in which it was drawn: later its buffer is empty. */
export async function keep(canvas: HTMLCanvasElement, x: number, y: number, width: number, height: number): Promise<void> {
  const k = Math.min(1, MAX_WIDTH / width)
  const copy = Object.assign(document.createElement('canvas'), { width: Math.round(width * k), height: Math.round(height * k) })
  const pen = copy.getContext('2d')!
  pen.fillStyle = getComputedStyle(document.body).backgroundColor
  pen.fillRect(0, 0, copy.width, copy.height)
  pen.drawImage(canvas, x, y, width, height, 0, 0, copy.width, copy.height)
  const blob = await new Promise<Blob | null>((done) => copy.toBlob(done, 'image/jpeg', QUALITY)) // made aside: no frame waits for it
  if (!blob) return
  const picture = await new Promise<string>((done) => {
    const reader = new FileReader()
    reader.onload = () => done(String(reader.result))
    reader.readAsDataURL(blob)
  })
  try {
    sessionStorage.setItem(key(), JSON.stringify({ at: String(Date.now()), picture }))
  } catch {
    sessionStorage.removeItem(key()) // no room: better none than one of yesterday
  }
}

function read(): { at?: string; picture?: string } {
  try {
    return JSON.parse(sessionStorage.getItem(key()) ?? '{}') as { at?: string; picture?: string }
  } catch {
    return {}
  }
}
