import type { TextPart } from './queries'

/** A text with its words marked: underlined too, for who does not see the ground. */
export const Parts = ({ parts }: { parts: readonly TextPart[] }) => parts.map((part, i) => (part.mark ? <mark key={i}>{part.text}</mark> : <span key={i}>{part.text}</span>))
