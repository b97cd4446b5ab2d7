import i18next from 'i18next'
import { markingTexts } from './markings.texts'

i18next.addResourceBundle('zh', 'translation', markingTexts.zh, true)
i18next.addResourceBundle('en', 'translation', markingTexts.en, true)
