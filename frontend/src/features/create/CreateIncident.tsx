import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import { api, take } from '../../api/client'
import { asApiError, fieldText } from '../../api/error'
import { categoriesQuery } from '../../api/queries'
import { select } from '../../app/router'
import { change } from '../../app/workbench'
import { useText } from '../../i18n'
import { lonLat } from '../../lib/format'
import { newKey } from '../../lib/key'
import type { LonLat } from '../../map/types'
import { Button, IconButton } from '../../ui/Button'
import { FieldGroup, TextInput } from '../../ui/Field'
import { notify } from '../../ui/notices'
import { SeveritySign, type SeverityLevel, asSeverity } from '../../ui/Severity'
import { Failure } from '../../ui/State'
import { Answers } from '../reports/Answers'
import { Caller, type CallerSaid } from '../reports/Caller'
import { Similar } from '../reports/Similar'
import { useCandidates } from '../reports/useCandidates'
import { later } from '../../ui/later'
import { CategoryBox } from './CategoryBox'
import './create.css'

const Templates = later(() => import('../flow/Templates'))

const levels: SeverityLevel[] = [1, 2, 3]
const shownFields = ['title', 'category', 'severity', 'address', 'description', 'point', 'reporter_name', 'reporter_phone']

/**
 * The short form of a new case, or of a call about one that is there already: like cases show while it is filled in. Afterwards the case is selected, with its
 * dispatch list open: the next press sends somebody.
 */
export default function CreateIncident({ point, place }: { point: LonLat; place: string }) {
  const { t, has } = useText()
  const [title, setTitle] = useState('')
  const [category, setCategory] = useState<string | null>(null)
  const [severity, setSeverity] = useState<SeverityLevel>(2)
  const [rated, setRated] = useState(false) // by hand: a category's usual severity changes it no more
  const [address, setAddress] = useState(place)
  const [description, setDescription] = useState('')
  const [condition, setCondition] = useState('')
  const [said, setSaid] = useState<CallerSaid>({ phone: '', name: '' })
  const [missing, setMissing] = useState(false)
  const client = useQueryClient()
  const similar = useCandidates(title, description, category, point)
  // One key for one form: pressing twice, or again after a broken connection, makes one case.
  const [key] = useState(newKey)

  const create = useMutation({
    mutationFn: async (joins: number | null) => {
      const what = { title: title.trim(), category: category ?? '', severity, address: address.trim(), description: description.trim(), point: [...point] }
      const params = { header: { 'Idempotency-Key': key } }
      if (joins === null && !said.phone.trim() && !said.name.trim()) return take(api.POST('/api/incidents', { params, body: { ...what, ...(condition ? { condition } : {}) } }))
      const caller = { channel: 'hotline' as const, reporter_phone: said.phone.trim(), reporter_name: said.name.trim() }
      const body = joins === null ? { ...what, ...caller, file: true, ...(condition ? { condition } : {}) } : { ...what, ...caller, incident_id: joins }
      return (await take(api.POST('/api/reports', { params, body }))).incident!
    },
    onSuccess: (incident, joins) => {
      notify('done', t(joins === null ? 'create.created' : 'reports.joined', { number: incident.number }))
      void client.invalidateQueries({ queryKey: ['incident', incident.id] })
      change({ creating: null })
      select({ layer: 'incident', id: incident.id })
    },
  })

  const error = create.error
  const wrong = (field: string) => fieldText(error, field, t, has)
  const elsewhere = error && !shownFields.some((field) => wrong(field))
  const required = (value: string | null) => (missing && !value?.trim() ? t('login.required') : undefined)

  function rate(level: SeverityLevel) {
    setSeverity(level)
    setRated(true)
  }

  function choose(code: string | null) {
    setCategory(code)
    setCondition('')
    const usual = client.getQueryData(categoriesQuery.queryKey)?.find((each) => each.code === code)?.severity
    if (usual && !rated) setSeverity(asSeverity(usual))
  }

  function submit() {
    setMissing(true)
    if (title.trim() && category && !create.isPending) create.mutate(null)
  }

  /** One more report of a case that is there. Its name alone has to be known. */
  function join(id: number) {
    setMissing(true)
    if (title.trim() && !create.isPending) create.mutate(id)
  }

  function keys(event: KeyboardEvent) {
    if (event.altKey && ['1', '2', '3'].includes(event.key)) {
      event.preventDefault()
      rate(Number(event.key) as SeverityLevel)
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      submit()
    } else if (event.key === 'Escape' && !event.defaultPrevented) {
      change({ creating: null })
    }
  }

  return (
    <article className="create" aria-labelledby="create-title" onKeyDown={keys} data-testid="create-incident">
      <header className="create-head">
        <h2 id="create-title">{t('create.title')}</h2>
        <IconButton icon="close" label={t('create.discard')} onPress={() => change({ creating: null })} />
      </header>
      <form
        className="form create-form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
        noValidate
      >
        <Templates
          onPick={(picked) => {
            setTitle((now) => now || picked.title)
            setCategory(picked.category)
            rate(picked.severity)
            setDescription((now) => now || picked.text)
          }}
          category={category}
          condition={condition}
          onCondition={setCondition}
        />
        <FieldGroup label={t('create.point')} error={wrong('point')}>
          <div className="create-point">
            {lonLat(point)}
            <Button small look="quiet" icon="coordinate" onPress={() => change({ creating: { point: null } })}>
              {t('create.repick')}
            </Button>
          </div>
        </FieldGroup>
        <TextInput label={t('create.name')} placeholder={t('create.namePlaceholder')} name="title" value={title} onChange={setTitle} maxLength={120} autoFocus isRequired error={wrong('title') ?? required(title)} />
        <CategoryBox value={category} onChange={choose} error={wrong('category') ?? required(category)} />
        <FieldGroup label={t('create.severity')} hint={t('create.severityKeys')} error={wrong('severity')}>
          <RadioGroup className="segment" aria-label={t('create.severity')} orientation="horizontal" value={String(severity)} onChange={(value) => rate(Number(value) as SeverityLevel)}>
            {levels.map((level) => (
              <Radio key={level} value={String(level)} className="segment-item" data-testid={`severity-${level}`}>
                <SeveritySign level={level} size="1.3em" />
                {t(`severity.${level}`).replace(/^\S+\s/, '')}
              </Radio>
            ))}
          </RadioGroup>
        </FieldGroup>
        <TextInput label={t('create.address')} placeholder={t('create.addressPlaceholder')} name="address" value={address} onChange={setAddress} maxLength={200} error={wrong('address')} />
        <TextInput label={t('create.description')} name="description" rows={3} value={description} onChange={setDescription} maxLength={4000} error={wrong('description')} />
        <Caller said={said} onChange={setSaid} wrong={wrong} />
        {!!similar.data?.length && (
          <section aria-label={t('reports.similar')}>
            <h3 className="field-label">{t('reports.similar')}</h3>
            <Similar items={similar.data.slice(0, 4)} action={t('reports.join')} busy={create.isPending} onAct={(item) => join(item.incident.id)} />
          </section>
        )}
        <Answers title={title} category={category} />
        {elsewhere && asApiError(error).code !== 'unauthorized' && <Failure compact error={error} />}
        <Button type="submit" look="primary" isDisabled={create.isPending}>
          {t(create.isPending ? 'create.submitting' : 'create.submit')}
        </Button>
      </form>
    </article>
  )
}
