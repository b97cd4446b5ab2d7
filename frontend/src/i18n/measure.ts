import i18next from 'i18next'
import { measureTexts } from './measure.texts'

i18next.addResourceBundle('zh', 'translation', measureTexts.zh, true)
i18next.addResourceBundle('en', 'translation', measureTexts.en, true)
