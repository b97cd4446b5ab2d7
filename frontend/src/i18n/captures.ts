import i18next from 'i18next'
import { enCaptures } from './en.captures'
import { zhCaptures } from './zh.captures'

// Wordings of captures, and of what is wrong with their files: the first view does without them.
i18next.addResourceBundle('zh', 'translation', zhCaptures, true)
i18next.addResourceBundle('en', 'translation', enCaptures, true)
