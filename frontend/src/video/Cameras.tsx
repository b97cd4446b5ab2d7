import { useMemo, useState, type Ref } from 'react'
import { useLayerEvery } from '../domain/useLayerEvery'
import { useText } from '../i18n'
import { count } from '../lib/format'
import { Icon } from '../ui/icons'
import { Empty, Loading } from '../ui/State'

const SHOWN = 100
export const cameraType = 'application/x-wanglou-camera'

/** Every camera that the person may see, by name, those that are up first; to be chosen, or dragged onto the wall. */
export function Cameras({ onWall, onChoose, search }: { onWall: readonly (number | null)[]; onChoose: (id: number) => void; search: Ref<HTMLInputElement> }) {
  const { t, locale } = useText()
  const { layer, version } = useLayerEvery('camera', 1000)
  const [text, setText] = useState('')
  const rows = useMemo(() => {
    const words = text.trim().toLowerCase().split(/\s+/)
    const out: { id: number; name: string; status: string }[] = []
    layer.each('name', (id, name) => {
      if (words.every((word) => String(name).toLowerCase().includes(word))) out.push({ id, name: String(name), status: String(layer.value(id, 'status')) })
    })
    return out.sort((a, b) => Number(b.status === 'online') - Number(a.status === 'online') || a.name.localeCompare(b.name, 'zh') || a.id - b.id)
  }, [layer, version, text])
  return (
    <section className="wall-cameras" aria-label={t('wall.cameras')}>
      <div className="field-box wall-find">
        <input
          ref={search}
          className="field-input"
          type="search"
          value={text}
          placeholder={t('wall.find')}
          aria-label={t('wall.find')}
          data-testid="wall-find"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && rows[0]) onChoose(rows[0].id)
            else if (event.key === 'Escape') event.currentTarget.blur()
            else return
            event.preventDefault()
          }}
        />
      </div>
      {!layer.loaded ? (
        <Loading text={t('app.loading')} />
      ) : rows.length === 0 ? (
        <Empty icon="camera" title={t('wall.none')} />
      ) : (
        <>
          <p className="wall-note">{t('wall.shown', { n: count(rows.length, locale), shown: Math.min(SHOWN, rows.length) })}</p>
          <ul>
            {rows.slice(0, SHOWN).map((row) => (
              <li key={row.id}>
                <button
                  type="button"
                  className={`wall-camera status-${row.status}`}
                  aria-pressed={onWall.includes(row.id)}
                  draggable
                  onDragStart={(event) => {
                    event.dataTransfer.setData(cameraType, String(row.id))
                    event.dataTransfer.effectAllowed = 'copy'
                  }}
                  onClick={() => onChoose(row.id)}
                  data-testid={`wall-camera-${row.id}`}
                >
                  <Icon name={onWall.includes(row.id) ? 'check' : 'camera'} size="1em" />
                  <span className="truncate">{row.name}</span>
                  {row.status !== 'online' && <span className="wall-status">{t(`state.camera.${row.status}`)}</span>}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
