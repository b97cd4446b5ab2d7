import type { QueueFilter } from '../../domain/incidents'

export const filterActive = (filter: QueueFilter) => filter.severities.length > 0 || filter.stages.length > 0 || filter.town !== null

/** The list with the value in it or, if it was there, without. */
export const toggled = <T>(list: readonly T[], value: T): T[] => (list.includes(value) ? list.filter((each) => each !== value) : [...list, value])
