import i18next from 'i18next'
import { enFlow } from './en.flow'
import { zhFlow } from './zh.flow'

// Loaded with the first case that is opened: the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhFlow, true)
i18next.addResourceBundle('en', 'translation', enFlow, true)
