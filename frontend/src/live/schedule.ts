/** Runs a task soon, once. */
export type Schedule = (task: () => void) => void

/** A page that is not shown gets no animation frames; its copy must not pile up changes for ever. */
const HIDDEN_MS = 1000

/** The next animation frame, or a second later in a page that is not shown. */
export const onFrame: Schedule = (task) => {
  let done = false
  const run = (): void => {
    if (done) return
    done = true
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    task()
  }
  const frame = requestAnimationFrame(run)
  const timer = setTimeout(run, HIDDEN_MS)
}
