// Weighs what the build made, gzipped as the server sends it, and fails when it is too heavy:
// the first view (entry, its imports and the console, with style sheets and worker) and every lazy feature.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const FIRST_VIEW_KB = 700
const LAZY_FEATURE_KB = 200
const dist = join(import.meta.dirname, '../dist')
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8'))
const kb = (file) => gzipSync(readFileSync(join(dist, file)), { level: 6 }).length / 1000

/** Every file that loading the chunk needs before it runs. */
function files(key, seen = new Set(), out = new Set()) {
  if (seen.has(key)) return out
  seen.add(key)
  const chunk = manifest[key]
  out.add(chunk.file)
  for (const css of chunk.css ?? []) out.add(css)
  for (const needed of chunk.imports ?? []) files(needed, seen, out)
  return out
}

const total = (set) => [...set].reduce((sum, file) => sum + kb(file), 0)
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry)
const consoleKey = Object.keys(manifest).find((key) => key.startsWith('src/console/') && manifest[key].isDynamicEntry)
const fieldKey = Object.keys(manifest).find((key) => key.startsWith('src/field/') && manifest[key].isDynamicEntry)
if (!entry || !consoleKey || !fieldKey) throw new Error('the manifest has no entry, console or field page')

const workers = readdirSync(join(dist, 'assets')).filter((file) => /worker/i.test(file)).map((file) => `assets/${file}`)
const first = new Set([...files(entry), ...files(consoleKey), ...workers])
const rows = [['first view', total(first), FIRST_VIEW_KB]]

for (const key of Object.keys(manifest)) {
  if (!manifest[key].isDynamicEntry || key === consoleKey) continue
  const shared = key === fieldKey ? files(entry) : first // the phone page loads neither console nor map
  const own = new Set([...files(key)].filter((file) => !shared.has(file)))
  if (own.size) rows.push([key, total(own), LAZY_FEATURE_KB])
}

let failed = false
for (const [name, size, limit] of rows) {
  const over = size > limit
  failed ||= over
  console.log(`${over ? 'OVER ' : 'ok   '} ${name.padEnd(40)} ${size.toFixed(1).padStart(7)} kB gzip of ${limit}`)
}
const mapInField = [...files(fieldKey)].some((file) => /maplibre/i.test(file))
if (mapInField) {
  console.error('the field page loads MapLibre before the map is opened')
  failed = true
}
process.exit(failed ? 1 : 0)
