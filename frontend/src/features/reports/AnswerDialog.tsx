import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import { api, take } from '../../api/client'
import { fieldText } from '../../api/error'
import type { Report } from '../../api/types'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { FieldGroup, TextInput } from '../../ui/Field'
import { FormDialog } from '../../ui/FormDialog'
import { notify } from '../../ui/notices'

const opinions = ['yes', 'no', 'unasked'] as const

/** What the reporter was told when called back, and what he said of it. */
export default function AnswerDialog({ report, onClose }: { report: Report; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [opinion, setOpinion] = useState<string>('unasked')
  const answer = useMutation({
    mutationFn: () =>
      take(
        api.POST('/api/reports/{id}/moves', {
          params: { path: { id: report.id } },
          body: { move: 'answer', reason: text.trim(), ...(opinion === 'unasked' ? {} : { satisfied: opinion === 'yes' }) },
        }),
      ),
    onSuccess: () => {
      notify('done', t('reports.calledBack'))
      void client.invalidateQueries({ queryKey: ['incident'] })
      void client.invalidateQueries({ queryKey: ['reports'] })
      onClose()
    },
  })
  const wrong = fieldText(answer.error, 'answer', t, has)
  return (
    <FormDialog title={`${t('reports.callBack')} ${report.reporter_name ?? ''} ${report.reporter_phone ?? ''}`} testid="answer-dialog" error={answer.error} told={!!wrong} isPending={answer.isPending} onSubmit={() => answer.mutate()} onClose={onClose}>
      <p>{report.title}</p>
      <TextInput label={t('reports.answer')} name="answer" rows={3} value={text} onChange={setText} maxLength={2000} autoFocus isRequired error={wrong} />
      <FieldGroup label={t('reports.satisfied')}>
        <RadioGroup className="segment" aria-label={t('reports.satisfied')} orientation="horizontal" value={opinion} onChange={setOpinion}>
          {opinions.map((each) => (
            <Radio key={each} value={each} className="segment-item">
              {t(`reports.${each}`)}
            </Radio>
          ))}
        </RadioGroup>
      </FieldGroup>
    </FormDialog>
  )
}
