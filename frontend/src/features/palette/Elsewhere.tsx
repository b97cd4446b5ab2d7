import { useEffect } from 'react'
import { palette } from '../../actions/palette'
import { useActionContext } from '../../actions/useActions'
import { change } from '../../app/workbench'
import Palette from './Palette'

/** The palette on pages that are not the desk: its key and itself; the other actions' keys belong to those pages. */
export default function Elsewhere() {
  const context = useActionContext()
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== palette.chord) return
      event.preventDefault()
      change({ palette: true })
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
  return context.bench.palette ? <Palette /> : null
}
