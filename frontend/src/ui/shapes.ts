/** Outlines of the severity signs in a 24 × 24 box: diamond 1, triangle 2, circle 3. */
export const severityShapes = {
  1: { path: 'M12 1 23 12 12 23 1 12Z', numberY: 16.6, numberSize: 13 },
  2: { path: 'M12 2 23 22H1Z', numberY: 19.2, numberSize: 12.5 },
  3: { path: 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20Z', numberY: 16.6, numberSize: 13 },
} as const
