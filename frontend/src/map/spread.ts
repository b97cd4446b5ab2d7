/** A sign to be placed: its place on the screen's plane in pixels, and how much it matters (1 most). */
export interface Sign {
  key: string
  x: number
  y: number
  weight: number
}

/** Where a sign is drawn. */
export interface Placed {
  /** Pixels from the sign's own place. */
  dx: number
  dy: number
  /** How many signs it stands for: 1 itself, more with a badge, 0 when another sign counts it. */
  count: number
}

/** More than this many signs in one place are counted, not fanned out. */
export const FAN_MAX = 5

/**
 * Places signs so that none covers another: a few that meet are moved side by side, the most important in the middle; more become
 * one sign with their number. Depends only on the signs, not on their order, so that nothing jumps when the data comes again.
 *
 * @param spacing distance of two signs that do not touch, pixels
 */
export function spread(signs: readonly Sign[], spacing: number): Map<string, Placed> {
  const sorted = [...signs].sort((a, b) => a.weight - b.weight || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const out = new Map<string, Placed>()
  for (const group of groupsOf(sorted, spacing)) {
    const { members } = group
    if (members.length === 1) {
      out.set(members[0]!.key, { dx: 0, dy: 0, count: 1 })
    } else if (members.length > FAN_MAX) {
      members.forEach((sign, i) => out.set(sign.key, { dx: 0, dy: 0, count: i === 0 ? members.length : 0 }))
    } else {
      members.forEach((sign, i) => {
        const [ox, oy] = seat(i, members.length, spacing)
        out.set(sign.key, { dx: Math.round(group.x + ox - sign.x), dy: Math.round(group.y + oy - sign.y), count: 1 })
      })
    }
  }
  return out
}

interface Group {
  members: Sign[]
  x: number
  y: number
  /** Half of the room it takes. */
  radius: number
}

/** Joins signs that touch, then groups that touch because of the room they took, until nothing touches. */
function groupsOf(sorted: readonly Sign[], spacing: number): Group[] {
  let groups: Group[] = sorted.map((sign) => ({ members: [sign], x: sign.x, y: sign.y, radius: spacing / 2 }))
  for (;;) {
    const joined = joinTouching(groups, spacing)
    if (joined.length === groups.length) return joined
    groups = joined
  }
}

function joinTouching(groups: Group[], spacing: number): Group[] {
  const cell = spacing * 3
  const grid = new Map<string, Group[]>()
  const out: Group[] = []
  for (const group of groups) {
    const [cx, cy] = [Math.floor(group.x / cell), Math.floor(group.y / cell)]
    let host: Group | undefined
    for (let gx = cx - 1; gx <= cx + 1 && !host; gx++) {
      for (let gy = cy - 1; gy <= cy + 1 && !host; gy++) {
        host = grid.get(`${gx},${gy}`)?.find((other) => Math.hypot(other.x - group.x, other.y - group.y) < (other.radius + group.radius) * 0.85)
      }
    }
    if (host) {
      join(host, group, spacing)
      continue
    }
    out.push(group)
    const key = `${cx},${cy}`
    const there = grid.get(key)
    if (there) there.push(group)
    else grid.set(key, [group])
  }
  return out
}

function join(host: Group, guest: Group, spacing: number): void {
  host.members.push(...guest.members)
  host.members.sort((a, b) => a.weight - b.weight || (a.key < b.key ? -1 : 1))
  const n = host.members.length
  if (n > FAN_MAX) { // counted at the place of the most important one
    host.x = host.members[0]!.x
    host.y = host.members[0]!.y
    host.radius = spacing / 2
    return
  }
  host.x = host.members.reduce((sum, sign) => sum + sign.x, 0) / n
  host.y = host.members.reduce((sum, sign) => sum + sign.y, 0) / n
  host.radius = Math.max(...host.members.map((_, i) => Math.hypot(...seat(i, n, spacing)))) + spacing / 2
}

/** The place of the i-th of n signs around their middle: a row of up to three, then a row below. */
function seat(i: number, n: number, spacing: number): [number, number] {
  const top = n <= 3 ? n : Math.ceil(n / 2)
  const row = i < top ? 0 : 1
  const inRow = row === 0 ? top : n - top
  const column = row === 0 ? i : i - top
  const order = middleFirst(inRow)[column]!
  return [(order - (inRow - 1) / 2) * spacing, n <= 3 ? 0 : (row - 0.5) * spacing]
}

/** Columns of a row, the middle one first: 3 → [1, 0, 2]. */
function middleFirst(n: number): number[] {
  const middle = (n - 1) / 2
  return Array.from({ length: n }, (_, i) => i).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)
}
