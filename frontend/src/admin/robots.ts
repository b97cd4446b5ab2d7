import { stages } from '../domain/incidents'

export const robotKinds = ['wecom', 'dingtalk', 'feishu'] as const
export type RobotKind = (typeof robotKinds)[number]
export const isRobot = (kind: string): kind is RobotKind => (robotKinds as readonly string[]).includes(kind)

/** Where robots of each platform live: what the operator has to allow. */
export const robotAddress: Record<RobotKind, string> = {
  wecom: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…',
  dingtalk: 'https://oapi.dingtalk.com/robot/send?access_token=…',
  feishu: 'https://open.feishu.cn/open-apis/bot/v2/hook/…',
}

export const defaultTemplate = '【{severity}】{title}\n地点：{place}\n状态：{state}\n编号：{number}\n{link}'

/** The states that a stage of a case's life has. */
const statesOf: Record<(typeof stages)[number], readonly string[]> = {
  intake: ['reported', 'verifying', 'accepted'],
  waiting: ['filed'],
  sent: ['dispatched'],
  moving: ['dispatched', 'handling'],
  working: ['handling'],
  suspended: ['suspended'],
  checking: ['checking'],
}
export const robotStages = stages.filter((stage) => stage !== 'moving') // no state of its own

export interface RobotFilter {
  severities: readonly string[]
  stages: readonly (typeof stages)[number][]
  /** Path of an area, '' for all. */
  area: string
}

const quoted = (text: string) => `'${text.replace(/'/g, "''")}'`

/** The filter in CQL2: nothing chosen does not restrict. */
export function robotFilter({ severities, stages, area }: RobotFilter): string {
  const parts: string[] = []
  if (severities.length > 0) parts.push(`severity IN (${[...severities].sort().join(', ')})`)
  const states = [...new Set(stages.flatMap((stage) => statesOf[stage]))]
  if (states.length > 0) parts.push(`state IN (${states.map(quoted).join(', ')})`)
  if (area) parts.push(`(area_path = ${quoted(area)} OR area_path LIKE ${quoted(`${area}.%`)})`)
  return parts.join(' AND ')
}
