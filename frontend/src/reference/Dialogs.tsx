import { useEffect, useState } from 'react'
import { ApiError } from '../api/error'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Preview } from '../ui/Preview'
import { Severities } from './States'

/** What lies over the page: it has the page's own theme. */
export function Dialogs() {
  const { t } = useText()
  const [open, setOpen] = useState<'dialog' | 'form' | null>(null)
  const close = () => setOpen(null)
  return (
    <div className="reference-stack">
      <div className="reference-row">
        <Button onPress={() => setOpen('dialog')} data-testid="reference-open">
          {t('reference.open')}
        </Button>
        <Button onPress={() => setOpen('form')} data-testid="reference-form">
          {t('reference.openForm')}
        </Button>
        <Button
          onPress={() => {
            notify('done', t('reference.noticeText'))
            notify('event', t('reference.long'), { label: t('app.retry'), press: close })
            notify('wrong', t('error.code.network'))
          }}
          data-testid="reference-notify"
        >
          {t('reference.notice')}
        </Button>
      </div>
      <Drawn />
      {open === 'dialog' && (
        <Dialog open wide title={t('reference.long')} onClose={close} testid="reference-dialog">
          <Severities />
          <p>{t('reference.lead')}</p>
        </Dialog>
      )}
      {open === 'form' && (
        <FormDialog title={t('reference.openForm')} testid="reference-form-dialog" error={new ApiError('conflict', 409)} told={false} isPending={false} onSubmit={close} onClose={close}>
          <TextInput label={t('reference.filled')} defaultValue={t('reference.one')} />
        </FormDialog>
      )}
    </div>
  )
}

/** A picture made here, as one that a person has just chosen. */
function Drawn() {
  const { t } = useText()
  const [file, setFile] = useState<File | null>(null)
  useEffect(() => {
    const canvas = document.createElement('canvas')
    const pen = canvas.getContext('2d')
    if (!pen) return
    Object.assign(canvas, { width: 320, height: 180 })
    for (let i = 0; i < 8; i++) {
      pen.fillStyle = `hsl(${i * 45} 40% 50%)`
      pen.fillRect(i * 40, 0, 40, 180)
    }
    canvas.toBlob((blob) => blob && setFile(new File([blob], 'drawn.png', { type: 'image/png' })))
  }, [])
  return file && <Preview file={file} label={t('reference.picture')} />
}
