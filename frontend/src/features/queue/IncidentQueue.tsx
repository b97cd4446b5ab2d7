import { memo, useMemo, useState } from 'react'
import { queueFilter } from '../../app/workbench'
import { byUrgency, dueLamp, noFilter, type OpenIncident, passes, stages, type Stage, waitsForDesk } from '../../domain/incidents'
import { nameIn } from '../../domain/names'
import { useAreas } from '../../domain/useAreas'
import { useIncidents } from '../../domain/useIncidents'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { age, duration, moment } from '../../lib/time'
import { useStore } from '../../lib/store'
import { useLamp, useLayer } from '../../live/hooks'
import { Button, IconButton } from '../../ui/Button'
import { Select } from '../../ui/Select'
import { SeveritySign, type SeverityLevel } from '../../ui/Severity'
import { Empty, Loading } from '../../ui/State'
import { filterActive, toggled } from './filters'
import { List } from './List'
import { UrgentAnnouncer } from './UrgentAnnouncer'
import { later } from '../../ui/later'

const QueueMark = later(() => import('../duty/QueueMark'))

const levels: SeverityLevel[] = [1, 2, 3]
const idOf = (incident: OpenIncident) => incident.id

/** Open cases, the most urgent first: what the desk lives by. */
export const IncidentQueue = memo(function IncidentQueue() {
  const { t, locale } = useText()
  const incidents = useIncidents()
  const { loaded } = useLayer('incident')
  const areas = useAreas()
  const lamp = useLamp()
  const filter = useStore(queueFilter)
  const [folded, setFolded] = useState(!filterActive(filter))
  // sorted once a change, not once a press: a storm makes the list long
  const sorted = useMemo(() => incidents.toSorted(byUrgency), [incidents])
  const rows = useMemo(() => sorted.filter((incident) => passes(incident, filter)), [sorted, filter])
  const counts = useMemo(() => levels.map((level) => incidents.reduce((n, incident) => n + (incident.severity === level ? 1 : 0), 0)), [incidents])
  const active = filterActive(filter)
  const place = (incident: OpenIncident) => areas.place(incident.areaPath, locale) || t('place.outside')
  const clear = () => queueFilter.set(noFilter)

  return (
    <section className="listing" aria-labelledby="queue-title">
      <header className="block-head">
        <h2 className="block-title" id="queue-title">
          {t('queue.title')}
        </h2>
        <span className="block-note truncate">{active ? t('queue.shown', { shown: rows.length, total: incidents.length }) : t('queue.order')}</span>
      </header>
      <div className="list-tools list-rule" role="group" aria-label={t('queue.filter')}>
        {levels.map((level, i) => (
          <button
            key={level}
            type="button"
            className="chip"
            aria-pressed={filter.severities.includes(level)}
            title={t(`severity.${level}`)}
            onClick={() => queueFilter.set({ ...filter, severities: toggled(filter.severities, level) })}
          >
            <SeveritySign level={level} size="1.25em" label={t(`severity.${level}`)} />
            {counts[i]}
          </button>
        ))}
        <IconButton icon="filter" label={t('queue.filter')} pressed={!folded} onPress={() => setFolded(!folded)} data-testid="queue-filter" />
      </div>
      {!folded && (
        <div className="list-filters list-rule">
          <Select
            label={t('queue.state')}
            value={filter.stages[0] ?? ''}
            choices={[{ id: '', text: t('app.all') }, ...stages.map((stage) => ({ id: stage, text: t(`stage.${stage}`) }))]}
            onChange={(id) => queueFilter.set({ ...filter, stages: id ? [id as Stage] : [] })}
            testid="filter-stage"
          />
          <Select
            label={t('queue.town')}
            value={filter.town ?? ''}
            choices={[{ id: '', text: t('app.all') }, ...areas.areas.filter(({ level, path }) => level === 'town' || path === filter.town).map((area) => ({ id: area.path, text: nameIn(area, locale) }))]}
            onChange={(id) => queueFilter.set({ ...filter, town: id || null })}
            testid="filter-town"
          />
        </div>
      )}
      {rows.length > 0 ? (
        <List
          label={t('queue.title')}
          layer="incident"
          rows={rows}
          idOf={idOf}
        >
          {(incident) => (
            <>
              <span className="row-sign">
                <SeveritySign level={incident.severity} size="1.75rem" label={t(`severity.${incident.severity}`)} hollow={!waitsForDesk(incident.stage)} />
              </span>
              <span className={`row-title truncate${incident.severity === 1 ? ' row-urgent' : ''}`}>{incident.title}</span>
              <Due incident={incident} />
              <span className="row-place truncate">
                <QueueMark incident={incident.id} />
                {place(incident)}
              </span>
              <span className={`row-state${waitsForDesk(incident.stage) ? ' waits' : ''}`}>{t(`stage.${incident.stage}`)}</span>
            </>
          )}
        </List>
      ) : !loaded ? (
        <Loading text={t('queue.loading')} />
      ) : active ? (
        <Empty icon="filter" title={t('queue.emptyFilter')}>
          <Button small onPress={clear}>
            {t('queue.clearFilter')}
          </Button>
        </Empty>
      ) : (
        <Empty icon="check" title={t('queue.empty')} detail={t('queue.emptyDetail')} />
      )}
      {(lamp.state === 'delayed' || lamp.state === 'offline') && lamp.lastGood && <p className="list-foot">{t('queue.stale', { time: moment(lamp.lastGood, locale) })}</p>}
      <UrgentAnnouncer place={place} incidents={incidents} loaded={loaded} />
    </section>
  )
})

/** How long a case has been there; from 80 % of its limit on, what is left of that, and then by how much it is over. */
function Due({ incident }: { incident: OpenIncident }) {
  const { t } = useText()
  const now = useNow()
  const lamp = dueLamp(incident, now)
  if (lamp === 'green' || incident.dueAt === null) return <Age since={incident.createdAt} />
  const time = duration(Math.abs(incident.dueAt - now), t)
  return (
    <span className={`row-age due-${lamp}`} data-testid={`due-${lamp}`}>
      {t(lamp === 'red' ? 'queue.over' : 'queue.left', { time })}
    </span>
  )
}

/** Ticks by itself, so that a second passing does not draw the list anew. */
export function Age({ since }: { since: number }) {
  const { t } = useText()
  const now = useNow()
  return <span className="row-age">{age(now - since, t)}</span>
}
