import i18next from 'i18next'
import { tourTexts } from './tour.texts'

i18next.addResourceBundle('zh', 'translation', tourTexts.zh, true)
i18next.addResourceBundle('en', 'translation', tourTexts.en, true)
