import i18next from 'i18next'
import { enAlerts } from './en.alerts'
import { zhAlerts } from './zh.alerts'

// Wordings of warnings, and of what is wrong with a message of another system: the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhAlerts, true)
i18next.addResourceBundle('en', 'translation', enAlerts, true)
