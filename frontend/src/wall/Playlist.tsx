import { useState } from 'react'
import { useText } from '../i18n'
import { Button, IconButton } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { keptView } from './keptView'
import { Rules } from './Rules'
import { SceneDetails } from './SceneDetails'
import type { Scene, Wall } from './socket'

interface PlaylistProps {
  wall: Wall
  /** Which scene is shown; -1 for none of them. */
  entry: number
  shows: boolean
  /** Somebody else holds the wall. */
  others: boolean
  onShow: (scene: Scene) => void
  onSave: (change: Partial<Pick<Wall, 'playlist' | 'rules'>>) => void
}

/** The scenes of a wall in their order, how long each stays, and what may jump in. */
export function Playlist({ wall, entry, shows, others, onShow, onSave }: PlaylistProps) {
  const { t } = useText()
  const [name, setName] = useState('')
  const [open, setOpen] = useState(-1)
  const { playlist } = wall
  const view = keptView()
  const put = (next: Scene[]) => onSave({ playlist: next })
  const swap = (i: number, k: number) => put(playlist.map((scene, at) => (at === i ? playlist[k]! : at === k ? playlist[i]! : scene)))
  return (
    <section className="walls-part" aria-label={t('walls.playlist')}>
      <h2>{t('walls.playlist')}</h2>
      {playlist.length === 0 && <p className="walls-quiet">{t('walls.emptyList')}</p>}
      <ol className="walls-scenes">
        {playlist.map((scene, i) => (
          <li key={i} aria-current={i === entry || undefined}>
            <span className="walls-name truncate">
              {scene.name}
              {scene.begins && <span className="walls-quiet"> {scene.begins}–{scene.ends}</span>}
            </span>
            {shows ? (
              <>
                <label className="walls-dwell">
                  {t('walls.dwell')}
                  <input
                    key={scene.dwell_s}
                    type="number"
                    min={5}
                    max={86400}
                    defaultValue={scene.dwell_s}
                    onBlur={(event) => {
                      const dwell = Number(event.target.value)
                      if (dwell !== scene.dwell_s && dwell > 0) put(playlist.map((each, at) => (at === i ? { ...each, dwell_s: Math.round(dwell) } : each)))
                    }}
                  />
                </label>
                <Button small isDisabled={others} onPress={() => onShow(scene)}>{t('walls.showNow')}</Button>
                <Button small aria-expanded={open === i} onPress={() => setOpen(open === i ? -1 : i)} data-testid={`wall-scene-${i}`}>{t('walls.details')}</Button>
                <IconButton icon="chevronUp" label={t('walls.up')} isDisabled={i === 0} onPress={() => swap(i, i - 1)} />
                <IconButton icon="chevronDown" label={t('walls.down')} isDisabled={i === playlist.length - 1} onPress={() => swap(i, i + 1)} />
                <IconButton icon="close" label={t('walls.remove')} onPress={() => put(playlist.filter((_, at) => at !== i))} />
              </>
            ) : (
              <span className="walls-quiet">{scene.dwell_s} s</span>
            )}
            {shows && open === i && <SceneDetails scene={scene} layout={wall.layout} onChange={(next) => put(playlist.map((each, at) => (at === i ? next : each)))} />}
          </li>
        ))}
      </ol>
      {shows &&
        (view ? (
          <form
            className="walls-save"
            onSubmit={(event) => {
              event.preventDefault()
              if (name.trim() === '') return
              put([...playlist, { ...view, name: name.trim(), dwell_s: 30 }])
              setName('')
            }}
          >
            <TextInput label={t('walls.sceneName')} value={name} onChange={setName} hint={t('walls.saveHint')} data-testid="wall-scene-name" />
            <Button type="submit" isDisabled={name.trim() === ''} data-testid="wall-save-view">{t('walls.saveView')}</Button>
          </form>
        ) : (
          <p className="walls-quiet">{t('walls.noView')}</p>
        ))}
      <Rules wall={wall} shows={shows} onSave={onSave} />
    </section>
  )
}
