import type { Area } from '../api/types'
import type { Locale } from '../i18n'
import { nameIn } from './names'

/** The administrative tree by path. Paths are codes from the county down, joined by dots. */
export class AreaIndex {
  private readonly byPath: Map<string, Area>

  constructor(readonly areas: readonly Area[]) {
    this.byPath = new Map(areas.map((area) => [area.path, area]))
  }

  get(path: string | null | undefined): Area | undefined {
    return path ? this.byPath.get(path) : undefined
  }

  byId(id: number): Area | undefined {
    return this.areas.find((area) => area.id === id)
  }

  name(path: string | null | undefined, locale: Locale): string {
    const area = this.get(path)
    return area ? nameIn(area, locale) : ''
  }

  /** The area itself and what it lies in, the county first. */
  line(path: string | null | undefined): Area[] {
    if (!path) return []
    const codes = path.split('.')
    return codes.flatMap((_, i) => this.byPath.get(codes.slice(0, i + 1).join('.')) ?? [])
  }

  /** The town of a path, undefined for the county itself and for nowhere. */
  town(path: string | null | undefined): Area | undefined {
    return this.line(path).find((area) => area.level === 'town')
  }

  /** "凤川街道 · 三鑫村": the town and what is below it; the county where there is nothing below. Empty outside all areas. */
  place(path: string | null | undefined, locale: Locale): string {
    const line = this.line(path)
    const below = line.filter((area) => area.level !== 'county')
    const shown = below.length ? below : line
    return shown.map((area, i) => (i < shown.length - 1 ? shortName(area, locale) : nameIn(area, locale))).join(' · ')
  }

  towns(): Area[] {
    return this.areas.filter((area) => area.level === 'town')
  }
}

/** The English name without what its level says already: "Tongjun Subdistrict" → "Tongjun". Chinese names are short as they are. */
export const shortName = (area: Pick<Area, 'name' | 'name_en'>, locale: Locale) =>
  nameIn(area, locale).replace(/ (Subdistrict|Town|Township|Community|Village)$/, '')

/** Whether the path is the area or lies below it. */
export const within = (path: string | null | undefined, area: string) => path === area || (path?.startsWith(`${area}.`) ?? false)

/** Of an account's areas: the county and towns that lie in them, whether they are everywhere, and the first of them, '' for everywhere. */
export function ownAreas(areas: readonly Area[], own: readonly string[]): { areas: Area[]; everywhere: boolean; home: string } {
  const everywhere = own.includes('*')
  return {
    areas: areas.filter(({ level, path }) => level !== 'village' && (everywhere || own.some((each) => within(path, each)))),
    everywhere,
    home: everywhere ? '' : (own[0] ?? ''),
  }
}
