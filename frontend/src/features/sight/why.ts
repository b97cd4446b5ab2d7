import type { Translate } from '../../i18n'
import type { PlayerState } from './player'

/** Why there is no live picture, in words: those that a picture has for it, else what is said of a camera anywhere. */
export function whyText({ reason = 'broken', codec }: PlayerState, t: Translate, has: (key: string) => boolean): string {
  const own = `video.${reason}`
  return t(has(own) ? own : `error.reason.${reason}`, { codec })
}
