import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { actions } from '../actions'
import { en as enFirst } from './en'
import { enAdmin } from './en.admin'
import { enAlerts } from './en.alerts'
import { enCaptures } from './en.captures'
import { enField } from './en.field'
import { zhField } from './zh.field'
import { enFlow } from './en.flow'
import { zhFlow } from './zh.flow'
import { enDuty } from './en.duty'
import { enNotify } from './en.notify'
import { zhNotify } from './zh.notify'
import { enPlots } from './en.plots'
import { zhPlots } from './zh.plots'
import { enFlights } from './en.flights'
import { zhFlights } from './zh.flights'
import { markingTexts } from './markings.texts'
import { measureTexts } from './measure.texts'
import { paletteTexts } from './palette.texts'
import { printTexts } from './print.texts'
import { referenceTexts } from './reference.texts'
import { tourTexts } from './tour.texts'
import { zh as zhFirst } from './zh'
import { zhAdmin } from './zh.admin'
import { zhAlerts } from './zh.alerts'
import { zhCaptures } from './zh.captures'
import { zhDuty } from './zh.duty'

/** As bundles are added: deep. */
const together = <T extends { error: { reason: object } }>(first: T, field: { error: { reason: object } }) => ({ ...first, ...field, error: { ...first.error, reason: { ...first.error.reason, ...field.error.reason } } })
const zh = together(together({ ...zhNotify, ...zhDuty, ...zhFirst, ...zhAdmin }, zhField), zhFlow)
const en = together(together({ ...enNotify, ...enDuty, ...enFirst, ...enAdmin }, enField), enFlow)

const root = join(import.meta.dirname, '../../..')

function flat(value: object, prefix = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === 'string') out.set(prefix + key, each)
    else for (const [k, v] of flat(each as object, `${prefix}${key}.`)) out.set(k, v)
  }
  return out
}

const chinese = new Map([...flat(zh), ...flat(zhAlerts), ...flat(zhCaptures), ...flat(zhDuty), ...flat(zhNotify), ...flat(markingTexts.zh), ...flat(measureTexts.zh), ...flat(paletteTexts.zh), ...flat(printTexts.zh), ...flat(referenceTexts.zh), ...flat(tourTexts.zh), ...flat(zhPlots), ...flat(zhFlights)])
const english = new Map([...flat(en), ...flat(enAlerts), ...flat(enCaptures), ...flat(enDuty), ...flat(enNotify), ...flat(markingTexts.en), ...flat(measureTexts.en), ...flat(paletteTexts.en), ...flat(printTexts.en), ...flat(referenceTexts.en), ...flat(tourTexts.en), ...flat(enPlots), ...flat(enFlights)])
const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort()

/** The values of Go constants of one type in a file. */
function constants(file: string, type: string): string[] {
  const source = readFileSync(join(root, file), 'utf8')
  const found = [...source.matchAll(new RegExp(`^\\s*\\w+\\s+${type}\\s*=\\s*"([a-z_]+)"`, 'gm'))].map((m) => m[1]!)
  expect(found.length, `${type} in ${file}`).toBeGreaterThan(2)
  return found
}

function goFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return ['node_modules', 'frontend', 'var', '.git'].includes(name) ? [] : goFiles(path)
    return name.endsWith('.go') && !name.endsWith('_test.go') ? [path] : []
  })
}

const missing = (keys: string[]) => keys.filter((key) => !chinese.get(key) || !english.get(key))

describe('both languages', () => {
  test('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  })

  test('say something under every key', () => {
    expect([...chinese, ...english].filter(([, text]) => text.trim() === '').map(([key]) => key)).toEqual([])
  })

  test('use the same variables', () => {
    const differ = [...chinese].filter(([key, text]) => variables(text).join() !== variables(english.get(key)!).join())
    expect(differ.map(([key]) => key)).toEqual([])
  })

  test('English has no Chinese but the name of the language', () => {
    const mixed = [...english].filter(([key, text]) => /[\u4e00-\u9fff]/.test(text) && key !== 'action.toggleLocale')
    expect(mixed).toEqual([])
  })
})

describe('what the server may say has a text in both languages', () => {
  const contract = readFileSync(join(root, 'server/openapi.yaml'), 'utf8')
  const enumOf = (pattern: RegExp) => pattern.exec(contract)![1]!.split(',').map((each) => each.trim())

  test('error codes', () => {
    const codes = enumOf(/code: \{ type: string, enum: \[([^\]]+)\]/)
    expect(codes).toContain('conflict')
    expect(missing(codes.map((code) => `error.code.${code}`))).toEqual([])
  })

  test('reasons of errors that the API gives', () => {
    const reasons = new Set<string>()
    // what only the command line says while it starts or imports, nobody sees in a browser
    const commandLine = /server\/cmd\/|postgis\/(demo\/|importer\/|cluster|catalog_read|check|db|follower|migrate)|layerstest/
    for (const file of ['layers', 'server', 'postgis', 'tiles'].flatMap((folder) => goFiles(join(root, folder)))) {
      if (commandLine.test(file)) continue
      const source = readFileSync(file, 'utf8')
      for (const m of source.matchAll(/Invalid\([^,()"]*(?:"[^"]*"|\([^()]*\))?\s*,\s*"([a-z_]+)"/g)) reasons.add(m[1]!)
      for (const m of source.matchAll(/\bReason:\s*"([a-z_]+)"/g)) reasons.add(m[1]!)
      for (const m of source.matchAll(/\b(?:refuse|bad)\("([a-z_]+)"/g)) reasons.add(m[1]!)
    }
    expect(reasons.size).toBeGreaterThan(10)
    expect(missing([...reasons].map((reason) => `error.reason.${reason}`))).toEqual([])
  })

  test('states', () => {
    const states = [
      ...constants('layers/incident/states.go', 'State').map((s) => `state.incident.${s}`),
      ...constants('layers/task/task.go', 'State').map((s) => `state.task.${s}`),
      ...constants('layers/unit/unit.go', 'Status').map((s) => `state.unit.${s}`),
    ]
    const schema = readFileSync(join(root, 'postgis/migrations/00001_schema.sql'), 'utf8')
    const checked = (table: string, column: string) => {
      const body = new RegExp(`CREATE TABLE ${table} \\(([\\s\\S]*?)\\n\\);`).exec(schema)![1]!
      return [...new RegExp(`${column} IN \\(([^)]*)\\)`).exec(body)![1]!.matchAll(/'(\w+)'/g)].map((m) => m[1]!)
    }
    states.push(...checked('camera', 'status').map((s) => `state.camera.${s}`))
    states.push(...checked('detection', 'state').map((s) => `state.detection.${s}`))
    states.push(...checked('report', 'channel').map((s) => `source.${s}`))
    states.push(...checked('unit', 'kind').map((s) => `kind.${s}`))
    expect(missing(states)).toEqual([])
  })

  test('moves', () => {
    const moves = [
      ...constants('layers/incident/states.go', 'Move').map((m) => `move.incident.${m}`),
      ...constants('layers/task/task.go', 'Move').map((m) => `move.task.${m}`),
      ...constants('layers/task/task.go', 'Move').filter((m) => m !== 'call_off').map((m) => `move.field.${m}`),
    ]
    expect(missing(moves)).toEqual([])
  })

  test('roles', () => {
    const roles = constants('layers/auth/role.go', 'Role') // those that a post of the roster, a plan or the contract names
    expect(missing(roles.map((role) => `role.${role}`))).toEqual([])
  })

  test('reasons of recommendations', () => {
    const source = goFiles(join(root, 'layers/unit')).map((file) => readFileSync(file, 'utf8')).join('\n')
    const codes = [...source.matchAll(/^\s*Reason\w+\s*=\s*"([a-z_]+)"/gm)].map((m) => m[1]!)
    expect(codes).toContain('nearest')
    expect(missing(codes.map((code) => `recommend.${code}`))).toEqual([])
  })

  test('actions of the audit log', () => {
    const found = new Set<string>()
    for (const file of ['server', 'postgis'].flatMap((folder) => goFiles(join(root, folder)))) {
      for (const m of readFileSync(file, 'utf8').matchAll(/(?:appendAudit\([^"\n]*|Action:\s*)"([a-z_]+\.[a-z_.]+)"/g)) found.add(m[1]!)
    }
    expect(found.size).toBeGreaterThan(3)
    expect(missing([...found].map((action) => `audit.${action}`))).toEqual([])
  })
})

test('every action has a wording', () => {
  expect(missing(actions.map((action) => action.label))).toEqual([])
})

test('every wording that the program asks for exists', () => {
  const source = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      if (statSync(path).isDirectory()) return source(path)
      return /\.tsx?$/.test(name) && !/\.test\./.test(name) && !path.includes('/i18n/') ? [readFileSync(path, 'utf8')] : []
    })
  const groups = Object.keys(zh).join('|')
  const asked = new Set<string>()
  for (const text of source(join(root, 'frontend/src'))) {
    for (const m of text.matchAll(new RegExp(`\\bt\\('((?:${groups})\\.[A-Za-z0-9_.]+)'`, 'g'))) asked.add(m[1]!)
  }
  expect(asked.size).toBeGreaterThan(150)
  expect(missing([...asked])).toEqual([])
})
