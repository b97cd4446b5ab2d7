import { skipToken, useQuery } from '@tanstack/react-query'
import { incidentQuery } from '../api/queries'
import { useText } from '../i18n'

/** What is written of the case that has jumped in, 0 for none: how grave it is and what it is about, when that is known. */
export function useJumped(id: number): string {
  const { t } = useText()
  const query = incidentQuery(id)
  const found = useQuery({ ...query, queryFn: id ? query.queryFn : skipToken }).data?.incident
  return found ? `${t(`severity.${found.severity}`)} · ${found.title}` : t('walls.jumped')
}
