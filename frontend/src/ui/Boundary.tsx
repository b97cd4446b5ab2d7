import { Component, type ReactNode } from 'react'
import { useText } from '../i18n'
import { Button } from './Button'
import { Icon } from './icons'

interface BoundaryState {
  error: unknown
}

/** Keeps a fault of one part from taking the screen with it. */
export class Boundary extends Component<{ children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { error: null }

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error }
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children
    return <Crashed error={this.state.error} onRetry={() => this.setState({ error: null })} />
  }
}

function Crashed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useText()
  return (
    <div className="blank" role="alert">
      <Icon name="alert" size="2rem" />
      <p className="blank-title">{t('app.crashed')}</p>
      <p className="blank-detail">{t('app.crashedDetail')}</p>
      <p className="blank-detail">{error instanceof Error ? error.message : String(error)}</p>
      <Button onPress={onRetry}>{t('app.retry')}</Button>
    </div>
  )
}
