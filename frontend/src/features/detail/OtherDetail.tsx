import { useQuery } from '@tanstack/react-query'
import { asApiError } from '../../api/error'
import { catalogQuery, featureQuery } from '../../api/queries'
import { useAreas } from '../../domain/useAreas'
import { useText } from '../../i18n'
import { stamp } from '../../lib/time'
import { Icon } from '../../ui/icons'
import { Failure, Loading } from '../../ui/State'
import { DetailFrame, Facts } from './Frame'

/** A feature of any other published layer: its columns as they are. */
export function OtherDetail({ layer, id }: { layer: string; id: number }) {
  const { t, locale } = useText()
  const areas = useAreas()
  const published = useQuery(catalogQuery).data?.layers.find((each) => each.name === layer)
  const feature = useQuery(featureQuery(layer, id))
  const properties = (feature.data?.properties ?? {}) as Record<string, unknown>
  const title = published?.title[locale] ?? layer
  const show = (name: string, type: string) => {
    const value = properties[name]
    if (value === null || value === undefined) return null
    if (name === 'area_path') return areas.place(String(value), locale) || String(value)
    return type === 'time' ? stamp(String(value), locale) : Array.isArray(value) ? value.join(' · ') : String(value)
  }
  return (
    <DetailFrame testid="feature-detail" sign={<Icon name="area" size="2rem" />} title={typeof properties.name === 'string' ? properties.name : `${title} ${id}`} place={title}>
      {feature.isPending && <Loading text={t('detail.loading')} />}
      {feature.isError && <Failure error={feature.error} title={asApiError(feature.error).code === 'not_found' ? t('detail.gone') : undefined} />}
      {feature.data && <Facts facts={(published?.columns ?? []).map(({ name, type }) => [name, show(name, type)])} />}
    </DetailFrame>
  )
}
