import i18next from 'i18next'
import { paletteTexts } from './palette.texts'

i18next.addResourceBundle('zh', 'translation', paletteTexts.zh, true)
i18next.addResourceBundle('en', 'translation', paletteTexts.en, true)
