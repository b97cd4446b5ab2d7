import type { Selection } from '../../app/router'
import { replaying } from '../../live/replay'
import { AreaDetail } from './AreaDetail'
import { CameraDetail } from './CameraDetail'
import { DetectionDetail } from './DetectionDetail'
import { IncidentDetail } from './IncidentDetail'
import { OtherDetail } from './OtherDetail'
import { UnitDetail } from './UnitDetail'
import './detail.css'

/** What is known of the selected thing, and what can be done about it. */
export function Detail({ selection: { layer, id } }: { selection: Selection }) {
  // In the past a thing is what its row says: what the database knows of it beside the map is of now.
  if (replaying && layer !== 'camera' && layer !== 'area') return <OtherDetail key={`${layer}/${id}`} layer={layer} id={id} />
  switch (layer) {
    case 'incident':
      return <IncidentDetail key={id} id={id} />
    case 'camera':
      return <CameraDetail key={id} id={id} />
    case 'detection':
      return <DetectionDetail key={id} id={id} />
    case 'unit':
    case 'position': // the same unit, seen as a moving thing
      return <UnitDetail key={id} id={id} />
    case 'area':
      return <AreaDetail key={id} id={id} />
    default:
      return <OtherDetail key={`${layer}/${id}`} layer={layer} id={id} />
  }
}
