import i18next from 'i18next'
import { referenceTexts } from './reference.texts'

i18next.addResourceBundle('zh', 'translation', referenceTexts.zh, true)
i18next.addResourceBundle('en', 'translation', referenceTexts.en, true)
