import i18next from 'i18next'
import '../../i18n/wall'
import type { LiveStore } from '../../live/store'
import { keepWall, keptWall, put, type Wall } from '../../video/wall'
import { placed } from '../../video/placed'
import { FAR_PX, type Held } from './drag'

/** A camera that is dragged from the map or a list onto a tile of the video wall, which comes up below the map while it is dragged. */
export class CameraDrag implements Held {
  moving = false
  private ghost: HTMLElement | null = null
  private dock: HTMLElement | null = null
  private over: HTMLElement | null = null

  constructor(
    private readonly live: LiveStore,
    private readonly id: number,
    private readonly from: { x: number; y: number },
  ) {}

  private name(id: number): string {
    return String(this.live.layer('camera').value(id, 'name') ?? id)
  }

  move(event: PointerEvent): void {
    if (!this.moving) {
      if (Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y) < FAR_PX) return
      this.moving = true
      this.show(keptWall())
      document.documentElement.classList.add('dragging')
    }
    const ghost = this.ghost!
    ghost.style.left = `${Math.min(event.clientX + 14, innerWidth - ghost.offsetWidth - 8)}px`
    ghost.style.top = `${Math.min(event.clientY + 14, innerHeight - ghost.offsetHeight - 8)}px`
    this.mark(this.tileAt(event))
  }

  private show(wall: Wall): void {
    const t = i18next.t as unknown as (key: string, values?: object) => string
    const ghost = (this.ghost = document.createElement('div'))
    ghost.className = 'drag-ghost'
    ghost.dataset.testid = 'drag-ghost'
    ghost.setAttribute('role', 'status')
    ghost.textContent = t('wall.dragged', { name: this.name(this.id) })
    const dock = (this.dock = document.createElement('div'))
    dock.className = 'drag-dock'
    dock.dataset.testid = 'drag-dock'
    dock.style.setProperty('--side', String(Math.sqrt(wall.layout)))
    const title = document.createElement('p')
    title.textContent = t('wall.dock')
    const grid = document.createElement('div')
    grid.className = 'drag-dock-grid'
    for (let i = 0; i < wall.layout; i++) {
      const tile = document.createElement('div')
      const camera = wall.cameras[i] ?? null
      tile.className = 'drag-dock-tile'
      tile.dataset.dockTile = String(i)
      tile.textContent = `${i + 1} · ${camera === null ? t('wall.empty') : this.name(camera)}`
      grid.append(tile)
    }
    dock.append(title, grid)
    document.body.append(dock, ghost)
  }

  private tileAt(event: PointerEvent): HTMLElement | null {
    return document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-dock-tile]') ?? null
  }

  private mark(tile: HTMLElement | null): void {
    if (this.over !== tile) this.over?.removeAttribute('data-drop')
    this.over = tile
    if (tile) tile.dataset.drop = 'ok'
  }

  drop(event: PointerEvent): void {
    const tile = this.tileAt(event)
    if (!tile) return
    const wall = keptWall()
    const at = Number(tile.dataset.dockTile)
    keepWall({ ...wall, cameras: put(wall.cameras, at, this.id) })
    placed(this.name(this.id), at)
  }

  end(): void {
    this.ghost?.remove()
    this.dock?.remove()
    document.documentElement.classList.remove('dragging')
  }
}
