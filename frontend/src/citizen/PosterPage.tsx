import { useState } from 'react'
import { encode } from 'uqr'
import { useText } from '../i18n'
import '../i18n/citizen'
import { ScreenSwitches } from '../login/LoginPage'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { addressOf } from './pictures'
import './citizen.css'

/** A sheet with the QR code of the citizens' page, to be printed and hung up; of one place, where somebody names it. */
export default function PosterPage() {
  const { t } = useText()
  const [where, setWhere] = useState('')
  const [at, setAt] = useState('')
  const address = addressOf(location.origin, where, at)
  return (
    <main className="poster">
      <form className="form poster-form" onSubmit={(event) => event.preventDefault()}>
        <header className="citizen-head">
          <h1>{t('citizen.poster.title')}</h1>
          <span className="citizen-tools">
            <ScreenSwitches />
          </span>
        </header>
        <TextInput label={t('citizen.poster.where')} hint={t('citizen.poster.whereHint')} name="where" value={where} onChange={setWhere} maxLength={200} />
        <TextInput label={t('citizen.poster.at')} placeholder="119.6912, 29.7938" name="at" value={at} onChange={setAt} maxLength={40} />
        <Button look="primary" onPress={() => print()}>
          {t('citizen.poster.print')}
        </Button>
      </form>
      <section className="poster-sheet" data-testid="poster">
        <p className="poster-title">我要反映 · Tell us</p>
        <p className="poster-scan">扫一扫，反映身边的问题 · Scan to tell us what is wrong here</p>
        <QRCode text={address} />
        {where.trim() && <p className="poster-where">{where.trim()}</p>}
        <p className="poster-address">{address.split('#')[0]}</p>
        <p className="poster-urgent">
          紧急情况请先拨打 110 / 119 / 120
          <br />
          In an emergency first call 110 / 119 / 120
        </p>
      </section>
    </main>
  )
}

/** One path of black squares: sharp at every size. Level Q is read with a quarter of it torn off or dirty. */
function QRCode({ text }: { text: string }) {
  const { size, data } = encode(text, { ecc: 'Q', border: 4 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg className="poster-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={text} shapeRendering="crispEdges" data-text={text}>
      <path d={path} />
    </svg>
  )
}
