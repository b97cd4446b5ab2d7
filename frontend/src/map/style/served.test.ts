import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { describe, expect, it } from 'vitest'
import { servedStyle } from './served'

describe.each([['dark', 'zh'], ['dark', 'en'], ['light', 'zh'], ['light', 'en']] as const)('the served style, %s in %s', (theme, locale) => {
  const text = JSON.stringify(servedStyle(theme, locale))

  it('is valid once the server has put its address in', () => {
    expect(validateStyleMin(JSON.parse(text.replaceAll('{origin}', 'https://map.example:8443')))).toEqual([])
  })

  it('names fonts by weight alone, and every source that it draws', () => {
    const style = servedStyle(theme, locale)
    const fonts = style.layers.flatMap((layer) => (layer.layout as Record<string, string[]> | undefined)?.['text-font'] ?? [])
    expect(new Set(fonts)).toEqual(new Set(['Wanglou Regular', 'Wanglou Medium']))
    for (const layer of style.layers) if ('source' in layer) expect(Object.keys(style.sources)).toContain(layer.source)
  })
})
