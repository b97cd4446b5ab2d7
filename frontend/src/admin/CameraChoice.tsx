import { useMemo, useState } from 'react'
import { useLayerEvery } from '../domain/useLayerEvery'
import { useText } from '../i18n'
import { Icon } from '../ui/icons'

const shown = 8

/** One camera of many, found by its name. */
export function CameraChoice({ value, name, error, onChange }: { value: number | null; name: string; error?: string; onChange: (id: number, name: string) => void }) {
  const { t } = useText()
  const { layer, version } = useLayerEvery('camera', 2000)
  const [text, setText] = useState<string | null>(null)
  const found = useMemo(() => {
    if (text === null) return []
    const words = text.trim().toLowerCase().split(/\s+/)
    const out: { id: number; name: string }[] = []
    layer.each('name', (id, each) => {
      if (out.length < 200 && words.every((word) => String(each).toLowerCase().includes(word))) out.push({ id, name: String(each) })
    })
    return out.sort((a, b) => a.name.localeCompare(b.name, 'zh') || a.id - b.id).slice(0, shown)
  }, [layer, version, text])
  return (
    <div className="camera-choice">
      <input
        className="field-input"
        type="search"
        value={text ?? name}
        placeholder={t('events.find')}
        aria-label={t('events.camera')}
        aria-invalid={!!error || undefined}
        data-testid="camera-choice"
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.select()}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || text === null || !found[0]) return
          event.preventDefault()
          onChange(found[0].id, found[0].name)
          setText(null)
        }}
      />
      {text !== null && (
        <ul className="camera-found">
          {found.length === 0 && <li className="field-hint">{t('events.none')}</li>}
          {found.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                aria-pressed={each.id === value}
                data-testid={`camera-found-${each.id}`}
                onClick={() => {
                  onChange(each.id, each.name)
                  setText(null)
                }}
              >
                <Icon name={each.id === value ? 'check' : 'camera'} size="1em" /> {each.name}
              </button>
            </li>
          ))}
        </ul>
      )}
      {error && <div className="field-error">{error}</div>}
    </div>
  )
}
