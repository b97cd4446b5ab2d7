import i18next from 'i18next'
import { enNotify } from './en.notify'
import { zhNotify } from './zh.notify'

// Whoever imports this has the wordings of alarms, notifications and supervision; the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhNotify, true)
i18next.addResourceBundle('en', 'translation', enNotify, true)
