import { useQuery } from '@tanstack/react-query'
import { toggleLocale } from '../actions/toggleLocale'
import { toggleTheme } from '../actions/toggleTheme'
import { sourcesQuery } from '../api/queries'
import { paths, usePlace } from '../app/router'
import { changeSettings, settings } from '../app/settings'
import { useText } from '../i18n'
import '../i18n/preview'
import { useStore } from '../lib/store'
import { IconButton } from '../ui/Button'
import { Mark } from '../ui/icons'
import { Empty, Failure, Loading } from '../ui/State'
import { Link } from './Link'
import './preview.css'
import { SourceList } from './SourceList'
import { SourcePage } from './SourcePage'

/** Everything that has tiles: a list, and a map of each. */
export default function PreviewApp() {
  const { t } = useText()
  const { path } = usePlace()
  const sources = useQuery(sourcesQuery)
  const name = decodeURIComponent(path.slice(paths.preview.length + 1))
  const source = sources.data?.find((s) => s.name === name)
  return (
    <div className="preview">
      <Head name={name} />
      {sources.isPending ? (
        <Loading text={t('app.loading')} />
      ) : sources.isError ? (
        <Failure error={sources.error} onRetry={() => void sources.refetch()} />
      ) : !name ? (
        <SourceList sources={sources.data} />
      ) : source ? (
        <SourcePage key={name} source={source} />
      ) : (
        <Empty icon="layers" title={t('error.reason.unknown_source')} detail={name}>
          <Link to={paths.preview}>{t('preview.toList')}</Link>
        </Empty>
      )}
    </div>
  )
}

function Head({ name }: { name: string }) {
  const { t, locale } = useText()
  const { theme } = useStore(settings)
  return (
    <header className="preview-head">
      <h1 className="preview-name">
        <Mark />
        <span>{t('app.name')}</span>
      </h1>
      <nav className="preview-way" aria-label={t('preview.way')}>
        <Link to={paths.situation}>{t('view.situation')}</Link>
        <span aria-hidden="true">/</span>
        {name ? <Link to={paths.preview}>{t('preview.title')}</Link> : <span aria-current="page">{t('preview.title')}</span>}
        {name && (
          <>
            <span aria-hidden="true">/</span>
            <span aria-current="page" className="truncate">
              {name}
            </span>
          </>
        )}
      </nav>
      <div className="preview-space" />
      <IconButton icon="contrast" label={t(toggleTheme.label)} onPress={() => changeSettings({ theme: theme === 'dark' ? 'light' : 'dark' })} data-testid="toggle-theme" />
      <IconButton icon="language" label={t(toggleLocale.label)} onPress={() => changeSettings({ locale: locale === 'zh' ? 'en' : 'zh' })} data-testid="toggle-locale" />
    </header>
  )
}

