import type { components } from '../api/schema.gen'

export type Token = components['schemas']['Token']
export type MadeToken = components['schemas']['MadeToken']
export type Access = Token['access']

export const tokensKey = ['tokens']

/** What a token's access is called. */
export const accessLabel: Record<Access, string> = { read: 'admin.accessRead', write: 'admin.accessWrite', kiosk: 'admin.accessKiosk', intake: 'admin.accessIntake' }
