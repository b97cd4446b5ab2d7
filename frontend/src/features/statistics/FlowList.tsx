import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { Empty } from '../../ui/State'
import type { Flow } from './flows'

/** What was sent from where to where, most first; each opens its cases. */
export function FlowList({ flows, selected, nameOf, onPick }: { flows: readonly Flow[]; selected: Flow | null; nameOf: (id: number) => string; onPick: (flow: Flow) => void }) {
  const { t, locale } = useText()
  const most = flows[0]?.tasks ?? 1
  if (flows.length === 0) return <Empty icon="arrow" title={t('statistics.noFlows')} />
  return (
    <ol className="ranking" aria-label={t('statistics.flows')} data-testid="stat-flows">
      {flows.slice(0, 200).map((flow) => (
        <li key={`${flow.from}/${flow.to}`}>
          <button type="button" className="ranked ranked-flow" aria-pressed={selected?.from === flow.from && selected.to === flow.to} onClick={() => onPick(flow)} data-testid={`stat-flow-${flow.from}-${flow.to}`}>
            <span className="ranked-name truncate">
              {flow.from === flow.to ? t('statistics.flowInside', { area: nameOf(flow.to) }) : t('statistics.flow', { from: flow.from === 0 ? t('statistics.flowUnknown') : nameOf(flow.from), to: nameOf(flow.to) })}
            </span>
            <span className="ranked-value">{count(flow.tasks, locale)}</span>
            <span className="ranked-bar" aria-hidden="true">
              <span data-tint={4} style={{ inlineSize: `${(flow.tasks / most) * 100}%` }} />
            </span>
          </button>
        </li>
      ))}
    </ol>
  )
}
