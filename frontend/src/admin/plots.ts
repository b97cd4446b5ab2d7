import { queryOptions } from '@tanstack/react-query'
import { api, take } from '../api/client'
import { fromAnswer } from '../api/error'
import type { components } from '../api/schema.gen'

export type Plot = components['schemas']['Plot']
export type PlotReport = components['schemas']['PlotReport']
export type PairRules = components['schemas']['PairRules']
export type PairRule = PairRules['rules'][number]
export const plotLayers = ['zone', 'permit', 'lawful_building'] as const
export type PlotLayer = (typeof plotLayers)[number]
export const zoneKinds = ['farmland', 'river_bank', 'red_line', 'other'] as const
export const judged = ['issue', 'dismiss', 'confirm', 'rectify', 'still_stands', 'clear'] as const

export const plotsKey = ['plots']
export const pairRulesQuery = queryOptions({ queryKey: ['pairrules'], queryFn: () => take(api.GET('/api/pairrules')), staleTime: 0, refetchOnMount: 'always' })

/** How a file is read. Empty texts are left to the file. */
export interface PlotFile {
  source: string
  crs: string
  id: string
  name: string
  kind: string
  reason: string
  weight: string
  repair: boolean
  skip_wrong: boolean
  prune: boolean
}

/** The parameters of an import: what is empty or off is not said. */
export function fileParams(layer: PlotLayer, filename: string, form: PlotFile, dryRun: boolean): URLSearchParams {
  const out = new URLSearchParams({ filename })
  for (const [key, value] of Object.entries(form)) {
    if (layer !== 'zone' && ['name', 'kind', 'reason', 'weight'].includes(key)) continue
    if (layer === 'permit' && ['id', 'prune'].includes(key)) continue
    if (typeof value === 'string' ? value.trim() : value) out.set(key, String(value).trim())
  }
  if (dryRun) out.set('dry_run', 'true')
  return out
}

/** Sends a file: the body is the file itself. */
export async function sendPlots(layer: PlotLayer, file: File, form: PlotFile, dryRun: boolean): Promise<PlotReport> {
  const answer = await fetch(`/api/plots/${layer}/files?${fileParams(layer, file.name, form, dryRun)}`, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file })
  const body: unknown = await answer.json().catch(() => null)
  if (!answer.ok) throw fromAnswer(answer.status, body)
  return body as PlotReport
}

/** The first two rules for one area and move, as a place among the rules; -1 where there is none. */
export const repeatedRule = (rules: readonly PairRule[]): number => rules.findIndex((rule, i) => rules.some((other, j) => j < i && other.area_path === rule.area_path && other.move === rule.move))
