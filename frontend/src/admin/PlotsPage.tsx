import { useInfiniteQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { api, take } from '../api/client'
import { useAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import '../i18n/plots'
import { Button } from '../ui/Button'
import { Choice } from '../ui/Choice'
import { TextInput } from '../ui/Field'
import { later } from '../ui/later'
import { Empty, Failure, Loading } from '../ui/State'
import { ConfirmDialog } from './ConfirmDialog'
import { PairRulesForm } from './PairRulesForm'
import { PlotForm } from './PlotForm'
import { PlotImport } from './PlotImport'
import { type Plot, type PlotLayer, plotLayers, plotsKey } from './plots'
import './plots.css'

const ZoneDraw = later(() => import('./ZoneDraw'))

/** What candidates are held against, and how many persons a verdict needs. */
export default function PlotsPage() {
  const { t } = useText()
  const [layer, setLayer] = useState<PlotLayer | 'rules'>('zone')
  const [sought, setSought] = useState('')
  const [importing, setImporting] = useState(false)
  const [drawing, setDrawing] = useState(false)
  return (
    <section aria-labelledby="plots-title">
      <header className="admin-head">
        <div>
          <h2 id="plots-title">{t('admin.plots')}</h2>
          <p className="admin-hint">{t('plots.hint')}</p>
        </div>
        {layer !== 'rules' && (
          <div className="plots-acts">
            {layer === 'zone' && <Button icon="area" onPress={() => setDrawing(true)} data-testid="draw-zone">{t('plots.draw')}</Button>}
            <Button look="primary" icon="plus" onPress={() => setImporting(true)} data-testid="import-plots">
              {t('plots.import')}
            </Button>
          </div>
        )}
      </header>
      <div className="plots-seek">
        <Choice label={t('plots.layers')} all={[...plotLayers, 'rules'] as const} chosen={layer} onChoose={setLayer} testid="plots">
          {(each) => (each === 'rules' ? t('plots.rules') : t(`plots.layer.${each}`))}
        </Choice>
        {layer !== 'rules' && <TextInput label="" aria-label={t('plots.search')} name="plots-q" value={sought} onChange={setSought} placeholder={t('plots.placeholder')} maxLength={60} />}
      </div>
      {layer === 'rules' ? <PairRulesForm /> : <PlotList key={layer} layer={layer} sought={sought.trim()} onImport={() => setImporting(true)} />}
      {drawing && <ZoneDraw plot={null} onClose={() => setDrawing(false)} />}
      {importing && layer !== 'rules' && <PlotImport layer={layer} onClose={() => setImporting(false)} />}
    </section>
  )
}

const PAGE = 100

function PlotList({ layer, sought, onImport }: { layer: PlotLayer; sought: string; onImport: () => void }) {
  const { t, locale } = useText()
  const tree = useAreas()
  const text = useDeferredValue(sought)
  const [editing, setEditing] = useState<Plot | null>(null)
  const [deleting, setDeleting] = useState<Plot | null>(null)
  const [shaping, setShaping] = useState<Plot | null>(null)
  const found = useInfiniteQuery({
    queryKey: [...plotsKey, layer, text],
    queryFn: ({ pageParam }) => take(api.GET('/api/plots/{layer}', { params: { path: { layer }, query: { limit: PAGE, after: pageParam, ...(text && { q: text }) } } })),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.items.length === PAGE ? page.items.at(-1)!.id : undefined),
    staleTime: 0,
    placeholderData: (before) => before,
  })
  if (found.isPending) return <Loading text={t('app.loading')} />
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />
  const plots = found.data.pages.flatMap(({ items }) => items)
  const total = found.data.pages.at(-1)!.total
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  if (plots.length === 0) {
    return text ? (
      <Empty icon="list" title={t('plots.noMatch')} />
    ) : (
      <Empty icon="area" title={t('plots.none', { layer: t(`plots.layer.${layer}`) })} detail={t('plots.noneHint')}>
        <Button onPress={onImport}>{t('plots.import')}</Button>
      </Empty>
    )
  }
  return (
    <>
      <p className="admin-hint" role="status">{t('plots.found', { n: number.format(total) })}</p>
      <table className="grid plots">
        <thead>
          <tr>
            <th scope="col">{t(layer === 'zone' ? 'plots.name' : layer === 'permit' ? 'plots.number' : 'plots.sourceId')}</th>
            {layer === 'zone' && <th scope="col">{t('plots.kind')}</th>}
            {layer === 'zone' && <th scope="col" className="plots-number">{t('plots.weight')}</th>}
            {layer !== 'zone' && <th scope="col" className="plots-number">{t('plots.height')}</th>}
            {layer === 'permit' && <th scope="col">{t('plots.from')}</th>}
            {layer === 'permit' && <th scope="col">{t('plots.to')}</th>}
            <th scope="col" className="plots-number">{t('plots.area')}</th>
            <th scope="col">{t('plots.place')}</th>
            {layer !== 'permit' && <th scope="col">{t('plots.source')}</th>}
            <th scope="col" className="plots-number">{t('plots.open')}</th>
            <th scope="col" />
          </tr>
        </thead>
        <tbody>
          {plots.map((plot) => (
            <tr key={plot.id} data-testid="plot">
              <th scope="row">
                {plot.name}
                {plot.reason && <div className="grid-details">{plot.reason}</div>}
              </th>
              {layer === 'zone' && <td>{t(`plots.zone.${plot.kind as 'other'}`)}</td>}
              {layer === 'zone' && <td className="plots-number">{plot.weight}</td>}
              {layer !== 'zone' && <td className="plots-number">{plot.height_m ?? '–'}</td>}
              {layer === 'permit' && <td>{plot.valid_from ?? '–'}</td>}
              {layer === 'permit' && <td>{plot.valid_to ?? '–'}</td>}
              <td className="plots-number">{number.format(plot.area_m2)}</td>
              <td>{tree.place(plot.area_path, locale) || '–'}</td>
              {layer !== 'permit' && <td>{plot.source === 'drawn' ? t('plots.byHand') : plot.source || '–'}</td>}
              <td className="plots-number">{plot.open}</td>
              <td className="grid-action">
                <Button onPress={() => setEditing(plot)} aria-label={`${t('plots.edit')} ${plot.name}`}>{t('plots.edit')}</Button>{' '}
                {layer === 'zone' && <><Button onPress={() => setShaping(plot)} aria-label={`${t('plots.shape')} ${plot.name}`} data-testid="shape-zone">{t('plots.shape')}</Button>{' '}</>}
                <Button onPress={() => setDeleting(plot)} aria-label={`${t('plots.delete')} ${plot.name}`}>{t('plots.delete')}</Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.hasNextPage && (
        <div className="admin-foot">
          <Button isDisabled={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>{t('plots.more')}</Button>
        </div>
      )}
      {editing && <PlotForm layer={layer} plot={editing} onClose={() => setEditing(null)} />}
      {shaping && <ZoneDraw plot={shaping} onClose={() => setShaping(null)} />}
      {deleting && (
        <ConfirmDialog
          title={t('plots.deleteTitle', { name: deleting.name })}
          hint={t('plots.deleteHint')}
          action={t('plots.delete')}
          done={t('plots.deleted', { name: deleting.name })}
          act={() => take(api.DELETE('/api/plots/{layer}/{id}', { params: { path: { layer, id: deleting.id } } }))}
          queryKey={plotsKey}
          onClose={() => setDeleting(null)}
          testid="delete-plot"
        />
      )}
    </>
  )
}
