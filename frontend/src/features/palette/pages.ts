import { adminPages } from '../../app/adminPages'
import { pages } from '../../app/pages'
import { paths } from '../../app/router'
import '../../i18n/admin'
import '../../i18n/duty'
import '../../i18n/flow'
import '../../i18n/knowledge'
import '../../i18n/verdict'
import '../../i18n/walls'

/** Every page that the palette opens by name, beside the views that are actions. The account's menu and the administration have one of the access tokens each. */
export const namedPages = [...pages.filter(({ path }) => path !== paths.video && path !== paths.tokens), ...adminPages]
