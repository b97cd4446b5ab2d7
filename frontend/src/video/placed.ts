import i18next from 'i18next'
import '../i18n/wall'
import { go, paths } from '../app/router'
import { notify } from '../ui/notices'
import { keepWall, keptWall, put, tileFor } from './wall'

/** Says that a camera stands on the video wall, and how one gets there. */
export function placed(camera: string, tile: number): void {
  const t = i18next.t as unknown as (key: string, values?: object) => string
  notify('event', t('wall.placed', { camera, n: tile + 1 }), { label: t('wall.open'), press: () => go(paths.video, null) })
}

/** Puts a camera on the video wall, in a tile of its own: what dragging it there does, by a button. */
export function putOnWall(id: number, name: string): void {
  const wall = keptWall()
  const tile = tileFor(wall, id)
  keepWall({ ...wall, cameras: put(wall.cameras, tile, id) })
  placed(name, tile)
}
