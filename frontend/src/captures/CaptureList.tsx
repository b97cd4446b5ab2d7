import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { catalogQuery } from '../api/queries'
import { go, paths } from '../app/router'
import { may, useSession } from '../app/session'
import { theMap } from '../app/workbench'
import { shownPicture } from '../features/layers/tree'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import type { Bbox } from '../map/types'
import { Button } from '../ui/Button'
import { TextInput } from '../ui/Field'
import { FormDialog } from '../ui/FormDialog'
import { notify } from '../ui/notices'
import { Empty, Failure, Loading } from '../ui/State'
import { type Capture, bytes, capturesQuery } from './queries'

const shownKinds = ['ortho', 'dsm', 'dtm', 'track'] as const

/** How often, a second apart, the catalogue is asked for the first capture's tiles. */
const CATALOGUE_TRIES = 8

/** Captures that are served, the newest flight first; two of them can be compared. */
export function CaptureList() {
  const { t, locale } = useText()
  const sends = may(useSession(), 'capture.upload')
  const found = useQuery(capturesQuery)
  const [chosen, setChosen] = useState<number[]>([])
  const [leaving, setLeaving] = useState<Capture | null>(null)
  const client = useQueryClient()
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  if (found.data.length === 0) return <Empty icon="area" title={t('captures.none')} detail={t('captures.noneHint')} />
  const compare = () => {
    const [a, b] = found.data.filter(({ id }) => chosen.includes(id)).reverse() // the earlier one lies below
    go(`${paths.captures}/compare`)
    const address = new URL(location.href)
    address.searchParams.set('a', String(a!.id))
    address.searchParams.set('b', String(b!.id))
    history.replaceState(null, '', address)
  }
  const show = async (capture: Capture) => {
    // The map is made of the catalogue, which has to know the capture's tiles by then: a node finds them some seconds after they are published.
    for (let asked = 0; asked < CATALOGUE_TRIES; asked++) {
      const catalog = await client.fetchQuery({ ...catalogQuery, staleTime: 0 }).catch(() => undefined)
      if (catalog?.basemap.pictures.some(({ source }) => source === 'orthophoto')) break
      await new Promise((wait) => setTimeout(wait, 1000))
    }
    shownPicture.set('orthophoto')
    go(paths.situation, { layer: 'capture', id: capture.id })
    const stop = theMap.watch(() => {
      if (!theMap.get()) return // it opens
      stop()
      theMap.get()!.flyTo(capture.bbox as Bbox, { instant: true })
    })
  }
  return (
    <section className="captures-part" aria-labelledby="captures-list">
      <div className="captures-list-head">
        <h2 id="captures-list">{t('captures.list')}</h2>
        <Button icon="eye" isDisabled={chosen.length !== 2} onPress={compare} data-testid="captures-compare-two">{chosen.length === 2 ? t('captures.compareTwo') : t('captures.pickTwo')}</Button>
      </div>
      <ul className="captures-rows">
        {found.data.map((capture) => (
          <li key={capture.id} className="captures-row" data-testid="capture">
            <input type="checkbox" aria-label={t('captures.select', { name: capture.name })} checked={chosen.includes(capture.id)} onChange={(event) => setChosen((now) => (event.target.checked ? [...now.slice(-1), capture.id] : now.filter((id) => id !== capture.id)))} />
            <b className="truncate">{capture.name}</b>
            <span>{stamp(capture.captured_at, locale)}</span>
            <span>{capture.gsd_m !== undefined && t('captures.gsd', { cm: (capture.gsd_m * 100).toFixed(1) })}</span>
            <span>{shownKinds.filter((each) => capture.files.some(({ kind }) => kind === each)).map((each) => t(`captures.kind.${each}`)).join(' · ')}</span>
            <span>{bytes(capture.files.reduce((sum, { size }) => sum + size, 0))}</span>
            <span className="captures-acts">
              <Button small icon="place" onPress={() => void show(capture)} data-testid="capture-show">{t('captures.show')}</Button>
              {capture.files.filter(({ kind }) => kind === 'original' || kind === 'original_zip').map(({ kind }) => (
                <a key={kind} className="captures-link" href={`/api/captures/${capture.id}/files/${kind}`} download>{t('captures.original')}</a>
              ))}
              {sends && <Button small look="quiet" onPress={() => setLeaving(capture)}>{t('captures.withdraw')}</Button>}
            </span>
          </li>
        ))}
      </ul>
      {leaving && <Withdraw capture={leaving} onClose={() => setLeaving(null)} />}
    </section>
  )
}

function Withdraw({ capture, onClose }: { capture: Capture; onClose: () => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const withdraw = useMutation({
    mutationFn: () => take(api.POST('/api/captures/{id}/withdrawal', { params: { path: { id: capture.id } }, body: { reason } })),
    onSuccess: () => {
      notify('done', t('captures.withdrawn', { name: capture.name }))
      void client.invalidateQueries({ queryKey: capturesQuery.queryKey })
      onClose()
    },
  })
  return (
    <FormDialog title={t('captures.withdrawTitle', { name: capture.name })} testid="withdraw" error={withdraw.error} told={false} isPending={withdraw.isPending || !reason.trim()} onSubmit={() => withdraw.mutate()} onClose={onClose}>
      <p>{t('captures.withdrawHint')}</p>
      <TextInput label={t('captures.reason')} value={reason} onChange={setReason} autoFocus maxLength={500} />
    </FormDialog>
  )
}
