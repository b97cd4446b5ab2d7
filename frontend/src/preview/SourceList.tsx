import { useState } from 'react'
import type { Source } from '../api/types'
import { paths } from '../app/router'
import { useText } from '../i18n'
import { count, listed } from '../lib/format'
import { TextInput } from '../ui/Field'
import { Empty } from '../ui/State'
import { Link } from './Link'
import { StateSign } from './StateSign'

/** Every source of every kind that the reader may know of. */
export function SourceList({ sources }: { sources: Source[] }) {
  const { t, locale } = useText()
  const [wanted, setWanted] = useState('')
  const words = wanted.toLowerCase()
  const shown = sources.filter((s) => [s.name, s.title.zh, s.title.en, t(`preview.kind.${s.kind}`)].some((text) => text.toLowerCase().includes(words)))
  return (
    <main className="preview-list">
      <div className="preview-filter">
        <TextInput label={t('preview.filter')} value={wanted} onChange={setWanted} autoFocus type="search" />
        <p role="status">{t('preview.count', { shown: shown.length, all: sources.length })}</p>
      </div>
      {shown.length === 0 ? (
        <Empty icon="layers" title={t(sources.length ? 'preview.noneFound' : 'preview.none')} />
      ) : (
        <table className="preview-table">
          <thead>
            <tr>
              <th scope="col">{t('preview.source')}</th>
              <th scope="col">{t('preview.kindTitle')}</th>
              <th scope="col">{t('preview.readersTitle')}</th>
              <th scope="col">{t('preview.state')}</th>
              <th scope="col" className="preview-number">{t('preview.features')}</th>
              <th scope="col" className="preview-number">{t('preview.zooms')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((s) => (
              <tr key={s.name} data-testid={`source-${s.name}`}>
                <th scope="row">
                  <Link to={`${paths.preview}/${encodeURIComponent(s.name)}`} className="preview-open">
                    {s.title[locale]}
                  </Link>
                  {s.title[locale] !== s.name && <span className="preview-id">{s.name}</span>}
                </th>
                <td>{t(`preview.kind.${s.kind}`)}</td>
                <td>
                  <Readers source={s} />
                </td>
                <td>
                  <StateSign source={s} />
                </td>
                <td className="preview-number">{estimate(s, locale)}</td>
                <td className="preview-number">
                  {s.min_zoom}–{s.max_zoom}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </main>
  )
}

/** How many features there are; what only the planner of the database thinks is marked as such. */
export function estimate(source: Source, locale: 'zh' | 'en'): string {
  if (source.estimate === undefined) return '–'
  return (source.exact ? '' : '≈ ') + count(source.estimate, locale)
}

export function Readers({ source }: { source: Source }) {
  const { t, locale } = useText()
  const roles = source.roles && listed(source.roles.map((role) => t(`role.${role}`)), locale)
  return <>{source.readers === 'roles' ? roles : t(`preview.readers.${source.readers}`)}</>
}
