import { Switch } from 'react-aria-components'
import type { Catalog } from '../../api/types'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/tilesets'
import { useStore } from '../../lib/store'
import type { Bbox } from '../../map/types'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { shownTilesets, tilesetStates } from './tree'
import './tilesets.css'

/** Photographed landscapes that this server has: a switch for each, and the way there. */
export default function Tilesets({ catalog }: { catalog: Catalog }) {
  const { t } = useText()
  const shown = useStore(shownTilesets)
  const states = useStore(tilesetStates)
  const map = useStore(theMap)
  const toggle = (name: string, on: boolean) => shownTilesets.set((now) => (on ? [...now, name] : now.filter((other) => other !== name)))
  return (
    <div className="tilesets" role="group" aria-label={t('tilesets.title')} data-testid="tilesets">
      <p className="tilesets-title">{t('tilesets.title')}</p>
      {catalog.tilesets.map(({ name, bbox }) => {
        const on = shown.includes(name)
        const state = !bbox ? 'nowhere' : on ? (states[name] ?? 'loading') : null
        return (
          <div key={name} className="tileset">
            <Switch className="switch layer-row" isSelected={on} isDisabled={!map || !bbox} onChange={(now) => toggle(name, now)} data-testid={`tileset-${name}`}>
              <span className="layer-sign"><Icon name="cube" size="1.1em" /></span>
              <span className="layer-name truncate">{name}</span>
              <span className="layer-check" aria-hidden="true">
                <Icon name="check" size="0.8em" />
              </span>
            </Switch>
            {bbox && <IconButton icon="pin" label={t('tilesets.fly', { name })} isDisabled={!map} onPress={() => map?.flyTo(bbox as Bbox)} data-testid={`tileset-fly-${name}`} />}
            {state && state !== 'shown' && (
              <p className="tileset-state" data-state={state} role="status">
                {state !== 'loading' && <Icon name="alert" size="1em" />}
                {t(`tilesets.${state}`)}
              </p>
            )}
          </div>
        )
      })}
    </div>
  )
}
