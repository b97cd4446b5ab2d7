import { createStore, useStore } from '../lib/store'
import { useText } from '../i18n'
import { Button, IconButton } from './Button'
import { Icon } from './icons'
import './notices.css'

interface Notice {
  id: number
  kind: 'done' | 'wrong' | 'event'
  text: string
  act?: { label: string; press: () => void }
}

const notices = createStore<Notice[]>([])
let last = 0

const spans = { done: 5_000, event: 20_000 }

/** Says briefly what has happened, and what can be done about it. What went wrong stays until somebody closes it, or whoever said it calls the function that he gets. */
export function notify(kind: Notice['kind'], text: string, act?: Notice['act']): () => void {
  const id = ++last
  notices.set((now) => [...now.slice(-3), { id, kind, text, act }])
  if (kind !== 'wrong') setTimeout(() => dismiss(id), act ? spans.event : spans[kind])
  return () => dismiss(id)
}

const icons = { done: 'check', wrong: 'alert', event: 'pin' } as const

const dismiss = (id: number) => notices.set((now) => now.filter((notice) => notice.id !== id))

export function Notices() {
  const { t } = useText()
  return (
    <div className="notices" role="status" aria-live="polite" data-react-aria-top-layer="true">
      {useStore(notices).map((notice) => (
        <div key={notice.id} className={`notice notice-${notice.kind}`} data-testid="notice">
          <Icon name={icons[notice.kind]} />
          <span>{notice.text}</span>
          {notice.act && <Button onPress={notice.act.press}>{notice.act.label}</Button>}
          <IconButton icon="close" label={t('app.close')} onPress={() => dismiss(notice.id)} />
        </div>
      ))}
    </div>
  )
}
