import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { catalogQuery } from '../api/queries'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import { GeofenceForm } from './GeofenceForm'
import { type Geofence, geofencesKey, triggerLabel } from './geofences'

/** Which moving things are watched at which polygons. */
export function GeofenceList() {
  const { t, has, locale } = useText()
  const tree = useAreas()
  const rules = useQuery({ queryKey: geofencesKey, queryFn: async () => (await take(api.GET('/api/geofences'))).items, staleTime: 0, refetchInterval: 10_000 })
  const { data: catalog } = useQuery(catalogQuery)
  const [editing, setEditing] = useState<Geofence | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Geofence | null>(null)
  if (rules.isPending) return <Loading text={t('app.loading')} />
  if (rules.isError) return <Failure error={rules.error} onRetry={() => void rules.refetch()} />
  const title = (name: string) => catalog?.layers.find((l) => l.name === name)?.title[locale] || name
  const state = (r: Geofence) => {
    if (!r.enabled) return t('admin.geofenceOff')
    if (!r.last_error) return t('admin.geofenceWatching')
    return t('admin.geofenceBroken', { reason: has(`reason.${r.last_error}`) ? t(`reason.${r.last_error}`) : r.last_error })
  }
  return (
    <section aria-labelledby="geofences-title">
      <AdminHead id="geofences-title" title={t('admin.geofences')} hint={t('admin.geofencesHint')}>
        <NewButton testid="new-geofence" text={t('admin.newGeofence')} onPress={() => setEditing('new')} />
      </AdminHead>
      {rules.data.length === 0 ? (
        <Empty icon="list" title={t('admin.geofencesEmpty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('admin.geofenceName')}</th>
              <th scope="col">{t('admin.geofenceArea')}</th>
              <th scope="col">{t('admin.geofenceMoving')}</th>
              <th scope="col">{t('admin.geofenceFences')}</th>
              <th scope="col">{t('admin.geofenceTriggers')}</th>
              <th scope="col">{t('admin.geofenceState')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {rules.data.map((r) => (
              <tr key={r.id} data-testid="geofence" data-enabled={r.enabled}>
                <th scope="row">
                  {r.name}
                  {r.report && <div className="grid-details">{t('admin.geofenceReport')}</div>}
                </th>
                <td>{r.area_path ? tree.place(r.area_path, locale) || r.area_path : t('admin.everywhere')}</td>
                <td>
                  {title(r.moving_layer)}
                  {r.moving_filter && <div className="grid-details">{r.moving_filter}</div>}
                </td>
                <td>
                  {title(r.fence_layer)}
                  {r.fence_filter && <div className="grid-details">{r.fence_filter}</div>}
                </td>
                <td>{r.triggers.map((each) => t(triggerLabel[each])).join(' · ')}</td>
                <td>{state(r)}</td>
                <td className="grid-action">
                  <Button onPress={() => setEditing(r)} aria-label={`${t('admin.geofenceEdit')} ${r.name}`}>
                    {t('admin.geofenceEdit')}
                  </Button>{' '}
                  <Button onPress={() => setDeleting(r)} aria-label={`${t('admin.geofenceDelete')} ${r.name}`}>
                    {t('admin.geofenceDelete')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing && <GeofenceForm rule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('admin.geofenceDeleteTitle', { name: deleting.name })}
          hint={t('admin.geofenceDeleteHint')}
          action={t('admin.geofenceDelete')}
          done={t('admin.geofenceDeleted', { name: deleting.name })}
          act={() => take(api.DELETE('/api/geofences/{id}', { params: { path: { id: deleting.id } } }))}
          queryKey={geofencesKey}
          onClose={() => setDeleting(null)}
          testid="delete-geofence"
        />
      )}
    </section>
  )
}
