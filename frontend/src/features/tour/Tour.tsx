import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { actions } from '../../actions'
import { keyNames } from '../../actions/keyboard'
import { go, paths, place, select } from '../../app/router'
import { may, useSession } from '../../app/session'
import { change, listOrder } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/notify'
import '../../i18n/tour'
import { Button, IconButton, Key } from '../../ui/Button'
import { nowKnown } from './known'
import { type Step, placeCard, stepsFor } from './steps'
import './tour.css'

/** How each action is reached, by its name: no text of the tour can name a key that does something else. */
const keys = Object.fromEntries(actions.map((action) => [action.name, keyNames(action)[0] ?? '']))

/** Leads a new person through the console as it is, by keyboard alone if he likes. What was selected before is selected again at the end. */
export default function Tour() {
  const { t } = useText()
  const session = useSession()
  const steps = useRef(stepsFor((action) => may(session, action))).current
  const [at, setAt] = useState(0)
  const step = steps[at]!
  const card = useRef<HTMLDivElement>(null)
  const back = useRef<HTMLElement | null>(null)
  const leave = () => {
    nowKnown(session.user.login)
    change({ tour: false })
  }

  useEffect(() => {
    const before = place()
    back.current = document.activeElement instanceof HTMLElement ? document.activeElement : null
    if (before.path !== paths.situation) go(paths.situation, null)
    return () => {
      go(before.path, before.selection)
      back.current?.focus()
    }
  }, [])
  useEffect(() => {
    if (step.opens && place().selection?.layer !== 'incident') {
      const { layer, ids } = listOrder.get()
      if (layer === 'incident' && ids.length > 0) select({ layer, id: ids[0]! })
    }
    card.current?.querySelector<HTMLElement>('[data-next]')?.focus()
  }, [step])
  const shown = useShown(step, card)

  const turn = (by: number) => (steps[at + by] ? setAt(at + by) : by > 0 && leave())
  const pressed = (event: KeyboardEvent) => {
    if (event.key === 'Escape') leave()
    else if (event.key === 'ArrowRight') turn(1)
    else if (event.key === 'ArrowLeft') turn(-1)
    else if (event.key === 'Tab') keepWithin(card.current!, event)
    else return
    event.stopPropagation()
  }
  return (
    <>
      {shown && <div className="tour-light" style={{ left: shown.left, top: shown.top, width: shown.right - shown.left, height: shown.bottom - shown.top }} aria-hidden="true" />}
      <div ref={card} className="tour" role="dialog" aria-labelledby="tour-title" aria-describedby="tour-text" onKeyDown={pressed} data-testid="tour" data-step={step.name}>
        <div className="tour-head">
          <h2 id="tour-title">{t(`tour.step.${step.name}.title`)}</h2>
          <span className="tour-count">{t('tour.count', { n: at + 1, of: steps.length })}</span>
          <IconButton icon="close" label={t('tour.leave')} shortcut="Esc" onPress={leave} data-testid="tour-leave" />
        </div>
        <p id="tour-text">{t(`tour.step.${step.name}.text`, { ...keys, settings: t('alarm.settings') })}</p>
        <div className="tour-foot">
          <span className="tour-keys">
            <Key>←</Key>
            <Key>→</Key>
            <Key>Esc</Key>
          </span>
          {at > 0 && <Button onPress={() => turn(-1)}>{t('tour.back')}</Button>}
          <Button look="primary" onPress={() => turn(1)} data-testid="tour-next" data-next="">
            {t(at + 1 < steps.length ? 'tour.next' : 'tour.end')}
          </Button>
        </div>
      </div>
    </>
  )
}

/** Where the thing is that the step shows, and puts the card beside it: both follow what moves or comes late. */
function useShown(step: Step, card: RefObject<HTMLDivElement | null>): DOMRect | null {
  const [shown, setShown] = useState<DOMRect | null>(null)
  useLayoutEffect(() => {
    let frame = 0
    let last = ''
    const look = () => {
      frame = requestAnimationFrame(look)
      const box = step.show.map((each) => document.querySelector(each)).find((each) => each !== null)?.getBoundingClientRect() ?? null
      const { offsetWidth: width, offsetHeight: height } = card.current!
      const now = JSON.stringify([box, width, height, innerWidth, innerHeight])
      if (now === last) return
      last = now
      setShown(box)
      const { left, top } = placeCard(box, { width, height }, { width: innerWidth, height: innerHeight })
      card.current!.style.translate = `${Math.round(left)}px ${Math.round(top)}px`
    }
    look()
    return () => cancelAnimationFrame(frame)
  }, [step, card])
  return shown
}

/** Tab goes round within the card: what lies under the veil is for the pointer. */
function keepWithin(card: HTMLElement, event: KeyboardEvent): void {
  const buttons = [...card.querySelectorAll('button')]
  const now = buttons.indexOf(document.activeElement as HTMLButtonElement)
  buttons[(now + (event.shiftKey ? buttons.length - 1 : 1)) % buttons.length]?.focus()
  event.preventDefault()
}
