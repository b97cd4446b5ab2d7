import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useState } from 'react'
import { searchQuery } from '../../api/queries'
import type { Hit } from '../../api/types'
import { change, theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { useResting } from '../../lib/useResting'
import { Icon } from '../../ui/icons'
import './create.css'

/** Most that are offered: a caller names a place, and the first lines are read. */
const MOST = 8

/**
 * The place of a new case without a mouse: what the caller says of it is typed, arrows go through what is found, Enter takes it. Enter without a word takes the middle of the
 * map; Escape goes back to no case at all.
 */
export default function PickPlace() {
  const { t } = useText()
  const id = useId()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const q = useResting(text.trim(), 160)
  const found = useQuery({ ...searchQuery(q), placeholderData: keepPreviousData })
  const hits = q && text.trim() ? (found.data ?? []).slice(0, MOST) : []
  useEffect(() => setActive(0), [found.data])

  function press(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return // Enter takes the Chinese that is being typed
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && hits.length > 0) setActive((now) => (now + step + hits.length) % hits.length)
    else if (event.key === 'Enter' && text.trim() === '') take(null)
    else if (event.key === 'Enter' && hits[active] && q === text.trim()) take(hits[active])
    else return
    event.preventDefault()
  }

  return (
    <div className="pick-place">
      <div className="field-box">
        <Icon name="search" size="1.1em" />
        <input
          className="field-input"
          role="combobox"
          aria-label={t('reports.pickPlace')}
          aria-expanded={hits.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={hits.length > 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          placeholder={t('reports.pickPlace')}
          value={text}
          maxLength={100}
          spellCheck={false}
          autoComplete="off"
          autoFocus
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          data-testid="pick-place"
        />
      </div>
      <ul id={`${id}-list`} role="listbox" aria-label={t('reports.pickPlace')}>
        {hits.map((hit, i) => (
          <li key={i} id={`${id}-${i}`} role="option" aria-selected={i === active} className="option" onClick={() => take(hit)} onPointerMove={() => setActive(i)}>
            <span className="truncate">{hit.name}</span>
            {hit.detail && <span className="option-detail truncate">{hit.detail}</span>}
          </li>
        ))}
      </ul>
      {q !== '' && hits.length === 0 && found.isFetched && !found.isFetching && <p className="option-empty">{t('search.none', { q })}</p>}
    </div>
  )
}

/** Goes on to the form with the place, and with its name as the address; a coordinate is no address. */
function take(hit: Hit | null): void {
  const map = theMap.get()
  if (!map) return
  const [lon = 0, lat = 0] = hit?.point ?? map.view.center
  if (hit) map.flyTo([lon, lat], { zoom: 15 })
  change({ creating: { point: [lon, lat], address: hit && hit.kind !== 'coordinate' ? hit.name : '' } })
}
