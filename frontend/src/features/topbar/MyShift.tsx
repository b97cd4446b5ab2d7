import { useQuery } from '@tanstack/react-query'
import '../../i18n/duty'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { listed } from '../../lib/format'
import { moment } from '../../lib/time'
import { type Shift, dutyQuery } from '../duty/dutyQuery'

/** When the person is on duty, and who is now: rows of the account's facts. */
export function MyShift() {
  const { t, locale } = useText()
  const areas = useAreas()
  const { data } = useQuery(dutyQuery)
  if (!data) return null
  const text = (shift: Shift) => `${areas.place(shift.area_path, locale)} ${t(`role.${shift.role}`)} ${t('duty.span', { from: moment(shift.starts_at, locale), until: moment(shift.ends_at, locale) })}`
  const names = (shifts: Shift[]) => listed([...new Set(shifts.flatMap(({ people }) => people.map(({ name }) => name)))], locale)
  return (
    <>
      <dt>{t('duty.mine')}</dt>
      <dd data-testid="my-shift">{data.mine.length > 0 ? data.mine.map(text).join('; ') : t('duty.noShift')}</dd>
      {data.mine_next && (
        <>
          <dt>{t('duty.mineNext')}</dt>
          <dd>{text(data.mine_next)}</dd>
        </>
      )}
      {data.posts.some(({ shifts, vacant }) => shifts.length > 0 || vacant) && (
        <>
          <dt>{t('duty.now')}</dt>
          <dd>
            {data.posts.map(({ role, shifts, vacant }) => (shifts.length > 0 || vacant) && <div key={role}>{vacant ? t('duty.vacant', { role: t(`role.${role}`) }) : `${t(`role.${role}`)}: ${names(shifts)}`}</div>)}
          </dd>
        </>
      )}
    </>
  )
}
