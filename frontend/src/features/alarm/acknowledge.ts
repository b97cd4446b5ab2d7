import i18next from 'i18next'
import '../../i18n/notify'
import { api, take } from '../../api/client'
import { select } from '../../app/router'
import { createStore } from '../../lib/store'
import { notify } from '../../ui/notices'

/** What was acknowledged here: it is quiet at once, whatever the line does. */
export const answered = createStore<ReadonlySet<number>>(new Set())

/** Acknowledges the alarm of a case and shows it; the server tells every other console. */
export async function acknowledge(incident: number | undefined): Promise<void> {
  if (incident === undefined || answered.get().has(incident)) return
  answered.set((now) => new Set(now).add(incident))
  select({ layer: 'incident', id: incident })
  try {
    await take(api.POST('/api/incidents/{id}/alarm', { params: { path: { id: incident } } }))
  } catch {
    answered.set((now) => new Set([...now].filter((id) => id !== incident))) // it rings again: nobody else knows
    notify('wrong', i18next.t('alarm.failed' as never))
  }
}
