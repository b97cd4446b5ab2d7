import i18next from 'i18next'
import '../../i18n/notify'
import { select } from '../../app/router'
import { grabbed, theMap } from '../../app/workbench'
import type { LiveStore } from '../../live/store'
import type { FeatureRef } from '../../map/types'
import { notify } from '../../ui/notices'
import './drag.css'
import { may, sessionStore } from '../../app/session'
import { pairOf, verdict, type Verdict } from './rule'

/** What is dragged, from the press on. */
export interface Held {
  readonly moving: boolean
  move(event: PointerEvent): void
  drop(event: PointerEvent): void
  end(): void
}

/** A press that moves less than this is a press. */
export const FAR_PX = 7
/** The case is on the screen within this time, or its list is shown without the unit. */
const OPENS_MS = 8000

/**
 * Lets a unit be dragged onto a case, and a case onto a unit: from lists, boards, the case itself and the map. A drop opens the case with the unit's own button to send in
 * focus; nobody is sent by a hand that slipped. By keyboard the same is `d`. Returns how to stop.
 */
export function installDrag(live: LiveStore): () => void {
  const stop = new AbortController()
  const { signal } = stop
  let drag: Held | null = null
  let press = 0
  const end = () => {
    press++
    drag?.end()
    drag = null
  }
  const begin = (thing: FeatureRef, at: { x: number; y: number }) => {
    if (thing.layer !== 'camera') return void (drag = new Drag(live, thing, at))
    const mine = press
    void import('./cameraDrag').then(({ CameraDrag }) => {
      if (press === mine && !drag) drag = new CameraDrag(live, thing.id, at) // the button is still down
    })
  }

  addEventListener(
    'pointerdown',
    (event) => {
      end()
      if (event.button !== 0 || event.pointerType === 'touch') return // a finger scrolls
      const from = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-thing]') : null
      const button = event.target instanceof Element ? event.target.closest('button, a, input, summary') : null
      const thing = thingOf(from)
      if (from?.matches('.detail') && !(event.target as Element).closest('.detail-sign')) return // its texts are to be copied: the sign is what is dragged
      if (thing && (!button || button === from)) begin(thing, { x: event.clientX, y: event.clientY })
    },
    { signal, capture: true },
  )
  grabbed.set(() => (thing: FeatureRef, at: { x: number; y: number }) => {
    if (!draggable(thing.layer)) return false
    begin(thing, at)
    return true
  })
  addEventListener('pointermove', (event) => drag?.move(event), { signal })
  addEventListener('pointerup', (event) => {
    const moved = drag?.moving ?? false
    if (drag?.moving) drag.drop(event)
    end()
    if (moved) addEventListener('click', swallow, { capture: true, once: true }) // it was no press
    setTimeout(() => removeEventListener('click', swallow, { capture: true }))
  }, { signal })
  addEventListener('pointercancel', end, { signal })
  addEventListener('blur', end, { signal })
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !drag?.moving) return
      event.stopPropagation()
      end()
    },
    { signal, capture: true },
  )
  addEventListener('selectstart', (event) => drag && event.preventDefault(), { signal })
  addEventListener('dragstart', (event) => drag && event.preventDefault(), { signal })
  return () => {
    end()
    grabbed.set(null)
    stop.abort()
  }
}

const swallow = (event: Event) => {
  event.stopPropagation()
  event.preventDefault()
}

function thingOf(element: HTMLElement | null): FeatureRef | null {
  const [layer, id] = element?.dataset.thing?.split('/') ?? []
  return layer && draggable(layer) ? { layer, id: Number(id) } : null
}

function draggable(layer: string): boolean {
  const now = sessionStore.get()
  return layer === 'unit' || layer === 'incident' || (layer === 'camera' && now.status === 'in' && may(now.session, 'camera.watch'))
}

/** One drag, from the press on. */
class Drag implements Held {
  moving = false
  private ghost: HTMLElement | null = null
  private over: HTMLElement | null = null
  private found: { pair: { unit: number; incident: number }; verdict: Verdict } | null = null

  constructor(
    private readonly live: LiveStore,
    private readonly thing: FeatureRef,
    private readonly from: { x: number; y: number },
  ) {}

  move(event: PointerEvent): void {
    if (!this.moving) {
      if (Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y) < FAR_PX) return
      this.moving = true
      this.ghost = document.createElement('div')
      this.ghost.className = 'drag-ghost'
      this.ghost.dataset.testid = 'drag-ghost'
      this.ghost.setAttribute('role', 'status')
      document.body.append(this.ghost)
      document.documentElement.classList.add('dragging')
    }
    this.look(event)
    const ghost = this.ghost!
    ghost.style.left = `${Math.min(event.clientX + 14, innerWidth - ghost.offsetWidth - 8)}px`
    ghost.style.top = `${Math.min(event.clientY + 14, innerHeight - ghost.offsetHeight - 8)}px`
  }

  /** What lies under the pointer, and what a drop there would do. */
  private look(event: PointerEvent): void {
    const below = document.elementFromPoint(event.clientX, event.clientY)
    const element = below?.closest<HTMLElement>('[data-thing]') ?? null
    const target = thingOf(element) ?? (below?.closest('[data-testid=map]') ? (theMap.get()?.featureAt({ x: event.clientX, y: event.clientY }) ?? null) : null)
    const pair = pairOf(this.thing, target)
    this.found = pair && { pair, verdict: verdict(this.live, pair) }
    this.mark(this.found ? element : null)
    const t = i18next.t as unknown as (key: string, values?: object) => string
    const name = String(this.live.layer(this.thing.layer).value(this.thing.id, this.thing.layer === 'unit' ? 'name' : 'title') ?? '')
    const said = this.found?.verdict
    this.ghost!.dataset.state = said ? (said.may ? 'ok' : 'no') : 'seeking'
    this.ghost!.textContent = said
      ? `${said.may ? '✓' : '✕'} ${t(`drag.${said.key}`, { ...said, status: said.status && t(`state.unit.${said.status}`) })}`
      : t(this.thing.layer === 'unit' ? 'drag.unit' : 'drag.incident', { name })
  }

  private mark(element: HTMLElement | null): void {
    if (this.over !== element) this.over?.removeAttribute('data-drop')
    this.over = element
    if (element) element.dataset.drop = this.found!.verdict.may ? 'ok' : 'no'
  }

  drop(event: PointerEvent): void {
    this.look(event)
    if (!this.found) return
    const { pair, verdict } = this.found
    const t = i18next.t as unknown as (key: string, values?: object) => string
    if (!verdict.may) notify('wrong', t(`drag.${verdict.key}`, { ...verdict, status: verdict.status && t(`state.unit.${verdict.status}`) }))
    else openToSend(pair, () => notify('wrong', t('drag.notListed', { ...verdict })))
  }

  end(): void {
    this.mark(null)
    this.ghost?.remove()
    document.documentElement.classList.remove('dragging')
  }
}

/** Shows the case, and puts the focus on the button that sends the unit: Enter or a press is the last word. */
export function openToSend({ unit, incident }: { unit: number; incident: number }, missing: () => void): void {
  select({ layer: 'incident', id: incident })
  const until = Date.now() + OPENS_MS
  const look = () => {
    const detail = document.querySelector<HTMLElement>(`[data-testid=incident-detail][data-thing="incident/${incident}"]`)
    const button = detail?.querySelector<HTMLElement>(`[data-testid="dispatch-${unit}"]:not([data-disabled])`)
    if (button) {
      button.scrollIntoView({ block: 'center' })
      button.focus()
      button.dataset.dropped = ''
      setTimeout(() => delete button.dataset.dropped, 6000)
      return
    }
    detail?.querySelector('.left-out')?.setAttribute('open', '') // not among the picks: those left out are drawn when they are unfolded
    if (Date.now() < until) requestAnimationFrame(look)
    else missing()
  }
  look()
}
