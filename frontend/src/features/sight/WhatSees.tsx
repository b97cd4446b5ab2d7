import { useQuery } from '@tanstack/react-query'
import type { Polygon } from 'geojson'
import { useEffect, useState } from 'react'
import { api, take } from '../../api/client'
import type { components } from '../../api/schema.gen'
import { select } from '../../app/router'
import { may, useSession } from '../../app/session'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/sight'
import { distance } from '../../lib/format'
import { useRow } from '../../live/hooks'
import { replayQuery } from '../../live/replay'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { later } from '../../ui/later'
import { Failure, Loading } from '../../ui/State'
import { Section } from '../detail/Frame'
import './sight.css'

const Best = later(() => import('./Best'))

type Seer = components['schemas']['Seer']

const WITHIN_M = 500
const SHOWN = 4
/** Cameras come up and go down: their order is asked for again now and then. */
const AGAIN_MS = 30_000

/** Which cameras have a place in view, the best first, each with its reason; and which near ones do not, and why. */
export default function WhatSees({ point }: { point: readonly number[] }) {
  const { t } = useText()
  const [all, setAll] = useState(false)
  const asked = useQuery({
    queryKey: ['seeing', point.join()],
    queryFn: () =>
      take(api.GET('/api/cameras/seeing', { params: { query: { point: `${point[0]},${point[1]}`, within: WITHIN_M, limit: 40, sectors: true, ...replayQuery } } })),
    refetchInterval: AGAIN_MS,
  })
  const items = asked.data?.items
  useEffect(() => {
    theMap.get()?.sight(items ? items.flatMap(({ sector }) => (sector ? [sector as Polygon] : [])).slice(0, SHOWN) : null)
  }, [items])
  useEffect(() => () => theMap.get()?.sight(null), [])

  const seeing = items?.filter(({ sees }) => sees) ?? []
  // Those that were the best when they were asked for stay: no picture is taken away while it is looked at.
  const [shown, setShown] = useState<readonly number[] | null>(null)
  const watches = may(useSession(), 'camera.watch')
  const best = seeing.filter(({ playable, status }) => playable && status === 'online').slice(0, SHOWN)
  const others = items?.filter(({ sees }) => !sees) ?? []
  return (
    <Section title={t('sight.title')} note={asked.data && t('sight.note', { sees: asked.data.sees, known: asked.data.known })} testid="what-sees">
      {asked.isError && !asked.data && <Failure compact error={asked.error} title={t('sight.failed')} onRetry={() => void asked.refetch()} />}
      {asked.isPending && <Loading text={t('sight.loading')} />}
      {items && <p className="detail-hint">{items.length === 0 ? t('sight.none', { radius: distance(WITHIN_M, t) }) : seeing.length === 0 ? t('sight.blind') : t('sight.flat')}</p>}
      {watches && (shown || best.length > 0) && (
        <Button small icon="camera" aria-expanded={shown !== null} onPress={() => setShown(shown ? null : best.map(({ id }) => id))} data-testid="show-best">
          {shown ? t('sight.hideBest') : t('sight.showBest', { n: best.length })}
        </Button>
      )}
      {shown && <Best cameras={shown} />}
      <ul>
        {seeing.map((seer) => (
          <SeerRow key={seer.id} seer={seer} />
        ))}
      </ul>
      {others.length > 0 && (
        <>
          <button type="button" className="near sight-others" aria-expanded={all} onClick={() => setAll(!all)}>
            {t('sight.others', { n: others.length })}
          </button>
          {all && (
            <ul>
              {others.map((seer) => (
                <SeerRow key={seer.id} seer={seer} />
              ))}
            </ul>
          )}
        </>
      )}
    </Section>
  )
}

function SeerRow({ seer }: { seer: Seer }) {
  const { t } = useText()
  const row = useRow('camera', seer.id)
  const status = String(row?.status ?? seer.status)
  const reason = seer.sees
    ? seer.off_axis_deg >= 1
      ? t('sight.seesEdge', { deg: Math.round(seer.off_axis_deg) })
      : t('sight.sees')
    : t(`sight.${seer.reason}`, {
        reach: distance(seer.reach_m, t),
        at: distance(seer.hidden_at_m ?? 0, t),
        azimuth: Math.round(seer.aim.azimuth_deg),
        tilt: Math.round(seer.aim.tilt_deg),
      })
  const notes = [reason, seer.preset && t('sight.preset', seer.preset), status !== 'online' && t(`state.camera.${status}`), !seer.playable && t('sight.noStream')].filter(Boolean)
  return (
    <li data-thing={`camera/${seer.id}`}>
      <button
        type="button"
        className={`near seer${seer.sees ? ' seer-sees' : ''}`}
        data-testid="seer"
        title={seer.guessed.length ? t('sight.guessed') : undefined}
        onClick={() => {
          select({ layer: 'camera', id: seer.id })
          void theMap.get()?.flyToFeature({ layer: 'camera', id: seer.id })
        }}
      >
        <Icon name="camera" />
        <span className="seer-text">
          <span className="truncate">{String(row?.name ?? seer.name)}</span>
          <span className={`seer-reason status-${status}`}>
            {notes.join(' · ')}
            {seer.guessed.length > 0 && ' *'}
          </span>
        </span>
        <span className="near-distance">{distance(seer.distance_m, t)}</span>
      </button>
    </li>
  )
}
