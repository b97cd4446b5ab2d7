import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { api, take } from '../api/client'
import { areasQuery, catalogQuery } from '../api/queries'
import type { Area, Catalog } from '../api/types'
import { useText } from '../i18n'
import { save } from '../lib/canvas'
import { subscriptionsFor } from '../live/client'
import { Button } from '../ui/Button'
import { Checks } from '../ui/Checks'
import { Dialog } from '../ui/Dialog'
import { Progress } from '../ui/Progress'
import { Failure, Loading } from '../ui/State'
import { sizeOf } from './pieces'
import { gap } from './slice'
import type { Shown, Wall } from './socket'
import { pictureError } from './stills'
import { useLiveLayers } from './view'
import { drawWall } from './whole'

interface Props {
  wall: Wall
  shown: Shown
  /** By the server's clock. */
  now: number
  onClose: () => void
}

/** Makes one PNG of what a wall shows, as large as the wall. */
export default function WallPicture(props: Props) {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  const areas = useQuery(areasQuery)
  const error = catalog.error ?? areas.error
  return (
    <Dialog open onClose={props.onClose} title={t('walls.picture')} testid="wall-picture-dialog">
      {error ? <Failure error={error} onRetry={() => void Promise.all([catalog.refetch(), areas.refetch()])} /> : catalog.data && areas.data ? <Making {...props} catalog={catalog.data} areas={areas.data} /> : <Loading text={t('app.loading')} />}
    </Dialog>
  )
}

function Making({ wall, shown, now, catalog, areas }: Props & { catalog: Catalog; areas: readonly Area[] }) {
  const { t } = useText()
  const live = useLiveLayers(catalog)
  const loaded = useLoaded(live, catalog)
  const [bezels, setBezels] = useState(false)
  const [share, setShare] = useState<number | null>(null)
  const [saved, setSaved] = useState<number | null>(null)
  const [wrong, setWrong] = useState<unknown>(null)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])
  const { layout } = wall
  const { width, height } = sizeOf(layout, bezels)
  const [gx, gy] = gap(layout)
  const make = async () => {
    const { signal } = (stop.current = new AbortController())
    setWrong(null)
    setSaved(null)
    setShare(0)
    try {
      const [lon = 0, lat = 0] = shown.scene.center
      const reach = (360 / 2 ** shown.scene.zoom) * 2 // as far as a wide view from above goes, about
      await take(api.POST('/api/prints', {
        body: { title: wall.name, kind: 'wall', size: `${width}x${height}`, bbox: [Math.max(-180, lon - reach), Math.max(-89, lat - reach), Math.min(180, lon + reach), Math.min(89, lat + reach)], data_at: new Date(now).toISOString() },
      }))
      const picture = await drawWall({
        options: { live, catalog, areas },
        layout,
        scene: shown.scene,
        incident: shown.incident,
        bezels,
        cameras: (n) => t('walls.pictureCameras', { n }),
        signal,
        progress: setShare,
      })
      save(picture, `${wall.name} ${width}x${height}.png`)
      setSaved(picture.size)
    } catch (error) {
      if (!signal.aborted) setWrong(pictureError(error))
    } finally {
      setShare(null)
    }
  }
  return (
    <>
      <p>{t('walls.pictureHint', { scene: shown.scene.name, width, height })}</p>
      {(gx > 0 || gy > 0) && <Checks label={t('walls.picture')} value={bezels ? ['bezels'] : []} choices={[{ id: 'bezels', text: t('walls.pictureBezels') }]} onChange={(ids) => setBezels(ids.length > 0)} />}
      {wrong !== null && <Failure compact error={wrong} />}
      {saved !== null && <p role="status" data-testid="wall-picture-saved">{t('walls.pictureDone', { size: (saved / 1e6).toFixed(1) })}</p>}
      <div className="dialog-foot walls-picture-foot">
        {share !== null ? (
          <>
            <Progress share={share} text={t('walls.pictureDrawing', { n: Math.round(share * 100) })} />
            <Button onPress={() => stop.current?.abort()} data-testid="wall-picture-cancel">{t('walls.cancel')}</Button>
          </>
        ) : loaded ? (
          <Button look="primary" onPress={() => void make()} data-testid="wall-picture-make">{t('walls.pictureMake')}</Button>
        ) : (
          <Loading text={t('walls.pictureData')} />
        )}
      </div>
    </>
  )
}

/** Whether every layer that a map draws has come whole: a picture is of one moment. */
function useLoaded(live: ReturnType<typeof useLiveLayers>, catalog: Catalog): boolean {
  const names = useMemo(() => subscriptionsFor(catalog).map(({ layer }) => layer), [catalog])
  const all = () => names.every((name) => live.layer(name).loaded)
  const [loaded, setLoaded] = useState(all)
  useEffect(() => {
    const stops = names.map((name) => live.layer(name).subscribe(() => setLoaded(all())))
    setLoaded(all())
    return () => stops.forEach((stop) => stop())
    // eslint-disable-next-line react-hooks/exhaustive-deps -- all() looks at these
  }, [live, names])
  return loaded
}
