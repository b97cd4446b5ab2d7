import { useText } from '../i18n'
import { Select } from '../ui/Select'

/** One of the three severities, or none where that is a choice. */
export function SeverityChoice({ label, value, none, onChange }: { label: string; value: number; none?: string; onChange: (level: number) => void }) {
  const { t } = useText()
  const levels = none ? [0, 1, 2, 3] : [1, 2, 3]
  return (
    <Select
      label={label}
      value={String(value)}
      choices={levels.map((level) => ({ id: String(level), text: level ? t(`severity.${level}`) : none! }))}
      onChange={(level) => onChange(Number(level))}
    />
  )
}
