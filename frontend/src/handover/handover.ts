import type { components } from '../api/schema.gen'

export type Handover = components['schemas']['Handover']
export type Content = components['schemas']['HandoverContent']

/** Where a record stands. */
export const stateOf = ({ taken_at, superseded }: Pick<Handover, 'taken_at' | 'superseded'>) => (taken_at ? 'signed' : superseded ? 'superseded' : 'waits')
