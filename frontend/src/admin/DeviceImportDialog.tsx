import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notices'
import { Failure } from '../ui/State'
import { devicesKey } from './devices'

/** What a file brings: devices with what hangs on them, or cameras. */
export type Imported = 'devices' | 'cameras'

const of = {
  devices: { path: '/api/devices/import', title: 'devices.importTitle', hint: 'devices.importHint', would: 'devices.would', done: 'devices.imported', accept: '.csv,.txt,.json,.geojson,text/csv,application/geo+json' },
  cameras: { path: '/api/cameras/import', title: 'devices.cameraTitle', hint: 'devices.cameraHint', would: 'devices.cameraWould', done: 'devices.cameraImported', accept: '.csv,.txt,.json,.geojson,.xml,text/csv,application/geo+json,application/xml' },
} as const

/** The media type of a file, by its name. */
export function mediaType(name: string): string {
  if (/json$/i.test(name)) return 'application/geo+json'
  return /\.xml$/i.test(name) ? 'application/xml' : 'text/csv'
}

/** A file is checked first, which changes nothing; what would be done is shown, and then done. */
export function DeviceImportDialog({ what, onClose }: { what: Imported; onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const send = (file: File, dry_run: boolean) =>
    take(api.POST(of[what].path, { params: { query: { dry_run } }, body: file as never, bodySerializer: (body) => body as never, headers: { 'Content-Type': mediaType(file.name) } }))
  const check = useMutation({ mutationFn: async (file: File) => ({ file, ...(await send(file, true)) }) })
  const apply = useMutation({
    mutationFn: (file: File) => send(file, false),
    onSuccess: (done) => {
      if (done.errors.length > 0) return
      notify('done', t(of[what].done, { ...done }))
      void client.invalidateQueries({ queryKey: devicesKey })
      onClose()
    },
  })
  const found = apply.data ?? check.data
  const error = apply.error ?? check.error
  return (
    <Dialog open title={t(of[what].title)} onClose={onClose} testid="device-import">
      <div className="form">
        <p className="field-hint">{t(of[what].hint)}</p>
        <input
          ref={input}
          type="file"
          accept={of[what].accept}
          hidden
          data-testid="device-file"
          onChange={(event) => {
            const file = event.target.files?.[0]
            apply.reset()
            if (file) check.mutate(file)
            event.target.value = ''
          }}
        />
        <Button icon="plus" onPress={() => input.current?.click()}>
          {check.data?.file.name ?? t('devices.file')}
        </Button>
        {check.isPending && <p role="status">{t('devices.checking')}</p>}
        {error && <Failure compact error={error} />}
        {found && !error && (
          <div role="status" data-testid="device-found">
            {found.errors.length === 0 ? (
              <p>{t(of[what].would, { ...found })}</p>
            ) : (
              <>
                <p>{t('devices.wrong', { n: found.errors.length + found.more })}</p>
                <ul className="device-errors">
                  {found.errors.map((each) => (
                    <li key={`${each.row} ${each.field} ${each.reason}`}>
                      {t('devices.row', { row: each.row })}
                      {each.field && ` · ${has(`devices.fields.${each.field}`) ? t(`devices.fields.${each.field}`) : each.field}`}
                      {each.value && ` “${each.value}”`} · {has(`devices.reason.${each.reason}`) ? t(`devices.reason.${each.reason}`) : each.reason}
                    </li>
                  ))}
                  {found.more > 0 && <li>{t('devices.more', { n: found.more })}</li>}
                </ul>
              </>
            )}
          </div>
        )}
        <div className="dialog-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button look="primary" isDisabled={!check.data || check.data.errors.length > 0 || apply.isPending} onPress={() => check.data && apply.mutate(check.data.file)}>
            {t('devices.apply')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
