import type { components } from '../../api/schema.gen'

export type MarkingKind = components['schemas']['MarkingKind']
export type Standing = 'planned' | 'actual'
export type MarkingShape = 'point' | 'line' | 'area'
/** Whose a thing is: what helps, what is dangerous, what keeps people out, where is looked for people. Colour follows it, never choice. */
export type Side = 'own' | 'hazard' | 'control' | 'search'

/** How a kind is drawn beside its colour. */
export type Form = 'sign' | 'text' | 'curve' | 'ways' | 'crosses' | 'route' | 'attack' | 'arrow' | 'area' | 'hatched'

export interface KindInfo {
  shape: MarkingShape
  side: Side
  form: Form
  /** Points of a line at most. */
  most: number
  /** The sign in a box of 24 × 24, drawn with one stroke. */
  sign?: string
}

const sign = (side: Side, path: string): KindInfo => ({ shape: 'point', side, form: 'sign', most: 1, sign: path })

/** Every kind of marking, in the order in which a person chooses. layers/marking holds the same list. */
export const kinds: Readonly<Record<MarkingKind, KindInfo>> = {
  command_post: sign('own', 'M7 20V4M7 5h11l-3 4 3 4H7'),
  staging: sign('own', 'M12 4v6M12 20v-6M4 12h6M20 12h-6M9 7l3 3 3-3M9 17l3-3 3 3'),
  fire_engine: sign('own', 'M3 17V9h11v8M14 11h4l3 3v3H3M5.5 7l8-3M7 17a1.6 1.6 0 1 0 .1 0M17 17a1.6 1.6 0 1 0 .1 0'),
  medical: sign('own', 'M9.5 4h5v5.5H20v5h-5.5V20h-5v-5.5H4v-5h5.5z'),
  water_source: sign('own', 'M12 3.5c3.5 4.5 5.5 7.3 5.5 10.3a5.5 5.5 0 0 1-11 0c0-3 2-5.8 5.5-10.3zM9.5 14a2.7 2.7 0 0 0 2.5 2.7'),
  supply: sign('own', 'M4 8l8-4 8 4v9l-8 4-8-4zM4 8l8 4 8-4M12 12v9'),
  helipad: sign('own', 'M8 5v14M16 5v14M8 12h8'),
  evacuation_point: sign('own', 'M4 20V11l8-7 8 7v9zM12 18v-6M9.5 14l2.5-2.5 2.5 2.5'),
  hazard: sign('hazard', 'M12 4l9 16H3zM12 10v5M12 17.6v.1'),
  casualty: sign('hazard', 'M12 4.2a2.4 2.4 0 1 1-.1 0M5 10l7 2 7-2M12 12v4l-3.5 5M12 16l3.5 5'),
  roadblock: sign('control', 'M4 8h16v6H4zM8 8l-3 6M13 8l-3 6M18 8l-3 6M7 14v6M17 14v6'),
  text: { shape: 'point', side: 'control', form: 'text', most: 1 },
  attack_arrow: { shape: 'line', side: 'own', form: 'attack', most: 20 },
  approach_route: { shape: 'line', side: 'own', form: 'route', most: 200 },
  straight_arrow: { shape: 'line', side: 'own', form: 'arrow', most: 2 },
  evacuation_route: { shape: 'line', side: 'own', form: 'ways', most: 200 },
  cordon: { shape: 'line', side: 'control', form: 'crosses', most: 200 },
  line: { shape: 'line', side: 'control', form: 'curve', most: 200 },
  search_sector: { shape: 'area', side: 'search', form: 'area', most: 200 },
  hazard_area: { shape: 'area', side: 'hazard', form: 'hatched', most: 200 },
  closed_area: { shape: 'area', side: 'control', form: 'hatched', most: 200 },
  evacuation_area: { shape: 'area', side: 'own', form: 'area', most: 200 },
  staging_area: { shape: 'area', side: 'own', form: 'area', most: 200 },
}

export const kindNames = Object.keys(kinds) as MarkingKind[]
