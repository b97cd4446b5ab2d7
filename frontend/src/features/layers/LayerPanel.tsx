import { memo, type ReactNode } from 'react'
import { Button, Disclosure, DisclosurePanel, Heading, Radio, RadioGroup, Switch } from 'react-aria-components'
import { toggleLayers } from '../../actions/toggleLayers'
import type { Catalog } from '../../api/types'
import { change, theMap, workbench } from '../../app/workbench'
import { useLayerEvery } from '../../domain/useLayerEvery'
import { useText } from '../../i18n'
import { count } from '../../lib/format'
import { useStore } from '../../lib/store'
import { choroplethSteps } from '../../map/style/areas'
import type { MapLayerId } from '../../map/types'
import { Icon } from '../../ui/icons'
import { shownLayers, shownPicture, tree, type TreeLayer } from './tree'
import { BuildingSign, CameraSign, DetectionSign, GridSign, IncidentSigns, LoadScale, LoadStep, MarkingSign, PlaceSign, TerrainSign, UnitSign } from './signs'
import { later } from '../../ui/later'
import './layers.css'

const Tilesets = later(() => import('./Tilesets'))

const signs: Record<MapLayerId, ReactNode> = {
  incident: <IncidentSigns />,
  detection: <DetectionSign />,
  unit: <UnitSign />,
  marking: <MarkingSign />,
  camera: <CameraSign status="online" />,
  choropleth: <LoadScale />,
  unit_grid: <GridSign />,
  building: <BuildingSign />,
  place: <PlaceSign />,
  terrain: <TerrainSign />,
}

/** What is drawn on the map, what its signs mean, how many there are, and a switch for each. */
export const LayerPanel = memo(function LayerPanel({ catalog }: { catalog: Catalog }) {
  const { t } = useText()
  const { layers: open } = useStore(workbench)
  if (!open) {
    return (
      <button type="button" className="layers-open" onClick={() => change({ layers: true })} aria-label={t('layers.show')} data-testid="layers-open">
        <Icon name="layers" />
        {t('layers.title')}
      </button>
    )
  }
  return (
    <section className="layers" aria-labelledby="layers-title" data-testid="layers">
      <header className="layers-head">
        <h2 id="layers-title">{t('layers.title')}</h2>
        <button type="button" className="layers-close" onClick={() => change({ layers: false })} aria-label={t('layers.hide')} title={t(toggleLayers.label)}>
          <Icon name="chevronDown" size="1em" />
        </button>
      </header>
      {tree(catalog).map(({ group, layers }) => (
        <Disclosure key={group} className="layer-group" defaultExpanded={group !== 'base'}>
          <Heading className="layer-group-head">
            <Button slot="trigger" className="layer-group-button">
              <Icon name="chevronRight" size="0.9em" />
              {t(`layers.group.${group}`)}
            </Button>
          </Heading>
          <DisclosurePanel className="layer-group-panel">
            {layers.map((layer) => (
              <LayerRow key={layer.id} layer={layer} />
            ))}
            {group === 'base' && <Pictures catalog={catalog} />}
            {group === 'base' && (catalog.tilesets?.length ?? 0) > 0 && <Tilesets catalog={catalog} />}
          </DisclosurePanel>
        </Disclosure>
      ))}
    </section>
  )
})

function LayerRow({ layer }: { layer: TreeLayer }) {
  const { t, locale } = useText()
  const shown = useStore(shownLayers)
  const map = useStore(theMap)
  const name = layer.title?.[locale] ?? t(layer.label!)
  const row = (
    <Switch
      className="switch layer-row"
      isSelected={shown[layer.id]}
      isDisabled={!map}
      onChange={(visible) => shownLayers.set((now) => ({ ...now, [layer.id]: visible }))}
      data-testid={`layer-${layer.id}`}
    >
      <span className="layer-sign">{signs[layer.id]}</span>
      <span className="layer-name truncate">{name}</span>
      {layer.live && <LiveCount layer={layer.live} />}
      <span className="layer-check" aria-hidden="true">
        <Icon name="check" size="0.8em" />
      </span>
    </Switch>
  )
  return (
    <>
      {row}
      {layer.id === 'camera' && <CameraStates />}
      {layer.id === 'choropleth' && <LoadSteps />}
    </>
  )
}

/** What lies on the ground: the drawn map, or one of the installation's pictures. */
function Pictures({ catalog }: { catalog: Catalog }) {
  const { t, locale } = useText()
  const shown = useStore(shownPicture)
  const pictures = catalog.basemap.pictures.filter(({ overlay }) => !overlay)
  if (pictures.length === 0) return null
  const choices = [{ source: '', name: t('layers.drawn') }, ...pictures.map(({ source, title }) => ({ source, name: title[locale] }))]
  return (
    <RadioGroup className="layer-pictures" aria-label={t('layers.basemap')} value={shown ?? ''} onChange={(source) => shownPicture.set(source || null)}>
      {choices.map(({ source, name }) => (
        <Radio key={source} value={source} className="layer-picture" data-testid={`picture-${source || 'drawn'}`}>
          <span className="layer-radio" aria-hidden="true" />
          <span className="layer-name truncate">{name}</span>
        </Radio>
      ))}
    </RadioGroup>
  )
}

function LiveCount({ layer }: { layer: string }) {
  const { locale } = useText()
  const { layer: store } = useLayerEvery(layer, 1000)
  const [n, loaded] = [store.size, store.loaded]
  return <span className="layer-count">{loaded ? count(n, locale) : ''}</span>
}

const cameraStates = ['online', 'offline', 'fault', 'unknown'] as const

/** The key of the camera's dots. */
function CameraStates() {
  const { t } = useText()
  return (
    <ul className="layer-key layer-states">
      {cameraStates.map((status) => (
        <li key={status}>
          <CameraSign status={status} />
          {t(`state.camera.${status}`)}
        </li>
      ))}
    </ul>
  )
}

/** How many open incidents each tint of an area says. */
function LoadSteps() {
  const from = [0, ...choroplethSteps]
  return (
    <ul className="layer-key">
      {from.map((n, step) => (
        <li key={n}>
          <LoadStep step={step} />
          {stepText(n, from[step + 1])}
        </li>
      ))}
    </ul>
  )
}

const stepText = (from: number, next: number | undefined) => (next === undefined ? `≥${from}` : next - from === 1 ? String(from) : `${from}–${next - 1}`)
