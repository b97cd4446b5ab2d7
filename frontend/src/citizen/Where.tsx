import { useState } from 'react'
import { useText } from '../i18n'
import { Button } from '../ui/Button'

export interface Position {
  point: readonly [number, number]
  /** Metres; 0: the place of the QR code that was scanned. */
  accuracy: number
}

/** Where the telephone is, when its owner says so: asked for once, at the press of the button. */
export function Where({ at, onChange, error }: { at: Position | null; onChange: (at: Position | null) => void; error?: string }) {
  const { t } = useText()
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle')
  function ask() {
    setState('busy')
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState('idle')
        onChange({ point: [coords.longitude, coords.latitude], accuracy: coords.accuracy })
      },
      () => setState('failed'),
      { enableHighAccuracy: true, timeout: 20_000 },
    )
  }
  if (!('geolocation' in navigator)) return null
  return (
    <div className="field">
      {at ? (
        <div className="citizen-here">
          <span>{at.accuracy > 0 ? t('citizen.hereAt', { m: Math.round(at.accuracy) }) : t('citizen.herePosted')}</span>
          <Button small onPress={() => onChange(null)}>
            {t('citizen.hereForget')}
          </Button>
        </div>
      ) : (
        <Button icon="pin" isDisabled={state === 'busy'} onPress={ask}>
          {t(state === 'busy' ? 'citizen.hereBusy' : 'citizen.here')}
        </Button>
      )}
      {(error || state === 'failed') && (
        <div className="field-error" role="alert">
          {error ?? t('citizen.hereFailed')}
        </div>
      )}
    </div>
  )
}
