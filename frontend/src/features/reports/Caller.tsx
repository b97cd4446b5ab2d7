import { useQuery } from '@tanstack/react-query'
import { api, take } from '../../api/client'
import { select } from '../../app/router'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { moment } from '../../lib/time'
import { useResting } from '../../lib/useResting'
import { TextInput } from '../../ui/Field'
import './reports.css'

export interface CallerSaid {
  phone: string
  name: string
}

/** Who calls, and what was told from that number before. */
export function Caller({ said, onChange, wrong }: { said: CallerSaid; onChange: (said: CallerSaid) => void; wrong: (field: string) => string | undefined }) {
  const { t, locale } = useText()
  const phone = useResting(said.phone.replace(/[^\d+]/g, ''))
  const earlier = useQuery({
    queryKey: ['caller', phone],
    enabled: phone.length >= 5,
    gcTime: 0, // a number is not kept longer than it is looked at
    queryFn: async () => (await take(api.POST('/api/reports/caller', { body: { phone } }))).items,
  })
  return (
    <>
      <div className="caller">
        <TextInput label={t('reports.phone')} name="phone" inputMode="tel" value={said.phone} onChange={(value) => onChange({ ...said, phone: value })} maxLength={30} error={wrong('reporter_phone')} />
        <TextInput label={t('reports.name')} name="caller" value={said.name} onChange={(name) => onChange({ ...said, name })} maxLength={60} error={wrong('reporter_name')} />
      </div>
      {earlier.data && (
        <section aria-label={t('reports.earlier')} data-testid="earlier">
          <h3 className="field-label">{earlier.data.length ? t('reports.earlier') : t('reports.earlierNone')}</h3>
          <ul className="earlier">
            {earlier.data.slice(0, 4).map((report) => (
              <li key={report.id}>
                <button type="button" className="similar-title" disabled={!report.incident_id} onClick={() => report.incident_id && select({ layer: 'incident', id: report.incident_id })}>
                  {report.title}
                </button>{' '}
                <span className="similar-state">
                  {moment(report.receive_time, locale)} · {t(`reports.state.${report.state}`)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
