import { useMemo } from 'react'
import { select } from '../../app/router'
import { useText } from '../../i18n'
import { moment } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Empty } from '../../ui/State'
import { feedEntries } from './feedEntries'
import './boards.css'

/** What has happened lately, while nothing is selected. */
export function Feed() {
  const { t, locale } = useText()
  const incidents = useLayer('incident')
  const tasks = useLayer('task')
  const units = useLayer('unit')
  const rows = useMemo(() => feedEntries(incidents, tasks, units, 60), [incidents, incidents.version, tasks, tasks.version, units, units.version])
  return (
    <section className="block board" aria-labelledby="feed-title" data-testid="feed">
      <header className="block-head list-rule">
        <h2 className="block-title" id="feed-title">
          {t('feed.title')}
        </h2>
        <span className="block-note">{t('feed.order')}</span>
      </header>
      {rows.length === 0 && incidents.loaded && <Empty icon="clock" title={t('feed.empty')} />}
      <ol className="board-rows">
        {rows.map((row) => (
          <li key={row.key}>
            <button
              type="button"
              className="feed-row"
              onClick={() => select({ layer: 'incident', id: row.incident })}
            >
              <time className="feed-time">{moment(row.at, locale)}</time>
              <SeveritySign level={asSeverity(row.severity)} size="1.2em" />
              <span className="feed-title truncate">{row.title}</span>
              <span className="feed-what truncate">{row.what === 'created' ? t('feed.created') : `${row.unit} ${t(`state.task.${row.what}`)}`}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
