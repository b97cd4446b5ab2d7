import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { parseWall } from '../video/wall'
import { Button, IconButton } from '../ui/Button'
import { Select } from '../ui/Select'
import { TextInput } from '../ui/Field'
import { keptView } from './keptView'
import type { Scene, Wall } from './socket'

type Part = NonNullable<Scene['parts']>[number]

/** Hours, filter, the unit that is followed, and the screens that show something else: what a scene has beside its view. */
export function SceneDetails({ scene, layout, onChange }: { scene: Scene; layout: Wall['layout']; onChange: (next: Scene) => void }) {
  const { t } = useText()
  const [hours, setHours] = useState([scene.begins ?? '', scene.ends ?? ''] as const)
  const units = useQuery({ queryKey: ['units'], queryFn: async () => (await take(api.GET('/api/units'))).items, staleTime: 60_000 })
  const parts = scene.parts ?? []
  const whole = hours[0] !== '' && hours[1] !== '' && hours[0] !== hours[1]
  const time = (k: 0 | 1, label: string) => (
    <label className="walls-dwell">
      {label}
      <input type="time" value={hours[k]} onChange={({ target }) => setHours((now) => (k === 0 ? [target.value, now[1]] : [now[0], target.value]))} />
    </label>
  )
  return (
    <div className="walls-details">
      <div className="walls-buttons">
        {time(0, t('walls.begins'))}
        {time(1, t('walls.ends'))}
        <Button small isDisabled={!whole} onPress={() => onChange({ ...scene, begins: hours[0], ends: hours[1] })}>{t('walls.setHours')}</Button>
        {scene.begins && (
          <Button small onPress={() => (setHours(['', '']), onChange({ ...scene, begins: undefined, ends: undefined }))}>{t('walls.allDay')}</Button>
        )}
      </div>
      <div className="walls-fields">
        <Select
          label={t('walls.severity')}
          choices={[{ id: '0', text: t('walls.allCases') }, ...['1', '2'].map((id) => ({ id, text: t('walls.graver', { severity: id }) }))]}
          value={String(scene.severity === 3 ? 0 : (scene.severity ?? 0))}
          onChange={(id) => onChange({ ...scene, severity: Number(id) })}
        />
        <Select
          label={t('walls.follow')}
          choices={[{ id: '0', text: t('walls.noUnit') }, ...(units.data ?? []).map(({ id, name }) => ({ id: String(id), text: name }))]}
          value={String(scene.follow_unit ?? 0)}
          onChange={(id) => onChange({ ...scene, follow_unit: Number(id) })}
        />
      </div>
      {parts.map((part, i) => (
        <p key={i} className="walls-rule">
          {t('walls.partText', { row: part.row, column: part.column, rows: part.rows, columns: part.columns })}
          <span className="walls-quiet">{part.cameras?.length ? t('walls.partCameras', { n: part.cameras.length }) : t('walls.partView')}</span>
          <IconButton icon="close" label={t('walls.remove')} onPress={() => onChange({ ...scene, parts: parts.filter((_, at) => at !== i) })} />
        </p>
      ))}
      {layout.rows * layout.columns > 1 && <NewPart layout={layout} onAdd={(part) => onChange({ ...scene, parts: [...parts, part] })} />}
    </div>
  )
}

/** Screens, and what they show: the view that the map had last, or cameras by number or by the address of a video wall. */
function NewPart({ layout, onAdd }: { layout: Wall['layout']; onAdd: (part: Part) => void }) {
  const { t } = useText()
  const [at, setAt] = useState({ row: 1, column: 1, rows: 1, columns: 1 })
  const [text, setText] = useState('')
  const view = keptView()
  const cameras = camerasIn(text)
  const most = { row: layout.rows, column: layout.columns, rows: layout.rows, columns: layout.columns }
  const empty = { center: [0, 0], zoom: 10, pitch: 0, bearing: 0, hidden: [] }
  return (
    <div className="walls-buttons">
      {(['row', 'column', 'rows', 'columns'] as const).map((key) => (
        <label key={key} className="walls-dwell">
          {t(`walls.part_${key}`)}
          <input type="number" min={1} max={most[key]} value={at[key]} onChange={({ target }) => setAt({ ...at, [key]: Math.min(most[key], Math.max(1, Math.round(Number(target.value) || 1))) })} />
        </label>
      ))}
      <Button
        small
        isDisabled={!view}
        onPress={() => {
          const { theme: _theme, lang: _lang, ...rest } = view!
          onAdd({ ...at, ...rest })
        }}
        data-testid="wall-part-view"
      >
        {t('walls.addView')}
      </Button>
      <TextInput label={t('walls.cameras')} value={text} onChange={setText} data-testid="wall-part-cameras" />
      <Button small isDisabled={cameras.length === 0} onPress={() => (onAdd({ ...at, ...empty, cameras }), setText(''))} data-testid="wall-part-add">{t('walls.addCameras')}</Button>
    </div>
  )
}

/** Numbers of cameras: "12, 40", or what stands in the address of a video wall. */
export function camerasIn(text: string): number[] {
  const query = text.includes('?') ? text.slice(text.indexOf('?')) : `?cameras=${text.trim().split(/[\s,，、]+/).join(',')}`
  return [...new Set(parseWall(query).cameras.filter((id) => id !== null))]
}
