import { severityShapes } from './shapes'

export type SeverityLevel = 1 | 2 | 3

export const asSeverity = (value: unknown): SeverityLevel => (value === 1 || value === 2 ? value : 3)

/**
 * Shape, number and colour of a severity; never one of them alone. Hollow while somebody is on it, as on the map.
 * Decorative beside its text, else give a label.
 */
export function SeveritySign({ level, size = '1.6em', label, hollow }: { level: SeverityLevel; size?: string; label?: string; hollow?: boolean }) {
  const shape = severityShapes[level]
  return (
    <svg className="severity-sign" viewBox="0 0 24 24" width={size} height={size} role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : true}>
      {hollow ? (
        <path d={shape.path} fill="var(--panel)" stroke={`var(--sev-${level})`} strokeWidth="2.6" transform="translate(1.7 1.7) scale(.86)" />
      ) : (
        <path d={shape.path} fill={`var(--sev-${level})`} />
      )}
      <text x="12" y={shape.numberY - (hollow ? 0.6 : 0)} textAnchor="middle" fontSize={shape.numberSize - (hollow ? 1.5 : 0)} fontWeight="700" fill={hollow ? `var(--sev-${level})` : 'var(--on-sev)'}>
        {level}
      </text>
    </svg>
  )
}
