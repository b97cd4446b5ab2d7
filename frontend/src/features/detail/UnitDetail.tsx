import { useMemo } from 'react'
import { select } from '../../app/router'
import { nameIn } from '../../domain/names'
import { useAreas } from '../../domain/useAreas'
import { textOr, useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { duration, moment } from '../../lib/time'
import { useLayer, useRow } from '../../live/hooks'
import { Icon } from '../../ui/icons'
import { asSeverity, SeveritySign } from '../../ui/Severity'
import { Empty, Loading } from '../../ui/State'
import { Coordinates, DetailFrame, Facts, Section } from './Frame'

/** Who can be sent: what they are doing, where they were last, what they work on. */
export function UnitDetail({ id }: { id: number }) {
  const { t, has, locale } = useText()
  const row = useRow('unit', id)
  const position = useRow('position', id)
  const { loaded } = useLayer('unit')
  const areas = useAreas()
  const cases = useCasesOf(id)
  const sign = (
    <span className="sign-unit">
      <Icon name="unit" size="2rem" />
    </span>
  )
  if (!row) {
    return (
      <DetailFrame sign={sign} title={t('search.kind.unit')} testid="unit-detail">
        {loaded ? <Empty icon="unit" title={t('detail.gone')} /> : <Loading text={t('detail.loading')} />}
      </DetailFrame>
    )
  }
  const status = String(row.status)
  const skills = Array.isArray(row.skills) ? (row.skills as string[]) : []
  const point = position?.geometry?.type === 'Point' ? position.geometry.coordinates : null
  return (
    <DetailFrame
      testid="unit-detail"
      sign={sign}
      title={nameIn({ name: String(row.name), name_en: row.name_en as string | null }, locale)}
      place={areas.place(row.area_path as string | null, locale)}
      chip={
        <span className="state-chip" data-testid="unit-state" data-state={status}>
          {t(`state.unit.${status}`)}
        </span>
      }
    >
      <Facts
        facts={[
          [t('detail.unitKind'), textOr(t, has, `kind.${String(row.kind)}`, String(row.kind))],
          [t('detail.code'), row.code as string],
          [t('detail.since'), <Ago key="since" at={String(row.status_since)} />],
          [t('detail.skills'), skills.length ? skills.join(' · ') : t('detail.anySkill')],
          position ? [t('detail.fixedAt'), <Ago key="fixed" at={String(position.source_time)} />] : [t('detail.fixedAt'), t('detail.noPosition'), true],
          !!point && [t('detail.coordinates'), <Coordinates key="point" point={point} />, true],
        ]}
      />
      {cases.length > 0 && (
        <Section title={t('detail.openTask')}>
          <ul>
            {cases.map(({ incident, title, severity, state }) => (
              <li key={incident}>
                <button type="button" className="near" onClick={() => select({ layer: 'incident', id: incident })}>
                  <SeveritySign level={asSeverity(severity)} size="1.3em" />
                  <span className="truncate">{title}</span>
                  <span className="near-state">{t(`state.task.${state}`)}</span>
                </button>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </DetailFrame>
  )
}

/** The open tasks of a unit with the cases they belong to. */
function useCasesOf(unit: number) {
  const tasks = useLayer('task')
  const incidents = useLayer('incident')
  return useMemo(() => {
    const out: { incident: number; title: string; severity: unknown; state: string }[] = []
    tasks.each('unit_id', (task, of) => {
      if (of !== unit) return
      const incident = Number(tasks.value(task, 'incident_id'))
      out.push({ incident, title: String(incidents.value(incident, 'title') ?? incident), severity: incidents.value(incident, 'severity'), state: String(tasks.value(task, 'state')) })
    })
    return out
  }, [unit, tasks, tasks.version, incidents, incidents.version])
}

function Ago({ at }: { at: string }) {
  const { t, locale } = useText()
  const now = useNow(5)
  return <span title={moment(at, locale)}>{t('time.ago', { age: duration(now - Date.parse(at), t) })}</span>
}
