import i18next from 'i18next'
import { enField } from './en.field'
import { zhField } from './zh.field'

// Whoever imports this has the wordings of the phone page; the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhField, true)
i18next.addResourceBundle('en', 'translation', enField, true)
