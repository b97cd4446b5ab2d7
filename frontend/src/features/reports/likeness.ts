import type { Candidate } from '../../api/types'
import type { Translate } from '../../i18n'

/** Why two things are taken for one, in words, the strongest reasons as the server gives them. */
export function likenessText({ reasons }: Pick<Candidate, 'reasons'>, t: Translate): string {
  return reasons
    .map(({ code, params, words }) => {
      const minutes = params?.minutes ?? 0
      if (code === 'time' && minutes >= 120) return t('reports.reason.hours', { hours: Math.round(minutes / 60) })
      const text = t(`reports.reason.${code}`, params)
      return words?.length ? t('reports.reason.which', { text, words: words.slice(0, 3).join(' ') }) : text
    })
    .join(' · ')
}
