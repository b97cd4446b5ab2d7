import { useQuery } from '@tanstack/react-query'
import { categoriesQuery } from '../../api/queries'
import { nameIn } from '../../domain/names'
import { useText } from '../../i18n'

/** A category's name; its code until the dictionary has come, and where the dictionary does not have it. */
export function CategoryName({ code, standard }: { code: string; standard?: string }) {
  const { locale } = useText()
  const { data } = useQuery(categoriesQuery)
  const found = data?.find((category) => category.code === code && (!standard || category.standard === standard))
  return <span title={code}>{found ? nameIn(found, locale) : code}</span>
}
