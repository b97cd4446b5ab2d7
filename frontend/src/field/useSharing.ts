import { useEffect, useState } from 'react'
import { api, take } from '../api/client'
import { asApiError } from '../api/error'

/** The least time between two places that are told, milliseconds. */
const PAUSE = 5_000

export type Sharing = 'off' | 'waiting' | 'on' | 'unsent' | 'off_duty' | 'failed'

/** Tells the server where this phone is, from one press to the next, and while the page is open. It is never begun by the program. */
export function useSharing(): { state: Sharing; start: () => void; stop: () => void } {
  const [wanted, setWanted] = useState(false)
  const [state, setState] = useState<Sharing>('off')
  useEffect(() => {
    if (!wanted) return
    let told = 0
    let over = false
    const end = (why: Sharing) => {
      if (over) return
      setState(why)
      setWanted(false)
    }
    const watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        if (Date.now() - told < PAUSE) return
        told = Date.now()
        const body = {
          point: [coords.longitude, coords.latitude],
          source_time: new Date(timestamp).toISOString(),
          ...(coords.heading !== null && !Number.isNaN(coords.heading) ? { heading_deg: coords.heading % 360 } : {}),
          ...(coords.speed !== null && coords.speed >= 0 && coords.speed <= 150 ? { speed_mps: coords.speed } : {}),
        }
        take(api.POST('/api/positions', { body })).then(
          () => !over && setState('on'),
          (error: unknown) => {
            if (asApiError(error).body.reason === 'off_duty') end('off_duty')
            else if (!over) setState('unsent') // the next place is worth more than this one
          },
        )
      },
      () => end('failed'),
      { enableHighAccuracy: true, maximumAge: PAUSE, timeout: 60_000 },
    )
    return () => {
      over = true
      navigator.geolocation.clearWatch(watch)
    }
  }, [wanted])
  return {
    state,
    start: () => {
      const able = window.isSecureContext && !!navigator.geolocation
      setState(able ? 'waiting' : 'failed')
      setWanted(able)
    },
    stop: () => {
      setWanted(false)
      setState('off')
      take(api.DELETE('/api/positions')).catch((error: unknown) => console.warn('the place stays on the map until it is stale:', error))
    },
  }
}
