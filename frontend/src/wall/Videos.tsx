import '../i18n/sight'
import '../i18n/wall'
import '../features/sight/sight.css'
import { LiveContext } from '../live/hooks'
import type { LiveStore } from '../live/store'
import { Tile } from '../video/Tile'
import '../video/video.css'

/** What a screen of a part shows of its cameras: each screen has its share of them, in the order of reading. */
export default function Videos({ live, cameras }: { live: LiveStore; cameras: readonly number[] }) {
  const columns = Math.ceil(Math.sqrt(cameras.length))
  return (
    <LiveContext value={live}>
      <div className="wall-videos" data-testid="wall-videos" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {cameras.map((id) => (
          <div key={id} className="wall-tile">
            <Tile id={id} small={columns > 2} />
          </div>
        ))}
      </div>
    </LiveContext>
  )
}
