import { acknowledgeAlarm } from './acknowledgeAlarm'
import { admin } from './admin'
import { cameras } from './cameras'
import { close } from './close'
import { detections } from './detections'
import { dispatchList } from './dispatchList'
import { draw } from './draw'
import { help } from './help'
import { knowledge } from './knowledge'
import { logout } from './logout'
import { measure } from './measure'
import { newIncident } from './newIncident'
import { palette } from './palette'
import { printMap } from './printMap'
import { queueNext } from './queueNext'
import { queueOpen } from './queueOpen'
import { queuePrevious } from './queuePrevious'
import { replay } from './replay'
import { replayPlay } from './replayPlay'
import { reports } from './reports'
import { resetView } from './resetView'
import { search } from './search'
import { situation } from './situation'
import { statistics } from './statistics'
import { supervision } from './supervision'
import { toggle3d } from './toggle3d'
import { toggleDisplay } from './toggleDisplay'
import { toggleLayers } from './toggleLayers'
import { toggleLocale } from './toggleLocale'
import { toggleTheme } from './toggleTheme'
import { tour } from './tour'
import type { Action } from './types'
import { videoWall } from './videoWall'
import { zoomIn } from './zoomIn'
import { zoomOut } from './zoomOut'

/** Every action of the console, in the order in which the help sheet shows them. */
export const actions: readonly Action[] = [
  situation, detections, cameras, supervision, statistics, videoWall, admin, search, palette,
  queueNext, queuePrevious, queueOpen, close,
  newIncident, acknowledgeAlarm, dispatchList, reports, knowledge,
  zoomIn, zoomOut, resetView, toggle3d, toggleLayers, measure, draw, printMap,
  replay, replayPlay, toggleTheme, toggleLocale, toggleDisplay, help, tour, logout,
]
