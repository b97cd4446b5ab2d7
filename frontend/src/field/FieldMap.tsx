import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { catalogQuery } from '../api/queries'
import { settings } from '../app/settings'
import { useText } from '../i18n'
import type { LonLat } from '../lib/geo'
import { useStore } from '../lib/store'
import { useLive } from '../live/hooks'
import { createMap } from '../map/controller'
import { Empty, Failure, Loading } from '../ui/State'

/** Where the case is. Loaded when somebody opens it. */
export default function FieldMap({ point }: { point: LonLat }) {
  const { t } = useText()
  const catalog = useQuery(catalogQuery)
  const live = useLive()
  const { theme, locale } = useStore(settings)
  const container = useRef<HTMLDivElement>(null)
  const [failed, setFailed] = useState(false)
  const [lon, lat] = point
  useEffect(() => {
    if (!catalog.data) return
    try {
      const map = createMap(container.current!, { live, catalog: catalog.data, theme, locale })
      map.set3D(false)
      map.flyTo([lon, lat], { zoom: 15.5, instant: true })
      map.mark([lon, lat]) // also without the live copy
      return () => map.destroy()
    } catch (error) {
      console.error('the map did not open:', error)
      setFailed(true)
      return undefined
    }
  }, [live, catalog.data, theme, locale, lon, lat])
  if (catalog.isError) return <Failure compact error={catalog.error} onRetry={() => void catalog.refetch()} />
  if (failed) return <Empty icon="area" title={t('map.failed')} />
  return <div className="field-map">{catalog.data ? <div className="field-map-box" ref={container} /> : <Loading text={t('app.loading')} />}</div>
}
