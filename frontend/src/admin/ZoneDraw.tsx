import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { asApiError, fieldText } from '../api/error'
import { catalogQuery } from '../api/queries'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import { useStore } from '../lib/store'
import { OutlineMap } from '../map/outline'
import type { Bbox } from '../map/types'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { TextInput } from '../ui/Field'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { type DrawnOutline, added, asText, closed, fromText, movedCorner, opened, splitEdge, withoutCorner } from './outline'
import { type Plot, plotsKey, zoneKinds } from './plots'

type Shaped = Plot & { outline: { coordinates: unknown[] } }

/** A zone is drawn, or its outline changed: on the map, or as corners that are typed. */
export default function ZoneDraw({ plot, onClose }: { plot: Plot | null; onClose: () => void }) {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  const found = useQuery({ queryKey: [...plotsKey, 'zone', 'shape', plot?.id], queryFn: () => take(api.GET('/api/plots/{layer}/{id}', { params: { path: { layer: 'zone', id: plot!.id } } })), enabled: plot !== null, staleTime: 0, gcTime: 0 })
  const error = catalog.error ?? found.error
  const ready = catalog.data && (plot === null || found.data)
  return (
    <Dialog open title={plot ? t('plots.drawTitle', { name: plot.name }) : t('plots.draw')} onClose={onClose} testid="zone-draw" wide dismissable={!ready}>
      {error ? <Failure error={error} onRetry={() => void found.refetch()} /> : ready ? <Sheet plot={(found.data as Shaped | undefined) ?? null} county={catalog.data.county.bbox as Bbox} onClose={onClose} /> : <Loading text={t('app.loading')} />}
    </Dialog>
  )
}

function Sheet({ plot, county, onClose }: { plot: Shaped | null; county: Bbox; onClose: () => void }) {
  const { t, has, locale } = useText()
  const { theme } = useStore(settings)
  const client = useQueryClient()
  const [seen] = useState(plot)
  const box = useRef<HTMLDivElement>(null)
  const map = useRef<OutlineMap | null>(null)
  const [first] = useState<DrawnOutline>(() => (seen ? opened(seen.outline.coordinates as number[][][][]) : []))
  // Each state of the outline, the newest last, and what was taken back.
  const [past, setPast] = useState<DrawnOutline[]>([first])
  const [future, setFuture] = useState<DrawnOutline[]>([])
  const outline = past.at(-1)!
  const [typed, setTyped] = useState<string | null>(null) // while it is typed
  const [undrawn, setUndrawn] = useState(false)
  const [form, setForm] = useState({ name: seen?.name ?? '', kind: seen?.kind ?? 'farmland', reason: seen?.reason ?? '', weight: String(seen?.weight ?? 2) })
  const set = (what: Partial<typeof form>) => setForm((now) => ({ ...now, ...what }))
  const change = (to: (now: DrawnOutline) => DrawnOutline) => {
    setPast((all) => [...all.slice(-199), to(all.at(-1)!)])
    setFuture([])
    setTyped(null)
  }
  const undo = () => {
    if (past.length < 2) return
    setFuture((all) => [...all, outline])
    setPast((all) => all.slice(0, -1))
    setTyped(null)
  }
  const redo = () => {
    const next = future.at(-1)
    if (!next) return
    setFuture((all) => all.slice(0, -1))
    setPast((all) => [...all, next])
    setTyped(null)
  }
  const read = typed === null ? null : fromText(typed)
  const misread = read && 'line' in read ? read : null
  useEffect(() => {
    if (!box.current) return
    try {
      const made = new OutlineMap(box.current, {
        theme,
        locale,
        bbox: seen ? (seen.bbox as Bbox) : county,
        corner: (n) => t('plots.corner', { n }),
        onAdd: (at) => change((now) => added(now, at)),
        onMove: (path, to) => change((now) => movedCorner(now, path, to)),
        onRemove: (path) => change((now) => withoutCorner(now, path)),
        onSplit: (path) => change((now) => splitEdge(now, path)),
      })
      map.current = made
      made.show(outline)
      return () => {
        map.current = null
        made.destroy()
      }
    } catch (error) {
      console.error('the map was not drawn:', error)
      setUndrawn(true)
      return undefined
    }
    // the map is made anew for another theme or language alone
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [theme, locale])
  useEffect(() => map.current?.show(outline), [outline])
  const shape = closed(outline)
  const save = useMutation({
    mutationFn: () => {
      const body = { name: form.name, kind: form.kind, reason: form.reason, weight: Number(form.weight.replace(',', '.')), ...(outline !== first && { outline: shape! }) }
      return seen ? take(api.PUT('/api/plots/{layer}/{id}', { params: { path: { layer: 'zone', id: seen.id } }, body: { ...body, revision: seen.revision } })) : take(api.POST('/api/plots/{layer}', { params: { path: { layer: 'zone' } }, body }))
    },
    onSuccess: (saved) => {
      notify('done', t(seen ? 'plots.saved' : 'plots.drawn', { name: saved.name }))
      void client.invalidateQueries({ queryKey: plotsKey })
      onClose()
    },
    onError: (error) => {
      if (asApiError(error).code === 'conflict') void client.invalidateQueries({ queryKey: plotsKey })
    },
  })
  const wrong = (field: string) => fieldText(save.error, field, t, has)
  const told = ['name', 'reason', 'weight', 'outline'].some((field) => wrong(field))
  const press = (event: React.KeyboardEvent) => {
    const typing = (event.target as HTMLElement).matches('input, textarea, select')
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !typing) (event.shiftKey ? redo : undo)()
    else if (event.key === ' ' && event.target === box.current?.querySelector('canvas') && map.current) change((now) => added(now, map.current!.middle()))
    else if (event.key === 'Backspace' && !typing) undo()
    else return
    event.preventDefault()
  }
  const corners = outline.flat(2).length
  return (
    <form
      className="form plots-draw"
      onSubmit={(event) => {
        event.preventDefault()
        if (shape && !misread) save.mutate()
      }}
      onKeyDown={press}
      autoComplete="off"
      noValidate
    >
      <div className="plots-sheet">
        <div className="plots-sheet-map" ref={box}>
          <span className="plots-middle" aria-hidden="true" />
          {undrawn && <p className="admin-hint">{t('plots.noMap')}</p>}
        </div>
        <div className="plots-sheet-acts">
          <Button small icon="undo" isDisabled={past.length < 2} onPress={undo} data-testid="zone-undo">{t('plots.undo')}</Button>
          <Button small isDisabled={future.length === 0} onPress={redo}>{t('plots.redo')}</Button>
          <Button small isDisabled={corners === 0} onPress={() => change(() => [])}>{t('plots.clear')}</Button>
          <span className="admin-hint" role="status">{t('plots.corners', { n: corners })}</span>
        </div>
        <p className="admin-hint">{t('plots.drawHint')}</p>
      </div>
      <div className="plots-fields">
        <TextInput label={t('plots.name')} name="plot-name" value={form.name} onChange={(name) => set({ name })} maxLength={120} error={wrong('name')} isRequired autoFocus />
        <Select label={t('plots.kind')} value={form.kind} choices={zoneKinds.map((id) => ({ id: id as string, text: t(`plots.zone.${id}`) }))} onChange={(kind) => set({ kind })} />
        <TextInput label={t('plots.reason')} name="plot-reason" rows={2} value={form.reason} onChange={(reason) => set({ reason })} maxLength={500} hint={t('plots.reasonHint')} error={wrong('reason')} isRequired />
        <TextInput label={t('plots.weight')} name="plot-weight" inputMode="decimal" value={form.weight} onChange={(weight) => set({ weight })} error={wrong('weight')} />
        <TextInput
          label={t('plots.text')}
          name="plot-outline"
          rows={8}
          value={typed ?? asText(outline)}
          onChange={(text) => {
            setTyped(text)
            const next = fromText(text)
            if ('outline' in next) {
              setPast((all) => [...all.slice(-199), next.outline])
              setFuture([])
            }
          }}
          hint={t('plots.textHint')}
          error={misread ? t(`plots.misread.${misread.why}`, { line: misread.line }) : wrong('outline')}
        />
      </div>
      {save.error && !told && <Failure compact error={save.error} />}
      <div className="dialog-foot plots-foot">
        {!shape && <span className="admin-hint plots-few"><Icon name="alert" size="1em" /> {t('plots.tooFew')}</span>}
        <Button onPress={onClose}>{t('app.cancel')}</Button>
        <Button type="submit" look="primary" isDisabled={!shape || misread !== null || save.isPending} data-testid="zone-save">{t('app.save')}</Button>
      </div>
    </form>
  )
}
