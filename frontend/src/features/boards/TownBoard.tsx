import { memo, useMemo } from 'react'
import { select } from '../../app/router'
import { theMap } from '../../app/workbench'
import { shortName } from '../../domain/areas'
import { townFigures } from '../../domain/figures'
import { useAreas } from '../../domain/useAreas'
import { useIncidents } from '../../domain/useIncidents'
import { useLayerEvery } from '../../domain/useLayerEvery'
import { useText } from '../../i18n'
import './boards.css'

/** Every town in one line: where most is open, what is broken, who is free. */
export const TownBoard = memo(function TownBoard() {
  const { t, locale } = useText()
  const areas = useAreas()
  const incidents = useIncidents()
  const detection = useLayerEvery('detection', 1000)
  const camera = useLayerEvery('camera', 2000)
  const unit = useLayerEvery('unit', 1000)
  const rows = useMemo(
    () => townFigures(areas, incidents, { detection: detection.layer, camera: camera.layer, unit: unit.layer }),
    [areas, incidents, detection.layer, detection.version, camera.layer, camera.version, unit.layer, unit.version],
  )
  return (
    <section className="block board" data-testid="town-board">
      <header className="block-head">
        <h2 className="block-title">{t('towns.title')}</h2>
      </header>
      <table className="towns">
        <thead>
          <tr>
            <th scope="col">{t('towns.town')}</th>
            <th scope="col">{t('towns.open')}</th>
            <th scope="col">{t('towns.urgent')}</th>
            <th scope="col">{t('towns.detections')}</th>
            <th scope="col">{t('towns.cameras')}</th>
            <th scope="col">{t('towns.units')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const area = areas.get(row.path)!
            return (
              <tr key={row.path}>
                <th scope="row">
                  <button
                    type="button"
                    className="town truncate"
                    onClick={() => {
                      select({ layer: 'area', id: area.id })
                      theMap.get()?.flyTo(area.bbox as [number, number, number, number])
                    }}
                  >
                    {shortName(area, locale)}
                  </button>
                </th>
                <Cell n={row.open} />
                <Cell n={row.urgent} urgent />
                <Cell n={row.detections} />
                <Cell n={row.camerasAbnormal} />
                <Cell n={row.unitsFree} />
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
})

const Cell = ({ n, urgent }: { n: number; urgent?: boolean }) => <td className={n === 0 ? 'town-none' : urgent ? 'town-urgent' : undefined}>{n}</td>
