import type { components } from '../api/schema.gen'

export type SignalDevice = components['schemas']['SignalDevice']
export type DeviceState = 'live' | 'silent' | 'expired' | 'gone'

/** A device misses three signs of life, one in a minute, before it is called silent; half a minute more, as the registry has it. */
export const SILENT_MS = 210_000

/** What a device is now, by the server's clock. */
export function deviceState(device: SignalDevice, now: number): DeviceState {
  if (device.gone) return 'gone'
  if (Date.parse(device.expires_at) < now) return 'expired'
  return now - Date.parse(device.heard_at) > SILENT_MS ? 'silent' : 'live'
}

/** Those that want somebody's attention first: silent, run out, gone, live; of one kind by id. */
export function byNeed(devices: SignalDevice[], now: number): { device: SignalDevice; state: DeviceState }[] {
  const order: DeviceState[] = ['silent', 'expired', 'gone', 'live']
  return devices
    .map((device) => ({ device, state: deviceState(device, now) }))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.device.id.localeCompare(b.device.id))
}
