import { useEffect, useMemo, useRef } from 'react'
import { usePlace } from '../app/router'
import { useSession } from '../app/session'
import { theMap, workbench } from '../app/workbench'
import { useStore } from '../lib/store'
import { actionFor } from './keyboard'
import type { ActionContext } from './types'

export function useActionContext(): ActionContext {
  const session = useSession()
  const place = usePlace()
  const bench = useStore(workbench)
  const map = useStore(theMap)
  return useMemo(() => ({ session, place, bench, map }), [session, place, bench, map])
}

/** Performs the actions' shortcuts while the console is open. */
export function useShortcuts(context: ActionContext): void {
  const now = useRef(context)
  now.current = context
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionFor(event, now.current)
      if (!action) return
      event.preventDefault()
      action.perform(now.current)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}
