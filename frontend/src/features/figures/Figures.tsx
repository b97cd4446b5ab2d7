import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, memo, type ReactNode, Suspense, useEffect } from 'react'
import { statisticsQuery } from '../../api/queries'
import { cameraFigures, detectionFigures, unitFigures } from '../../domain/figures'
import { useIncidents } from '../../domain/useIncidents'
import { useLayerEvery } from '../../domain/useLayerEvery'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { useLayer } from '../../live/hooks'
import { replaying } from '../../live/replay'
import { SeveritySign } from '../../ui/Severity'
import { LoadBars } from './LoadBars'
import './figures.css'

const HourChart = lazy(() => import('./HourChart')) // with uPlot: the figures do not wait for it

/** The figures at a glance, each with what it is of or how it moves. */
export const Figures = memo(function Figures() {
  const { t } = useText()
  const statistics = useQuery({ ...statisticsQuery, enabled: !replaying }) // they are of now
  useFreshStatistics()
  return (
    <div className="figures">
      <OpenIncidents created={statistics.data?.created_today} closed={statistics.data?.closed_today} month={statistics.data?.closing_month} />
      <Detections today={statistics.data?.detections_today} />
      <Cameras />
      <Units />
      {!replaying && <section className="figure-block">
        <h2 className="figure-label">{t('kpi.hours')}</h2>
        {statistics.data ? (
          <Suspense fallback={<div className="hours-plot" />}>
            <HourChart hours={statistics.data.hours} />
          </Suspense>
        ) : (
          <p className="figure-note figure-missing">{statistics.isError ? t('kpi.unavailable') : ' '}</p>
        )}
      </section>}
      <LoadBars />
    </div>
  )
})

/** A case that came or went changes the day's figures: ask for them again, but not for each of a storm. */
function useFreshStatistics(): void {
  const client = useQueryClient()
  const { version } = useLayerEvery('incident', 3000)
  useEffect(() => {
    void client.invalidateQueries({ queryKey: statisticsQuery.queryKey })
  }, [client, version])
}

function Figure({ label, value, of, note, children, testid }: { label: string; value: string; of?: string; note?: ReactNode; children?: ReactNode; testid: string }) {
  return (
    <section className="figure-block" data-testid={testid}>
      <h2 className="figure-label">{label}</h2>
      <div className="figure-line">
        <span className="figure-value">{value}</span>
        {of && <span className="figure-of">{of}</span>}
        <span className="figure-note">{note}</span>
      </div>
      {children}
    </section>
  )
}

const waiting = '–'

function OpenIncidents({ created, closed, month }: { created?: number; closed?: number; month?: { due: number; on_time: number } }) {
  const { t, locale } = useText()
  const incidents = useIncidents()
  const { loaded } = useLayer('incident')
  const urgent = incidents.reduce((n, incident) => n + (incident.severity === 1 ? 1 : 0), 0)
  return (
    <Figure
      testid="kpi-open"
      label={t('kpi.open')}
      value={loaded ? count(incidents.length, locale) : waiting}
      note={
        loaded &&
        (urgent > 0 ? (
          <span className="figure-urgent">
            <SeveritySign level={1} size="1.3em" />
            {t('kpi.urgent', { n: urgent })}
          </span>
        ) : (
          t('kpi.noUrgent')
        ))
      }
    >
      {created !== undefined && <p className="figure-sub">{t('kpi.openTrend', { created, closed })}</p>}
      {!!month?.due && <p className="figure-sub">{t('kpi.onTime', { rate: Math.floor((100 * month.on_time) / month.due), on: month.on_time, due: month.due })}</p>}
    </Figure>
  )
}

function Detections({ today }: { today?: number }) {
  const { t, locale } = useText()
  const layer = useLayer('detection')
  const { total, undecided } = detectionFigures(layer)
  return (
    <Figure
      testid="kpi-detections"
      label={t('kpi.detections')}
      value={layer.loaded ? count(undecided, locale) : waiting}
      of={layer.loaded ? t('kpi.detectionsOf', { total: count(total, locale) }) : undefined}
      note={today !== undefined && t('kpi.detectionsToday', { n: today })}
    />
  )
}

function Cameras() {
  const { t, locale } = useText()
  const { layer } = useLayerEvery('camera', 500)
  const { total, online, offline, fault, unknown } = cameraFigures(layer)
  const n = (value: number) => count(value, locale)
  return (
    <Figure testid="kpi-cameras" label={t('kpi.cameras')} value={layer.loaded ? n(online) : waiting} of={layer.loaded ? t('kpi.camerasOf', { total: n(total) }) : undefined}>
      {total > 0 && (
        <>
          <svg className="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect className="share-rest" width="100" height="4" />
            <rect className="share-online" width={(100 * online) / total} height="4" />
            <rect className="share-fault" x={100 - (100 * fault) / total} width={(100 * fault) / total} height="4" />
          </svg>
          <p className="figure-sub figure-split">
            <span>{t('kpi.offline', { n: n(offline) })}</span>
            {unknown > 0 && <span>{t('kpi.unknown', { n: n(unknown) })}</span>}
            <span className={fault > 0 ? 'figure-warn' : undefined}>{t('kpi.fault', { n: n(fault) })}</span>
          </p>
        </>
      )}
    </Figure>
  )
}

function Units() {
  const { t, locale } = useText()
  const layer = useLayer('unit')
  const { total, onDuty, underWay, onScene } = unitFigures(layer)
  return (
    <Figure
      testid="kpi-units"
      label={t('kpi.units')}
      value={layer.loaded ? count(onDuty, locale) : waiting}
      of={layer.loaded ? t('kpi.unitsOf', { total: count(total, locale) }) : undefined}
      note={layer.loaded && `${t('kpi.underWay', { n: underWay })} · ${t('kpi.onScene', { n: onScene })}`}
    />
  )
}
