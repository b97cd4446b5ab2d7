import { useState } from 'react'
import type { LonLat } from '../lib/geo'

/** Where this phone is, asked for by a press alone: nobody's position is taken unasked. */
export interface Here {
  state: 'unknown' | 'asking' | 'known' | 'denied' | 'failed' | 'insecure'
  point: LonLat | null
  ask: () => void
}

export function useHere(): Here {
  const [here, setHere] = useState<Omit<Here, 'ask'>>({ state: 'unknown', point: null })
  const ask = () => {
    if (!window.isSecureContext || !navigator.geolocation) {
      setHere({ state: 'insecure', point: null })
      return
    }
    setHere((now) => ({ ...now, state: 'asking' }))
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => setHere({ state: 'known', point: [coords.longitude, coords.latitude] }),
      (error) => setHere({ state: error.code === error.PERMISSION_DENIED ? 'denied' : 'failed', point: null }),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    )
  }
  return { ...here, ask }
}
