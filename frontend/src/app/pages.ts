import type { Session } from '../api/types'
import type { IconName } from '../ui/icons'
import { paths } from './router'
import { allows, may } from './session'

/** A page beside the console's views. Menu, tabs and palette read the same list. */
export interface Page {
  path: string
  /** Key of its wording. */
  label: string
  icon: IconName
  allowed: (session: Session) => boolean
}

/** Of who may do that. */
export const needs = (action: string) => (session: Session) => may(session, action)

/** What the account's menu opens. */
export const pages: readonly Page[] = [
  { path: paths.field, label: 'session.openField', icon: 'phone', allowed: (session) => allows(session, 'task.work') },
  { path: paths.handover, label: 'duty.handover', icon: 'people', allowed: needs('handover') },
  { path: paths.verdicts, label: 'verdict.title', icon: 'house', allowed: needs('detection.review') },
  { path: paths.walls, label: 'walls.title', icon: 'screen', allowed: needs('wall.show') },
  { path: paths.video, label: 'action.videoWall', icon: 'screen', allowed: needs('camera.watch') },
  { path: paths.captures, label: 'session.openCaptures', icon: 'area', allowed: () => true },
  { path: paths.preview, label: 'session.openPreview', icon: 'layers', allowed: () => true },
  { path: paths.tokens, label: 'session.openTokens', icon: 'list', allowed: needs('token.manage') },
]
