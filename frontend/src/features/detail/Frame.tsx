import type { ReactNode } from 'react'
import { select } from '../../app/router'
import { theMap } from '../../app/workbench'
import { usePlace } from '../../app/router'
import { useText } from '../../i18n'
import { lonLat } from '../../lib/format'
import { IconButton } from '../../ui/Button'
import { notify } from '../../ui/notices'
import { useStore } from '../../lib/store'

/** Head and body of every detail: sign, name, where it is, the buttons that all of them share. */
export function DetailFrame({ sign, title, place, chip, children, testid }: { sign: ReactNode; title: string; place?: string; chip?: ReactNode; children?: ReactNode; testid: string }) {
  const { t } = useText()
  const { selection } = usePlace()
  const map = useStore(theMap)
  return (
    <article className="detail" data-testid={testid} data-thing={selection ? `${selection.layer}/${selection.id}` : undefined}>
      <header className="detail-head">
        <span className="detail-sign">{sign}</span>
        <div className="detail-heading">
          <h2 className="detail-title">{title}</h2>
          {place && <p className="detail-place">{place}</p>}
        </div>
        {chip}
        <span className="detail-buttons">
          {map && selection && <IconButton icon="pin" label={t('detail.flyTo')} onPress={() => void map.flyToFeature(selection)} data-testid="fly-to" />}
          <IconButton icon="close" label={t('detail.close')} shortcut="Esc" onPress={() => select(null)} data-testid="detail-close" />
        </span>
      </header>
      <div className="detail-body">{children}</div>
    </article>
  )
}

/** One thing known, where it is known. */
export type Fact = [label: string, value: ReactNode, wide?: boolean]

export function Facts({ facts }: { facts: (Fact | false | null | undefined)[] }) {
  return (
    <dl className="facts">
      {facts
        .filter((fact): fact is Fact => !!fact && fact[1] !== null && fact[1] !== undefined && fact[1] !== '')
        .map(([label, value, wide]) => (
          <div key={label} className={wide ? 'fact fact-wide' : 'fact'}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

export function Section({ title, note, children, testid }: { title: string; note?: ReactNode; children: ReactNode; testid?: string }) {
  return (
    <section className="detail-section" data-testid={testid}>
      <header className="detail-section-head">
        <h3>{title}</h3>
        {note && <span className="detail-note">{note}</span>}
      </header>
      {children}
    </section>
  )
}

/** Longitude and latitude, to be copied into other programs. */
export function Coordinates({ point }: { point: readonly number[] }) {
  const { t } = useText()
  const text = lonLat(point)
  return (
    <span className="coordinates">
      {text}
      {navigator.clipboard && (
        <IconButton
          icon="copy"
          label={t('detail.copy')}
          onPress={() => void navigator.clipboard.writeText(text).then(() => notify('done', t('detail.copied')))}
        />
      )}
    </span>
  )
}
