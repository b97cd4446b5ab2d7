import type { components } from '../api/schema.gen'

export type Device = components['schemas']['Device']

export const devicesKey = ['devices']
export const kinds: Device['kind'][] = ['power', 'switch', 'recorder']

/** Devices in the order of a tree, each with its depth; what hangs on something that is not there stands at the top. */
export function treeOf(all: readonly Device[]): { device: Device; depth: number }[] {
  const there = new Set(all.map((each) => each.id))
  const below = new Map<number, Device[]>()
  for (const each of all) {
    const parent = each.parent_id && there.has(each.parent_id) ? each.parent_id : 0
    below.set(parent, [...(below.get(parent) ?? []), each])
  }
  const out: { device: Device; depth: number }[] = []
  const seen = new Set<number>()
  const walk = (parent: number, depth: number) => {
    for (const device of below.get(parent) ?? []) {
      if (seen.has(device.id)) continue
      seen.add(device.id)
      out.push({ device, depth })
      walk(device.id, depth + 1)
    }
  }
  walk(0, 0)
  return out
}
