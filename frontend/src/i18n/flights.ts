import i18next from 'i18next'
import { enFlights } from './en.flights'
import { zhFlights } from './zh.flights'

// Wordings of the page of flights, which come with it.
i18next.addResourceBundle('zh', 'translation', zhFlights, true)
i18next.addResourceBundle('en', 'translation', enFlights, true)
