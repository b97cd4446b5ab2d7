import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError } from '../api/error'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { Failure } from '../ui/State'

/** What became of a report, by its code. */
export function Track() {
  const { t, locale } = useText()
  const [code, setCode] = useState('')
  const ask = useMutation({ mutationFn: () => take(api.POST('/api/citizen/reports/track', { body: { tracking: code } })) })
  const unknown = ask.error && asApiError(ask.error).code === 'not_found'
  return (
    <section className="citizen-track" aria-labelledby="track-title">
      <h2 id="track-title">{t('citizen.track')}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (code.trim() && !ask.isPending) ask.mutate()
        }}
      >
        <TextInput label={t('citizen.trackCode')} name="tracking" value={code} onChange={setCode} maxLength={20} spellCheck="false" error={unknown ? t('citizen.unknown') : undefined} />
        <Button type="submit" isDisabled={ask.isPending}>
          {t('citizen.ask')}
        </Button>
      </form>
      {ask.error && !unknown && <Failure compact error={ask.error} />}
      {ask.data && (
        <dl className="citizen-answer" data-testid="tracked">
          <dt>{ask.data.title}</dt>
          <dd>{ask.data.state ? t(`state.incident.${ask.data.state}`) : t('citizen.waiting')}</dd>
          <dt>{t('citizen.received')}</dt>
          <dd>{stamp(ask.data.received, locale)}</dd>
          {ask.data.number && (
            <>
              <dt>{t('citizen.number')}</dt>
              <dd>{ask.data.number}</dd>
            </>
          )}
          {ask.data.answer && (
            <>
              <dt>{t('citizen.answer')}</dt>
              <dd>{ask.data.answer}</dd>
            </>
          )}
        </dl>
      )}
    </section>
  )
}
