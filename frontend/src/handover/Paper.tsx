import { useQuery } from '@tanstack/react-query'
import { catalogQuery } from '../api/queries'
import { useAreas } from '../domain/useAreas'
import { textOr, useText } from '../i18n'
import { stamp } from '../lib/time'
import { SeveritySign, asSeverity } from '../ui/Severity'
import type { Content, Handover } from './handover'

/** Lamps have a shape beside their word: paper has no colour. */
const lamps = { green: '○', amber: '◐', red: '●' } as const

/** A handover as it is printed. */
export function Paper({ content, record }: { content: Content; record?: Handover }) {
  const { t, has, locale } = useText()
  const areas = useAreas()
  const county = useQuery(catalogQuery).data?.county
  return (
    <article className="paper" data-testid="handover">
      <header>
        <h1>
          {county?.name[locale]} {t('duty.title')}
        </h1>
        <p>
          {areas.place(content.area_path, locale) || content.area_path} · {stamp(content.at, locale)}
        </p>
        <p className="paper-made">{t('duty.lookAhead', { time: stamp(content.until, locale) })}</p>
      </header>
      <h2>{t('duty.notes')}</h2>
      <p className="handover-text">{content.notes || t('duty.noNotes')}</p>
      <h2>{t('duty.promises')}</h2>
      {content.promises.length === 0 && <p>{t('duty.noPromises')}</p>}
      <ul>
        {content.promises.map((promise) => (
          <li key={promise.message_id}>
            <time>{stamp(promise.due_at, locale)}</time>
            <span>{promise.text}</span>
            <small>
              {promise.by} · {promise.number}
            </small>
          </li>
        ))}
      </ul>
      <h2>{t('duty.timers')}</h2>
      {content.timers.length === 0 && <p>{t('duty.noTimers')}</p>}
      <ul>
        {content.timers.map((timer) => (
          <li key={timer.incident_id}>
            <time>{stamp(timer.at, locale)}</time>
            <span>{timer.title}</span>
            <small>{timer.number}</small>
          </li>
        ))}
      </ul>
      <h2>
        {t('duty.cases')} ({content.cases.length + (content.more ?? 0)})
      </h2>
      {content.cases.length === 0 && <p>{t('duty.noCases')}</p>}
      {content.cases.map((one) => (
        <section key={one.id} className="paper-case" data-testid="handover-case">
          <h3>
            <SeveritySign level={asSeverity(one.severity)} size="1.4em" />
            {one.title}
            <small>{one.number}</small>
          </h3>
          <p>
            {[
              textOr(t, has, `state.incident.${one.state}`, one.state),
              one.lamp && `${lamps[one.lamp]} ${t(`duty.lamp.${one.lamp}`)}`,
              one.due_at && t('duty.due', { time: stamp(one.due_at, locale) }),
              areas.place(one.area_path, locale),
              ...one.units.map(({ name, state }) => `${name}: ${textOr(t, has, `state.task.${state}`, state)}`),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </section>
      ))}
      {content.more ? <p>{t('duty.casesMore', { n: content.more })}</p> : null}
      <h2>{t('duty.signature')}</h2>
      <dl className="handover-signatures">
        <div>
          <dt>{t('duty.handoverFrom')}</dt>
          <dd>{content.by}</dd>
          <dd>{stamp(content.at, locale)}</dd>
        </div>
        <div>
          <dt>{t('duty.handoverTo')}</dt>
          <dd data-testid="taken-by">{record?.taken_name ?? '—'}</dd>
          <dd>{record?.taken_at ? stamp(record.taken_at, locale) : ''}</dd>
        </div>
      </dl>
      {record && (
        <p className="handover-hash">
          {t('duty.hash')}: {record.hash} ({t(record.intact ? 'duty.intact' : 'duty.broken')})
        </p>
      )}
    </article>
  )
}
