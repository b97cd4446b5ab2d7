import { useEffect, useRef, useState } from 'react'
import type { Catalog } from '../api/types'
import { resetView } from '../actions/resetView'
import { toggle3d } from '../actions/toggle3d'
import { toggleLayers } from '../actions/toggleLayers'
import { tour } from '../actions/tour'
import type { Action, ActionContext } from '../actions/types'
import { zoomIn } from '../actions/zoomIn'
import { zoomOut } from '../actions/zoomOut'
import { shortcut } from '../actions/keyboard'
import { may } from '../app/session'
import { change, theMap, threeD, workbench } from '../app/workbench'
import { LampBanner } from '../features/banner/LampBanner'
import { LayerPanel } from '../features/layers/LayerPanel'
import { known } from '../features/tour/known'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { replaying } from '../live/replay'
import { IconButton } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Empty } from '../ui/State'
import { later } from '../ui/later'
import { useMap } from './useMap'

const DutyBanner = later(() => import('../features/duty/DutyBanner'))
const PickPlace = later(() => import('../features/create/PickPlace'))
const Markings = later(() => import('../features/markings/Markings'))
const Measure = later(() => import('../features/measure/Measure'))
const Offer = later(() => import('../features/tour/Offer'))
const AlertBar = later(() => import('../features/alerts/AlertBar'))

/** The map with what lies on it: banner, layers, controls, and the hint while a place is picked. */
export function Stage({ catalog, context }: { catalog: Catalog; context: ActionContext }) {
  const { t } = useText()
  const frame = useRef<HTMLElement>(null)
  const container = useRef<HTMLDivElement>(null)
  const failed = useMap(container, frame, catalog)
  const { creating, drawing, measure } = useStore(workbench)
  const offered = !useStore(known).includes(context.session.user.login) && may(context.session, 'incident.create') && tour.when(context) && !context.bench.tour && !replaying
  const picking = usePicking(creating !== null && creating.point === null)
  return (
    <main className="stage" ref={frame} aria-label={t('map.region')}>
      <div className="stage-map" ref={container} data-testid="map" />
      {failed && (
        <div className="stage-failed">
          <Empty icon="area" title={t('map.failed')} detail={t('map.failedDetail')} />
        </div>
      )}
      <div className="stage-top">
        <LampBanner />
        <DutyBanner />
        {!replaying && <AlertBar />}
        {offered && drawing === null && !measure && <Offer context={context} />}
        {picking && (
          <div className="pick-hint" data-testid="pick-hint">
            <span className="pick-say" role="status">
              <Icon name="coordinate" />
              {t('create.pickHint')}
            </span>
            <PickPlace />
          </div>
        )}
      </div>
      {drawing === null && (
        <div className="stage-left">
          <LayerPanel catalog={catalog} />
        </div>
      )}
      {measure && creating === null && <Measure catalog={catalog} />}
      {drawing !== null && creating === null && <Markings />}
      <MapControls context={context} />
    </main>
  )
}

function MapControls({ context }: { context: ActionContext }) {
  const { t } = useText()
  const flat = !useStore(threeD)
  const button = (action: Action, pressed?: boolean) => (
    <IconButton
      icon={action === toggle3d && !flat ? 'flat' : action.icon}
      label={t(action === toggle3d ? (flat ? 'map.to3d' : 'map.to2d') : action.label)}
      shortcut={shortcut(action)}
      pressed={pressed}
      isDisabled={!action.when(context)}
      onPress={() => action.perform(context)}
      data-testid={`map-${action.name}`}
    />
  )
  return (
    <div className="map-controls" role="toolbar" aria-label={t('map.controls')} aria-orientation="vertical">
      {button(zoomIn)}
      {button(zoomOut)}
      {button(resetView)}
      {button(toggle3d)}
      {button(toggleLayers, context.bench.layers)}
    </div>
  )
}

/** Asks the map for a place while one is wanted; Escape ends the whole making of a case. */
function usePicking(wanted: boolean): boolean {
  const map = useStore(theMap)
  const [picking, setPicking] = useState(false)
  useEffect(() => {
    if (!wanted || !map) return
    let over = false
    setPicking(true)
    void map.pickPoint().then((point) => {
      if (over) return
      setPicking(false)
      change({ creating: point ? { point } : null })
    })
    return () => {
      over = true
      setPicking(false)
      map.stopPicking() // the place was named instead
    }
  }, [wanted, map])
  return picking
}
