import { beforeEach, describe, expect, it, vi } from 'vitest'
import { startI18n } from '../../i18n'
import { LiveStore } from '../../live/store'
import { notify } from '../../ui/notices'
import { tellFences } from './tell'

vi.mock('../../ui/notices', () => ({ notify: vi.fn() }))

startI18n()

const columns = ['trigger', 'moving', 'fence']
const frame = (ids: number[]) => ({ columns, ids, values: columns.map((c) => ids.map((id) => (c === 'trigger' ? 'leave' : `${c} ${id}`))), token: 't', geometry: ids.map(() => null) })

function world() {
  const live = new LiveStore((f: () => void) => f())
  const layer = live.layer('geofence_event')
  return { live, layer, add: (ids: number[]) => layer.apply({ ...frame(ids), gone: [] } as never), load: (ids: number[]) => layer.load([frame(ids) as never]) }
}

describe('what happens at geofences', () => {
  beforeEach(() => vi.mocked(notify).mockClear())

  it('is told while it happens, not when the layer comes', () => {
    const { live, add, load } = world()
    const stop = tellFences(live)
    load([1, 2])
    expect(notify).not.toHaveBeenCalled()
    add([3])
    expect(notify).toHaveBeenCalledTimes(1)
    expect(vi.mocked(notify).mock.calls[0]?.[1]).toBe('moving 3 离开 fence 3')
    stop()
    add([4])
    expect(notify).toHaveBeenCalledTimes(1)
  })

  it('is told as a number when much happens at once', () => {
    const { live, add, load } = world()
    tellFences(live)
    load([])
    add([1, 2, 3, 4])
    expect(notify).toHaveBeenCalledTimes(1)
    expect(vi.mocked(notify).mock.calls[0]?.[1]).toBe('4 起围栏事件')
  })
})
