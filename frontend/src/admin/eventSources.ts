import type { components } from '../api/schema.gen'

export type EventSource = components['schemas']['EventSource']
export type EventSourceInput = components['schemas']['EventSourceInput']
export type EventPlace = components['schemas']['EventPlace']
export type Protocol = EventSource['protocol']

export const eventSourcesKey = ['event-sources']
export const eventKindsKey = ['event-kinds']
export const protocols: Protocol[] = ['isapi', 'dahua', 'onvif']

/** The shape of a source's lamp: a disc where events come, a ring where nobody knows, a square where something is wrong. */
export const lampOf = (name: EventSource['state']['name']): 'live' | 'connecting' | 'offline' => (name === 'up' ? 'live' : name === 'down' ? 'offline' : 'connecting')

export const stateLabel: Record<EventSource['state']['name'], string> = { up: 'events.up', down: 'events.down', waiting: 'events.waitingState', off: 'events.off' }

/** The places that are sent: lines without a camera are left out. */
export function placesOf(lines: { channel: string; camera: number | null }[]): EventPlace[] {
  return lines.filter((line) => line.camera !== null).map((line) => ({ channel: line.channel.trim(), camera_id: line.camera! }))
}
