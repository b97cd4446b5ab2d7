import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useText } from '../i18n'
import { IconButton } from './Button'
import './dialog.css'

interface DialogProps {
  title: string
  open: boolean
  onClose: () => void
  children: ReactNode
  /** False for what must be answered: no close button, no click outside, no Escape. */
  dismissable?: boolean
  wide?: boolean
  testid?: string
}

export function Dialog({ title, open, onClose, children, dismissable = true, wide, testid }: DialogProps) {
  const { t } = useText()
  return (
    <ModalOverlay
      className="dialog-overlay"
      isOpen={open}
      onOpenChange={(next) => !next && onClose()}
      isDismissable={dismissable}
      isKeyboardDismissDisabled={!dismissable}
    >
      <Modal className={`dialog-modal${wide ? ' dialog-wide' : ''}`}>
        <AriaDialog className="dialog" data-testid={testid}>
          <header className="dialog-head">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
            {dismissable && <IconButton icon="close" label={t('app.close')} onPress={onClose} />}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
