import type { Catalog } from '../../api/types'
import { admin } from '../../actions/admin'
import { cameras } from '../../actions/cameras'
import { detections } from '../../actions/detections'
import { help } from '../../actions/help'
import { shortcut } from '../../actions/keyboard'
import { newIncident } from '../../actions/newIncident'
import { situation } from '../../actions/situation'
import { statistics } from '../../actions/statistics'
import { supervision } from '../../actions/supervision'
import { toggleLocale } from '../../actions/toggleLocale'
import { toggleTheme } from '../../actions/toggleTheme'
import type { Action, ActionContext } from '../../actions/types'
import { paths } from '../../app/router'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { clock, day } from '../../lib/time'
import { Button, IconButton } from '../../ui/Button'
import { Mark } from '../../ui/icons'
import '../search/search.css'
import { LampSign } from '../../ui/LampSign'
import { later } from '../../ui/later'
import './topbar.css'

const AccountMenu = later(() => import('./AccountMenu'))
const SearchBox = later(() => import('../search/SearchBox'))

const views: { action: Action; label: string; shown: (path: string) => boolean }[] = [
  { action: situation, label: 'view.situation', shown: (path) => path === paths.situation },
  { action: detections, label: 'view.detections', shown: (path) => path === paths.detections },
  { action: cameras, label: 'view.cameras', shown: (path) => path.startsWith(paths.cameras) },
  { action: supervision, label: 'view.supervision', shown: (path) => path === paths.supervision },
  { action: statistics, label: 'view.statistics', shown: (path) => path === paths.statistics },
  { action: admin, label: 'view.admin', shown: (path) => path.startsWith('/admin') },
]

export function TopBar({ catalog, context }: { catalog: Catalog; context: ActionContext }) {
  const { t, locale } = useText()
  const { county } = catalog
  return (
    <header className="topbar">
      <h1 className="topbar-name">
        <Mark />
        <span>{t('app.name')}</span>
        <span className="topbar-county truncate">{county.name[locale]}</span>
        {county.demo && (
          <span className="tag" title={t('app.demoHint')}>
            {t('app.demo')}
          </span>
        )}
      </h1>
      <nav className="topbar-views" aria-label={t('help.group.view')}>
        {views
          .filter(({ action }) => action.when(context))
          .map(({ action, label, shown }) => (
            <button key={action.name} type="button" className="view" aria-current={shown(context.place.path) ? 'page' : undefined} onClick={() => action.perform(context)}>
              {t(label)}
            </button>
          ))}
      </nav>
      <div className="search" id="search" role="search">
        <SearchBox />
      </div>
      {newIncident.when({ ...context, bench: { ...context.bench, creating: null } }) && (
        <Button look="plain" icon="plus" isDisabled={!newIncident.when(context)} onPress={() => newIncident.perform(context)} data-testid="new-incident">
          {t(newIncident.label)}
        </Button>
      )}
      <div className="topbar-space" />
      <LampSign />
      <Clock />
      <div className="topbar-tools">
        <IconButton icon="contrast" label={t(toggleTheme.label)} shortcut={shortcut(toggleTheme)} onPress={() => toggleTheme.perform(context)} data-testid="toggle-theme" />
        <IconButton icon="language" label={t(toggleLocale.label)} shortcut={shortcut(toggleLocale)} onPress={() => toggleLocale.perform(context)} data-testid="toggle-locale" />
        <IconButton icon="keyboard" label={t(help.label)} shortcut={shortcut(help)} onPress={() => help.perform(context)} data-testid="open-help" />
        <span className="account-place">
          <AccountMenu context={context} />
        </span>
      </div>
    </header>
  )
}

function Clock() {
  const { locale } = useText()
  const now = useNow()
  return (
    <div className="clock" role="timer" aria-live="off">
      <span className="clock-day">{day(now, locale)}</span>
      <time dateTime={new Date(now).toISOString()}>{clock(now, locale)}</time>
    </div>
  )
}
