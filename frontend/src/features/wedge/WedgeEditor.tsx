import { useMutation, useQuery } from '@tanstack/react-query'
import type { Map as MapLibre } from 'maplibre-gl'
import { useEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { api, take } from '../../api/client'
import { ApiError, asApiError, fromAnswer } from '../../api/error'
import { queryClient } from '../../api/queries'
import { theMap } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/wedge'
import type { LonLat } from '../../lib/geo'
import { bearing } from '../../lib/format'
import { useStore } from '../../lib/store'
import { Button } from '../../ui/Button'
import { notify } from '../../ui/notices'
import { Failure, Loading } from '../../ui/State'
import { handles, nudge, offset, outline, patchOf, pull, turn, type Handle, type Wedge } from './wedge'
import './wedge.css'

/** What is taken where the registry says nothing, as the server does. */
const usual = { azimuth: 0, fov: 60, range: 100 }
/** The knob that turns stands so many pixels beyond the far edge. */
const KNOB_PX = 30

/** What the registry says of a camera now, and the mark of that state. */
async function fetchEntry(id: number): Promise<{ etag: string; is: Partial<Wedge> & { point: LonLat } }> {
  const { data, error, response } = await api.GET('/ogc/collections/{collection}/items/{feature}', {
    params: { path: { collection: 'camera', feature: String(id) } },
    headers: { Accept: 'application/geo+json' },
  })
  if (error !== undefined || !response.ok) throw fromAnswer(response.status, error)
  const feature = data as unknown as { geometry: { coordinates: LonLat }; properties: Record<string, unknown> }
  const number = (name: string) => (typeof feature.properties[name] === 'number' ? feature.properties[name] : undefined)
  return {
    etag: response.headers.get('ETag') ?? '',
    is: { point: feature.geometry.coordinates, azimuth: number('azimuth_deg'), fov: number('fov_deg'), range: number('range_m') },
  }
}

/** Turns a camera's wedge on the map: where it stands, where it looks, how wide and how far. */
export default function WedgeEditor({ id, onClose }: { id: number; onClose: () => void }) {
  const { t } = useText()
  const entry = useQuery({ queryKey: ['camera-entry', id], queryFn: () => fetchEntry(id), staleTime: 0, gcTime: 0, refetchOnWindowFocus: false })
  const map = useStore(theMap)
  if (entry.isError) return <Failure compact error={entry.error} onRetry={() => void entry.refetch()} />
  if (!entry.data || !map) return <Loading text={t('wedge.loading')} />
  return <Editor key={entry.data.etag} id={id} entry={entry.data} map={map.engine} onClose={onClose} onAgain={() => void entry.refetch()} />
}

interface EditorProps {
  id: number
  entry: Awaited<ReturnType<typeof fetchEntry>>
  map: MapLibre
  onClose: () => void
  onAgain: () => void
}

function Editor({ id, entry, map, onClose, onAgain }: EditorProps) {
  const { t } = useText()
  const [states, setStates] = useState<readonly Wedge[]>(() => [{ ...usual, ...withoutGaps(entry.is), point: entry.is.point }])
  const wedge = states.at(-1)!
  const patch = patchOf(states.length === 1 ? states[0]! : entry.is, wedge)
  const changed = states.length > 1 && (!!patch.geometry || Object.keys(patch.properties).length > 0)
  const undo = () => setStates((all) => (all.length > 1 ? all.slice(0, -1) : all))
  const save = useMutation({
    mutationFn: async (etag: string) => {
      await take(
        api.PATCH('/ogc/collections/{collection}/items/{feature}', {
          params: { path: { collection: 'camera', feature: String(id) }, header: { 'If-Match': etag } },
          body: { type: 'Feature', ...patch } as never,
          headers: { 'Content-Type': 'application/merge-patch+json' },
          parseAs: 'text',
        }),
      )
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['sector', id] })
      notify('done', t('wedge.saved'))
      onClose()
    },
  })
  const conflict = save.error instanceof ApiError && save.error.status === 412
  const saveAnyway = async () => {
    try {
      save.mutate((await fetchEntry(id)).etag)
    } catch (error) {
      notify('wrong', asApiError(error).message)
    }
  }

  useEffect(() => {
    // So near that the handles lie apart: twice as far as the camera sees, all around.
    const around = [0, 90, 180, 270].map((direction) => offset(wedge.point, direction, 2 * wedge.range))
    theMap.get()?.flyTo([around[3]![0], around[2]![1], around[1]![0], around[0]![1]])
  }, [])

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') undo()
      else if (event.key === 'Escape' && !(event.target as Element).closest?.('[role=dialog]')) onClose()
      else return
      event.preventDefault()
      event.stopPropagation()
    }
    addEventListener('keydown', press, true)
    return () => removeEventListener('keydown', press, true)
  }, [onClose])

  const facts: [string, string][] = [
    [t('wedge.azimuth'), `${wedge.azimuth}° ${bearing(wedge.azimuth, t)}`],
    [t('wedge.fov'), `${wedge.fov}°`],
    [t('wedge.range'), `${wedge.range} ${t('unitOf.m')}`],
    [t('wedge.point'), `${wedge.point[0].toFixed(6)}, ${wedge.point[1].toFixed(6)}`],
  ]
  return (
    <div className="wedge" data-testid="wedge-editor">
      <Overlay
        map={map}
        wedge={wedge}
        onBegin={() => setStates((all) => [...all, all.at(-1)!].slice(-100))}
        onMove={(next) => setStates((all) => [...all.slice(0, -1), next])}
        onStep={(next) => setStates((all) => [...all, next].slice(-100))}
      />
      <p className="detail-hint">{t('wedge.hint')}</p>
      <dl className="wedge-facts" data-testid="wedge-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {conflict ? (
        <div className="wedge-conflict" role="alert" data-testid="wedge-conflict">
          <p>▲ {t('wedge.conflict')}</p>
          <Button small onPress={onAgain}>
            {t('wedge.reload')}
          </Button>
          <Button small onPress={() => void saveAnyway()}>
            {t('wedge.mine')}
          </Button>
        </div>
      ) : (
        save.error && <Failure compact error={save.error} />
      )}
      <div className="wedge-buttons">
        <Button small look="primary" isDisabled={!changed || save.isPending} onPress={() => save.mutate(entry.etag)} data-testid="wedge-save">
          {t('app.save')}
        </Button>
        <Button small icon="undo" isDisabled={states.length < 2} onPress={undo} data-testid="wedge-undo">
          {t('wedge.undo')}
        </Button>
        <Button small onPress={onClose}>
          {t('app.cancel')}
        </Button>
      </div>
    </div>
  )
}

const withoutGaps = (is: Partial<Wedge>) => Object.fromEntries(Object.entries(is).filter(([, value]) => value !== undefined)) as Partial<Wedge>

interface OverlayProps {
  map: MapLibre
  wedge: Wedge
  /** A handle was taken hold of. */
  onBegin: () => void
  onMove: (wedge: Wedge) => void
  /** A step by keyboard. */
  onStep: (wedge: Wedge) => void
}

/** The wedge with its handles, drawn over the map and not into it. */
function Overlay({ map, wedge, onBegin, onMove, onStep }: OverlayProps) {
  const { t } = useText()
  const [, draw] = useState(0)
  const [box, setBox] = useState<HTMLElement | null>(null)
  const held = useRef<Handle | null>(null)
  useEffect(() => {
    // Over the map's own container, whose pixels are those that the map projects to.
    const layer = document.createElement('div')
    layer.className = 'wedge-layer'
    map.getContainer().append(layer)
    setBox(layer)
    const heard = map.on('render', () => draw((n) => n + 1))
    return () => {
      heard.unsubscribe()
      layer.remove()
    }
  }, [map])
  const at = (place: LonLat) => map.project(place)
  const foot = at(wedge.point)
  const far = at(offset(wedge.point, wedge.azimuth, wedge.range))
  const length = Math.hypot(far.x - foot.x, far.y - foot.y) || 1
  const knob = { x: far.x + ((far.x - foot.x) / length) * KNOB_PX, y: far.y + ((far.y - foot.y) / length) * KNOB_PX }
  const side = (sign: number) => at(offset(wedge.point, wedge.azimuth + (sign * Math.min(wedge.fov, 359)) / 2, wedge.range))
  const places: Record<Handle, { x: number; y: number }> = { point: foot, azimuth: knob, range: far, left: side(-1), right: side(1) }
  const values: Record<Handle, number> = { point: 0, azimuth: wedge.azimuth, range: wedge.range, left: wedge.fov, right: wedge.fov }
  const path = outline(wedge)
    .map((place, i) => {
      const { x, y } = at(place)
      return `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
  const drag = (event: React.PointerEvent, handle: Handle) => {
    if (held.current !== handle) return
    const bounds = map.getContainer().getBoundingClientRect()
    const { lng, lat } = map.unproject([event.clientX - bounds.left, event.clientY - bounds.top])
    onMove(pull(wedge, handle, [lng, lat]))
  }
  const svg = (
    <svg className="wedge-svg" width={map.getContainer().clientWidth} height={map.getContainer().clientHeight}>
      <path className="wedge-casing" d={path} />
      <path className="wedge-shape" d={path} />
      <line className="wedge-arm" x1={far.x} y1={far.y} x2={knob.x} y2={knob.y} />
      {handles.map((handle) => (
        <g
          key={handle}
          className={`wedge-handle wedge-handle-${handle}`}
          role="slider"
          tabIndex={0}
          aria-label={t(`wedge.handle.${handle}`)}
          aria-valuenow={handle === 'azimuth' ? turn(values[handle]) : values[handle]}
          aria-valuetext={handle === 'point' ? `${wedge.point[0].toFixed(6)}, ${wedge.point[1].toFixed(6)}` : undefined}
          data-testid={`wedge-${handle}`}
          transform={`translate(${places[handle].x.toFixed(1)} ${places[handle].y.toFixed(1)})`}
          onPointerDown={(event) => {
            if (event.button !== 0) return
            event.stopPropagation()
            event.currentTarget.setPointerCapture(event.pointerId)
            held.current = handle
            onBegin()
          }}
          onPointerMove={(event) => drag(event, handle)}
          onPointerUp={() => (held.current = null)}
          onPointerCancel={() => (held.current = null)}
          onKeyDown={(event) => {
            const next = event.ctrlKey || event.metaKey || event.altKey ? null : nudge(wedge, handle, event.key, event.shiftKey)
            if (!next) return
            event.preventDefault()
            event.stopPropagation()
            onStep(next)
          }}
        >
          <title>{t(`wedge.handle.${handle}`)}</title>
          <circle className="wedge-grip" r={18} />
          {handle === 'point' ? <rect className="wedge-dot" x={-7} y={-7} width={14} height={14} /> : handle === 'azimuth' ? <path className="wedge-dot" d="M0-10 9 7H-9Z" transform={`rotate(${(Math.atan2(far.x - foot.x, foot.y - far.y) * 180) / Math.PI})`} /> : <circle className="wedge-dot" r={7} />}
        </g>
      ))}
    </svg>
  )
  return box && createPortal(svg, box)
}
