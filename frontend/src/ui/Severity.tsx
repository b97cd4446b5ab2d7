import { severityShapes } from './shapes'

export type SeverityLevel = 1 | 2 | 3

export const asSeverity = (value: unknown): SeverityLevel => (value === 1 || value === 2 ? value : 3)

/** Shape, number and colour of a severity; never one of them alone. Decorative beside its text, else give a label. */
export function SeveritySign({ level, size = '1.6em', label }: { level: SeverityLevel; size?: string; label?: string }) {
  const shape = severityShapes[level]
  return (
    <svg className="severity-sign" viewBox="0 0 24 24" width={size} height={size} role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : true}>
      <path d={shape.path} fill={`var(--sev-${level})`} />
      <text x="12" y={shape.numberY} textAnchor="middle" fontSize={shape.numberSize} fontWeight="700" fill="var(--on-sev)">
        {level}
      </text>
    </svg>
  )
}
