import { useQuery } from '@tanstack/react-query'
import { draw } from '../../actions/draw'
import { useActionContext } from '../../actions/useActions'
import { change, theMap, workbench } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/markings'
import { useStore } from '../../lib/store'
import { moment } from '../../lib/time'
import { boundsOf } from '../../map/geo'
import { Button } from '../../ui/Button'
import { Section } from '../detail/Frame'
import { KindSign } from './KindSign'
import { DrawingEye } from './List'
import './markings.css'
import { drawingQuery } from './queries'
import { useDrawing } from './useDrawing'

/** What is drawn on the map for a case; of a case that is over, what was. */
export default function CaseMarkings({ incident, over }: { incident: number; over: boolean }) {
  const { t, locale } = useText()
  const live = useDrawing(incident)
  const kept = useQuery({ ...drawingQuery(incident), enabled: over })
  const { drawing } = useStore(workbench)
  const may = draw.when(useActionContext()) && !over
  const items = over ? (kept.data?.items ?? []) : live
  if (items.length === 0 && !may) return null
  return (
    <Section title={t('marking.caseDrawing')} note={items.length > 0 && !over ? <DrawingEye incident={incident} /> : undefined} testid="case-markings">
      {items.length === 0 && <p className="marking-note">{t('marking.caseNone')}</p>}
      <ul className="marking-case">
        {items.map((item) => {
          const row = item as (typeof live)[number]
          return (
            <li key={row.id}>
              <button type="button" className="marking-row" title={t('marking.fly')} onClick={() => fly(row)}>
                <KindSign kind={row.kind as never} size="1.35em" />
                <span className="truncate">
                  {t(`marking.kind.${row.kind}`)}
                  {row.label ? ` · ${row.label}` : ''}
                </span>
                <span className="marking-what">
                  {t(`marking.standing.${row.standing}`)} · {String(row.author)} {moment(String(row.updated_at), locale)}
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      {may && drawing !== incident && (
        <Button small icon="draw" onPress={() => change({ drawing: incident, measure: false })} data-testid="draw-case">
          {t('marking.open')}
        </Button>
      )}
    </Section>
  )
}

function fly({ geometry }: { geometry: Parameters<typeof boundsOf>[0] | null }): void {
  const box = geometry && boundsOf(geometry)
  if (box) theMap.get()?.flyTo(geometry.type === 'Point' ? [box[0], box[1]] : box)
}
