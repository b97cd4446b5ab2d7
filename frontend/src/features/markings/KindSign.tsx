import { kinds, type MarkingKind } from '../../map/markings/kinds'

const drawings: Record<string, string> = {
  text: 'M5 6V4h14v2M12 4v16M9 20h6',
  curve: 'M3 17c5-1 4-10 9-10s4 8 9 5',
  ways: 'M3 12h17M8 8l4 4-4 4M14 8l4 4-4 4',
  crosses: 'M3 12h18M6 9l6 6M12 9l-6 6M14 9l6 6M20 9l-6 6',
  route: 'M3 19c1-8 6-11 12-11V5l6 5-6 5v-3c-5 0-8 2-8 7z',
  attack: 'M3 20c0-6 4-11 11-13l-1-3 8 3-5 7-1-3c-4 1-6 4-7 9l-2.5-2z',
  arrow: 'M3 12h17M15 7l5 5-5 5',
  area: 'M4 8l9-4 8 6-4 10H7z',
  hatched: 'M4 8l9-4 8 6-4 10H7zM6 14l8-9M8 19l10-11M14 20l5-6',
}

/** A kind as it is drawn on the map, small; its frame tells its side. */
export function KindSign({ kind, size = '1.6em' }: { kind: MarkingKind; size?: string }) {
  const { side, sign, form } = kinds[kind]
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} className="marking-sign" data-side={side} fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinejoin="round" strokeLinecap="round" aria-hidden="true">
      {sign && side === 'own' && <rect x="1" y="1" width="22" height="22" rx="3" />}
      {sign && side === 'hazard' && <path d="M12 .8 23.2 12 12 23.2.8 12z" />}
      {sign && side === 'control' && <circle cx="12" cy="12" r="11" />}
      <path d={sign ?? drawings[form]} transform={sign ? `translate(12 12) scale(${side === 'hazard' ? 0.58 : 0.72}) translate(-12 -12)` : undefined} />
    </svg>
  )
}
