import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { startSettings } from './app/settings'
import { startI18n } from './i18n'
import './styles/base.css'

const { locale } = startSettings()
startI18n(locale)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
