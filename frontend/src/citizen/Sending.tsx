import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { errorText } from '../api/error'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { sendPicture } from './pictures'

/** Sends the pictures of a report that is kept already, one after the other. What did not go through is sent again at the press of a button. */
export function Sending({ tracking, files }: { tracking: string; files: File[] }) {
  const { t, has } = useText()
  const [sent, setSent] = useState(0)
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      for (let i = sent; i < files.length; i++) {
        await sendPicture(tracking, files[i]!)
        setSent(i + 1)
      }
    },
  })
  useEffect(() => {
    if (files.length) mutate()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for one report
  }, [tracking])
  if (!files.length) return null
  return (
    <div className="citizen-sending" data-testid="citizen-sending">
      <span role="status">{t(sent === files.length ? 'citizen.picturesSent' : 'citizen.picturesSending', { n: sent, of: files.length })}</span>
      {sent < files.length && <progress value={sent} max={files.length} aria-label={t('citizen.picturesSending', { n: sent, of: files.length })} />}
      {error && (
        <>
          <span className="field-error" role="alert">
            {errorText(error, t, has)}
          </span>
          <Button isDisabled={isPending} onPress={() => mutate()}>
            {t('citizen.picturesAgain')}
          </Button>
        </>
      )}
    </div>
  )
}
