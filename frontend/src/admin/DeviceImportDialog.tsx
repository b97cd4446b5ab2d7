import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notices'
import { Failure } from '../ui/State'
import { devicesKey } from './devices'

/** A file of devices is checked first, which changes nothing; what would be done is shown, and then done. */
export function DeviceImportDialog({ onClose }: { onClose: () => void }) {
  const { t, has } = useText()
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const send = (file: File, dry_run: boolean) =>
    take(api.POST('/api/devices/import', { params: { query: { dry_run } }, body: file as never, bodySerializer: (body) => body as never, headers: { 'Content-Type': file.name.toLowerCase().endsWith('json') ? 'application/geo+json' : 'text/csv' } }))
  const check = useMutation({ mutationFn: async (file: File) => ({ file, ...(await send(file, true)) }) })
  const apply = useMutation({
    mutationFn: (file: File) => send(file, false),
    onSuccess: (done) => {
      if (done.errors.length > 0) return
      notify('done', t('devices.imported', { ...done }))
      void client.invalidateQueries({ queryKey: devicesKey })
      onClose()
    },
  })
  const found = apply.data ?? check.data
  const error = apply.error ?? check.error
  return (
    <Dialog open title={t('devices.importTitle')} onClose={onClose} testid="device-import">
      <div className="form">
        <p className="field-hint">{t('devices.importHint')}</p>
        <input
          ref={input}
          type="file"
          accept=".csv,.txt,.json,.geojson,text/csv,application/geo+json"
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
              <p>{t('devices.would', { ...found })}</p>
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
