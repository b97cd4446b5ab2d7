import { useEffect, useMemo, useRef, useState } from 'react'
import '../../i18n/notify'
import { acknowledgeAlarm, ringingNow } from '../../actions/acknowledgeAlarm'
import { shortcut } from '../../actions/keyboard'
import { may, useSession } from '../../app/session'
import { select } from '../../app/router'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { useStore } from '../../lib/store'
import { useLayer } from '../../live/hooks'
import { replaying } from '../../live/replay'
import { Button, IconButton, Key } from '../../ui/Button'
import { later } from '../../ui/later'
import { notify } from '../../ui/notices'
import { SeveritySign } from '../../ui/Severity'
import { acknowledge, answered } from './acknowledge'
import './alarm.css'
import { changeLoudness, loudness, soundOpen } from './loudness'
import { hears, ringing, type Alarm } from './rule'
import { Siren, type Sound } from './siren'

const PushSwitch = later(() => import('../push/PushSwitch'))

/** As the address was when the page opened: a wall's scene says whether it sounds. */
const search = location.search

/** Under the top bar, whatever is shown below: the grave cases that nobody has acknowledged, and their sound. */
export default function AlarmStrip() {
  const { t, locale } = useText()
  const session = useSession()
  const incidents = useLayer('incident')
  const areas = useAreas()
  const now = useNow(30)
  const done = useStore(answered)
  const sends = may(session, 'task.dispatch')
  const wall = session.scene !== undefined
  const audible = hears({ wall, sends, replaying }, search)
  const shown = !replaying && (sends || wall)
  const all = useMemo(() => (shown ? ringing(incidents, now) : []), [shown, incidents, incidents.version, now])
  const alarms = all.filter(({ incident }) => !done.has(incident))
  const { sound, siren } = useSiren(audible && alarms.length > 0)
  const open = useStore(soundOpen)
  useEffect(() => ringingNow.set(sends && !wall ? alarms.map(({ incident }) => incident) : []))
  useTellWho(all)

  if (alarms.length === 0 && !open) return null
  const first = alarms[0]
  const place = (alarm: Alarm) => areas.place(alarm.areaPath, locale) || t('place.outside')
  return (
    <section className="alarm" aria-label={t('alarm.title')} data-testid="alarm" data-sound={sound} data-ringing={alarms.length}>
      <p className="visually-hidden" role="alert">
        {alarms.map((alarm) => t('alarm.said', { title: alarm.title, place: place(alarm) })).join(' ')}
      </p>
      {first && (
        <>
          <SeveritySign level={1} size="1.8em" />
          <button type="button" className="alarm-case" onClick={() => select({ layer: 'incident', id: first.incident })}>
            <b className="truncate">{first.title}</b>
            <span className="truncate">{place(first)}</span>
          </button>
          {alarms.length > 1 && <span className="alarm-more">{t('alarm.more', { n: alarms.length - 1 })}</span>}
          {sends && !wall && (
            <Button look="primary" icon="check" onPress={() => void acknowledge(first.incident)} data-testid="alarm-acknowledge">
              {t('alarm.acknowledge')} <Key>{shortcut(acknowledgeAlarm)!}</Key>
            </Button>
          )}
        </>
      )}
      <span className="alarm-space" />
      {audible ? <Tools sound={sound} siren={siren} /> : <span className="alarm-state">{t('alarm.silentHere')}</span>}
      {open && <PushSwitch />}
      {open && <IconButton icon="close" label={t('app.close')} onPress={() => soundOpen.set(false)} />}
    </section>
  )
}

/** Mute and volume of this screen, and what keeps it from sounding. */
function Tools({ sound, siren }: { sound: Sound; siren: Siren }) {
  const { t } = useText()
  const { volume, muted } = useStore(loudness)
  return (
    <>
      {!muted && sound === 'blocked' && (
        <Button look="danger" icon="bell" onPress={() => siren.enable()} data-testid="alarm-enable">
          {t('alarm.blocked')}
        </Button>
      )}
      {!muted && sound === 'missing' && <span className="alarm-state">{t('alarm.missing')}</span>}
      {muted && <span className="alarm-state alarm-muted">{t('alarm.muted')}</span>}
      <IconButton icon={muted ? 'bellOff' : 'bell'} label={t(muted ? 'alarm.unmute' : 'alarm.mute')} pressed={muted} onPress={() => changeLoudness({ muted: !muted })} data-testid="alarm-mute" />
      <label className="alarm-volume">
        <span className="visually-hidden">{t('alarm.volume')}</span>
        <input type="range" min={0.1} max={1} step={0.1} value={volume} onChange={(e) => changeLoudness({ volume: Number(e.target.value) })} data-testid="alarm-volume" />
      </label>
      {sound === 'silent' && (
        <Button small onPress={() => siren.once(volume)} data-testid="alarm-try">
          {t('alarm.try')}
        </Button>
      )}
    </>
  )
}

function useSiren(wanted: boolean): { sound: Sound; siren: Siren } {
  const [sound, setSound] = useState<Sound>('silent')
  const siren = useMemo(() => new Siren(setSound), [])
  const { volume, muted } = useStore(loudness)
  const on = wanted && !muted
  useEffect(() => {
    if (on) siren.start(volume)
    else siren.stop()
  }, [siren, on, volume])
  useEffect(() => () => siren.stop(), [siren])
  return { sound, siren }
}

/** Says who acknowledged what rang here a moment ago, here or at another console. */
function useTellWho(all: readonly Alarm[]): void {
  const { t } = useText()
  const incidents = useLayer('incident')
  const before = useRef<readonly Alarm[]>([])
  useEffect(() => {
    for (const alarm of before.current) {
      if (all.some(({ incident }) => incident === alarm.incident)) continue
      const by = incidents.value(alarm.incident, 'alarm_by')
      if (by) notify('done', t('alarm.heard', { by, title: alarm.title }))
    }
    before.current = all
  })
}
