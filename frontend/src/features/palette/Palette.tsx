import { keepPreviousData, useQuery } from '@tanstack/react-query'
import i18next from 'i18next'
import { type KeyboardEvent, use, useEffect, useId, useMemo, useRef, useState } from 'react'
import { Dialog, Modal, ModalOverlay } from 'react-aria-components'
import { actions } from '../../actions'
import { keyNames } from '../../actions/keyboard'
import type { Action } from '../../actions/types'
import { useActionContext } from '../../actions/useActions'
import { errorText } from '../../api/error'
import { searchQuery } from '../../api/queries'
import type { Hit } from '../../api/types'
import type { Page } from '../../app/pages'
import { go, paths, select } from '../../app/router'
import { change, theMap } from '../../app/workbench'
import { nameIn } from '../../domain/names'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import '../../i18n/palette'
import '../../ui/dialog.css'
import { useResting } from '../../lib/useResting'
import { LiveContext } from '../../live/hooks'
import { Key } from '../../ui/Button'
import { Icon, type IconName } from '../../ui/icons'
import { goTo, hitIcons, onMap } from '../search/go'
import { groupHits, hitDetail } from '../search/groups'
import { initials } from './initials'
import { type Known, findActions, findKnown, findNamed } from './items'
import './palette.css'
import { keepRecent, recentHits } from './recent'

interface Item {
  icon: IconName
  name: string
  detail?: string
  more?: string
  keys?: readonly string[]
  open: () => void
}

interface Group {
  title: string
  items: Item[]
}

const REST_MS = 120
const close = () => change({ palette: false })

/** One line for everything: what has a name or a place, and what can be done. By keyboard alone, and without the server as far as this screen knows. */
export default function Palette() {
  const { t, has, locale } = useText()
  const id = useId()
  const context = useActionContext()
  const live = use(LiveContext)
  const user = context.session.user.id
  const areas = useAreas()
  const pages = useNamedPages()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const [wanted, setWanted] = useState(false) // Enter came before the answer
  const list = useRef<HTMLDivElement>(null)
  const asked = text.trim()
  const q = useResting(asked, REST_MS)
  const found = useQuery({ ...searchQuery(q), placeholderData: keepPreviousData })
  const offline = found.fetchStatus === 'paused' || live?.lamp.state === 'offline'
  const without = q !== '' && (offline || found.isError)
  const settled = q === asked && (q === '' || without || (found.isSuccess && !found.isPlaceholderData))

  const groups = useMemo((): Group[] => {
    const hit = (one: Hit): Item => ({
      icon: hitIcons[one.kind],
      name: nameIn(one, locale),
      detail: one.state && has(`state.incident.${one.state}`) ? `${one.detail} · ${t(`state.incident.${one.state}` as 'state.incident.closed')}` : hitDetail(one, locale),
      more: one.kind !== 'coordinate' ? areas.name(one.area_path, locale) || one.area : (one.shift_m ?? 0) >= 1 ? t('palette.shift', { m: Math.round(one.shift_m!) }) : one.system === 'cgcs2000' ? t('palette.noShift') : undefined,
      open: () => {
        keepRecent(user, one)
        goTo(one)
      },
    })
    const known = (one: Known): Item => ({ icon: hitIcons[one.kind], name: one.name, detail: one.detail, open: () => openKnown(one) })
    const page = ({ path, label, icon }: Page): Item => ({ icon, name: t(label), open: () => go(path, null) })
    const act = (action: Action): Item => ({
      icon: action.icon,
      name: t(action.label),
      keys: keyNames(action),
      open: () => {
        if (!live && (action.group === 'work' || action.name === 'help')) go(paths.situation, null) // what it opens stands on the desk
        action.perform(context)
      },
    })
    const names = (label: string) => {
      const [zh, en] = ['zh', 'en'].map((language) => i18next.getFixedT(language)(label as never) as string)
      return [zh!, en!, initials(zh!)]
    }
    const possible = findActions(actions, context, asked, ({ label }) => names(label))
    const doing = { title: t('palette.actions'), items: (asked ? possible.slice(0, 8) : possible).map(act) }
    const allowed = pages.filter((page) => page.allowed(context.session))
    const opening = { title: t('palette.pages'), items: (asked ? findNamed(allowed, asked, ({ label }) => names(label)).slice(0, 8) : allowed).map(page) }
    if (!asked) return [{ title: t('palette.recent'), items: recentHits(user).map(hit) }, doing, opening]
    if (without) return [{ title: t('palette.known'), items: live ? findKnown(live, q).map(known) : [] }, doing, opening]
    return [...groupHits(q ? (found.data ?? []) : []).map(({ kind, hits }) => ({ title: t(`search.kind.${kind}`), items: hits.map((one) => hit(one.hit)) })), doing, opening]
  }, [t, has, locale, areas, user, context, pages, asked, q, without, live, found.data])
  const shown = groups.filter(({ items }) => items.length > 0)
  const items = shown.flatMap((group) => group.items)

  const open = (item: Item | undefined) => {
    if (!item) return
    close()
    requestAnimationFrame(item.open) // the focus is back where it was
  }
  useEffect(() => setActive(0), [asked, found.data])
  useEffect(() => {
    if (!wanted || !settled) return
    setWanted(false)
    open(items[0])
  })
  useEffect(() => {
    void list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }) // some browsers give a promise, which is no clean-up
  }, [active, items.length])

  function press(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return // Enter takes the Chinese that is being typed
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }
    const step = steps[event.key]
    if (step !== undefined) {
      const last = items.length - 1
      if (last >= 0) setActive((now) => (Math.abs(step) > 1 ? Math.min(last, Math.max(0, now + step)) : (now + step + items.length) % items.length))
    } else if (event.key === 'Enter') {
      if (settled) open(items[active])
      else setWanted(true)
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  const why = offline ? t('palette.offline') : found.isError && q ? t('palette.failed', { why: errorText(found.error, t, has) }) : ''
  let n = -1
  return (
    <ModalOverlay className="dialog-overlay palette-overlay" isOpen isDismissable onOpenChange={(next) => !next && close()}>
      <Modal className="dialog-modal palette-modal">
        <Dialog className="palette" aria-label={t('palette.title')} data-testid="palette">
          <div className="palette-line">
            <Icon name="search" size="1.2em" />
            <input
              className="palette-input"
              role="combobox"
              aria-label={t('palette.input')}
              aria-expanded={items.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={items.length > 0 ? `${id}-${active}` : undefined}
              aria-autocomplete="list"
              placeholder={t('palette.input')}
              value={text}
              maxLength={100}
              spellCheck={false}
              autoComplete="off"
              autoFocus
              onChange={(event) => {
                setText(event.target.value)
                setWanted(false)
              }}
              onKeyDown={press}
              data-testid="palette-input"
            />
          </div>
          {why && (
            <p className="palette-why" role="status">
              <Icon name="alert" />
              {why}
            </p>
          )}
          <div className="palette-list" id={`${id}-list`} role="listbox" aria-label={t('palette.title')} ref={list}>
            {shown.map((group, g) => (
              <div key={group.title} role="group" aria-labelledby={`${id}-g${g}`}>
                <div className="palette-group" id={`${id}-g${g}`}>
                  {group.title}
                </div>
                {group.items.map((item) => {
                  const at = ++n
                  return (
                    <div
                      key={at}
                      id={`${id}-${at}`}
                      role="option"
                      aria-selected={at === active}
                      className="option palette-option"
                      onClick={() => open(item)}
                      onPointerMove={() => setActive(at)}
                    >
                      <Icon name={item.icon} size="1.1em" />
                      <span className="truncate palette-name">{item.name}</span>
                      {item.more && <span className="palette-more truncate">{item.more}</span>}
                      {item.detail && <span className="option-detail truncate">{item.detail}</span>}
                      {item.keys && (
                        <span className="option-detail palette-keys">
                          {item.keys.map((key) => (
                            <Key key={key}>{key}</Key>
                          ))}
                        </span>
                      )}
                    </div>
                  )
                })}
              </div>
            ))}
            {items.length === 0 && <p className="option-empty">{settled && asked ? t('palette.none', { q: asked }) : asked ? t('palette.searching') : t('palette.empty')}</p>}
          </div>
          <footer className="palette-foot">
            <span role="status">{!asked ? t('palette.empty') : !settled ? t('palette.searching') : t('palette.count', { n: items.length })}</span>
            <span aria-hidden>{t('palette.keys')}</span>
          </footer>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

/** Opens what only this screen's copy knows: the map finds its place, where it can. */
function openKnown({ kind, id }: Known): void {
  const thing = { layer: kind, id }
  if (!theMap.get()) go(paths.situation, kind === 'unit_grid' ? null : thing)
  else if (kind !== 'unit_grid') select(thing)
  onMap((map) => void map.flyToFeature(thing))
}

/** The pages and their words come when the palette is opened first: a console that starts does not wait for them. */
function useNamedPages(): readonly Page[] {
  const [pages, setPages] = useState<readonly Page[]>([])
  useEffect(() => {
    let over = false
    void import('./pages').then(
      ({ namedPages }) => over || setPages(namedPages),
      () => undefined, // without a connection: actions and what is known stay
    )
    return () => void (over = true)
  }, [])
  return pages
}
