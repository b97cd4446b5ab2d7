import type { RoleInfo } from '../api/types'

/** What roles can allow, in the order of a case's life; what a newer server knows besides comes last. */
const groups = {
  map: ['read', 'camera.watch', 'replay', 'wall.show'],
  cases: ['report.create', 'incident.create', 'incident.move', 'task.dispatch', 'incident.message', 'case.supervise', 'marking.draw', 'marking.manage', 'handover', 'attachment.original'],
  field: ['task.work', 'attachment.add'],
  drone: ['capture.upload', 'detection.intake', 'detection.review', 'job.manage'],
  keep: ['roster.manage', 'rules.manage', 'knowledge.manage', 'geofence.manage', 'camera.manage'],
  system: ['user.manage', 'role.manage', 'token.manage', 'report.intake', 'webhook.manage', 'audit.read'],
} as const

export interface ActionGroup {
  name: string
  actions: string[]
}

/** The actions by group; none is lost, none is shown that the server does not have. */
export function grouped(actions: readonly string[]): ActionGroup[] {
  const known = Object.entries(groups).map(([name, own]) => ({ name, actions: own.filter((each) => actions.includes(each)) as string[] }))
  const rest = actions.filter((each) => !known.some((group) => group.actions.includes(each)))
  return [...known, { name: 'other', actions: rest }].filter((group) => group.actions.length > 0)
}

export const roleTitle = (role: Pick<RoleInfo, 'name' | 'title' | 'title_en'>, locale: 'zh' | 'en') => (locale === 'en' && role.title_en) || role.title

/** What a role allows now and not as delivered, and the other way round. */
export function changes({ actions, delivered }: Pick<RoleInfo, 'actions' | 'delivered'>): { given: string[]; taken: string[] } {
  if (!delivered) return { given: [], taken: [] }
  return { given: actions.filter((each) => !delivered.includes(each)), taken: delivered.filter((each) => !actions.includes(each)) }
}
