import type { Action } from './types'

export const search: Action = {
  name: 'search',
  label: 'action.search',
  icon: 'search',
  group: 'view',
  keys: ['/'],
  when: () => true,
  perform: () => {
    const box = document.getElementById('search')
    const focus = () => {
      const input = box?.querySelector('input')
      input?.focus()
      return Boolean(input)
    }
    if (!box || focus()) return
    const came = new MutationObserver(() => focus() && came.disconnect()) // the box is loaded after the map
    came.observe(box, { childList: true, subtree: true })
  },
}
