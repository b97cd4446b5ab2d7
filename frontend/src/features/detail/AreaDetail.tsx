import { useMemo } from 'react'
import { queueFilter } from '../../app/workbench'
import { within } from '../../domain/areas'
import { nameIn } from '../../domain/names'
import { useAreas } from '../../domain/useAreas'
import { useIncidents } from '../../domain/useIncidents'
import { useLayerEvery } from '../../domain/useLayerEvery'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { useStore } from '../../lib/store'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { Loading } from '../../ui/State'
import { DetailFrame, Facts } from './Frame'

/** An area: what is open in it, which of its cameras and units can be counted on. */
export function AreaDetail({ id }: { id: number }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const area = areas.byId(id)
  const incidents = useIncidents()
  const filter = useStore(queueFilter)
  const cameras = useLayerEvery('camera', 1000)
  const units = useLayerEvery('unit', 1000)
  const path = area?.path ?? ''
  const open = useMemo(() => incidents.filter((incident) => within(incident.areaPath, path)), [incidents, path])
  const [cameraCount, abnormal] = useMemo(() => {
    let all = 0
    let bad = 0
    cameras.layer.each('area_path', (camera, of) => {
      if (!within(of as string | null, path)) return
      all++
      if (cameras.layer.value(camera, 'status') !== 'online') bad++
    })
    return [all, bad]
  }, [cameras.layer, cameras.version, path])
  const unitCount = useMemo(() => {
    let all = 0
    units.layer.each('area_path', (_, of) => {
      if (within(of as string | null, path)) all++
    })
    return all
  }, [units.layer, units.version, path])
  if (!area) return <Loading text={t('detail.loading')} />
  const parents = areas.line(area.path).slice(0, -1)
  return (
    <DetailFrame testid="area-detail" sign={<Icon name="area" size="2rem" />} title={nameIn(area, locale)} place={parents.map((each) => nameIn(each, locale)).join(' · ')}>
      <Facts
        facts={[
          [t('detail.levelOf'), t(`level.${area.level}`)],
          [t('detail.code'), area.code],
          [t('detail.openHere'), `${count(open.length, locale)}${open.some((incident) => incident.severity === 1) ? ` · ${t('kpi.urgent', { n: open.filter((incident) => incident.severity === 1).length })}` : ''}`],
          [t('detail.camerasHere'), `${count(cameraCount, locale)} · ${t('detail.camerasAbnormal', { n: count(abnormal, locale) })}`],
          [t('detail.unitsHere'), count(unitCount, locale)],
        ]}
      />
      {area.level === 'town' && open.length > 0 && (
        <div className="moves">
          <Button small icon="filter" onPress={() => queueFilter.set({ ...filter, town: filter.town === area.path ? null : area.path })}>
            {filter.town === area.path ? t('queue.clearFilter') : `${t('queue.title')}: ${nameIn(area, locale)}`}
          </Button>
        </div>
      )}
    </DetailFrame>
  )
}
