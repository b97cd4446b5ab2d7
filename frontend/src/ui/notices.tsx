import { createStore, useStore } from '../lib/store'
import { useText } from '../i18n'
import { IconButton } from './Button'
import { Icon } from './icons'
import './notices.css'

interface Notice {
  id: number
  kind: 'done' | 'wrong'
  text: string
}

const notices = createStore<Notice[]>([])
let last = 0

/** Says briefly what has happened. What went wrong stays until somebody closes it. */
export function notify(kind: Notice['kind'], text: string): void {
  const id = ++last
  notices.set((now) => [...now.slice(-3), { id, kind, text }])
  if (kind === 'done') setTimeout(() => dismiss(id), 5000)
}

const dismiss = (id: number) => notices.set((now) => now.filter((notice) => notice.id !== id))

export function Notices() {
  const { t } = useText()
  return (
    <div className="notices" role="status" aria-live="polite">
      {useStore(notices).map((notice) => (
        <div key={notice.id} className={`notice notice-${notice.kind}`} data-testid="notice">
          <Icon name={notice.kind === 'done' ? 'check' : 'alert'} />
          <span>{notice.text}</span>
          <IconButton icon="close" label={t('app.close')} onPress={() => dismiss(notice.id)} />
        </div>
      ))}
    </div>
  )
}
