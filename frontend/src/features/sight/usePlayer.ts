import { useEffect, useState, type RefObject } from 'react'
import { useSession } from '../../app/session'
import { Player, type PlayerState } from './player'

/** WebCodecs are to be had on https pages and on localhost alone; elsewhere pictures come by WebRTC, where the server has it and the line lets it through, else by HLS. */
const decodes = typeof VideoDecoder !== 'undefined'

/** Whether an element is looked at: not in a hidden tab, and not scrolled away. Only then anything is pulled. */
export function useShown(element: RefObject<Element | null>): boolean {
  const [shown, setShown] = useState(true)
  useEffect(() => {
    let inView = true
    const look = () => setShown(inView && document.visibilityState === 'visible')
    const observer = new IntersectionObserver(([entry]) => {
      inView = entry!.isIntersecting
      look()
    })
    observer.observe(element.current!)
    document.addEventListener('visibilitychange', look)
    return () => {
      observer.disconnect()
      document.removeEventListener('visibilitychange', look)
    }
  }, [element])
  return shown
}

/** Plays a camera onto a canvas for as long as it is shown; `round` begins anew. Where no live picture can be had at all, it ends with the reason `insecure`. */
export function usePlayer(id: number, canvas: RefObject<HTMLCanvasElement | null>, shown: boolean, round = 0, small = false): PlayerState {
  const [state, setState] = useState<PlayerState>({ phase: 'connecting' })
  const user = useSession().user.login
  useEffect(() => {
    if (!shown) return
    setState({ phase: 'connecting' })
    let last = 0
    let phase = ''
    const tell = (next: PlayerState) => {
      // The picture moves by itself; the line below it needs no more than a few words a second.
      if (next.phase === phase && performance.now() - last < 500) return
      last = performance.now()
      phase = next.phase
      setState(next)
    }
    let player: { stop(): void } | null = null
    let gone = false
    const none = () => tell({ phase: 'ended', reason: 'insecure' })
    const pieces = () => {
      import('../../video/hls').then(({ HlsPlayer }) => {
        if (!gone) player = new HlsPlayer(id, canvas.current!, tell, small, user)
      }, none)
    }
    if (decodes) player = new Player(id, canvas.current!, tell, small)
    else if (typeof RTCPeerConnection === 'undefined') pieces()
    else {
      import('../../video/whep').then(({ WhepPlayer }) => {
        if (!gone) player = new WhepPlayer(pieces, id, canvas.current!, tell, small, user)
      }, none)
    }
    return () => {
      gone = true
      player?.stop()
    }
  }, [id, canvas, shown, round, small, user])
  return state
}
