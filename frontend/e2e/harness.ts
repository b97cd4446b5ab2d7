/**
 * Starts the built binary as a newcomer would, and a real Chromium in front of it.
 * WANGLOU_E2E_SHOTS names a folder for screenshots; without it none are kept.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContext, type Page, type Request, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { cssVariables, type Theme } from '../src/tokens/tokens'

const root = resolve(import.meta.dirname, '../..')
export const binary = join(root, 'bin/wanglou')
export const DEMO_PASSWORD = 'wanglou-demo'

/**
 * Software rendering of WebGL, and none of the browser's own calls to the outside. A page of a play lives for seconds: what an optimising
 * compiler takes to make its code fast is a quarter of what opening it costs, and layers put together by the processor cost less than by shaders in software.
 */
const CHROMIUM_FLAGS = [
  '--js-flags=--no-opt,--no-maglev', '--disable-gpu-compositing',
  '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic',
]

/** Puts the demo county into an empty folder of data. */
export function seed(data: string): void {
  execFileSync(binary, ['seed', '--data', data, '--log-level', 'warn'], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** One seeded server on a free port, with its own data folder. */
export class Wanglou {
  private process?: ChildProcess
  private output = ''
  private stopping = false
  private port = 0

  private constructor(readonly data: string) {}

  static async start(): Promise<Wanglou> {
    if (!existsSync(binary)) throw new Error('bin/wanglou is missing: make build')
    const w = new Wanglou(mkdtempSync(join(tmpdir(), 'wanglou-e2e-')))
    const seeded = process.env.WANGLOU_E2E_SEEDED
    if (seeded) execFileSync('cp', ['-a', '--reflink=auto', `${seeded}/.`, w.data]) // PostgreSQL's files belong to its own account
    else seed(w.data)
    await w.serve()
    return w
  }

  /** Starts (again, on the same port, so that open pages find it) and waits until it is ready. */
  async serve(): Promise<void> {
    this.output = ''
    this.stopping = false
    const child = spawn(binary, ['serve', '--data', this.data, '--addr', `127.0.0.1:${this.port}`], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process = child
    child.once('exit', (code, signal) => {
      if (!this.stopping) console.error(`wanglou serve ended (${code ?? signal}) though nobody had asked it to:\n${this.output.slice(-4000)}`)
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (b: Buffer) => { this.output += b.toString() })
    await until('the server prints its address', () => {
      if (child.exitCode !== null) throw new Error(`wanglou serve ended:\n${this.output}`)
      const m = /http:\/\/127\.0\.0\.1:(\d+)/.exec(this.output)
      if (m) this.port = Number(m[1])
      return Boolean(m)
    }, 60_000)
    await until('the server is ready', async () => (await fetch(`${this.url}/readyz`).catch(() => null))?.status === 200, 60_000)
  }

  get url(): string { return `http://127.0.0.1:${this.port}` }

  /** Kills the server as a power cut would. PostgreSQL goes on. */
  async kill(): Promise<void> {
    const child = this.process
    if (!child || child.exitCode !== null) return
    const gone = new Promise<void>((r) => child.once('exit', () => r()))
    this.stopping = true
    child.kill('SIGKILL')
    await gone
  }

  /** Runs SQL through psql, as the database's own administrator would, and returns its rows without decoration. */
  psql(sql: string): string {
    const args = ['psql', '--data', this.data, '--log-level', 'error', '--', '--no-psqlrc', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', sql]
    return execFileSync(binary, args, { encoding: 'utf8' }).trim()
  }

  /** A unit has no task any more and may be sent. */
  relieve(unit: number): void {
    this.psql(`update task set state = 'called_off', ended_at = now() where unit_id = ${unit} and ended_at is null; update unit set status = 'available' where id = ${unit}`)
  }

  /**
   * The units that the SQL condition names (all without one) are heard of now, at the place of an incident where one is given. A position
   * of ten minutes ago says nothing about where a unit is, and the seeded ones are as old as the run.
   */
  hear(units = 'true', incident?: number): void {
    const place = incident === undefined ? '' : `geom = (select geom from incident where id = ${incident}), `
    this.psql(`update position set ${place}source_time = now(), receive_time = now() where ${units}`)
  }

  /** The whole PostgreSQL of this installation dies at once. */
  killPostgres(): void {
    process.kill(this.postmaster(), 'SIGKILL')
  }

  /** PostgreSQL stands still, with its connections open: the fault that a closed connection does not tell of. */
  pausePostgres(): void {
    for (const pid of this.family()) process.kill(pid, 'SIGSTOP')
  }

  continuePostgres(): void {
    for (const pid of this.family()) process.kill(pid, 'SIGCONT')
  }

  /** The postmaster and its backends. */
  private family(): number[] {
    const head = this.postmaster()
    const children = execFileSync('pgrep', ['-P', String(head)], { encoding: 'utf8' }).trim().split('\n').map(Number)
    return [head, ...children]
  }

  /** Its process. A file that is just being written reads as 0, and a signal to 0 would reach everything that was started with this test. */
  private postmaster(): number {
    const pid = Number.parseInt(readFileSync(join(this.data, 'postgres', 'data', 'postmaster.pid'), 'utf8'), 10)
    if (!(pid > 1)) throw new Error('PostgreSQL does not run')
    return pid
  }

  async stop(): Promise<void> {
    const child = this.process
    if (child && child.exitCode === null) {
      const gone = new Promise<void>((r) => child.once('exit', () => r()))
      this.stopping = true
      child.kill('SIGTERM')
      await gone
    }
    rmSync(this.data, { recursive: true, force: true })
  }
}

/** Polls until what returns true; a moment that never comes is an error that names it. */
export async function until(what: string, check: () => boolean | Promise<boolean>, timeout = 15_000): Promise<void> {
  const end = Date.now() + timeout
  for (;;) {
    if (await check()) return
    if (Date.now() > end) throw new Error(`never came true within ${timeout} ms: ${what}`)
    await new Promise((r) => setTimeout(r, 50))
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM_FLAGS })
}

/** What the plays of one file share, once stage() has made it. */
export let server: Wanglou
export let browser: Browser

/** Gives the plays of this file a seeded server and a browser of their own. What a play leaves open, as one that failed does, would go on drawing beside the next. */
export function stage(): void {
  beforeAll(async () => {
    server = await Wanglou.start()
    browser = await launch()
  }, 180_000)
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })
}

/** `sharp` is for plays that look at pixels. */
export interface Look { width?: number; height?: number; theme?: 'dark' | 'light'; lang?: 'zh' | 'en'; mobile?: boolean; newcomer?: boolean; sharp?: boolean }

/** One signed-in person at one screen. problems() holds everything that a page must not do. */
export class Desk {
  private constructor(readonly page: Page, readonly context: BrowserContext, private readonly seen: string[], private readonly waiting: Set<Request>) {}

  static async open(browser: Browser, server: Wanglou, login: string, look: Look = {}, path = '/'): Promise<Desk> {
    const context = await browser.newContext({
      baseURL: server.url,
      viewport: { width: look.width ?? 1280, height: look.height ?? 800 },
      deviceScaleFactor: look.sharp ? 1 : 0.5, // laid out as on a screen; drawn in software, with a quarter of its pixels
      timezoneId: 'Asia/Shanghai',
      reducedMotion: 'reduce', // flights are jumps: what is drawn in software need not be drawn on the way
      isMobile: look.mobile ?? false,
      hasTouch: look.mobile ?? false,
    })
    if (!look.newcomer) await context.addInitScript((login) => localStorage.setItem('wanglou.tour', JSON.stringify([login])), login)
    const page = await context.newPage()
    const problems: string[] = []
    const waiting = new Set<Request>()
    page.on('request', (r) => waiting.add(r))
    page.on('requestfinished', (r) => waiting.delete(r))
    page.on('requestfailed', (r) => waiting.delete(r))
    page.on('pageerror', (e) => problems.push(String(e)))
    page.on('console', (m) => { if (m.type() === 'error' && !/status of 401|WebGL|GPU stall/.test(m.text())) problems.push(m.text()) })
    page.on('request', (r) => { if (!r.url().startsWith(server.url) && !/^(data|blob):/.test(r.url())) problems.push(`outside request: ${r.url()}`) })
    const address = new URL(path, server.url)
    address.searchParams.set('theme', look.theme ?? 'dark')
    address.searchParams.set('lang', look.lang ?? 'zh')
    await page.goto(address.href)
    await page.locator('input[autocomplete="username"]').fill(login)
    await page.locator('input[type="password"]').fill(DEMO_PASSWORD)
    await page.keyboard.press('Enter')
    return new Desk(page, context, problems, waiting)
  }

  problems(): string[] { return this.seen }

  /** Waits until the copy is live; the map follows the same connection. */
  async live(): Promise<void> {
    await this.page.locator('[data-testid=lamp][data-state=live]').first().waitFor({ timeout: 60_000 })
  }

  /** Waits until the map was drawn whole for the first time. */
  async drawn(): Promise<void> {
    await this.page.locator('[data-testid=map][data-drawn]').waitFor({ timeout: 60_000 }).catch((error: Error) => {
      throw new Error(`the map was not drawn whole; not answered: ${[...this.waiting].map((r) => r.url()).join(' ') || 'nothing'}; problems: ${this.seen.join('; ') || 'none'}`, { cause: error })
    })
  }

  /** Waits until the queue has its cases: the lamp is live before they come. */
  async queue(): Promise<void> {
    await this.live()
    await this.page.getByTestId('list-incident').getByRole('option').first().waitFor({ timeout: 30_000 })
  }

  /** Selects one thing as going back in the browser's history to it does. */
  async select(layer: string, id: number): Promise<void> {
    await this.page.evaluate((what) => {
      const address = new URL(location.href)
      address.searchParams.set('sel', what)
      history.pushState(null, '', address.href.replace(/%2F/g, '/'))
      dispatchEvent(new PopStateEvent('popstate'))
    }, `${layer}/${id}`)
  }

  async shot(name: string): Promise<void> {
    const folder = process.env.WANGLOU_E2E_SHOTS
    if (!folder) return
    mkdirSync(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name}.png`), timeout: 120_000 })
  }

  close(): Promise<void> { return this.context.close() }
}

/** What went wrong on a screen besides what comes of having no line. */
export const withoutLine = (d: Desk) => d.problems().filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection|Failed to fetch|ERR_FAILED|status of 409/.test(text))

/** A JPEG as a phone makes it: it says where it was taken. */
export async function photo(page: Page): Promise<Buffer> {
  const bytes = Buffer.from(
    await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(1600, 1200)
      const pen = canvas.getContext('2d')!
      for (let i = 0; i < 4000; i++) {
        pen.fillStyle = `hsl(${(i * 37) % 360} 60% ${30 + (i % 50)}%)`
        pen.fillRect((i * 97) % 1600, (i * 61) % 1200, 60, 40)
      }
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })
      return [...new Uint8Array(await blob.arrayBuffer())]
    }),
  )
  const exif = Buffer.from('Exif\0\0GPS 29.79N 119.68E', 'latin1')
  return Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif, bytes.subarray(2)])
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe has to say against the page: the rule, and the first elements that break it. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe) // through the debugger: the page's own policy lets nothing in
  const { violations } = await page.evaluate(async () => {
    const run = (window as unknown as { axe: typeof import('axe-core') }).axe.run
    return (await run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })) as unknown as AxeResults
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1]?.trim()}`).join(' | ')}`)
}

/** The same in both themes: a page in the other one has other colours, and nothing else. */
export async function violationsInBoth(page: Page): Promise<string[]> {
  const wear = (theme: Theme) => page.evaluate(([theme, variables]) => {
    const root = document.documentElement
    for (const [name, value] of Object.entries(variables)) root.style.setProperty(name, value)
    root.style.colorScheme = root.dataset.theme = theme
  }, [theme, cssVariables(theme)] as const)
  const own = (await page.evaluate(() => document.documentElement.dataset.theme)) as Theme
  const other = own === 'dark' ? 'light' : 'dark'
  const found = await violations(page)
  await wear(other)
  found.push(...(await violations(page)).map((each) => `${other}: ${each}`))
  await wear(own)
  return found
}

/** Texts that are wider or higher than the box that shows them, unless they are made to end with an ellipsis. */
export const cutOff = (desk: Desk) => desk.page.evaluate(() => {
  const found: string[] = []
  for (const e of document.querySelectorAll<HTMLElement>('button, h1, h2, h3, label, .figure-value, .state-chip, td, th, summary, a')) {
    const style = getComputedStyle(e)
    if (style.overflow === 'visible' && style.textOverflow !== 'ellipsis' && e.offsetParent && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0) {
      found.push(`${e.tagName} ${e.className}: ${e.innerText.slice(0, 40)}`)
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways')
  // no text reaches beyond the column that it stands in
  for (const column of document.querySelectorAll<HTMLElement>('.column, .column-detail, .topbar, .layers')) {
    const edge = column.getBoundingClientRect().right
    for (const e of column.querySelectorAll<HTMLElement>('*')) {
      const box = e.getBoundingClientRect()
      if (box.width > 1 && box.right > edge + 1 && !e.closest('.truncate, svg, .visually-hidden') && getComputedStyle(e).visibility === 'visible') found.push(`beyond ${column.className}: ${e.tagName} ${e.className} ${e.innerText.slice(0, 30)}`)
    }
  }
  return found
})
