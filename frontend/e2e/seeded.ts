/** Seeds one county for all files of a run; each server gets its own copy of the folder. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seed } from './harness'

const SHM = '/dev/shm'
const ENOUGH = 10 * 2 ** 30

export default function setup(): () => void {
  // Nothing of a play need outlive the machine: its databases and browsers' profiles lie in memory where there is enough of it.
  if (inMemory()) process.env.TMPDIR = SHM
  const folder = mkdtempSync(join(tmpdir(), 'wanglou-e2e-seeded-'))
  seed(folder)
  process.env.WANGLOU_E2E_SEEDED = folder
  return () => rmSync(folder, { recursive: true, force: true })
}

function inMemory(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(SHM)
    return type === 0x01021994 /* tmpfs */ && bavail * bsize > ENOUGH
  } catch {
    return false
  }
}
