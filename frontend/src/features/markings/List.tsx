import { hiddenDrawings, theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/markings'
import { useStore } from '../../lib/store'
import { boundsOf } from '../../map/geo'
import type { MarkingKind } from '../../map/markings/kinds'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { KindSign } from './KindSign'
import './markings.css'
import { useDrawing } from './useDrawing'

/** What a drawing has on the map, and whether it is seen here. */
export function List({ incident, held, onHold }: { incident: number; held: number | null; onHold: (id: number) => void }) {
  const { t } = useText()
  const rows = useDrawing(incident)
  return (
    <section className="marking-list" aria-label={t('marking.list')} data-testid="marking-list">
      <header>
        <h3>{t('marking.list')}</h3>
        <span className="marking-count">{t('marking.count', { n: rows.length })}</span>
        <DrawingEye incident={incident} />
      </header>
      {rows.length === 0 && (
        <p className="marking-note">
          {t('marking.none')}
          {t('marking.noneDetail')}
        </p>
      )}
      <ul>
        {rows.map((row) => {
          const name = `${t(`marking.kind.${row.kind}`)}${row.label ? ` · ${row.label}` : ''}`
          return (
            <li key={row.id} data-held={row.id === held || undefined}>
              <button
                type="button"
                className="marking-row"
                aria-pressed={row.id === held}
                onClick={() => {
                  onHold(row.id)
                  const box = boundsOf(row.geometry!)
                  if (box) theMap.get()?.flyTo(row.geometry!.type === 'Point' ? [box[0], box[1]] : box)
                }}
                data-testid="marking-row"
              >
                <KindSign kind={row.kind as MarkingKind} size="1.35em" />
                <span className="truncate">{name}</span>
                {row.locked === true && (
                  <span title={t('marking.locked')}>
                    <Icon name="lock" size="0.9em" />
                  </span>
                )}
                <span className="marking-what">{t(`marking.standing.${row.standing}`)}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** Shows or hides a drawing on this map alone. */
export function DrawingEye({ incident }: { incident: number }) {
  const { t } = useText()
  const hidden = useStore(hiddenDrawings).has(incident)
  const turn = () =>
    hiddenDrawings.set((now) => {
      const next = new Set(now)
      if (!next.delete(incident)) next.add(incident)
      return next
    })
  return <IconButton icon={hidden ? 'eyeOff' : 'eye'} label={t(hidden ? 'marking.show' : 'marking.hide')} pressed={!hidden} onPress={turn} data-testid="marking-eye" />
}
