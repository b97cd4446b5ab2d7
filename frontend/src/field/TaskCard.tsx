import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { categoriesQuery } from '../api/queries'
import type { FieldTask } from '../api/types'
import { nameIn } from '../domain/names'
import { useAreas } from '../domain/useAreas'
import { textOr, useText } from '../i18n'
import { useNow } from '../lib/clock'
import { distance } from '../lib/format'
import { type LonLat, metresBetween } from '../lib/geo'
import { age, moment } from '../lib/time'
import { Boundary } from '../ui/Boundary'
import { Button } from '../ui/Button'
import { Icon, type IconName } from '../ui/icons'
import { notify } from '../ui/notices'
import { asSeverity, SeveritySign } from '../ui/Severity'
import { Loading } from '../ui/State'
import { OutboxList } from './OutboxList'
import { AddPhoto } from './PhotoDialog'
import { FieldFlow } from './FieldFlow'
import { FieldTalk } from './FieldTalk'
import { SayWhy } from './SayWhy'
import type { Here } from './useHere'
import { useOutbox } from './useOutbox'
import { uuid } from './uuid'

const FieldMap = lazy(() => import('./FieldMap')) // with MapLibre: only when somebody opens the map

const icons: Record<string, IconName> = { acknowledge: 'check', respond: 'arrow', arrive: 'place', done: 'check', return: 'undo' }
/** The step of the timeline that each state stands at. */
const stepOf: Record<string, number> = { dispatched: 1, acknowledged: 2, responding: 3, on_scene: 4 }

/** One task: the case's facts, how far away it is, and what can be done next. */
export function TaskCard({ item: { task, incident, moves }, here }: { item: FieldTask; here: Here }) {
  const { t, has, locale } = useText()
  const box = useOutbox()
  const areas = useAreas()
  const [asking, setAsking] = useState<string | null>(null)
  const [mapOpen, setMapOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  /** A step is made when it is safe on this phone; the outbox sends it, now or later. */
  const make = async (move: string, reason?: string) => {
    setBusy(true)
    try {
      await box.add({ kind: 'step', id: uuid(), task: task.id, made: new Date().toISOString(), move, reason, revision: task.revision })
      setAsking(null)
    } catch (error) {
      console.error('the step was not kept:', error)
      notify('wrong', t('field.storeFailed'))
    } finally {
      setBusy(false)
    }
  }
  const name = (each: string) => textOr(t, has, `move.field.${each}`, each)
  const onwards = moves.filter((each) => each.move !== 'return')
  const back = moves.find((each) => each.move === 'return')
  const perform = (each: FieldTask['moves'][number]) => (each.needs_reason ? setAsking(each.move) : void make(each.move))

  return (
    <article className="card" data-testid={`field-task-${task.id}`} data-state={task.state}>
      <header className="card-head">
        <SeveritySign level={asSeverity(incident.severity)} size="2.5rem" label={t(`severity.${asSeverity(incident.severity)}`)} />
        <div className="card-heading">
          <h2 className="card-title">{incident.title}</h2>
          <p className="card-place">{areas.place(incident.area_path, locale)}</p>
        </div>
        <span className="card-state" data-testid="field-state">
          {t(`state.task.${task.state}`)}
        </span>
      </header>
      <Progress step={stepOf[task.state] ?? 0} />
      <dl className="card-facts">
        {incident.address && <Fact label={t('detail.address')}>{incident.address}</Fact>}
        <Fact label={t('detail.category')}>
          <CategoryText code={incident.category} />
        </Fact>
        <Fact label={t('field.sentAt')}>
          {moment(task.dispatched_at, locale)}
          <Elapsed since={task.dispatched_at} />
        </Fact>
        {incident.description && <Fact label={t('detail.description')}>{incident.description}</Fact>}
        {task.note && <Fact label={t('field.note')}>{task.note}</Fact>}
      </dl>
      <div className="card-where">
        <Distance here={here} to={incident.point as LonLat} />
        <a className="button button-plain button-small" href={geoAddress(incident.point as LonLat, incident.title)} data-testid={`navigate-${task.id}`}>
          <Icon name="arrow" />
          <span className="button-text">{t('field.navigate')}</span>
        </a>
        <Button small icon="place" onPress={() => setMapOpen(!mapOpen)} aria-expanded={mapOpen} data-testid={`field-map-${task.id}`}>
          {t('field.map')}
        </Button>
      </div>
      {mapOpen && (
        <Boundary>
          <Suspense fallback={<Loading text={t('app.loading')} />}>
            <FieldMap point={incident.point as LonLat} />
          </Suspense>
        </Boundary>
      )}
      <OutboxList task={task.id} />
      <AddPhoto task={task.id} />
      <div className="card-moves">
        {onwards.map((each, i) => (
          <Button key={each.move} look={i === 0 ? 'primary' : 'plain'} icon={icons[each.move]} isDisabled={busy} onPress={() => perform(each)} data-testid={`field-${each.move}`}>
            {name(each.move)}
          </Button>
        ))}
        {back && (
          <Button look="quiet" icon="undo" isDisabled={busy} onPress={() => perform(back)} data-testid="field-return">
            {name('return')}
          </Button>
        )}
      </div>
      {task.due_at && (
        <p className="card-soft" data-testid="field-due">
          {t('field.jointDue', { time: moment(task.due_at, locale) })}
        </p>
      )}
      <FieldFlow incident={incident.id} />
      <FieldTalk incident={incident.id} />
      {asking && <SayWhy move={asking} busy={busy} error={null} onClose={() => setAsking(null)} onSay={(reason) => void make(asking, reason)} />}
    </article>
  )
}

/** What map programs of phones open: WGS 84, latitude first. */
const geoAddress = ([lon, lat]: LonLat, name: string) => `geo:${lat},${lon}?q=${lat},${lon}(${encodeURIComponent(name)})`

function Progress({ step }: { step: number }) {
  const { t } = useText()
  return (
    <div className="progress" role="img" aria-label={t('field.step', { n: step })}>
      {[1, 2, 3, 4].map((each) => (
        <i key={each} className={each <= step ? 'progress-done' : undefined} />
      ))}
    </div>
  )
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="card-fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function CategoryText({ code }: { code: string }) {
  const { locale } = useText()
  const found = useQuery(categoriesQuery).data?.find((category) => category.code === code)
  return <>{found ? nameIn(found, locale) : code}</>
}

function Elapsed({ since }: { since: string }) {
  const { t } = useText()
  return <span className="card-elapsed">{age(useNow() - Date.parse(since), t)}</span>
}

function Distance({ here, to }: { here: Here; to: LonLat }) {
  const { t } = useText()
  if (here.state === 'known' && here.point) return <span>{t('field.distance', { distance: distance(metresBetween(here.point, to), t) })}</span>
  if (here.state === 'asking') return <span className="card-soft">{t('field.locating')}</span>
  if (here.state === 'unknown') {
    return (
      <Button small icon="coordinate" onPress={here.ask}>
        {t('field.locate')}
      </Button>
    )
  }
  const texts: Record<string, string> = { denied: 'field.locateDenied', failed: 'field.locateFailed', insecure: 'field.locateInsecure' }
  return <span className="card-soft">{t(texts[here.state]!)}</span>
}
