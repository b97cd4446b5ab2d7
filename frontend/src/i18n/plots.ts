import i18next from 'i18next'
import { enPlots } from './en.plots'
import { zhPlots } from './zh.plots'

// Wordings of the page of zones, permits and lawful buildings, which come with it.
i18next.addResourceBundle('zh', 'translation', zhPlots, true)
i18next.addResourceBundle('en', 'translation', enPlots, true)
