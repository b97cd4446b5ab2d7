import { defineConfig } from 'vitest/config'

/**
 * End to end: one file after the other, since each starts a server, a database and a browser that draws in software.
 * What fails is played once more, and the summary says so: a play shares two cores with all that it starts.
 */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['e2e/**/*.test.ts'],
    globalSetup: ['e2e/seeded.ts'],
    fileParallelism: false,
    retry: 1,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
