/** The bar shows twelve hours in stretches of five minutes. */
export const SPAN_MS = 12 * 3_600_000
export const STRETCHES = 144
const STEP_MS = SPAN_MS / STRETCHES

/** The span that is shown for a moment: the last hours while it lies in them, else hours around it. It moves by whole stretches, so that bars stand still. */
export function spanAround(at: number, now: number): [from: number, until: number] {
  const last = Math.ceil(now / STEP_MS) * STEP_MS
  if (at > last - SPAN_MS) return [last - SPAN_MS, last]
  const from = Math.floor(at / (SPAN_MS / 2)) * (SPAN_MS / 2) - SPAN_MS / 4
  return [from, from + SPAN_MS]
}

/** A moment as an input of type datetime-local holds it: local time without a zone. */
export function localInput(at: string): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
