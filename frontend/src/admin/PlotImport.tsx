import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { asApiError } from '../api/error'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { drawShapes } from '../map/ring'
import { Button } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { Dialog } from '../ui/Dialog'
import { FieldGroup, TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure } from '../ui/State'
import { type PlotFile, type PlotLayer, type PlotReport, plotsKey, sendPlots, zoneKinds } from './plots'

const options = ['repair', 'skip_wrong', 'prune'] as const
const optionText = { repair: 'plots.repair', skip_wrong: 'plots.skipWrong', prune: 'plots.prune' } as const

/** A file is chosen, checked whole, looked at, and imported. */
export function PlotImport({ layer, onClose }: { layer: PlotLayer; onClose: () => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const picker = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File | null>(null)
  const [form, setForm] = useState<PlotFile>({ source: '', crs: '', id: '', name: '', kind: '', reason: '', weight: '', repair: false, skip_wrong: false, prune: false })
  const send = useMutation({
    mutationFn: ({ dry, form }: { dry: boolean; form: PlotFile }) => sendPlots(layer, file!, form, dry),
    onSuccess: (report) => {
      if (report.dry_run) return
      notify('done', t('plots.did', { ...report }))
      void client.invalidateQueries({ queryKey: plotsKey })
      onClose()
    },
  })
  const set = (what: Partial<PlotFile>) => {
    setForm((now) => ({ ...now, ...what }))
    send.reset() // what was checked is not what would be imported
  }
  const report = send.data
  const fits = send.error ? asApiError(send.error).body.params?.crs : undefined
  const ready = report?.dry_run && (report.wrong === 0 || form.skip_wrong) && report.rows > report.wrong
  const chosen = (next: File | undefined) => {
    if (!next) return
    setFile(next)
    set({ source: form.source || next.name.replace(/\.[^.]+$/, '') })
  }
  return (
    <Dialog open title={t('plots.importTitle', { layer: t(`plots.layer.${layer}`) })} onClose={onClose} testid="plot-import" wide>
      <form
        className="form plots-import"
        onSubmit={(event) => {
          event.preventDefault()
          if (file) send.mutate({ dry: !ready, form })
        }}
        autoComplete="off"
        noValidate
      >
        <div className="plots-fields">
          <FieldGroup label={t('plots.file')} hint={t('plots.fileHint')}>
            <div className="plots-file">
              <Button icon="plus" onPress={() => picker.current?.click()} autoFocus>{t('plots.pick')}</Button>
              <span className="truncate">{file?.name}</span>
            </div>
            <input ref={picker} type="file" hidden accept=".geojson,.json,.zip,.gpkg,.kml,.kmz,.csv,.tsv" data-testid="plot-file" onChange={(event) => chosen(event.target.files?.[0])} />
          </FieldGroup>
          <TextInput label={t('plots.source')} name="plot-source" value={form.source} onChange={(source) => set({ source })} maxLength={100} hint={t('plots.sourceHint')} />
          <TextInput label={t('plots.crs')} name="plot-crs" value={form.crs} onChange={(crs) => set({ crs })} maxLength={40} hint={t('plots.crsHint')} />
          {layer !== 'permit' && <TextInput label={t('plots.id')} name="plot-id" value={form.id} onChange={(id) => set({ id })} maxLength={100} hint={t('plots.idHint')} />}
          {layer === 'zone' && (
            <>
              <Select label={t('plots.kind')} value={form.kind} choices={[{ id: '', text: t('plots.fromFile') }, ...zoneKinds.map((id) => ({ id: id as string, text: t(`plots.zone.${id}`) }))]} onChange={(kind) => set({ kind })} testid="plot-kind" />
              <TextInput label={t('plots.nameAll')} name="plot-name" value={form.name} onChange={(name) => set({ name })} maxLength={120} />
              <TextInput label={t('plots.reason')} name="plot-reason" value={form.reason} onChange={(reason) => set({ reason })} maxLength={500} hint={t('plots.reasonHint')} />
              <TextInput label={t('plots.weight')} name="plot-weight" inputMode="decimal" value={form.weight} onChange={(weight) => set({ weight })} placeholder={t('plots.fromFile')} />
            </>
          )}
          <Checks label={t('plots.import')} value={options.filter((each) => form[each])} choices={options.filter((each) => each !== 'prune' || layer !== 'permit').map((id) => ({ id, text: t(optionText[id]) }))} onChange={(on) => set(Object.fromEntries(options.map((each) => [each, on.includes(each)])) as Partial<PlotFile>)} />
        </div>
        <div className="plots-result" aria-live="polite">
          {send.error && <Failure compact error={send.error} />}
          {fits && (
            <Button onPress={() => {
              const next = { ...form, crs: fits }
              setForm(next)
              send.mutate({ dry: true, form: next })
            }}>{t('plots.useCrs', { crs: fits })}</Button>
          )}
          {report && <Report report={report} />}
          {!report && !send.error && <p className="admin-hint">{send.isPending ? t('plots.checking') : t('plots.fileHint')}</p>}
        </div>
        <div className="dialog-foot plots-foot">
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button type="submit" look={ready ? 'plain' : 'primary'} isDisabled={!file || send.isPending || ready} data-testid="plot-check">{send.isPending && send.variables.dry ? t('plots.checking') : t('plots.check')}</Button>
          <Button look={ready ? 'primary' : 'plain'} isDisabled={!ready || send.isPending} onPress={() => send.mutate({ dry: false, form })} data-testid="plot-go">{send.isPending && !send.variables.dry ? t('plots.importing') : t('plots.go')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What a check found. */
function Report({ report }: { report: PlotReport }) {
  const { t, has, locale } = useText()
  const { theme } = useStore(settings)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!box.current || report.sample.length === 0) return
    try {
      return drawShapes(box.current, report.sample as GeoJSON.Geometry[], locale)
    } catch (error) {
      console.error('the preview was not drawn:', error)
      return undefined
    }
  }, [report, locale, theme])
  const say = (reason: string, params?: Record<string, string>) => (has(`error.reason.${reason}`) ? t(`error.reason.${reason}`, params) : reason)
  return (
    <>
      <p>{t('plots.read', { format: report.format, crs: report.crs || t('plots.crsFile'), rows: report.rows })}</p>
      {report.inserted + report.updated + report.unchanged + report.deleted > 0 && <p><b>{t('plots.would', { ...report })}</b></p>}
      {report.open > 0 && <p>{t('plots.openChanged', { n: report.open })}</p>}
      {report.repaired > 0 && <p>{t('plots.repaired', { n: report.repaired })}</p>}
      {report.wrong > 0 && (
        <div className="plots-wrong" role="alert">
          <p><Icon name="alert" size="1em" /> <b>{t('plots.wrong', { n: report.wrong })}</b> {t('plots.wrongHint')}</p>
          <ul>
            {report.errors.map((each, i) => (
              <li key={i}>{t('plots.row', { row: each.row })}{each.field && ` · ${has(`plots.field.${each.field}`) ? t(`plots.field.${each.field}`) : t('plots.column', { field: each.field })}`}: {say(each.reason, each.params)}{each.params?.value && ` (${each.params.value})`}</li>
            ))}
          </ul>
        </div>
      )}
      {report.sample.length > 0 && (
        <>
          <div className="plots-map" ref={box} role="img" aria-label={t('plots.preview')} />
          {report.rows > report.sample.length && <p className="admin-hint">{t('plots.previewSome', { n: report.sample.length })}</p>}
        </>
      )}
      <details>
        <summary>{t('plots.mapping')}</summary>
        <ul>{report.mapping.map((each) => <li key={each}>{each}</li>)}</ul>
        {report.unused.length > 0 && <p>{t('plots.unused', { fields: report.unused.join(', ') })}</p>}
      </details>
    </>
  )
}
