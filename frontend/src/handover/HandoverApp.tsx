import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, errorText, fieldText } from '../api/error'
import { go, paths, usePlace } from '../app/router'
import { may, useSession } from '../app/session'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import '../i18n/duty'
import { stamp } from '../lib/time'
import '../review/review.css'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Empty, Failure, Loading } from '../ui/State'
import { type Content, type Handover, stateOf } from './handover'
import './handover.css'
import { Paper } from './Paper'

const key = ['handovers']

/** What one shift hands to the next: the records, one on paper, a new one, and the signature of who takes over. */
export default function HandoverApp() {
  const { t } = useText()
  const { path } = usePlace()
  const rest = path.slice(paths.handover.length + 1)
  if (!may(useSession(), 'handover')) {
    return (
      <main className="review">
        <Bar />
        <Empty icon="people" title={t('duty.notAllowed')} />
      </main>
    )
  }
  return rest === 'new' ? <Draft /> : Number(rest) > 0 ? <Record id={Number(rest)} /> : <List />
}

const open = (what: string | number) => go(`${paths.handover}/${what}`, null)

function Bar({ list, children }: { list?: boolean; children?: React.ReactNode }) {
  const { t } = useText()
  return (
    <nav className="review-bar">
      <Button icon="chevronLeft" onPress={() => (list ? go(paths.handover, null) : go(paths.situation, null))}>
        {t(list ? 'duty.handoverList' : 'duty.handoverBack')}
      </Button>
      {children}
    </nav>
  )
}

function List() {
  const { t, locale } = useText()
  const areas = useAreas()
  const found = useQuery({ queryKey: key, queryFn: async () => (await take(api.GET('/api/handovers'))).items, staleTime: 0 })
  return (
    <main className="review">
      <Bar>
        <Button look="primary" icon="plus" onPress={() => open('new')} data-testid="new-handover">
          {t('duty.handoverNew')}
        </Button>
      </Bar>
      <section className="handovers" aria-labelledby="handovers-title">
        <h1 id="handovers-title">{t('duty.handover')}</h1>
        {found.isPending ? (
          <Loading text={t('app.loading')} />
        ) : found.isError ? (
          <Failure error={found.error} onRetry={() => void found.refetch()} />
        ) : found.data.length === 0 ? (
          <Empty icon="list" title={t('duty.handoverNone')} />
        ) : (
          <table className="handover-grid">
            <thead>
              <tr>
                <th scope="col">{t('duty.handoverAt')}</th>
                <th scope="col">{t('duty.area')}</th>
                <th scope="col">{t('duty.handoverFrom')}</th>
                <th scope="col">{t('duty.handoverTo')}</th>
                <th scope="col">{t('duty.handoverState')}</th>
              </tr>
            </thead>
            <tbody>
              {found.data.map((each) => (
                <tr key={each.id} data-testid={`handover-${each.id}`}>
                  <th scope="row">
                    <button type="button" onClick={() => open(each.id)}>
                      {stamp(each.made_at, locale)}
                    </button>
                  </th>
                  <td>{areas.place(each.area_path, locale) || each.area_path}</td>
                  <td>{each.made_name}</td>
                  <td>{each.taken_name ?? ''}</td>
                  <td>
                    <State of={each} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </main>
  )
}

const signs = { signed: 'check', waits: 'clock', superseded: 'minus' } as const

function State({ of }: { of: Handover }) {
  const { t } = useText()
  const state = stateOf(of)
  return (
    <span className={`handover-state handover-${state}`}>
      <Icon name={signs[state]} size="1em" />
      {t(`duty.${state}`)}
    </span>
  )
}

function Draft() {
  const { t, has } = useText()
  const client = useQueryClient()
  const draft = useQuery({ queryKey: [...key, 'draft'], queryFn: () => take(api.GET('/api/handovers/draft')), staleTime: 0, gcTime: 0 })
  const [notes, setNotes] = useState('')
  const make = useMutation({
    mutationFn: () => take(api.POST('/api/handovers', { body: { notes } })),
    onSuccess: (made) => {
      notify('done', t('duty.handoverMade'))
      void client.invalidateQueries({ queryKey: key })
      open(made.id)
    },
  })
  return (
    <main className="review">
      <Bar list>
        <Button look="primary" isDisabled={!draft.data || make.isPending} onPress={() => make.mutate()} data-testid="make-handover">
          {t('duty.handoverMake')}
        </Button>
      </Bar>
      <form className="handover-notes" onSubmit={(event) => event.preventDefault()}>
        <TextInput label={t('duty.notes')} name="notes" rows={4} value={notes} onChange={setNotes} maxLength={4000} error={fieldText(make.error, 'notes', t, has)} autoFocus />
        {make.error && !fieldText(make.error, 'notes', t, has) && <Failure compact error={make.error} />}
      </form>
      {draft.isPending ? <Loading text={t('app.loading')} /> : draft.isError ? <Failure error={draft.error} onRetry={() => void draft.refetch()} /> : <Paper content={{ ...draft.data, notes }} />}
    </main>
  )
}

function Record({ id }: { id: number }) {
  const { t } = useText()
  const [signing, setSigning] = useState(false)
  const found = useQuery({ queryKey: [...key, id], queryFn: () => take(api.GET('/api/handovers/{id}', { params: { path: { id } } })), staleTime: 0 })
  const record = found.data
  return (
    <main className="review">
      <Bar list>
        {record && stateOf(record) === 'waits' && (
          <Button look="primary" icon="check" onPress={() => setSigning(true)} data-testid="sign-handover">
            {t('duty.sign')}
          </Button>
        )}
        <Button isDisabled={!record} onPress={() => window.print()} data-testid="print-handover">
          {t('duty.print')}
        </Button>
      </Bar>
      {found.isPending ? <Loading text={t('app.loading')} /> : found.isError ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Paper content={found.data.content as Content} record={found.data} />}
      {signing && record && <Sign record={record} onClose={() => setSigning(false)} />}
    </main>
  )
}

/** Whoever takes over says by the own password that it is so, at this screen. */
function Sign({ record, onClose }: { record: Handover; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const sign = useMutation({
    mutationFn: () => take(api.POST('/api/handovers/{id}/signature', { params: { path: { id: record.id } }, body: { login: login.trim(), password } })),
    onSuccess: (signed) => {
      notify('done', t('duty.took', { name: signed.taken_name ?? '' }))
      void client.invalidateQueries({ queryKey: key })
      onClose()
    },
    onError: () => setPassword(''),
  })
  const wrong = (field: string) => fieldText(sign.error, field, t, has)
  const limited = sign.error && asApiError(sign.error).code === 'rate_limited'
  return (
    <Dialog open title={t('duty.sign')} onClose={onClose} testid="sign-form">
      <form
        className="form"
        autoComplete="off"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (login.trim() && password) sign.mutate()
        }}
      >
        <p>{t('duty.signHint')}</p>
        <TextInput label={t('duty.login')} name="signer" value={login} onChange={setLogin} maxLength={64} autoFocus autoComplete="off" error={wrong('login')} />
        <TextInput label={t('duty.password')} name="signature" type="password" value={password} onChange={setPassword} maxLength={200} autoComplete="off" error={wrong('password')} />
        {sign.error && !wrong('login') && !wrong('password') && <p className="field-error" role="alert">{limited ? t('error.code.rate_limited') : errorText(sign.error, t, has)}</p>}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look="primary" isDisabled={sign.isPending || !login.trim() || !password} data-testid="sign-confirm">
            {t('duty.sign')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
