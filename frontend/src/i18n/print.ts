import i18next from 'i18next'
import { printTexts } from './print.texts'

i18next.addResourceBundle('zh', 'translation', printTexts.zh, true)
i18next.addResourceBundle('en', 'translation', printTexts.en, true)
