import i18next from 'i18next'
import { enDuty } from './en.duty'
import { zhDuty } from './zh.duty'

// Whoever imports this has the wordings of duty; the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhDuty, true)
i18next.addResourceBundle('en', 'translation', enDuty, true)
