import { errorText } from '../api/error'
import { useText } from '../i18n'
import { notify } from './notices'

/** Says what was taken away, with a button that gives it back: nobody is asked before what can be undone. */
export function useUndo(): (text: string, giveBack: () => Promise<unknown>) => void {
  const { t, has } = useText()
  return (text, giveBack) => {
    const close = notify('done', text, {
      label: t('app.undo'),
      press: () => {
        close()
        giveBack().catch((error: unknown) => notify('wrong', errorText(error, t, has)))
      },
    })
  }
}
