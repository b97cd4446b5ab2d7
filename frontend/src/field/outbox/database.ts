import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { Item } from './items'

interface Shape extends DBSchema {
  items: { key: string; value: Item }
  /** The bytes of photos, by the id of their item. */
  bytes: { key: string; value: Blob }
  /** Copies of answers, for when there is no network, with whose they are and when they came. */
  kept: { key: string; value: { user: number; at: number; value: unknown } }
}

export type FieldDatabase = IDBPDatabase<Shape>

/** What this phone keeps between visits. */
export const openDatabase = (name = 'wanglou-field'): Promise<FieldDatabase> =>
  openDB<Shape>(name, 1, {
    upgrade(db) {
      db.createObjectStore('items', { keyPath: 'id' })
      db.createObjectStore('bytes')
      db.createObjectStore('kept')
    },
  })
