import { type Page, needs } from './pages'
import { paths } from './router'

/** The tabs of the administration. */
export const adminPages = [
  { path: paths.users, label: 'admin.users', icon: 'people', allowed: needs('user.manage') },
  { path: paths.roles, label: 'admin.roles', icon: 'people', allowed: needs('role.manage') },
  { path: paths.roster, label: 'duty.roster', icon: 'clock', allowed: needs('roster.manage') },
  { path: paths.tokens, label: 'admin.tokens', icon: 'list', allowed: needs('token.manage') },
  { path: paths.geofences, label: 'admin.geofences', icon: 'area', allowed: needs('geofence.manage') },
  { path: paths.categories, label: 'admin.categories', icon: 'list', allowed: needs('rules.manage') },
  { path: paths.alarmKinds, label: 'admin.alarmKinds', icon: 'bell', allowed: needs('rules.manage') },
  { path: paths.registered, label: 'admin.registered', icon: 'camera', allowed: needs('camera.manage') },
  { path: paths.eventSources, label: 'admin.eventSources', icon: 'camera', allowed: needs('camera.manage') },
  { path: paths.devices, label: 'admin.devices', icon: 'camera', allowed: needs('camera.manage') },
  { path: paths.rules, label: 'admin.rules', icon: 'clock', allowed: needs('rules.manage') },
  { path: paths.plans, label: 'flow.manage', icon: 'list', allowed: needs('rules.manage') },
  { path: paths.plots, label: 'admin.plots', icon: 'area', allowed: needs('rules.manage') },
  { path: paths.knowledge, label: 'knowledge.title', icon: 'list', allowed: needs('knowledge.manage') },
  { path: paths.webhooks, label: 'admin.webhooks', icon: 'arrow', allowed: needs('webhook.manage') },
  { path: paths.audit, label: 'admin.audit', icon: 'list', allowed: needs('audit.read') },
  { path: paths.reference, label: 'admin.reference', icon: 'layers', allowed: needs('user.manage') },
] as const satisfies readonly Page[]
