import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from 'react-aria-components'
import { logout } from '../../actions/logout'
import { shortcut } from '../../actions/keyboard'
import { toggleDisplay } from '../../actions/toggleDisplay'
import type { ActionContext } from '../../actions/types'
import { pages } from '../../app/pages'
import { go, paths } from '../../app/router'
import { may, roleTitles } from '../../app/session'
import { settings } from '../../app/settings'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { listed } from '../../lib/format'
import { useStore } from '../../lib/store'
import { Icon } from '../../ui/icons'
import { Key } from '../../ui/Button'
import '../../i18n/duty'
import '../../i18n/notify'
import { soundOpen } from '../alarm/loudness'
import '../../i18n/verdict'
import '../../i18n/walls'
import { keepView } from '../../wall/keptView'
import { MyShift } from './MyShift'

/** Who is on duty here, with what rights, and the way out. */
export default function AccountMenu({ context }: { context: ActionContext }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const { display } = useStore(settings)
  const { user, version } = context.session
  const roles = roleTitles(context.session, locale)
  const where = listed(user.areas.map((path) => (path === '*' ? t('session.everywhere') : areas.place(path, locale) || path)), locale)
  return (
    <MenuTrigger>
      <Button className="account" data-testid="account" aria-label={`${t('session.onDuty')} ${roles} ${user.name}`}>
        <Icon name="user" />
        <span className="account-role truncate">{roles}</span>
        <span className="truncate">{user.name}</span>
        <Icon name="chevronDown" size="0.9em" />
      </Button>
      <Popover className="popover" placement="bottom end" offset={4}>
        <dl className="account-facts">
          <dt>{t('session.roles')}</dt>
          <dd>{roles}</dd>
          <dt>{t('session.areas')}</dt>
          <dd>{where || t('app.none')}</dd>
          <MyShift />
          <dt>{t('session.version')}</dt>
          <dd>{version}</dd>
        </dl>
        <Menu
          aria-label={t('settings.menu')}
          onAction={(key) => {
            if (key === paths.walls) keepView()
            if (String(key).startsWith('/')) go(String(key), null)
            else if (key === 'display') toggleDisplay.perform(context)
            else if (key === 'sound') soundOpen.set(true)
            else if (key === 'logout') logout.perform(context)
          }}
        >
          <MenuItem id="display" className="option" textValue={t('settings.display')}>
            <Icon name="screen" />
            {t('settings.display')}
            <span className="option-detail">
              {t(display === 'desk' ? 'settings.desk' : 'settings.wall')} <Key>{shortcut(toggleDisplay)!}</Key>
            </span>
          </MenuItem>
          {may(context.session, 'task.dispatch') ? (
            <MenuItem id="sound" className="option">
              <Icon name="bell" />
              {t('alarm.settings')}
            </MenuItem>
          ) : null}
          {pages
            .filter(({ allowed }) => allowed(context.session))
            .map(({ path, label, icon }) => (
              <MenuItem key={path} id={path} className="option" textValue={t(label)} data-testid={`open${path.replaceAll('/', '-')}`}>
                <Icon name={icon} />
                {t(label)}
                {path === paths.video && (
                  <span className="option-detail">
                    <Key>V</Key>
                  </span>
                )}
              </MenuItem>
            ))}
          <Separator className="option-line" />
          <MenuItem id="logout" className="option">
            <Icon name="logout" />
            {t('session.logout')}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
