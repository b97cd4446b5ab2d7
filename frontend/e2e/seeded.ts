/** Seeds one county for all files of a run; each server gets its own copy of the folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seed } from './harness'

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'wanglou-e2e-seeded-'))
  seed(folder)
  process.env.WANGLOU_E2E_SEEDED = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
