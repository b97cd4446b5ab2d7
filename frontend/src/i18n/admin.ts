import i18next from 'i18next'
import { enAdmin } from './en.admin'
import { zhAdmin } from './zh.admin'

// Whoever imports this has the wordings of the administration; the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhAdmin, true)
i18next.addResourceBundle('en', 'translation', enAdmin, true)
