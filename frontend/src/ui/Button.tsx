import type { ReactNode, Ref } from 'react'
import { Button as AriaButton, type ButtonProps as AriaButtonProps, Tooltip, TooltipTrigger } from 'react-aria-components'
import { Icon, type IconName } from './icons'
import './button.css'

interface ButtonProps extends Omit<AriaButtonProps, 'children' | 'className'> {
  /** primary: the one thing to do here; plain: anything else; quiet: no outline until touched; danger: ends something. */
  look?: 'primary' | 'plain' | 'quiet' | 'danger'
  icon?: IconName
  small?: boolean
  children?: ReactNode
  ref?: Ref<HTMLButtonElement>
  'data-testid'?: string
  /** Marks the buttons that send a unit: the shortcut to the dispatch list finds them by it. */
  'data-dispatch'?: string
}

export function Button({ look = 'plain', icon, small, children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={`button button-${look}${small ? ' button-small' : ''}`}>
      {icon && <Icon name={icon} />}
      {children !== undefined && <span className="button-text">{children}</span>}
    </AriaButton>
  )
}

interface IconButtonProps extends Omit<AriaButtonProps, 'children' | 'className'> {
  icon: IconName
  /** Read aloud and shown under the pointer. */
  label: string
  /** The shortcut, shown beside the label. */
  shortcut?: string
  pressed?: boolean
  'data-testid'?: string
}

export function IconButton({ icon, label, shortcut, pressed, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton {...rest} aria-label={label} aria-pressed={pressed} className="icon-button">
        <Icon name={icon} />
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>
        {label}
        {shortcut && <kbd className="key">{shortcut}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  )
}

/** A key of the keyboard. */
export const Key = ({ children }: { children: string }) => <kbd className="key">{children}</kbd>
