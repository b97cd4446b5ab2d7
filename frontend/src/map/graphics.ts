/** What the machine draws with. */
export interface Graphics {
  /** The largest canvas it takes, width and height in pixels. */
  canvas: [number, number]
  /** There is no graphics card: the processor draws. */
  software: boolean
}

/** Names by which browsers call a drawing processor: Chromium's own, Mesa's, Windows'. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render/i

/**
 * Asks a canvas of its own, which is given back at once. MapLibre's limit of 4096 pixels would draw a wall at a fraction of its sharpness, and
 * on a processor four samples a pixel cost a third of all drawing. Where nothing answers, 8192 pixels are safe: every card of the last decade
 * takes them.
 */
export function graphics(): Graphics {
  const gl = document.createElement('canvas').getContext('webgl2')
  if (!gl) return { canvas: [8192, 8192], software: false }
  const named = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER))
  const most = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE) as number, gl.getParameter(gl.MAX_RENDERBUFFER_SIZE) as number)
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return { canvas: [most, most], software: SOFTWARE.test(name) }
}
