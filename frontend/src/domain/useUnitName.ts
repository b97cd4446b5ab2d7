import { useText } from '../i18n'
import { useLive } from '../live/hooks'
import { nameIn } from './names'

/** What a unit is called in the language of the screen, by its row; an answer of the server has the Chinese name alone. */
export function useUnitName(): (unit: { id: number; name: string }) => string {
  const { locale } = useText()
  const units = useLive().layer('unit')
  return ({ id, name }) => nameIn({ name, name_en: units.value(id, 'name_en') as string | null }, locale)
}
