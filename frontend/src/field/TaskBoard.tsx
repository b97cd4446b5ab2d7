import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { myTasksQuery } from '../api/queries'
import type { FieldTask } from '../api/types'
import { useLocalNotes } from '../features/push/useLocalNotes'
import { useText } from '../i18n'
import { moment } from '../lib/time'
import { useLamp } from '../live/hooks'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Empty, Failure, Loading } from '../ui/State'
import { foreseen, pending } from './outbox/items'
import { FieldFlow } from './FieldFlow'
import { OutboxList } from './OutboxList'
import { AddPhoto } from './PhotoDialog'
import { TaskCard } from './TaskCard'
import { useItems } from './useOutbox'
import { useHere } from './useHere'

/** Open tasks first, then what ended in the last day. */
export function TaskBoard() {
  const { t, locale } = useText()
  const tasks = useQuery(myTasksQuery)
  const lamp = useLamp()
  const here = useHere()
  const unsent = useItems()
  const fresh = useFreshTasks(tasks.data)
  useLocalNotes(tasks.data)
  if (tasks.isPending) return <Loading text={t('field.loading')} />
  if (tasks.isError && !tasks.data) return <Failure error={tasks.error} onRetry={() => void tasks.refetch()} />
  const items = (tasks.data ?? []).map((item) => foreseen(item, unsent))
  const orphans = [...new Set(unsent.filter((item) => item.state === 'refused' || pending(item)).map((item) => item.task))].filter((id) => !items.some(({ task }) => task.id === id))
  const waiting = unsent.filter(pending).length
  const open = items.filter(({ task }) => !task.ended_at)
  const ended = items.filter(({ task }) => task.ended_at)
  const cut = lamp.state === 'offline' || lamp.state === 'delayed' || tasks.isError
  return (
    <>
      {cut && (
        <p className="field-cut" role="alert" data-testid="field-cut">
          <Icon name="alert" />
          {t(lamp.lastGood ? 'field.stale' : 'field.offlineCopy', { time: moment(lamp.lastGood ?? tasks.dataUpdatedAt, locale) })}
        </p>
      )}
      <p className="visually-hidden" role="alert">
        {fresh}
      </p>
      {waiting > 0 && (
        <p className="field-unsent" role="status" data-testid="field-unsent">
          {t('field.outbox.count', { n: waiting })}
        </p>
      )}
      {orphans.map((id) => (
        <article key={id} className="card" data-testid={`field-gone-${id}`}>
          <p className="card-soft">{t('field.outbox.gone')}</p>
          <OutboxList task={id} />
        </article>
      ))}
      {open.length === 0 && (
        <Empty icon="check" title={t('field.empty')} detail={t('field.emptyDetail')}>
          <Button icon="refresh" onPress={() => void tasks.refetch()}>
            {t('field.refresh')}
          </Button>
        </Empty>
      )}
      {open.map((item) => (
        <TaskCard key={item.task.id} item={item} here={here} />
      ))}
      {ended.length > 0 && (
        <section aria-labelledby="field-ended">
          <h2 className="field-group" id="field-ended">
            {t('field.ended')}
          </h2>
          {ended.map((item) => (
            <EndedTask key={item.task.id} item={item} />
          ))}
        </section>
      )}
    </>
  )
}

function EndedTask({ item: { task, incident } }: { item: FieldTask }) {
  const { t, locale } = useText()
  return (
    <div className="ended" data-testid={`ended-${task.id}`} data-state={task.state}>
      <div className="ended-head">
        <span className="truncate">{incident.title}</span>
        <span className="ended-state">{t(`state.task.${task.state}`)}</span>
        <span className="ended-time">{moment(task.ended_at!, locale)}</span>
      </div>
      {task.result && <p className="ended-result">{task.result}</p>}
      {(incident.closing === 'overdue' || incident.closing === 'error') && <FieldFlow incident={incident.id} />}
      <OutboxList task={task.id} />
      <AddPhoto task={task.id} quiet />
    </div>
  )
}

/** Says aloud that a task has come, and lets the phone buzz where it can. Those that were there at first are not new. */
function useFreshTasks(items: readonly FieldTask[] | undefined): string {
  const { t } = useText()
  const known = useRef<Set<number> | null>(null)
  const [text, setText] = useState('')
  useEffect(() => {
    if (!items) return
    const open = items.filter(({ task }) => task.state === 'dispatched')
    const fresh = known.current ? open.filter(({ task }) => !known.current!.has(task.id)) : []
    known.current = new Set(items.map(({ task }) => task.id))
    if (fresh.length === 0) return
    setText(fresh.map(({ incident }) => t('field.newTask', { title: incident.title })).join(' '))
    navigator.vibrate?.(400)
  }, [items, t])
  return text
}
