import { useState } from 'react'
import { api, take } from '../../api/client'
import type { IncidentDetail, Task } from '../../api/types'
import { select } from '../../app/router'
import { may, useSession } from '../../app/session'
import { useUnitName } from '../../domain/useUnitName'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { age, clock, moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import type { ConflictSeen } from './Conflict'
import { Section } from './Frame'
import { useStep } from './useStep'
import { later } from '../../ui/later'

const ReasonDialog = later(() => import('./ReasonDialog'))

/** Who was sent, and how far each has come. */
export function TaskList({ detail, onConflict }: { detail: IncidentDetail; onConflict: (seen: ConflictSeen) => void }) {
  const { t, locale } = useText()
  const unitName = useUnitName()
  const nameOf = (task: Task) => unitName({ id: task.unit_id, name: task.unit_name })
  const mayCallOff = may(useSession(), 'task.dispatch')
  const [callingOff, setCallingOff] = useState<Task | null>(null)
  const callOff = useStep(
    detail.incident.id,
    ({ task, reason }: { task: Task; reason: string }) =>
      take(api.POST('/api/tasks/{id}/moves', { params: { path: { id: task.id } }, body: { move: 'call_off', reason, revision: task.revision } })),
    ({ task }) => `${t('move.task.call_off')} ${nameOf(task)}`,
    onConflict,
  )
  return (
    <Section title={t('detail.tasks')} testid="task-list">
      <ul>
        {[...detail.tasks].reverse().map((task) => (
          <li key={task.id} className="task" data-testid={`task-${task.id}`} data-state={task.state}>
            <div className="task-head">
              <button type="button" className="task-unit truncate" onClick={() => select({ layer: 'unit', id: task.unit_id })}>
                {nameOf(task)}
              </button>
              {task.part && (
                <span className="task-since" data-testid="task-part">
                  {t(`part.${task.part}`)}
                  {task.due_at && ` · ${t('detail.due')} ${moment(task.due_at, locale)}`}
                </span>
              )}
              <span className={`task-state${task.ended_at ? ' task-over' : ''}`}>{t(`state.task.${task.state}`)}</span>
              {!task.ended_at && <Since task={task} />}
              {mayCallOff && !task.ended_at && (
                <Button small look="quiet" onPress={() => setCallingOff(task)} data-testid={`call-off-${task.id}`}>
                  {t('dispatch.callOff')}
                </Button>
              )}
            </div>
            <TaskSteps task={task} />
            {task.result && <p className="task-result">{task.result}</p>}
          </li>
        ))}
      </ul>
      {callingOff && (
        <ReasonDialog
          title={t('dispatch.callOffTitle', { unit: nameOf(callingOff) })}
          confirm={t('dispatch.callOff')}
          busy={callOff.isPending}
          onClose={() => setCallingOff(null)}
          onConfirm={(reason) => callOff.mutate({ task: callingOff, reason }, { onSettled: () => setCallingOff(null) })}
        />
      )}
    </Section>
  )
}

/** When the task came to where it is. */
const lastStep = (task: Task) => task.on_scene_at ?? task.responding_at ?? task.acknowledged_at ?? task.dispatched_at

function Since({ task }: { task: Task }) {
  const { t } = useText()
  return <span className="task-since">{age(useNow() - Date.parse(lastStep(task)), t)}</span>
}

/** The unit's timeline: four steps and the end, each with its time once it is reached. */
function TaskSteps({ task }: { task: Task }) {
  const { t, locale } = useText()
  const steps: [string, string | undefined][] = [
    ['dispatched', task.dispatched_at],
    ['acknowledged', task.acknowledged_at],
    ['responding', task.responding_at],
    ['on_scene', task.on_scene_at],
    [task.ended_at ? task.state : 'done', task.ended_at],
  ]
  const at = steps.findLastIndex(([, time]) => time)
  return (
    <ol className="steps">
      {steps.map(([state, time], i) => (
        <li key={state} className={time ? 'step step-done' : i < at ? 'step step-skipped' : 'step'} aria-current={i === at && !task.ended_at ? 'step' : undefined}>
          <span className="step-name">{t(`state.task.${state}`)}</span>
          <span className="step-time">{time ? clock(time, locale).slice(0, 5) : ''}</span>
        </li>
      ))}
    </ol>
  )
}
