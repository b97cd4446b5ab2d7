import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { startSettings } from './app/settings'
import { loadEnglish, speak, startI18n } from './i18n'
import './styles/base.css'

if (location.search.includes('wall=')) void import('./wall/kept').then(({ showKept }) => showKept())
const { locale } = startSettings()
startI18n()

const render = () =>
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
if (locale === 'en') {
  void speak('en').then(render, render) // Chinese is better than nothing
} else {
  render()
  setTimeout(() => void loadEnglish().catch(() => undefined), 3000)
}
