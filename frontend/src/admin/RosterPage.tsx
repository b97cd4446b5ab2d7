import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api, take } from '../api/client'
import { nameIn } from '../domain/names'
import { useOwnAreas } from '../domain/useAreas'
import { useText } from '../i18n'
import '../i18n/duty'
import { serverNow } from '../lib/clock'
import { listed } from '../lib/format'
import { day as dayText } from '../lib/time'
import { Button, IconButton } from '../ui/Button'
import { Icon } from '../ui/icons'
import { notify } from '../ui/notices'
import { Select } from '../ui/Select'
import { Failure, Loading } from '../ui/State'
import { nextCell, planWeek, plusDays, weekOf, type DayPlan } from './roster'
import { AdminHead } from './AdminHead'
import { ShiftForm, type Editing } from './ShiftForm'
import './roster.css'

const roles = ['duty_officer', 'dispatcher', 'unit', 'drone_team'] as const

/** A week of an area, role by role: who is on duty, and where nobody is. */
export default function RosterPage() {
  const { t, locale } = useText()
  const { areas } = useOwnAreas()
  const [chosen, setArea] = useState('')
  const area = chosen || areas[0]?.path || ''
  const [monday, setMonday] = useState(() => weekOf(serverNow()))
  const [editing, setEditing] = useState<Editing | null>(null)
  const until = plusDays(monday, 7)
  const client = useQueryClient()
  const shifts = useQuery({
    queryKey: ['shifts', area, monday.getTime()],
    queryFn: async () => (await take(api.GET('/api/shifts', { params: { query: { area, from: monday.toISOString(), until: until.toISOString() } } }))).items,
    enabled: area !== '',
    staleTime: 0,
  })
  const copy = useMutation({
    mutationFn: async () => (await take(api.POST('/api/shifts/copies', { body: { area_path: area, from: monday.toISOString(), until: until.toISOString(), days: 7 } }))).items,
    onSuccess: (made) => {
      notify('done', t('duty.copied', { n: made.length }))
      void client.invalidateQueries({ queryKey: ['shifts'] })
      setMonday(until)
    },
  })
  const mine = (shifts.data ?? []).filter((shift) => shift.area_path === area) // those below have a table of their own
  const rows = roles.map((role) => ({ role, days: planWeek(mine.filter((shift) => shift.role === role), monday) }))
  return (
    <section className="roster" aria-labelledby="roster-title">
      <AdminHead id="roster-title" title={t('duty.roster')} hint={<>{t('duty.rosterHint')} {t('duty.keys')}</>} />
      <div className="roster-tools">
        <Select label={t('duty.area')} hideLabel value={area} onChange={setArea} choices={areas.map((a) => ({ id: a.path, text: nameIn(a, locale) }))} testid="roster-area" />
        <IconButton icon="chevronLeft" label={t('duty.weekBefore')} onPress={() => setMonday(plusDays(monday, -7))} />
        <b>{t('duty.week', { from: dayText(monday, locale) })}</b>
        <IconButton icon="chevronRight" label={t('duty.weekAfter')} onPress={() => setMonday(until)} data-testid="week-after" />
        <Button onPress={() => setMonday(weekOf(serverNow()))}>{t('duty.weekNow')}</Button>
        <Button icon="copy" isDisabled={copy.isPending || mine.length === 0} onPress={() => copy.mutate()} data-testid="copy-week">
          {t('duty.copyWeek')}
        </Button>
      </div>
      {copy.error && <Failure compact error={copy.error} />}
      {area === '' || shifts.isPending ? (
        <Loading text={t('app.loading')} />
      ) : shifts.isError ? (
        <Failure error={shifts.error} onRetry={() => void shifts.refetch()} />
      ) : (
        <Week rows={rows} area={area} onEdit={setEditing} />
      )}
      {editing && <ShiftForm key={`${editing.shift?.id ?? 'new'}`} editing={editing} onClose={() => setEditing(null)} />}
    </section>
  )
}

function Week({ rows, area, onEdit }: { rows: { role: (typeof roles)[number]; days: DayPlan[] }[]; area: string; onEdit: (editing: Editing) => void }) {
  const { t, locale } = useText()
  const table = useRef<HTMLTableElement>(null)
  const today = new Date(serverNow()).toDateString()
  /** From a cell's first button, arrows lead to that of another. */
  const walk = (event: React.KeyboardEvent, row: number, column: number) => {
    const next = nextCell(event.key, row, column, rows.length)
    if (!next) return
    event.preventDefault()
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.join('-')}"] button`)?.focus()
  }
  return (
    <table className="grid roster-week" ref={table} data-testid="roster-week">
      <thead>
        <tr>
          <th scope="col">{t('duty.role')}</th>
          {rows[0]!.days.map(({ day }) => (
            <th key={day.getTime()} scope="col" aria-current={day.toDateString() === today ? 'date' : undefined}>
              {dayText(day, locale)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ role, days }, row) => (
          <tr key={role}>
            <th scope="row">{t(`role.${role}`)}</th>
            {days.map(({ day, shifts, gaps }, column) => (
              <td key={day.getTime()} data-cell={`${row}-${column}`} onKeyDown={(event) => walk(event, row, column)}>
                {shifts.map((shift) => (
                  <button key={shift.id} type="button" className="roster-shift" onClick={() => onEdit({ area, role, day, shift })} data-testid="shift">
                    <b>{t('duty.span', { from: time(shift.starts_at), until: time(shift.ends_at) })}</b>
                    <span>{listed(shift.people.map(({ name }) => name), locale)}</span>
                    {shift.note && <small>{shift.note}</small>}
                  </button>
                ))}
                {gaps.map(([from, until]) => (
                  <p key={from} className="roster-gap" data-testid="gap">
                    <Icon name="alert" size="1em" />
                    {until - from >= 86_400_000 ? t('duty.gapDay') : t('duty.gap', { from: time(from), until: until === plusDays(day, 1).getTime() ? '24:00' : time(until) })}
                  </p>
                ))}
                <button
                  type="button"
                  className="roster-add"
                  aria-label={t('duty.add', { day: dayText(day, locale), role: t(`role.${role}`) })}
                  onClick={() => onEdit({ area, role, day, shift: null, before: shifts })}
                  data-testid={`add-${role}-${column}`}
                >
                  <Icon name="plus" size="1em" />
                </button>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** 20:00, of the screen's clock. */
function time(at: string | number): string {
  const date = new Date(at)
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}


