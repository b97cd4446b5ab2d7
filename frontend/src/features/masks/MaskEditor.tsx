import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, take } from '../../api/client'
import { ApiError } from '../../api/error'
import { queryClient } from '../../api/queries'
import { useText } from '../../i18n'
import '../../i18n/wedge'
import { useStill } from '../sight/still'
import { Button, IconButton } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { notify } from '../../ui/notices'
import { Failure, Loading } from '../../ui/State'
import { addCorner, arrow, dropCorner, maxMasks, moveCorner, moveMask, rectangle, shareOf, type Corner, type Mask } from './masks'
import './masks.css'

type Masks = readonly Mask[]
const fresh: Mask = [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]]

/** Draws, changes and removes the parts of a camera's picture that the server blackens. */
export default function MaskEditor({ id, name, onClose }: { id: number; name: string; onClose: () => void }) {
  const { t } = useText()
  const kept = useQuery({
    queryKey: ['masks', id],
    queryFn: () => take(api.GET('/api/cameras/{id}/masks', { params: { path: { id } } })),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
  return (
    <Dialog open wide title={`${t('masks.title')} · ${name}`} onClose={onClose} testid="mask-editor">
      {kept.isError ? (
        <Failure compact error={kept.error} onRetry={() => void kept.refetch()} />
      ) : !kept.data ? (
        <Loading text={t('masks.loading')} />
      ) : (
        <Editor key={kept.dataUpdatedAt} id={id} seen={kept.data.masks as unknown as Masks} transcodes={kept.data.transcodes} onClose={onClose} onAgain={() => void kept.refetch()} />
      )}
    </Dialog>
  )
}

function Editor({ id, seen, transcodes, onClose, onAgain }: { id: number; seen: Masks; transcodes: number; onClose: () => void; onAgain: () => void }) {
  const { t } = useText()
  const [states, setStates] = useState<readonly Masks[]>([seen])
  const [at, setAt] = useState(0)
  const masks = states.at(-1)!
  const step = (next: Masks) => setStates((all) => [...all, next].slice(-100))
  const undo = () => setStates((all) => (all.length > 1 ? all.slice(0, -1) : all))
  const put = (i: number, mask: Mask | null) => masks.flatMap((each, k) => (k !== i ? [each] : mask ? [mask] : []))
  const save = useMutation({
    mutationFn: () => take(api.PUT('/api/cameras/{id}/masks', { params: { path: { id } }, body: { masks: masks as never, seen: seen as never }, parseAs: 'text' })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['still', id] })
      notify('done', t('masks.saved'))
      onClose()
    },
  })
  const conflict = save.error instanceof ApiError && save.error.status === 409
  const add = () => {
    if (masks.length >= maxMasks) return
    setAt(masks.length)
    step([...masks, fresh])
  }
  return (
    <div
      className="masks"
      onKeyDown={(event) => {
        if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return
        event.preventDefault()
        undo()
      }}
    >
      <Picture id={id} masks={masks} at={at} onChoose={setAt} onStep={step} onMove={(next) => setStates((all) => [...all.slice(0, -1), next])} put={put} />
      <div className="masks-side">
        <p className="masks-note">{t('masks.hint')}</p>
        {masks.length === 0 && <p>{t('masks.none')}</p>}
        <ul className="masks-list">
          {masks.map((mask, i) => (
            <li key={i} className={i === at ? 'masks-chosen' : undefined}>
              <button
                type="button"
                className="masks-name"
                aria-pressed={i === at}
                data-testid={`mask-${i}`}
                onClick={() => setAt(i)}
                onFocus={() => setAt(i)}
                onKeyDown={(event) => {
                  const way = arrow(event.key, event.shiftKey)
                  if (way) step(put(i, moveMask(mask, ...way)))
                  else if (event.key === 'Delete' || event.key === 'Backspace') step(put(i, null))
                  else return
                  event.preventDefault()
                }}
              >
                <b>{t('masks.mask', { n: i + 1 })}</b>
                <span>{t('masks.corners', { n: mask.length, share: Math.round(shareOf(mask) * 1000) / 10 })}</span>
              </button>
              <IconButton icon="close" label={t('masks.remove', { n: i + 1 })} onPress={() => step(put(i, null))} />
            </li>
          ))}
        </ul>
        <Button small icon="plus" isDisabled={masks.length >= maxMasks} onPress={add} data-testid="mask-add">
          {t(masks.length >= maxMasks ? 'masks.full' : 'masks.add')}
        </Button>
        <p className="masks-note">{transcodes > 0 ? t('masks.cost', { n: transcodes }) : t('masks.costNone')}</p>
        <p className="masks-note">{t('masks.now')}</p>
      </div>
      <div className="masks-foot">
        {conflict ? (
          <div className="masks-conflict" role="alert" data-testid="mask-conflict">
            <span>▲ {t('masks.conflict')}</span>
            <Button small onPress={onAgain}>
              {t('masks.reload')}
            </Button>
          </div>
        ) : (
          save.error && <Failure compact error={save.error} />
        )}
        <div className="dialog-foot">
          <Button icon="undo" isDisabled={states.length < 2} onPress={undo}>
            {t('masks.undo')}
          </Button>
          <Button onPress={onClose}>{t('app.cancel')}</Button>
          <Button look="primary" isDisabled={states.length < 2 || save.isPending} onPress={() => save.mutate()} data-testid="mask-save">
            {t('app.save')}
          </Button>
        </div>
      </div>
    </div>
  )
}

interface PictureProps {
  id: number
  masks: Masks
  at: number
  onChoose: (mask: number) => void
  /** A change that can be undone. */
  onStep: (masks: Masks) => void
  /** The change under way goes on. */
  onMove: (masks: Masks) => void
  put: (mask: number, as: Mask | null) => Masks
}

/** What the pointer drags: a corner, a whole mask from a place on it, or a new rectangle from its first corner. */
type Held = { kind: 'corner'; mask: number; corner: number } | { kind: 'mask'; mask: number; was: Mask; from: Corner } | { kind: 'new'; from: Corner; before: Masks; begun: boolean }

/** The camera's last still with the masks over it. */
function Picture({ id, masks, at, onChoose, onStep, onMove, put }: PictureProps) {
  const { t } = useText()
  const still = useStill(id, true, false)
  const canvas = useRef<HTMLCanvasElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const held = useRef<Held | null>(null)
  const [ratio, setRatio] = useState(16 / 9)
  useEffect(() => {
    if (!still.blob) return
    let gone = false
    createImageBitmap(still.blob).then(
      (picture) => {
        if (!gone && canvas.current) {
          canvas.current.width = picture.width
          canvas.current.height = picture.height
          canvas.current.getContext('2d')?.drawImage(picture, 0, 0)
          setRatio(picture.width / picture.height)
        }
        picture.close()
      },
      (error: unknown) => console.warn('a still was not drawn:', error),
    )
    return () => {
      gone = true
    }
  }, [still.blob])
  const placeOf = (event: React.PointerEvent): Corner => {
    const { left, top, width, height } = box.current!.getBoundingClientRect()
    return [(event.clientX - left) / width, (event.clientY - top) / height]
  }
  const hold = (event: React.PointerEvent, what: Held) => {
    if (event.button !== 0) return
    event.stopPropagation()
    box.current!.setPointerCapture(event.pointerId)
    held.current = what
    if (what.kind !== 'new') {
      onChoose(what.mask)
      onStep(masks) // the change under way replaces it
    }
  }
  const move = (event: React.PointerEvent) => {
    const now = held.current
    if (!now) return
    const to = placeOf(event)
    if (now.kind === 'corner') onMove(put(now.mask, moveCorner(masks[now.mask]!, now.corner, to)))
    else if (now.kind === 'mask') onMove(put(now.mask, moveMask(now.was, to[0] - now.from[0], to[1] - now.from[1])))
    else {
      const drawn = rectangle(now.from, to)
      if (!drawn || now.before.length >= maxMasks) return
      const next = [...now.before, drawn]
      if (now.begun) onMove(next)
      else onStep(next)
      now.begun = true
      onChoose(now.before.length)
    }
  }
  const chosen = masks[at]
  return (
    <div
      ref={box}
      className="masks-picture"
      style={{ aspectRatio: ratio }}
      data-testid="mask-picture"
      onPointerDown={(event) => hold(event, { kind: 'new', from: placeOf(event), before: masks, begun: false })}
      onPointerMove={move}
      onPointerUp={() => (held.current = null)}
      onPointerCancel={() => (held.current = null)}
    >
      <canvas ref={canvas} width={16} height={9} aria-hidden />
      {!still.blob && <p className="masks-blank">{t(still.error ? 'masks.noStill' : 'masks.loading')}</p>}
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
        {masks.map((mask, i) => (
          <polygon
            key={i}
            className={i === at ? 'masks-shape masks-shape-chosen' : 'masks-shape'}
            points={mask.map((c) => c.join()).join(' ')}
            onPointerDown={(event) => hold(event, { kind: 'mask', mask: i, was: mask, from: placeOf(event) })}
          />
        ))}
      </svg>
      {chosen?.map((c, i) => {
        const next = chosen[(i + 1) % chosen.length]!
        return (
          <span key={i}>
            <button
              type="button"
              className="masks-corner"
              style={{ left: `${c[0] * 100}%`, top: `${c[1] * 100}%` }}
              aria-label={t('masks.corner', { n: at + 1, corner: i + 1 })}
              data-testid={`mask-corner-${i}`}
              onPointerDown={(event) => hold(event, { kind: 'corner', mask: at, corner: i })}
              onKeyDown={(event) => {
                const way = arrow(event.key, event.shiftKey)
                if (way) onStep(put(at, moveCorner(chosen, i, [c[0] + way[0], c[1] + way[1]])))
                else if (event.key === 'Delete' || event.key === 'Backspace') onStep(put(at, dropCorner(chosen, i)))
                else return
                event.preventDefault()
              }}
            />
            <button
              type="button"
              className="masks-more"
              style={{ left: `${(c[0] + next[0]) * 50}%`, top: `${(c[1] + next[1]) * 50}%` }}
              aria-label={t('masks.more', { n: at + 1 })}
              onPointerDown={(event) => event.stopPropagation()}
              onClick={() => onStep(put(at, addCorner(chosen, i)))}
            />
          </span>
        )
      })}
    </div>
  )
}
