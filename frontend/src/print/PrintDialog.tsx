import { useQuery } from '@tanstack/react-query'
import { type CSSProperties, useEffect, useMemo, useRef, useState } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { api, take } from '../api/client'
import { areasQuery } from '../api/queries'
import type { Catalog } from '../api/types'
import { usePlace } from '../app/router'
import { useSession } from '../app/session'
import { change, hiddenDrawings } from '../app/workbench'
import { shownLayers, shownPicture, shownTilesets } from '../features/layers/tree'
import { useText } from '../i18n'
import '../i18n/markings'
import '../i18n/print'
import { save } from '../lib/canvas'
import { serverNow } from '../lib/clock'
import { count } from '../lib/format'
import { useStore } from '../lib/store'
import { stamp } from '../lib/time'
import { useLamp, useLive } from '../live/hooks'
import { replaying } from '../live/replay'
import { createMap } from '../map/controller'
import { choroplethSteps } from '../map/style/areas'
import { type LonLat, type MapController, type View, mapLayers } from '../map/types'
import { type Theme, cssVariables } from '../tokens/tokens'
import { Button, IconButton } from '../ui/Button'
import { Progress } from '../ui/Progress'
import { Select } from '../ui/Select'
import { Empty, Failure } from '../ui/State'
import { TextInput } from '../ui/Field'
import { pictureError } from '../wall/stills'
import { type Dpi, type Job, drawMap, pngOf } from './draw'
import { type PaperSize, type Turn, layoutOf, papers } from './layout'
import { type Entry, type Seen, legendOf, seenOn, seenTogether } from './legend'
import { Sheet, type SheetProps } from './Sheet'
import { boxOf, fitting, placeAt, scales, zoomOf } from './scale'
import '../ui/dialog.css'
import './print.css'

/** As the server bounds them. */
const MOST = { title: 60, unit: 60, note: 120 }
const FIT = 'fit'

/** The map as it is seen, on paper: a preview, and what makes a PDF or a PNG of it. */
export default function PrintDialog({ catalog, map }: { catalog: Catalog; map: MapController }) {
  const { t, locale } = useText()
  const session = useSession()
  const live = useLive()
  const lamp = useLamp()
  const { selection } = usePlace()
  const areas = useQuery(areasQuery).data
  const shown = useStore(shownLayers)
  const picture = useStore(shownPicture)
  const tilesets = useStore(shownTilesets)
  const unseen = useStore(hiddenDrawings)
  const sheet = useRef<HTMLDivElement>(null)
  const [from] = useState<View>(() => map.view)
  const [free] = useState(() => map.free)
  const [opened] = useState(serverNow)

  const [size, setSize] = useState<PaperSize>('A4')
  const [turn, setTurn] = useState<Turn>('landscape')
  const [name, setName] = useState(() => t('print.nameOf', { county: catalog.county.name[locale] }))
  const [unit, setUnit] = useState(() => catalog.county.name[locale])
  const [note, setNote] = useState(() => t('print.noteOf'))
  const [scale, setScale] = useState(FIT)
  const [theme, setTheme] = useState<Theme>('light')
  const [turned, setTurned] = useState(false)
  const [dpi, setDpi] = useState<Dpi>(150)
  const [center, setCenter] = useState<LonLat>(free.center)
  const [legend, setLegend] = useState<readonly Entry[]>([])
  const [printed, setPrinted] = useState<readonly Entry[] | null>(null)
  const [work, setWork] = useState<{ share: number; stop: AbortController } | null>(null)
  const [wrong, setWrong] = useState<unknown>(null)

  const layout = useMemo(() => layoutOf({ size, turn }), [size, turn])
  const fits = fitting(from.zoom, free.center[1], free, layout.map)
  const denominator = scale === FIT ? fits : Number(scale)
  const bearing = turned ? from.bearing : 0
  const view: View = { center, zoom: zoomOf(denominator, center[1]), pitch: 0, bearing, elevation: 0 }

  const dataAt = lamp.state === 'live' || replaying ? opened : (lamp.lastGood?.getTime() ?? opened)
  const caveat = replaying ? t('print.replayed') : lamp.state === 'live' ? '' : t('print.stale')
  const sources = [...new Set([catalog.basemap.attribution, catalog.basemap.pictures.find(({ source }) => source === picture)?.attribution ?? ''].map(plain).filter(Boolean))].join(' · ')
  const words = ({ label, values }: Entry): string => {
    if (!label.startsWith('layer.')) return t(label, { ...values, ...(values?.status !== undefined && { status: t(`state.camera.${String(values.status)}`) }) })
    const named = catalog.layers.find((layer) => `layer.${layer.name}` === label)
    return named?.title[locale] ?? label.slice('layer.'.length)
  }
  const ratio = t('print.one', { n: count(denominator, locale) })
  const paper: SheetProps = {
    layout,
    title: name,
    legend: { title: t('print.legend'), lines: (printed ?? legend).map((entry) => ({ sign: entry.sign, text: words(entry) })) },
    facts: [
      { label: t('print.dataAt'), value: stamp(dataAt, locale) + (caveat && ` (${caveat})`) },
      { label: t('print.madeAt'), value: stamp(replaying ? Date.now() : opened, locale) },
      { label: t('print.by'), value: session.user.name },
      { label: t('print.from'), value: unit },
      { label: t('print.system'), value: t('print.systemIs') },
      ...(sources ? [{ label: t('print.sources'), value: sources }] : []),
      { label: '', value: note },
    ].filter(({ value }) => value.trim() !== ''),
    scaleTitle: ratio,
    label: t('print.preview', { title: name, paper: `${size} ${t(`print.${turn}`)}`, scale: ratio }),
    center,
    denominator,
    bearing,
  }

  /** What the console's map shows, for another one. */
  const prepare = (of: MapController) => {
    of.set3D(false)
    for (const layer of mapLayers) of.setLayerVisible(layer, shown[layer])
    of.setPicture(picture)
    of.setTilesets(tilesets)
    of.hideDrawings(unseen)
    of.select(selection)
  }
  const job = (stop: AbortController): Job => ({
    options: { live, catalog, theme, locale, ...(areas && { areas }) },
    prepare: (stills) => prepare(stills.map),
    view,
    layout,
    dpi,
    signal: stop.signal,
    progress: (share) => setWork({ share, stop }),
  })
  const run = async (kind: 'pdf' | 'png') => {
    const stop = new AbortController()
    setWrong(null)
    setWork({ share: 0, stop })
    try {
      const [w, h] = [layout.map.width / 2, layout.map.height / 2]
      const bbox = boxOf([[-w, -h], [w, -h], [w, h], [-w, h]].map(([x, y]) => placeAt(center, denominator, bearing, x!, y!)))
      await take(api.POST('/api/prints', { body: { title: name, kind, size: `${size} ${turn}`, scale: Math.round(denominator), bbox, data_at: new Date(dataAt).toISOString() } }))
      const slices: Seen[] = []
      const drawn = await drawMap(job(stop), (engine, box) => slices.push(seenOn(engine, picture !== null, box)))
      setPrinted(legendOf(seenTogether(slices), choroplethSteps))
      if (kind === 'pdf') setFinal(drawn)
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
      if (kind === 'png') {
        const ink = sheet.current!.querySelector<SVGSVGElement>('svg.print-ink')!
        save(await pngOf(drawn, layout, dpi, ink), `${name || t('print.title')} ${size} ${dpi}dpi.png`)
        drawn.width = drawn.height = 0 // gives its memory back at once
      } else {
        const { title } = document
        document.title = name || title // what the file is called
        window.print()
        document.title = title
      }
    } catch (error) {
      if (!stop.signal.aborted) setWrong(pictureError(error))
    } finally {
      setWork(null)
    }
  }

  /** The map in the printer's sharpness, and the legend of what is on it: the preview may have drawn less when it was asked. Until something is chosen anew. */
  const [final, setFinal] = useState<HTMLCanvasElement | null>(null)
  const chosen = JSON.stringify([size, turn, theme, center, denominator, bearing, shown, picture, locale, [...unseen]])
  useEffect(() => {
    setFinal(null)
    setPrinted(null)
  }, [chosen])

  const close = () => {
    work?.stop.abort()
    change({ print: false })
  }
  const choose = <T extends string>(label: string, choices: readonly (readonly [T, string])[], value: T, set: (value: T) => void, testid: string) => (
    <Select label={label} choices={choices.map(([id, text]) => ({ id, text }))} value={value} onChange={(id) => set(id as T)} testid={testid} />
  )
  const degrees = Math.round(((from.bearing % 360) + 360) % 360)
  return (
    <ModalOverlay className="print-overlay" isOpen isDismissable={false} onOpenChange={(open) => !open && close()}>
      <Modal className="print-modal">
        <AriaDialog className="print" data-testid="print">
          <form className="print-panel" onSubmit={(e) => e.preventDefault()}>
            <header className="dialog-head">
              <Heading slot="title" className="dialog-title">{t('print.title')}</Heading>
              <IconButton icon="close" label={t('app.close')} onPress={close} />
            </header>
            <div className="print-fields" inert={work !== null}>
              <TextInput label={t('print.name')} value={name} onChange={setName} maxLength={MOST.title} data-testid="print-name" />
              {choose(t('print.paper'), (Object.keys(papers) as PaperSize[]).flatMap((s) => (['landscape', 'portrait'] as const).map((o) => [`${s} ${o}`, `${s} ${t(`print.${o}`)}`] as const)), `${size} ${turn}`, (both) => {
                const [s, o] = both.split(' ') as [PaperSize, Turn]
                setSize(s)
                setTurn(o)
              }, 'print-paper')}
              {choose(t('print.scale'), [[FIT, t('print.fit', { n: count(fits, locale) })], ...scales.map((n) => [String(n), `1:${count(n, locale)}`] as [string, string])], scale, setScale, 'print-denominator')}
              {degrees !== 0 && choose(t('print.turn'), [['north', t('print.northUp')], ['shown', t('print.asShown', { n: degrees })]], turned ? 'shown' : 'north', (value) => setTurned(value === 'shown'), 'print-turn')}
              {choose(t('print.look'), [['light', t('print.light')], ['dark', t('print.dark')]], theme, setTheme, 'print-look')}
              <TextInput label={t('print.from')} value={unit} onChange={setUnit} maxLength={MOST.unit} data-testid="print-unit" />
              <TextInput label={t('print.note')} value={note} onChange={setNote} maxLength={MOST.note} rows={2} data-testid="print-note" />
              {choose(t('print.dpi'), ([150, 300] as const).map((n) => [String(n), t('print.dots', { n })] as [string, string]), String(dpi), (n) => setDpi(Number(n) as Dpi), 'print-dpi')}
              <p className="print-hint">{t('print.hint')}{from.pitch > 1 && ` · ${t('print.tilted')}`}</p>
            </div>
            {wrong !== null && <Failure compact error={wrong} />}
            <div className="print-buttons">
              {work ? (
                <>
                  <Progress share={work.share} text={t('print.drawing', { n: Math.round(work.share * 100) })} />
                  <Button onPress={() => work.stop.abort()} data-testid="print-cancel">{t('print.cancel')}</Button>
                </>
              ) : (
                <>
                  <Button look="primary" icon="print" onPress={() => void run('pdf')} data-testid="print-pdf">{t('print.pdf')}</Button>
                  <Button onPress={() => void run('png')} data-testid="print-png">{t('print.png')}</Button>
                </>
              )}
            </div>
          </form>
          <Preview layout={layout} inert={work !== null}>
            {(k) => (
              <div
                ref={sheet}
                className="print-sheet"
                data-testid="print-sheet"
                data-paper={`${size}-${turn}`}
                data-final={final ? '' : undefined}
                style={{ width: `${layout.sheet.width}mm`, height: `${layout.sheet.height}mm`, transform: `scale(${k})`, ...(cssVariables('light') as CSSProperties) }}
              >
                <PreviewMap
                  key={`${theme} ${locale} ${size} ${turn}`}
                  make={(box, options) => createMap(box, { live, catalog, theme, locale, ...(areas && { areas }), still: { pixelRatio: 1, scale: 1 }, ...options })}
                  prepare={prepare}
                  shows={JSON.stringify([shown, picture, tilesets, selection, [...unseen]])}
                  layout={layout}
                  view={view}
                  onCenter={setCenter}
                  onDrawn={(engine) => {
                    const { clientWidth, clientHeight } = engine.getContainer()
                    const seen = legendOf(seenOn(engine, picture !== null, [[0, 0], [clientWidth, clientHeight]]), choroplethSteps)
                    setLegend((now) => (JSON.stringify(now) === JSON.stringify(seen) ? now : seen))
                  }}
                />
                {final && <Final canvas={final} layout={layout} />}
                <Sheet {...paper} />
              </div>
            )}
          </Preview>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

/** Attributions carry links. */
const plain = (html: string) => new DOMParser().parseFromString(html, 'text/html').body.textContent?.trim() ?? ''
const rectStyle = ({ map }: SheetProps['layout']): CSSProperties => ({ left: `${map.x}mm`, top: `${map.y}mm`, width: `${map.width}mm`, height: `${map.height}mm` })
const PIXEL = 25.4 / 96

/** The sheet as large as there is room. */
function Preview({ layout, inert, children }: { layout: SheetProps['layout']; inert: boolean; children: (scale: number) => React.ReactNode }) {
  const room = useRef<HTMLDivElement>(null)
  const [box, setBox] = useState({ width: 800, height: 600 })
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setBox({ width: entry!.contentRect.width, height: entry!.contentRect.height }))
    watch.observe(room.current!)
    return () => watch.disconnect()
  }, [])
  const [width, height] = [layout.sheet.width / PIXEL, layout.sheet.height / PIXEL]
  const k = Math.max(0.1, Math.min(box.width / width, box.height / height))
  return (
    <div className="print-preview" inert={inert}>
      <div className="print-room" ref={room}>
        <div className="print-place" style={{ width: width * k, height: height * k }}>{children(k)}</div>
      </div>
    </div>
  )
}

function PreviewMap({ make, prepare, shows, layout, view, onCenter, onDrawn }: {
  make: (box: HTMLDivElement, options: { onError: (error: Error) => void }) => MapController
  prepare: (map: MapController) => void
  /** Equal while what `prepare` tells is. */
  shows: string
  layout: SheetProps['layout']
  view: View
  onCenter: (center: LonLat) => void
  onDrawn: (engine: MapController['engine']) => void
}) {
  const { t } = useText()
  const box = useRef<HTMLDivElement>(null)
  const [map, setMap] = useState<MapController | null>(null)
  const [failed, setFailed] = useState(false)
  const told = useRef({ onCenter, onDrawn })
  told.current = { onCenter, onDrawn }
  useEffect(() => {
    let made: MapController
    try {
      made = make(box.current!, { onError: (error) => console.warn('a part of the preview was not drawn:', error.message) })
    } catch (error) {
      console.error('the preview was not drawn:', error)
      setFailed(true)
      return undefined
    }
    const { engine } = made
    engine.scrollZoom.disable() // the scale is chosen
    engine.dragPan.disable()
    engine.dragPan.enable({ maxSpeed: 0 }) // what is let go stays: nothing moves any more when it is printed
    engine.doubleClickZoom.disable()
    engine.boxZoom.disable()
    engine.dragRotate.disable()
    engine.touchZoomRotate.disable()
    engine.keyboard.disableRotation()
    engine.getCanvas().setAttribute('aria-label', t('print.map'))
    engine.on('moveend', () => {
      const { lng, lat } = engine.getCenter()
      told.current.onCenter([lng, lat])
    })
    engine.on('idle', () => {
      box.current?.setAttribute('data-drawn', '')
      told.current.onDrawn(engine)
    })
    setMap(made)
    return () => made.destroy()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a new key makes a new map
  }, [])
  useEffect(() => {
    if (map) prepare(map)
    // eslint-disable-next-line react-hooks/exhaustive-deps -- said by `shows`
  }, [map, shows])
  const { center, zoom, bearing } = view
  useEffect(() => {
    if (!map) return
    const now = map.view
    const same = Math.abs(now.zoom - zoom) < 1e-6 && Math.abs(now.bearing - bearing) < 1e-6 && now.pitch === 0 && Math.hypot(now.center[0] - center[0], now.center[1] - center[1]) < 1e-9
    if (!same) map.engine.jumpTo({ center, zoom, bearing, pitch: 0 })
  }, [map, center, zoom, bearing])
  if (failed) return <Empty icon="area" title={t('map.failed')} />
  return <div className="print-map" ref={box} style={rectStyle(layout)} data-testid="print-map" />
}

function Final({ canvas, layout }: { canvas: HTMLCanvasElement; layout: SheetProps['layout'] }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    box.current!.replaceChildren(canvas)
    return () => {
      canvas.width = canvas.height = 0
    }
  }, [canvas])
  return <div className="print-final" ref={box} style={rectStyle(layout)} />
}
