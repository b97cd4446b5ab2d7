import { useQuery } from '@tanstack/react-query'
import { type CSSProperties, useState } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import '../i18n/devices'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import { DeviceCameras } from './DeviceCameras'
import { DeviceForm } from './DeviceForm'
import { DeviceImportDialog, type Imported } from './DeviceImportDialog'
import './devices.css'
import { type Device, devicesKey, treeOf } from './devices'

/** What cameras hang on, as a tree, and the cameras of each. */
export default function DevicesPage() {
  const { t } = useText()
  const devices = useQuery({ queryKey: devicesKey, queryFn: async () => (await take(api.GET('/api/devices'))).items, staleTime: 0, refetchInterval: 30_000 })
  const [chosen, setChosen] = useState(0)
  const [editing, setEditing] = useState<Device | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Device | null>(null)
  const [importing, setImporting] = useState<Imported | null>(null)
  if (devices.isPending) return <Loading text={t('app.loading')} />
  if (devices.isError && !devices.data) return <Failure error={devices.error} onRetry={() => void devices.refetch()} />
  const current = devices.data.find((each) => each.id === chosen) ?? null
  return (
    <section aria-labelledby="devices-title">
      <AdminHead id="devices-title" title={t('admin.devices')} hint={t('devices.hint')}>
        <div className="device-move">
          <a className="button button-quiet" href="/api/cameras/export" download data-testid="export-cameras">
            {t('devices.exportCameras')}
          </a>
          <Button onPress={() => setImporting('cameras')} data-testid="import-cameras">
            {t('devices.importCameras')}
          </Button>
          <Button onPress={() => setImporting('devices')} data-testid="import-devices">
            {t('devices.import')}
          </Button>
          <NewButton testid="new-device" text={t('devices.new')} onPress={() => setEditing('new')} />
        </div>
      </AdminHead>
      {devices.isError && <Failure compact error={devices.error} onRetry={() => void devices.refetch()} />}
      <div className="device-page">
        <div>
          {devices.data.length === 0 && <Empty icon="camera" title={t('devices.empty')} detail={t('devices.emptyDetail')} />}
          <ul className="device-tree" aria-label={t('devices.tree')}>
            <li>
              <button type="button" aria-current={current === null || undefined} onClick={() => setChosen(0)}>
                <span className="device-name">{t('devices.unhung')}</span>
              </button>
            </li>
            {treeOf(devices.data).map(({ device, depth }) => (
              <li key={device.id}>
                <button type="button" style={{ '--depth': depth } as CSSProperties} aria-current={device === current || undefined} aria-level={depth + 1} onClick={() => setChosen(device.id)} data-testid="device">
                  <span className="device-kind">{t(`devices.${device.kind}`)}</span>
                  <span className="device-name truncate">{device.name}</span>
                  <span className={device.out ? 'device-count device-out' : 'device-count'}>
                    {device.out && `■ ${t('devices.out')} · `}
                    {device.down > 0 ? t('devices.downOf', { down: device.down, n: device.below }) : t('devices.cameras', { n: device.below })}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </div>
        <div>
          <header className="admin-head">
            <div>
              <h3>{current ? t('devices.below', { name: current.name }) : t('devices.unhung')}</h3>
              {current?.code && <p className="admin-hint">{t('devices.code', { code: current.code })}</p>}
            </div>
            {current && (
              <div className="device-move">
                <Button onPress={() => setEditing(current)} aria-label={t('devices.editTitle', { name: current.name })} data-testid="edit-device">
                  {t('devices.edit')}
                </Button>
                <Button onPress={() => setDeleting(current)} aria-label={`${t('devices.delete')} ${current.name}`}>
                  {t('devices.delete')}
                </Button>
              </div>
            )}
          </header>
          <DeviceCameras key={chosen} parent={current?.id ?? 0} all={devices.data} />
        </div>
      </div>
      {editing && <DeviceForm device={editing === 'new' ? null : editing} all={devices.data} parent={editing === 'new' ? (current?.id ?? 0) : 0} onClose={() => setEditing(null)} />}
      {importing && <DeviceImportDialog what={importing} onClose={() => setImporting(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('devices.deleteTitle', { name: deleting.name })}
          hint={t('devices.deleteHint')}
          action={t('devices.delete')}
          done={t('devices.deleted', { name: deleting.name })}
          act={() => take(api.DELETE('/api/devices/{id}', { params: { path: { id: deleting.id } } }))}
          queryKey={devicesKey}
          onClose={() => setDeleting(null)}
          testid="delete-device"
        />
      )}
    </section>
  )
}
