import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { type Device, devicesKey, treeOf } from './devices'

const most = 500 // that the server lists and moves at once

/** The cameras of one device, or of none; those that are ticked are moved to another one. */
export function DeviceCameras({ parent, all }: { parent: number; all: Device[] }) {
  const { t } = useText()
  const client = useQueryClient()
  const [q, setQ] = useState('')
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set())
  const [to, setTo] = useState('0')
  const cameras = useQuery({ queryKey: [...devicesKey, parent, q], queryFn: async () => (await take(api.GET('/api/devices/cameras', { params: { query: { parent, q } } }))).items, placeholderData: keepPreviousData, staleTime: 0 })
  const move = useMutation({
    mutationFn: (ids: number[]) => take(api.PUT('/api/devices/cameras', { body: { parent_id: Number(to), cameras: ids } })),
    onSuccess: (_, ids) => {
      notify('done', t('devices.moved', { n: ids.length }))
      setTicked(new Set())
      void client.invalidateQueries({ queryKey: devicesKey })
    },
  })
  if (cameras.isPending) return <Loading text={t('app.loading')} />
  if (cameras.isError && !cameras.data) return <Failure error={cameras.error} onRetry={() => void cameras.refetch()} />
  const shown = cameras.data
  const chosen = shown.filter((each) => ticked.has(each.id)).map((each) => each.id)
  return (
    <>
      <div className="field-box">
        <input className="field-input" type="search" value={q} placeholder={t('devices.find')} aria-label={t('devices.find')} maxLength={60} data-testid="device-find" onChange={(event) => setQ(event.target.value)} />
      </div>
      {cameras.isError && <Failure compact error={cameras.error} onRetry={() => void cameras.refetch()} />}
      {shown.length === most && <p className="admin-hint">{t('devices.shown', { n: most })}</p>}
      {shown.length === 0 ? (
        <p className="admin-hint">{t('devices.none')}</p>
      ) : (
        <>
          <ul className="device-cameras">
            <li>
              <label>
                <input type="checkbox" checked={chosen.length === shown.length} onChange={(event) => setTicked(event.target.checked ? new Set(shown.map((each) => each.id)) : new Set())} data-testid="device-all" />
                {t('devices.all')} ({shown.length})
              </label>
            </li>
            {shown.map((each) => (
              <li key={each.id}>
                <label>
                  <input
                    type="checkbox"
                    checked={ticked.has(each.id)}
                    onChange={(event) => {
                      const next = new Set(ticked)
                      if (event.target.checked) next.add(each.id)
                      else next.delete(each.id)
                      setTicked(next)
                    }}
                  />
                  <span className="device-name truncate">{each.name}</span>
                  <span className="device-count">{each.device_id}</span>
                  <span className="device-count device-state" data-down={each.status === 'offline' || each.status === 'fault' || undefined}>{t(`state.camera.${each.status}`)}</span>
                </label>
              </li>
            ))}
          </ul>
          {move.error && <Failure compact error={move.error} />}
          <div className="device-move device-foot">
            <Select label={t('devices.moveTo')} value={to} onChange={setTo} choices={[{ id: '0', text: t('devices.nothing') }, ...treeOf(all).map(({ device, depth }) => ({ id: String(device.id), text: `${'　'.repeat(depth)}${device.name}` }))]} testid="device-to" />
            <Button look="primary" isDisabled={chosen.length === 0 || Number(to) === parent || move.isPending} onPress={() => move.mutate(chosen)} data-testid="move-cameras">
              {t('devices.move')} · {t('devices.chosen', { n: chosen.length })}
            </Button>
          </div>
        </>
      )}
    </>
  )
}
