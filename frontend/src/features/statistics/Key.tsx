import { useText } from '../../i18n'
import type { Step } from './grades'

/** What the tints mean. */
export function Key({ steps, none, title, flat }: { steps: readonly Step[]; none: string; title: string; flat?: boolean }) {
  const { t } = useText()
  return (
    <div className="statistics-key" data-flat={flat || undefined} data-testid="stat-key">
      <h3>{title}</h3>
      <ul>
        {[...steps].reverse().map((step) => (
          <li key={step.text}>
            <span className="ranked-sign" data-tint={step.tint} aria-hidden="true">{step.text.split(' ')[0]}</span>
            {step.text.slice(step.text.indexOf(' ') + 1)}
            {!flat && <span className="statistics-count">{t('statistics.areas', { n: step.areas })}</span>}
          </li>
        ))}
        <li>
          <span className="ranked-sign" data-tint={-1} aria-hidden="true" />
          {none}
        </li>
      </ul>
    </div>
  )
}
