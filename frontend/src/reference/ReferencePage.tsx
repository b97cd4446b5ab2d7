import { type ReactNode, useLayoutEffect, useRef } from 'react'
import { useText } from '../i18n'
import '../i18n/reference'
import { type Theme, applyTokens } from '../tokens/tokens'
import { Dialogs } from './Dialogs'
import { Buttons, Fields, Texts } from './Controls'
import { Colours, Icons, Legend, Scales, Signs } from './Signs'
import { Crash, Lamps, Severities, States } from './States'
import './reference.css'

const sections: [title: string, content: (props: { theme: Theme }) => ReactNode][] = [
  ['text', Texts],
  ['buttons', Buttons],
  ['fields', Fields],
  ['severity', Severities],
  ['lamp', Lamps],
  ['states', States],
  ['crash', Crash],
  ['dialogs', Dialogs],
  ['signs', Signs],
  ['legend', Legend],
  ['scales', Scales],
  ['icons', Icons],
  ['colours', Colours],
]

/** Every component and every sign of the map in every state, in both themes side by side: to look at, and for the test that measures them (docs/adr/0014). */
export default function ReferencePage() {
  const { t } = useText()
  return (
    <section className="reference" aria-labelledby="reference-title" data-testid="reference">
      <header className="admin-head">
        <h2 id="reference-title">{t('reference.title')}</h2>
      </header>
      <p className="reference-lead">{t('reference.lead')}</p>
      <div className="reference-themes">
        <InTheme theme="dark" />
        <InTheme theme="light" />
      </div>
    </section>
  )
}

/** All sections with the colours of one theme, whatever the page's own is. */
function InTheme({ theme }: { theme: Theme }) {
  const { t } = useText()
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => applyTokens(theme, root.current!), [theme])
  return (
    <div ref={root} className="reference-theme" data-testid={`reference-${theme}`}>
      <h3 className="reference-name">{t(`reference.${theme}`)}</h3>
      {sections.map(([title, Content]) => (
        <section key={title} className="reference-section" data-section={title}>
          <h4 className="reference-title">{t(`reference.${title}`)}</h4>
          <Content theme={theme} />
        </section>
      ))}
    </div>
  )
}
