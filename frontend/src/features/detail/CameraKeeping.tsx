import { useState } from 'react'
import { useText } from '../../i18n'
import '../../i18n/wedge'
import { Button } from '../../ui/Button'
import { later } from '../../ui/later'
import MaskEditor from '../masks/MaskEditor'
import { Section } from './Frame'
import PresetEditor from './PresetEditor'

const WedgeEditor = later(() => import('../wedge/WedgeEditor'))

/** What keepers of the registry correct of a camera. */
export default function CameraKeeping({ id, name }: { id: number; name: string }) {
  const { t } = useText()
  const [open, setOpen] = useState<'wedge' | 'masks' | 'presets' | null>(null)
  const close = () => setOpen(null)
  return (
    <Section title={t('keeping.title')} testid="camera-keeping">
      {open === 'wedge' ? (
        <WedgeEditor id={id} onClose={close} />
      ) : (
        <div className="keeping-buttons">
          <Button small onPress={() => setOpen('wedge')} data-testid="edit-wedge">
            {t('keeping.turn')}
          </Button>
          <Button small onPress={() => setOpen('masks')} data-testid="edit-masks">
            {t('keeping.masks')}
          </Button>
          <Button small onPress={() => setOpen('presets')} data-testid="edit-presets">
            {t('keeping.presets')}
          </Button>
        </div>
      )}
      {open === 'presets' && <PresetEditor id={id} name={name} onClose={close} />}
      {open === 'masks' && <MaskEditor id={id} name={name} onClose={close} />}
    </Section>
  )
}
