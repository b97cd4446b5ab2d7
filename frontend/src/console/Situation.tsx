import { lazy, Suspense } from 'react'
import type { Catalog } from '../api/types'
import type { ActionContext } from '../actions/types'
import { paths, usePlace } from '../app/router'
import { workbench } from '../app/workbench'
import { Feed } from '../features/boards/Feed'
import { TownBoard } from '../features/boards/TownBoard'
import { UnitBoard } from '../features/boards/UnitBoard'
import { Detail } from '../features/detail/Detail'
import { Figures } from '../features/figures/Figures'
import { CameraList } from '../features/queue/CameraList'
import { DetectionList } from '../features/queue/DetectionList'
import { IncidentQueue } from '../features/queue/IncidentQueue'
import { useStore } from '../lib/store'
import { useText } from '../i18n'
import { Boundary } from '../ui/Boundary'
import { Loading } from '../ui/State'
import { useColumns } from './columns'
import { Stage } from './Stage'

const CreateIncident = lazy(() => import('../features/create/CreateIncident'))

/** Figures, map, detail and list. What stands in the list is the view; the rest is the same in all of them. */
export function Situation({ catalog, context }: { catalog: Catalog; context: ActionContext }) {
  const { t } = useText()
  const columns = useColumns()
  const { path, selection } = usePlace()
  const { creating } = useStore(workbench)
  const filled = selection !== null || creating?.point != null
  return (
    <div className="situation" data-columns={columns}>
      {columns > 0 && (
        <aside className="column column-left" aria-label={t('kpi.title')}>
          <Boundary>
            <Figures />
          </Boundary>
        </aside>
      )}
      {columns === 3 && (
        <aside className="column column-boards" aria-label={t('towns.title')}>
          <Boundary>
            <TownBoard />
            <UnitBoard />
          </Boundary>
        </aside>
      )}
      <Boundary>
        <Stage catalog={catalog} context={context} />
      </Boundary>
      {(filled || columns > 1) && (
        <section className="column-detail" aria-label={t('detail.title')} data-testid="detail-column">
          <Boundary key={selection ? `${selection.layer}/${selection.id}` : ''}>
            {creating?.point != null ? (
              <Suspense fallback={<Loading text={t('app.loading')} />}>
                <CreateIncident point={creating.point} place={creating.address ?? ''} />
              </Suspense>
            ) : selection ? (
              <Detail selection={selection} />
            ) : (
              <>
                {columns === 2 && <UnitBoard />}
                <Feed />
              </>
            )}
          </Boundary>
        </section>
      )}
      <aside className="column column-right" aria-label={t(path === paths.detections ? 'detections.title' : path === paths.cameras ? 'cameras.title' : 'queue.title')}>
        <Boundary key={path}>{path === paths.detections ? <DetectionList /> : path === paths.cameras ? <CameraList /> : <IncidentQueue />}</Boundary>
      </aside>
    </div>
  )
}
