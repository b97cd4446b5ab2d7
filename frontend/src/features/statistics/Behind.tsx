import { useQuery } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { go, paths } from '../../app/router'
import { queueFilter } from '../../app/workbench'
import { noFilter } from '../../domain/incidents'
import { useText } from '../../i18n'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Empty, Failure, Loading } from '../../ui/State'
import { behindOf, type Graded, isRate, spanOf } from './grades'
import type { Choice } from './Statistics'

/** As the server bounds the list. */
const MOST = 500

/** The cases behind one number. */
export function Behind({ choice, row, name }: { choice: Choice; row: Graded; name: string }) {
  const { t, locale, has } = useText()
  const { by, window } = choice
  const measure = behindOf(choice.measure === 'seen' ? 'open' : choice.measure)
  const cases = useQuery({
    queryKey: ['statistics-areas', 'cases', by, row.area.id, measure, window, row.area[measure]], // a number that changed has other cases
    queryFn: async () => (await take(api.GET('/api/statistics/cases', { params: { query: { by, area: row.area.id, measure, ...spanOf(window, Date.now()) } } }))).items,
    placeholderData: (before, query) => (query?.queryKey[3] === row.area.id && query.queryKey[4] === measure ? before : undefined),
  })
  return (
    <>
      <header className="block-head">
        <h3 className="block-title" data-testid="stat-behind">
          {t('statistics.cases', { area: name, measure: isRate(choice.measure) ? t('statistics.due') : t(`statistics.measure.${choice.measure}`) })} · {row.area[measure]}
        </h3>
        {by !== 'unit_grid' && row.area.open > 0 && (
          <Button
            small
            onPress={() => {
              queueFilter.set({ ...noFilter, town: row.area.path })
              go(paths.situation, { layer: 'area', id: row.area.id })
            }}
            data-testid="stat-queue"
          >
            {t('statistics.queue')}
          </Button>
        )}
      </header>
      {cases.isError && !cases.data ? (
        <Failure error={cases.error} onRetry={() => void cases.refetch()} />
      ) : !cases.data ? (
        <Loading text={t('app.loading')} />
      ) : cases.data.length === 0 ? (
        <Empty icon="check" title={t('statistics.noCases')} />
      ) : (
        <ul className="behind">
          {cases.data.map((incident) => (
            <li key={incident.id}>
              <button type="button" className="behind-case" onClick={() => go(paths.situation, { layer: 'incident', id: incident.id })} data-testid="stat-case">
                <SeveritySign level={asSeverity(incident.severity)} size="1.5rem" label={t(`severity.${incident.severity}`)} />
                <span className="behind-title truncate">{incident.title}</span>
                <span className="behind-state">{has(`state.incident.${incident.state}`) ? t(`state.incident.${incident.state}`) : incident.state}</span>
                <span className="behind-about truncate">{incident.number} · {moment(Date.parse(incident.created_at), locale)}</span>
              </button>
            </li>
          ))}
          {cases.data.length >= MOST && <li className="behind-more">{t('statistics.mostCases', { n: MOST })}</li>}
        </ul>
      )}
    </>
  )
}
