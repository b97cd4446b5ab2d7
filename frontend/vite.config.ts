import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
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
  plugins: [react(), onlyOurLanguages(), keepDist(), servedStyles()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    manifest: 'manifest.json', // scripts/size.mjs weighs the first view by it
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or styles
    chunkSizeWarningLimit: 1200,
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
