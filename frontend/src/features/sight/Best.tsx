import '../../i18n/wall'
import { Tile } from '../../video/Tile'
import '../../video/video.css'

/** The pictures of the cameras that see a place best, beside its case: the small ones, and only while they are in view. */
export default function Best({ cameras }: { cameras: readonly number[] }) {
  return (
    <div className="sight-best" data-testid="sight-best">
      {cameras.map((id) => (
        <div key={id} className="wall-tile">
          <Tile id={id} small />
        </div>
      ))}
    </div>
  )
}
