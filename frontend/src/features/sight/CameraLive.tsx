import { useState } from 'react'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import '../../i18n/sight'
import { Button } from '../../ui/Button'
import { putOnWall } from '../../video/placed'
import { Section } from '../detail/Frame'
import { Live } from './Live'
import './sight.css'
import { useSector } from './useSector'

/** What a camera sees: its sector on the map, and its picture where the viewer may look. */
export default function CameraLive({ id, name }: { id: number; name: string }) {
  const { t } = useText()
  const session = useSession()
  const [playing, setPlaying] = useState(false)
  useSector(id)
  const allowed = may(session, 'camera.watch')
  return (
    <Section title={t('video.title')} note={allowed && t('video.watched')} testid="camera-live">
      {!allowed ? (
        <p className="detail-hint">{t('video.forbidden')}</p>
      ) : playing ? (
        <Live id={id} name={name} onClose={() => setPlaying(false)} />
      ) : (
        <div className="live-begin">
          <Button onPress={() => setPlaying(true)} data-testid="play">
            {t('video.play')}
          </Button>
          <Button onPress={() => putOnWall(id, name)} data-testid="put-on-wall">
            {t('wall.put')}
          </Button>
        </div>
      )}
    </Section>
  )
}
