import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { alertsQuery } from '../../api/queries'
import { select } from '../../app/router'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/alerts'
import { useNow } from '../../lib/clock'
import { clock, moment } from '../../lib/time'
import type { Bbox } from '../../map/types'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { SeveritySign, asSeverity } from '../../ui/Severity'
import { Failure } from '../../ui/State'
import './alerts.css'
import { type Alert, inForce, infoOf, placesOf, titleOf } from './wording'

/** Warnings in force over the map: the gravest in one line, all of them when it is pressed. Nothing where there are none. */
export default function AlertBar() {
  const { t } = useText()
  const now = useNow(10)
  const answer = useQuery(alertsQuery)
  const [open, setOpen] = useState(false)
  const list = useId()
  const alerts = inForce(answer.data ?? [], now)
  if (answer.isError && !answer.data) return <div className="alerts"><Failure compact error={answer.error} title={t('alerts.title')} onRetry={() => void answer.refetch()} /></div>
  const first = alerts[0]
  if (!first) return null
  return (
    <section className="alerts" aria-label={t('alerts.title')} data-testid="alerts">
      <button type="button" className="alerts-head" aria-expanded={open} aria-controls={list} onClick={() => setOpen(!open)}>
        {open ? <strong className="alerts-title">{t('alerts.count', { n: alerts.length })}</strong> : <Line alert={first} />}
        {!open && alerts.length > 1 && <span className="alerts-more">+{alerts.length - 1}</span>}
        <Icon name={open ? 'chevronUp' : 'chevronDown'} />
      </button>
      {open && (
        <ul className="alerts-list" id={list}>
          {answer.isError && <Old at={answer.dataUpdatedAt} />}
          {alerts.map((alert) => (
            <Warning key={alert.id} alert={alert} onShow={() => setOpen(false)} />
          ))}
        </ul>
      )}
    </section>
  )
}

/** Sign, severity in words, headline and end. */
function Line({ alert }: { alert: Alert }) {
  const { t, locale } = useText()
  return (
    <>
      <SeveritySign level={asSeverity(alert.rank)} size="1.5em" />
      <span className="alerts-severity">{t(`alerts.severity.${alert.severity}`)}</span>
      <strong className="alerts-title truncate">{titleOf(infoOf(alert, locale), alert)}</strong>
      <span className="alerts-until">{t('alerts.until', { at: moment(alert.holds_until, locale) })}</span>
    </>
  )
}

function Warning({ alert, onShow }: { alert: Alert; onShow: () => void }) {
  const { t, locale } = useText()
  const info = infoOf(alert, locale)
  const { box, incident_id: incident } = alert
  return (
    <li className="alerts-item" data-testid="alert">
      <h3 className="alerts-line">
        <Line alert={alert} />
      </h3>
      {info?.description && <p className="alerts-text">{info.description}</p>}
      {info?.instruction && (
        <p className="alerts-text">
          <b>{t('alerts.instruction')}</b> {info.instruction}
        </p>
      )}
      <p className="alerts-note">
        {t('alerts.where')} {placesOf(info, locale === 'zh' ? '、' : '; ') || t('alerts.elsewhere')} · {t('alerts.from')} {info?.sender_name || alert.sender} {moment(alert.sent, locale)}
      </p>
      <p className="alerts-do">
        {box && (
          <Button
            small
            icon="frame"
            onPress={() => {
              theMap.get()?.flyTo(box as Bbox)
              onShow() // the list would lie over it
            }}
          >
            {t('alerts.show')}
          </Button>
        )}
        {incident !== undefined && (
          <Button small icon="incident" onPress={() => select({ layer: 'incident', id: incident })}>
            {t('alerts.incident')}
          </Button>
        )}
      </p>
    </li>
  )
}

/** The list could not be renewed. */
function Old({ at }: { at: number }) {
  const { t, locale } = useText()
  return (
    <li className="alerts-old" role="status">
      <Icon name="alert" />
      {t('alerts.old', { at: clock(at, locale) })}
    </li>
  )
}
