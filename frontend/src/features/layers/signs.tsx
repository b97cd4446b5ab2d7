/** The map's signs, small, for the legend. Colours are the map's own custom properties. */
import { severityShapes } from '../../ui/shapes'

const box = { viewBox: '0 0 24 24', width: '1.25em', height: '1.25em', 'aria-hidden': true } as const

export function IncidentSigns() {
  return (
    <svg viewBox="0 0 58 24" width="3em" height="1.25em" aria-hidden="true">
      {([1, 2, 3] as const).map((level, i) => (
        <path key={level} d={severityShapes[level].path} fill={`var(--sev-${level})`} transform={`translate(${i * 20 + 1} 3) scale(.75)`} />
      ))}
    </svg>
  )
}

export function DetectionSign() {
  return (
    <svg {...box}>
      <path d="M4 11 12 4l8 7v9H4Z" fill="var(--map-ink)" stroke="var(--warn)" strokeWidth="2.2" strokeLinejoin="round" />
    </svg>
  )
}

export function MarkingSign() {
  return (
    <svg {...box}>
      <path d="M4 17C7 10 11 8 15 7.6V4l6 6-6 6v-3.8c-4 0-7 1.4-11 4.8Z" fill="none" stroke="var(--map-unit)" strokeWidth="2" strokeLinejoin="round" />
    </svg>
  )
}

export function UnitSign() {
  return (
    <svg {...box}>
      <rect x="3" y="6" width="18" height="12" rx="3" fill="var(--map-unit)" />
    </svg>
  )
}

/** As the map draws them: online a small dim dot, offline a bright hollow ring, a fault a bright dot in a ring, unknown a small dim ring. */
export function CameraSign({ status }: { status: 'online' | 'offline' | 'fault' | 'unknown' }) {
  return (
    <svg {...box}>
      {status === 'online' && <circle cx="12" cy="12" r="4" fill="var(--map-camera)" />}
      {status === 'offline' && <circle cx="12" cy="12" r="6" fill="var(--map-ink)" stroke="var(--map-camera-abnormal)" strokeWidth="2.6" />}
      {status === 'fault' && (
        <>
          <circle cx="12" cy="12" r="4" fill="var(--map-camera-abnormal)" />
          <circle cx="12" cy="12" r="8" fill="none" stroke="var(--map-camera-abnormal)" strokeWidth="2" />
        </>
      )}
      {status === 'unknown' && <circle cx="12" cy="12" r="4" fill="var(--map-ink)" stroke="var(--map-camera)" strokeWidth="2" />}
    </svg>
  )
}

export function LoadScale() {
  return (
    <svg viewBox="0 0 50 24" width="3em" height="1.25em" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((step, i) => (
        <rect key={step} x={i * 10} y="6" width="10" height="12" fill={`var(--map-choropleth-${step})`} stroke="var(--map-area-line)" strokeWidth="0.6" />
      ))}
    </svg>
  )
}

/** One step of the scale: 0 none, then as many open incidents as the step begins with. */
export function LoadStep({ step }: { step: number }) {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" aria-hidden="true">
      <rect x="2" y="3" width="20" height="18" fill={`var(--map-choropleth-${step + 1})`} stroke="var(--map-area-line)" strokeWidth="1.5" />
    </svg>
  )
}

export function GridSign() {
  return (
    <svg {...box}>
      <path d="M3 8h18M3 16h18M9 3l-1 18M16 3v18" fill="none" stroke="var(--map-grid-line)" strokeWidth="1.5" />
    </svg>
  )
}

export function BuildingSign() {
  return (
    <svg {...box}>
      <path d="m4 9 6-3v12l-6 3z" fill="var(--map-building-1)" />
      <path d="m10 6 9 3v12l-9-3z" fill="var(--map-building-2)" />
      <path d="m4 9 6-3 9 3-6 3z" fill="var(--map-building-3)" />
    </svg>
  )
}

export function PlaceSign() {
  return (
    <svg {...box}>
      <path d="M5 6h14M12 6v13" stroke="var(--map-label)" strokeWidth="2.2" />
    </svg>
  )
}

export function TerrainSign() {
  return (
    <svg {...box}>
      <path d="m2 19 7-11 5 7 3-4 5 8z" fill="var(--map-hill-light)" stroke="var(--map-area-line)" />
    </svg>
  )
}
