import { useQuery } from '@tanstack/react-query'
import '../../i18n/duty'
import { select } from '../../app/router'
import { allows, may, useSession } from '../../app/session'
import { stageOf } from '../../domain/incidents'
import { useUnitName } from '../../domain/useUnitName'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { listed } from '../../lib/format'
import { duration, moment } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import '../banner/banner.css'
import './duty.css'
import { dutyQuery } from './dutyQuery'
import { isTold, unanswered } from './unanswered'

/** More than this are told as a number: they must not cover the map. */
const SHOWN = 2

/** Over the map: what nobody acknowledges, until somebody acts, and a role that nobody holds now. */
export default function DutyBanner() {
  const session = useSession()
  const sends = may(session, 'task.dispatch')
  const posts = useQuery({ ...dutyQuery, enabled: sends || may(session, 'incident.move') }).data?.posts ?? []
  const found = unanswered(useLayer('task'))
  if (!sends) return null
  const onDuty = posts.some((post) => post.role === 'dispatcher' && post.shifts.length > 0)
  const told = found.filter(({ level }) => isTold(level, { dispatcher: allows(session, 'task.dispatch') && !allows(session, 'incident.move'), sends }, onDuty))
  const vacant = posts.filter((post) => post.vacant)
  if (told.length === 0 && vacant.length === 0) return null
  return (
    <>
      {told.length > 0 && <Waiting told={told} />}
      {vacant.map((post) => (
        <Vacancy key={post.role} post={post} />
      ))}
    </>
  )
}

function Waiting({ told }: { told: ReturnType<typeof unanswered> }) {
  const { t } = useText()
  const units = useLayer('unit')
  const incidents = useLayer('incident')
  const now = useNow(5)
  const nameOf = useUnitName()
  const name = (unit: number) => nameOf({ id: unit, name: String(units.value(unit, 'name') ?? unit) })
  return (
    <section className="banner banner-duty banner-unanswered" aria-label={t('duty.waiting')} data-testid="unanswered-banner">
      <p className="visually-hidden" role="alert">
        {told.map(({ unit }) => t('duty.told', { unit: name(unit) })).join(' ') /* without the time: it is said once */}
      </p>
      <ul>
        {told.slice(0, SHOWN).map(({ task, incident, unit, level, since }) => (
          <li key={task} data-level={level}>
            <Icon name={level === 2 ? 'flag' : 'alert'} />
            <span className="banner-text">
              <b>{t('duty.unansweredOf', { unit: name(unit), time: duration(now - since, t) })}</b>
              <span className="truncate">{String(incidents.value(incident, 'title') ?? '')}</span>
            </span>
            <Button small onPress={() => select({ layer: 'incident', id: incident })} data-testid={`act-${task}`}>
              {t('duty.open')}
            </Button>
          </li>
        ))}
      </ul>
      <p className="banner-hint">
        {told.length > SHOWN && `${t('duty.more', { n: told.length - SHOWN })} · `}
        {t('duty.actHint')}
      </p>
    </section>
  )
}

function Vacancy({ post }: { post: { role: string; stages: string[]; until?: string } }) {
  const { t, locale } = useText()
  const role = t(`role.${post.role}`)
  const stages = listed([...new Set(post.stages.map((state) => t(`stage.${stageOf(state)}`)))], locale)
  return (
    <div className="banner banner-duty" role="status" data-testid={`vacant-${post.role}`}>
      <Icon name="people" />
      <span>
        <b>{post.until ? t('duty.vacantUntil', { role, time: moment(post.until, locale) }) : t('duty.vacant', { role })}</b> {t('duty.vacantStages', { stages })}
      </span>
    </div>
  )
}
