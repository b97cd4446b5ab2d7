import { go, paths } from '../../app/router'
import { queueFilter } from '../../app/workbench'
import { noFilter } from '../../domain/incidents'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Empty, Failure, Loading } from '../../ui/State'
import type { Choice } from './choice'
import { type Opened, useBehind } from './queries'

/** As the server bounds the list. */
const MOST = 500

/** The cases behind one number. `queue` names a town or village whose open cases the queue can show too. */
export function Behind({ choice, opened, title, queue }: { choice: Choice; opened: Opened; title: string; queue?: { path: string; id: number } }) {
  const { t, locale, has } = useText()
  const cases = useBehind(choice, opened)
  return (
    <>
      <header className="block-head">
        <h3 className="block-title" data-testid="stat-behind">
          {title} · {count(opened.count, locale)}
        </h3>
        {queue && (
          <Button
            small
            onPress={() => {
              queueFilter.set({ ...noFilter, town: queue.path })
              go(paths.situation, { layer: 'area', id: queue.id })
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
        <ul className="behind" aria-busy={cases.isPlaceholderData}>
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
