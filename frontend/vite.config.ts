import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { iconPng } from './scripts/icon'
import { servedStyle } from './src/map/style/served'

/** dist/.keep lets the server embed the folder before the console was ever built; emptying the folder must not lose it. */
function keepDist(): Plugin {
  return {
    name: 'keep-dist',
    apply: 'build',
    closeBundle() {
      closeSync(openSync(resolve(import.meta.dirname, 'dist/.keep'), 'w'))
    },
  }
}

/** The basemap's style for other clients, one document a theme and language; the server fills in its address. */
function servedStyles(): Plugin {
  return {
    name: 'served-styles',
    apply: 'build',
    generateBundle() {
      for (const theme of ['dark', 'light'] as const) {
        for (const locale of ['zh', 'en'] as const) this.emitFile({ type: 'asset', fileName: `styles/${theme}.${locale}.json`, source: JSON.stringify(servedStyle(theme, locale)) })
      }
    },
  }
}

/** What the phone page needs to open without network: its own files and the map's, by the build's manifest. */
function fieldFiles(dist: string): string[] {
  interface Chunk {
    file: string
    isEntry?: boolean
    css?: string[]
    imports?: string[]
    dynamicImports?: string[]
  }
  const manifest = JSON.parse(readFileSync(resolve(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>
  const out = new Set(['/index.html', '/manifest.webmanifest', '/favicon.svg'])
  const seen = new Set<string>()
  const walk = (key: string) => {
    const chunk = manifest[key]
    if (!chunk || seen.has(key)) return
    seen.add(key)
    for (const file of [chunk.file, ...(chunk.css ?? [])]) out.add(`/${file}`)
    chunk.imports?.forEach(walk)
    // of what the entry may load, the pages of others stay away
    chunk.dynamicImports?.filter((name) => !chunk.isEntry || /^src\/(field\/|login\/|i18n\/en\.)/.test(name)).forEach(walk)
  }
  Object.keys(manifest).filter((key) => manifest[key]!.isEntry).forEach(walk)
  for (const file of readdirSync(resolve(dist, 'assets'))) if (/worker/i.test(file)) out.add(`/assets/${file}`)
  return [...out].sort()
}

/** The phone page's service worker, with the list of its files, and the signs of the home screen. */
function fieldPage(): Plugin {
  const dist = resolve(import.meta.dirname, 'dist')
  return {
    name: 'field-page',
    apply: 'build',
    writeBundle() {
      mkdirSync(resolve(dist, 'icons'), { recursive: true })
      for (const size of [180, 192, 512]) writeFileSync(resolve(dist, `icons/field-${size}.png`), iconPng(size))
      const files = fieldFiles(dist)
      const source = readFileSync(resolve(import.meta.dirname, 'src/field/worker.js'), 'utf8')
      const version = createHash('sha256').update(source)
      for (const file of files) version.update(file).update(readFileSync(resolve(dist, `.${file}`)))
      writeFileSync(resolve(dist, 'field-worker.js'), source.replace('__FILES__', JSON.stringify(files)).replace('__VERSION__', version.digest('hex').slice(0, 12)))
    },
  }
}

/** react-aria carries its words in 34 languages; the product speaks two. */
function onlyOurLanguages(): Plugin {
  return {
    name: 'only-our-languages',
    enforce: 'pre',
    resolveId(id, from) {
      const language = /\/intl\/.*\/([a-z]{2}-[A-Z]{2})\.m?js$/.exec(id)?.[1]
      return from?.includes('react-') && language && !['zh-CN', 'en-US'].includes(language) ? '\0no-words' : null
    },
    load: (id) => (id === '\0no-words' ? 'export default {}' : null),
  }
}

const server = process.env.WANGLOU_DEV_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), onlyOurLanguages(), keepDist(), servedStyles(), fieldPage()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    manifest: 'manifest.json', // scripts/size.mjs weighs the first view by it
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or styles
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { output: { chunkFileNames: 'assets/[name]-[hash:7].js', assetFileNames: 'assets/[name]-[hash:7][extname]' } }, // the first view names the files of all others
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    proxy: {
      '/api': server,
      '/tiles': server,
      '/live': { target: server.replace(/^http/, 'ws'), ws: true },
    },
  },
  test: {
    environment: 'node', // component tests ask for happy-dom in their first line
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
})
